"""What is wrong with accounts, arguments and options is said before anything is sent."""

from harness import raises
from provider import ID, KEY, USER, Provider, account, closes, response, says, user
from unified_ticketing import Ticketing, TicketingError

BASE = "http://127.0.0.1:9/api"


def ticketing():
    return Ticketing([account(BASE)])


def test_malformed_accounts_are_all_named():
    accounts = [
        "keep-me-secret",
        {"id": 5, "integration": None, "keep-me-secret": "x", "settings": ["keep-me-secret"], "credentials": {"pin": 90210}},
        {"id": "12", "credentials": {"api_key": {"env": "X"}}},
        account(BASE),
        {**account(BASE), "id": ID.upper()},
    ]
    with raises(ValueError) as caught:
        Ticketing(accounts)
    message = str(caught[0])
    for violation in (
        "`/0`: expected an object, but found a string",
        "`/1/?`: unknown; expected `id`, `name`, `integration`, `base_url`, `settings`, `credentials`",
        "`/1/id`: expected a string, but found a number",
        "`/1/integration`: expected a string, but found null",
        "`/1/settings`: expected an object, but found an array",
        "`/1/credentials/pin`: expected a string, but found a number",
        "`/2/integration`: missing",
        "`/2/id`: expected a UUID, but found `12`",
        "`/2/credentials/api_key`: expected a string, but found an object",
        f"`/4/id`: `{ID.upper()}` is taken by an account before",
    ):
        assert violation in message, (violation, message)
        yield violation
    assert "keep-me" not in message and "90210" not in message and KEY not in message, message


def test_accounts_of_another_type_are_rejected():
    for accounts in ({"account": []}, "accounts.toml", None, 5):
        with raises(TypeError):
            Ticketing(accounts)
        yield str(accounts)


def test_arguments_are_checked():
    calls = {
        "no account": lambda it: it.create_user(None, USER),
        "a user that is none": lambda it: it.create_user(ID, "Tomas"),
        "a user that is no JSON": lambda it: it.create_user(ID, {"custom_fields": {1, 2}}),
        "a number that is no JSON": lambda it: it.create_user(ID, {"custom_fields": float("nan")}),
        "an id that is none": lambda it: it.get_user(ID, 7),
        "an empty id": lambda it: it.get_user(ID, ""),
        "an unknown option": lambda it: it.get_user(ID, "7", idempotency_key="4711"),
        "an option of creations": lambda it: it.update_user(ID, "7", {"name": "x"}, settle=False),
        "an unknown format": lambda it: it.get_user(ID, "7", format="xml"),
        "a format that is none": lambda it: it.get_user(ID, "7", format=1),
        "an unknown if_exists": lambda it: it.create_user(ID, USER, if_exists="replace"),
        "a boolean that is none": lambda it: it.create_user(ID, USER, strict="yes"),
        "a deadline of nothing": lambda it: it.get_user(ID, "7", deadline=0),
        "a deadline that is none": lambda it: it.get_user(ID, "7", deadline="20s"),
        "fields that are no list": lambda it: it.get_user(ID, "7", exclude_fields="name"),
        "a query that is no pairs": lambda it: it.get_user(ID, "7", remote_query=["a"]),
        "a query of numbers": lambda it: it.get_user(ID, "7", remote_query={"a": 1}),
        "a collection without id": lambda it: it.get_user(ID, "7", collections=[{"type": "project"}]),
        "an unknown query": lambda it: it.list_users(ID, {"name": "x"}),
        "a limit that is none": lambda it: it.list_users(ID, {"limit": "5"}),
        "pages in another form": lambda it: it.users(ID, format="raw"),
    }
    for name, call in calls.items():
        with Provider(closes) as provider:
            try:
                call(Ticketing([provider.account()]))
            except (TypeError, ValueError):
                pass
            else:
                raise AssertionError(name)
        assert not provider.requests, name
        yield name


def test_options_reach_the_component():
    plan = ticketing().plan_create_user(
        ID, USER, remote_query=[("a", "1"), ("b[c]", "2 &")], collections=[{"id": "1", "type": "team"}], strict=False
    )
    assert plan.url.endswith("/users?a=1&b%5Bc%5D=2+%26"), plan.url
    assert (plan.operation, plan.method, plan.safety) == ("create-user", "POST", "once")
    assert ("authorization", "***") in plan.headers, plan.headers
    yield "plan"
    with raises(TicketingError) as caught:
        ticketing().create_user(ID, {**USER, "username": "x"}, strict=True)
    assert [violation.path for violation in caught[0].violations] == ["/username"], caught
    assert (caught[0].status, caught[0].violations[0].location) == (400, "body")
    yield "strict"
    with Provider(says(response(201, {**user(), "n": 12345678901234567890.5}))) as provider:
        made = Ticketing([provider.account()])
        assert "remote_data" not in made.create_user(ID, USER, ignore_remote_data=True).body
        assert "name" not in made.create_user(ID, USER, exclude_fields=["name", "first_name"]).body
        assert made.create_user(ID, USER, format="raw").body["id"] == 7
        assert made.create_user(ID, USER, format="normalized").body["username"] is None
        assert "debug" in made.create_user(ID, USER, format="debug").body
    yield "formats"
    with Provider(says(response(201, b'{"id": 7, "n": 1.50E+2, "i": ' + b"9" * 5000 + b"}"))) as provider:
        made = Ticketing([provider.account()]).create_user(ID, USER)
    assert '"n": 1.50E+2' in made.text and "9" * 5000 in made.text, made.text
    assert len(str(made.body["remote_data"]["i"])) == 5000
    yield "digits"
    with Provider(says(response(201, b'{"id": 7, "n": ' + b"[" * 5000 + b"]" * 5000 + b"}"))) as provider:
        assert Ticketing([provider.account()]).create_user(ID, USER).result == "created"
    yield "levels"


def test_if_exists_keeps_the_user():
    lists = says(response(200, {"data": [user()], "meta": {"next_cursor": None}}))
    with Provider(closes, lists=lists) as provider:
        kept = Ticketing([provider.account()]).create_user(ID, USER, if_exists="keep")
    assert (kept.result, kept.body["id"], provider.count("POST")) == ("found", "7", 0)


def test_look_up_of_the_callers_is_asked_for_each_call():
    asked = []

    with Provider(says(response(201, user()))) as provider:

        def look_up(account_id):
            asked.append(account_id)
            return provider.account() if account_id == ID else None

        made = Ticketing(look_up)
        made.create_user(ID, USER)
        made.create_user(ID, USER)
        with raises(TicketingError) as caught:
            made.create_user(ID.replace("6", "7"), USER)
    assert len(asked) == 3 and caught[0].code == "unknown-account", (asked, caught)
    assert provider.count("POST") == 2


def test_unusable_accounts_send_nothing():
    def fails(_id):
        raise LookupError(KEY)

    other = ID.replace("6", "7")
    cases = {
        "a look-up that fails": (fails, "LookupError"),
        "a malformed one": (lambda _id: {**account(BASE), "credentials": {"api_key": 5}}, "`/credentials/api_key`: expected a string"),
        "another one": (lambda _id: {**account(BASE), "id": other}, "another one"),
        "an unknown integration": ([account(BASE, integration="acme")], "acme"),
        "an unknown setting": ([account(BASE, settings={"shop": "x"})], "setting `shop` is not one of Gorgias"),
        "a credential for a name": ([account(BASE, credentials={KEY: "x"})], "credential `?` is not one of Gorgias"),
        "a missing credential": ([account(BASE, credentials={"email": "ops@acme.example"})], "api_key"),
        "a line end in one": ([account(BASE, credentials={"email": "ops@acme.example", "api_key": f"a\n{KEY}"})], "api_key"),
        "a base URL that is none": ([account("gorgias")], "base_url"),
        "a user in the base URL": ([account(f"http://u:{KEY}@127.0.0.1/")], "base_url"),
    }
    for name, (accounts, why) in cases.items():
        with raises(TicketingError) as caught:
            Ticketing(accounts).create_user(ID, USER)
        error = caught[0]
        assert (error.code, error.outcome) == ("account-unusable", "not-sent"), (name, error)
        assert why in str(error) and KEY not in str(error.body), (name, error)
        yield name


def test_pasted_credentials_are_as_the_provider_receives_them():
    for pasted in (" \tBearer  the-pasted-token\n", "\ufeff \ufeffBEARER\ufeffbearer\x85the-pasted-token\u3000"):
        with Provider(says(response(400, {"echo": "the-pasted-token"}))) as provider, raises(TicketingError) as caught:
            Ticketing([provider.account(credentials={"access_token": pasted})]).create_user(ID, USER)
        assert provider.requests[0].headers["authorization"] == "Bearer the-pasted-token"
        assert "the-pasted-token" not in str(caught[0].body), caught[0].body
        yield repr(pasted)
