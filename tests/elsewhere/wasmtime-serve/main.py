"""Serves the standalone component with stock `wasmtime serve`, and makes every call over HTTP."""

import http.client
import json
import os
import re
import subprocess
import sys
from urllib.parse import quote, unquote, urlencode

VARIABLE = "UNIFIED_TICKETING_ACCOUNTS_JSON"


def serve(wasmtime, component, accounts):
    """Starts the server. Returns it and its port. It listens on loopback: the component does not authenticate its clients."""
    # `--env NAME` takes the value from the environment, so that no credential is in the list of processes.
    command = [wasmtime, "serve", "-Scli", "--addr", "127.0.0.1:0", "--env", VARIABLE, component]
    environment = {**os.environ, VARIABLE: json.dumps({"account": accounts})}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    log = []
    for line in server.stderr:
        log.append(line)
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            return server, int(found[1])
    raise SystemExit(f"wasmtime did not start: {''.join(log)}")


def send(port, call, account, user):
    query = [("integrated_account_id", account)]
    for index, collection in enumerate(call.get("collections", [])):
        query += [(f"collections[{index}][{key}]", value) for key, value in collection.items()]
    path = "/unified/ticketing/users" + ("" if user is None else f"/{quote(user, safe='')}")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(
        "POST" if user is None else "PATCH",
        f"{path}?{urlencode(query)}",
        json.dumps(call["body"]),
        {"content-type": "application/json"},
    )
    response = connection.getresponse()
    body = json.loads(response.read(), parse_float=str)
    if response.status == 200:
        warnings = response.headers.get_all("unified-warning", [])
        body["warnings"] = [unquote(header.replace('; path="', " ").removesuffix('"')) for header in warnings]
    return {"status": response.status, "body": body}


def main():
    component, wasmtime = sys.argv[1:]
    inputs = json.load(sys.stdin)
    ids = {account["name"]: account["id"] for account in inputs["accounts"]}
    server, port = serve(wasmtime, component, inputs["accounts"])
    try:
        created, responses = {}, []
        for call in inputs["calls"]:
            user = created.get(call["update"], call["update"]) if "update" in call else None
            responses.append(send(port, call, ids[call["account"]], user))
            created[call["name"]] = responses[-1]["body"].get("id")
        json.dump(responses, sys.stdout)
    finally:
        server.terminate()
        server.wait()


main()
