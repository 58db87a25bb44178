#!/usr/bin/env python3
"""Makes every call of calls.json by our own host and by another runtime, and compares the responses.

    check.py [--each VALUE]... typed|http|plan COMMAND...

Each side has its own sandbox, empty at first. COMMAND is the runtime's driver; with `--each` it runs once for each VALUE, its last
argument. It reads a JSON object from standard input: `accounts` (an array as in `UNIFIED_TICKETING_ACCOUNTS_JSON`) and `calls`; it
writes an array with one response per call to standard output.

    http   {"status", "body"}: the published API over HTTP, compared as a whole
    typed  the published body, made from the result of a typed interface. `--each` is its name: `users`, `steps`
    plan   {"plan", "requests", "response"}: the plan of a call that writes is compared with that of a dry run, the requests with
           those that our own host sent; the response is the component's, for the provider's responses in the call's `provider`,
           which our own host received

The body of a success also has `warnings`, such as `unsupported-field /avatar`, and `did`, what `unified-result` says.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import http_api
from recorder import Recorder

HERE = Path(__file__).resolve().parent
PROGRAM = os.environ["PROGRAM"]
INTEGRATIONS = len(json.loads(subprocess.check_output([PROGRAM, "integrations", "--json"])))
# Members of the HTTP body alone, derived from the typed error.
DERIVED = ("error", "truto_is_remote_error", "truto_error_insight")
# Options whose parameter has another name.
TYPED = {"next_cursor": "cursor"}
DATE = re.compile(r"\d{4}-?\d\d-?\d\dT\d\d:?\d\d(:?\d\d(\.\d+)?)?(Z|\+\d\d:\d\d)?|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT")
MOMENT = re.compile(r"1[5-9]\d{8}(\d{3})?")


class Sandbox:
    """The simulators, with an accounts file for them."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [PROGRAM, "sandbox", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        lines = []
        # The file ends with the credentials of the last account; it has an account for each integration.
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("the sandbox did not start")
            lines.append(line)
            if line.startswith("credentials") and len(tomllib.loads("".join(lines))["account"]) == INTEGRATIONS:
                break
        self.text = "".join(lines)
        self.accounts = tomllib.loads(self.text)["account"]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Host:
    """Our own host, `serve`, for an accounts file."""

    def __init__(self, accounts):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".toml")
        self.file.write(accounts)
        self.file.flush()

    def __enter__(self):
        command = [PROGRAM, "--accounts", self.file.name, "serve", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                return self
        raise SystemExit("our own host did not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()
        self.file.close()


def load(text):
    """JSON, with the text of its numbers."""
    return json.loads(text, parse_float=str)


def expectations(calls):
    """For each call as our own host made it: its inputs, the response, the plan, and what went between host and provider."""
    made, bodies = [], {}
    with Sandbox() as sandbox, Recorder(sandbox.accounts[0]["base_url"]) as recorder:
        with Host(recorder.in_place_of_origin(sandbox.text)) as host:
            ids = {account["name"]: account["id"] for account in sandbox.accounts}
            for call in calls:
                resolved = http_api.resolve(call, bodies)
                account = ids[call["account"]]
                reads = http_api.METHODS[call["operation"]] == "GET"
                plan = None if reads else http_api.send(host.port, resolved, account, unified_dry_run="true")["body"]
                recorder.clear()
                response = http_api.send(host.port, resolved, account)
                bodies[call["name"]] = response["body"]
                if response["status"] != call.get("status", 200):
                    # Two hosts with the same failure would agree.
                    raise SystemExit(f"{call['name']}: our own host responded with {json.dumps(response)}")
                made.append({"call": resolved, "response": response, "plan": plan, "exchanges": recorder.exchanges()})
        return made, json.loads(recorder.in_place_of_origin(json.dumps(sandbox.accounts)))


def normalize(value):
    """Replaces times and ports, which differ between sandboxes."""
    if isinstance(value, dict):
        return {key: normalize(item) for key, item in value.items() if key != "content-length"}
    if isinstance(value, list):
        return [normalize(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"127\.0\.0\.1:\d+", "HOST", DATE.sub("DATE", value))
    if isinstance(value, int) and MOMENT.fullmatch(str(value)):
        return "DATE"
    return value


def parse_json_strings(body):
    """Parses the JSON strings of a typed response."""
    for key in ("remote_data", "raw_response"):
        if isinstance(body.get(key), str):
            try:
                body[key] = load(body[key])
            except ValueError:
                pass
    for user in body.get("result", []):
        parse_json_strings(user)
    return body


def without_derived(body):
    return body and {key: value for key, value in body.items() if key not in DERIVED}


def typed_names(body):
    """An error with the names of options as the typed contract has them."""
    if "violations" not in body:
        return body
    text = json.dumps(body)
    for name, typed in TYPED.items():
        text = text.replace(name, typed)
    return load(text)


def expected_value(kind, entry):
    """What a driver of this kind should write."""
    if kind == "http":
        return entry["response"]
    response = typed_names(without_derived(entry["response"]["body"]))
    if kind == "typed":
        return response
    requests = [exchange["request"] for exchange in entry["exchanges"]]
    plan = without_derived(entry["plan"])
    # A plan says what it did without a header; an error is the same without one.
    return {"plan": plan and {key: value for key, value in plan.items() if key != "did"}, "requests": requests, "response": response}


def actual_value(kind, value):
    if kind == "typed":
        return parse_json_strings(value)
    if kind == "plan":
        return {**value, "plan": value["plan"] and parse_json_strings(value["plan"]), "response": parse_json_strings(value["response"])}
    return value


def inputs(kind, made):
    """The calls for a driver of this kind."""
    if kind == "plan":
        # As our own host made them, since the page creates no user.
        return [{**entry["call"], "provider": [exchange["response"] for exchange in entry["exchanges"]]} for entry in made]
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("typed", "http", "plan"))
    parser.add_argument("--each", action="append")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    kind = arguments.kind
    calls = json.loads((HERE / "calls.json").read_text())
    if kind != "http":
        # A format of the HTTP API alone.
        calls = [call for call in calls if call.get("format") != "debug"]
    made, accounts = expectations(calls)
    calls = inputs(kind, made) or calls
    drivers = [(f"{Path(value).name}: ", (*arguments.command, value)) for value in arguments.each or ()]
    drivers = drivers or [("", arguments.command)]
    passed = 0
    for prefix, driver in drivers:
        with Sandbox() as sandbox:
            process = subprocess.run(
                driver, input=json.dumps({"accounts": accounts if kind == "plan" else sandbox.accounts, "calls": calls}),
                stdout=subprocess.PIPE, text=True, check=False,
            )
        if process.returncode != 0:
            print(f"{prefix}the driver failed with {process.returncode}")
            continue
        passed += compare(kind, prefix, made, load(process.stdout))
    failed = len(made) * len(drivers) - passed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def compare(kind, prefix, made, responses):
    """Prints a line for each call. Returns the number of calls with the expected response."""
    passed = 0
    for entry, actual in zip(made, responses, strict=True):
        name = prefix + entry["call"]["name"]
        expected = normalize(expected_value(kind, entry))
        actual = normalize(actual_value(kind, actual))
        if expected == actual:
            passed += 1
            print(f"ok      {name}")
        else:
            print(f"FAILED  {name}\n  ours:      {json.dumps(expected)}\n  runtime:   {json.dumps(actual)}")
    return passed


if __name__ == "__main__":
    sys.exit(main())
