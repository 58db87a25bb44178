"""Makes every call by the wheel, in the form of the published HTTP API."""

import json
import sys
from pathlib import Path

from unified_ticketing import Ticketing, TicketingError

sys.path.append(str(Path(__file__).resolve().parents[2]))
import http_api  # noqa: E402


def make(ticketing, account, call):
    """The response of a call."""
    options = {name: call[name] for name in ("collections", "format") if name in call}
    match call["operation"]:
        case "create-user":
            return ticketing.create_user(account, call["body"], **options)
        case "update-user":
            return ticketing.update_user(account, call["id"], call["body"], **options)
        case "get-user":
            return ticketing.get_user(account, call["id"], **options)
        case "list-users":
            return ticketing.list_users(account, call.get("query"), **options)
        case "delete-user":
            return ticketing.delete_user(account, call["id"], **options)
    raise SystemExit(f"no such operation: {call['operation']}")


def main():
    inputs = json.load(sys.stdin)
    ids = {account["name"]: account["id"] for account in inputs["accounts"]}
    ticketing = Ticketing(inputs["accounts"])
    bodies, responses = {}, []
    for call in inputs["calls"]:
        try:
            response = make(ticketing, ids[call["account"]], http_api.resolve(call, bodies))
        except TicketingError as error:
            status, body = error.status, error.body
        else:
            # The text has every digit.
            status, body = 200, json.loads(response.text, parse_float=str)
            body.setdefault("warnings", [f"{warning.code} {warning.path}" for warning in response.warnings])
            body["did"] = response.result
        bodies[call["name"]] = body
        responses.append({"status": status, "body": body})
    json.dump(responses, sys.stdout)


main()
