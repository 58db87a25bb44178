"""Makes every call by the interface `users`: the component sends, over `wasi:http`."""

import json
import sys
from pathlib import Path

from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker, Record, Variant

sys.path.append(str(Path(__file__).resolve().parents[1]))
import http_api  # noqa: E402

PACKAGE = "unified:ticketing"
VERSION = "0.2.0"
STRINGS = ("first_name", "last_name", "name", "nick_name", "avatar")


def record(**fields):
    """A record. Its fields are attributes, spelled as in WIT."""
    made = Record()
    for name, value in fields.items():
        setattr(made, name.replace("_", "-"), value)
    return made


def resolver(accounts):
    """`unified:ticketing/accounts`. The credentials are disclosed: the component authenticates."""
    known = {account["id"].lower(): account for account in accounts}

    def resolve(_store, account_id):
        account = known.get(account_id.lower())
        if account is None:
            return None  # `unknown`: a case without payload, in a result whose cases differ by type
        return record(
            integration=account["integration"],
            base_url=account.get("base_url"),
            settings=list(account.get("settings", {}).items()),
            credentials=Variant("disclosed", list(account["credentials"].items())),
        )

    return resolve


def instantiate(path, resolve):
    """Returns a function that returns the functions of an interface, by name."""
    engine = Engine()
    component = Component.from_file(engine, path)
    linker = Linker(engine)
    linker.add_wasip2()
    linker.add_wasi_http()
    with linker.root() as root, root.add_instance(f"{PACKAGE}/accounts@{VERSION}") as instance:
        instance.add_func("resolve", resolve)
    store = Store(engine)
    store.set_wasi(WasiConfig())
    store.set_wasi_http()
    instance = linker.instantiate(store, component)

    def function(interface, name):
        index = instance.get_export_index(store, f"{PACKAGE}/{interface}@{VERSION}")
        found = instance.get_func(store, instance.get_export_index(store, name, index))

        def call(*arguments):
            result = found(store, *arguments)
            found.post_return(store)
            return result

        return call

    return lambda interface, *names: {name: function(interface, name) for name in names}


def users(functions):
    """A function that makes a call by `users`, and returns a `result<response, error>`."""
    interface = functions("users", "create-user", "update-user", "get-user", "list-users", "delete-user")

    def make_call(account, call):
        return interface[call["operation"]](account["id"], *arguments(call), options(call))

    return make_call


def arguments(call):
    """The arguments of a function of `users`, between the account and the options."""
    match call["operation"]:
        case "create-user":
            return [new_user(call["body"])]
        case "update-user":
            return [call["id"], user_changes(call["body"])]
        case "list-users":
            return [user_query(call.get("query", {}))]
        case _:
            return [call["id"]]


def members(body):
    """The body's members for the typed interface; absent ones are None."""
    emails = body.get("emails")
    roles = body.get("roles")
    return {
        **{name: body.get(name) for name in STRINGS},
        "emails": emails and [record(address=email["email"], type=email.get("type")) for email in emails],
        "roles": roles and [record(id=role.get("id"), name=role.get("name")) for role in roles],
        "custom_fields": json_string(body, "custom_fields"),
    }


def json_string(body, name):
    return json.dumps(body[name]) if name in body else None


def new_user(body):
    return record(**members(body), remote_data=json_string(body, "remote_data"))


def user_changes(body):
    """An absent member keeps the value, null clears it."""

    def change(name, value):
        if name not in body:
            return Variant("keep")
        return Variant("clear") if body[name] is None else Variant("set", value)

    changes = {name: change(name, value) for name, value in members(body).items()}
    return record(**changes, remote_data=json_string(body, "remote_data"))


def user_query(query):
    return record(**{name: query.get(name) for name in ("email", "cursor", "limit")})


def options(call):
    return record(
        format="unified",
        ignore_remote_data=False,
        exclude_fields=[],
        remote_query=[],
        collections=[record(id=entry["id"], type=entry.get("type")) for entry in call.get("collections", [])],
        strict=False,
        if_exists="fail",
        settle=True,
        resend=False,
    )


def plain(value):
    """A value without its type: records as objects in the published spelling, absent fields left out."""
    if isinstance(value, Record):
        return {name.replace("-", "_"): plain(item) for name, item in vars(value).items() if item is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def published_user(user):
    """The published object of a user. The provider's JSON stays a string."""
    body = plain(user)
    if "emails" in body:
        body["emails"] = [{"email": email.pop("address"), **email} for email in body["emails"]]
    return body


def published_body(body):
    """The published object of a `body`, whose cases differ by type but for a user."""
    match body.tag:
        case "user":
            return published_user(body.payload)
        case "users":
            page = body.payload
            users = [published_user(user) for user in page.users]
            next_cursor = getattr(page, "next-cursor")
            return {"result": users, "next_cursor": next_cursor, "prev_cursor": None, "result_count": len(users)}
        case "deleted":
            return {"id": body.payload}
    raise SystemExit(f"a body that was not asked for: {body.tag}")


def published_response(response):
    """The published object of a response, its warnings, and what the call did."""
    warnings = [f"{warning.code} {warning.path}" for warning in response.warnings]
    return {**published_body(response.body), "warnings": warnings, "did": response.result}


def published_error(error):
    """The published object of an error."""
    body = {"statusCode": error.status, "message": error.message, "code": error.code, "outcome": error.outcome}
    if error.violations:
        body["violations"] = plain(error.violations)
    if error.provider is not None:
        body["provider_status"] = error.provider.status
        body["raw_response"] = error.provider.body.decode()
    return body


def main():
    inputs = json.load(sys.stdin)
    accounts = {account["name"]: account for account in inputs["accounts"]}
    make_call = users(instantiate(sys.argv[1], resolver(inputs["accounts"])))
    bodies = {}
    for call in inputs["calls"]:
        result = make_call(accounts[call["account"]], http_api.resolve(call, bodies))
        bodies[call["name"]] = published_response(result.payload) if result.tag == "ok" else published_error(result.payload)
    json.dump(list(bodies.values()), sys.stdout)


main()
