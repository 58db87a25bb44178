"""Makes calls of calls.json over the published HTTP API."""

import http.client
import json
from urllib.parse import quote, unquote, urlencode

PATH = "/unified/ticketing/users"
METHODS = {
    "create-user": "POST",
    "update-user": "PATCH",
    "get-user": "GET",
    "list-users": "GET",
    "delete-user": "DELETE",
}


def resolve(call, bodies):
    """The call with the values that earlier responses have: `id` for `user`, and the cursor `after` a page."""
    call = dict(call)
    if "user" in call:
        call["id"] = bodies.get(call["user"], {}).get("id", call["user"])
    if "after" in call.get("query", {}):
        query = dict(call["query"])
        query["cursor"] = bodies.get(query.pop("after"), {}).get("next_cursor")
        call["query"] = query
    return call


def send(port, call, account, **parameters):
    """The response to a call that has been resolved: its status, its body, and what it says in headers."""
    query = [("integrated_account_id", account), *parameters.items()]
    for index, collection in enumerate(call.get("collections", [])):
        query += [(f"collections[{index}][{key}]", value) for key, value in collection.items()]
    names = {"email": "emails[0][email]", "cursor": "next_cursor", "limit": "limit"}
    query += [(names[name], value) for name, value in call.get("query", {}).items()]
    if "format" in call:
        query.append(("truto_response_format", call["format"]))
    path = PATH + (f"/{quote(call['id'], safe='')}" if "id" in call else "")
    # In the spelling of other hosts, since JSON that is passed on keeps it.
    body = json.dumps(call["body"], separators=(",", ":")) if "body" in call else None
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"content-type": "application/json"} if body else {}
    connection.request(METHODS[call["operation"]], f"{path}?{urlencode(query)}", body, headers)
    response = connection.getresponse()
    body = json.loads(response.read(), parse_float=str)
    if response.status == 200:
        warnings = response.headers.get_all("unified-warning", [])
        # A plan has them itself.
        body.setdefault("warnings", [unquote(header.replace('; path="', " ").removesuffix('"')) for header in warnings])
        body["did"] = response.headers.get("unified-result")
    return {"status": response.status, "body": body}


def make(port, calls, accounts):
    """The responses to calls, made in turn."""
    ids = {account["name"]: account["id"] for account in accounts}
    bodies, responses = {}, []
    for call in calls:
        responses.append(send(port, resolve(call, bodies), ids[call["account"]]))
        bodies[call["name"]] = responses[-1]["body"]
    return responses
