#!/usr/bin/env python3
"""Runs every call of calls.json by our own host and by another runtime, and compares the responses.

    check.py [--each VALUE]... typed|http|plan COMMAND...

Each side has its own sandbox, empty at first. COMMAND is the runtime's driver; with `--each` it runs once for each VALUE, its last
argument. It reads a JSON object from standard
input: `accounts` (an array as in `UNIFIED_TICKETING_ACCOUNTS_JSON`) and `calls`; it writes an array with one response
per call to standard output.

    http   {"status", "body"}: the published API over HTTP, compared as a whole
    typed  the published body, made from the result of a typed interface. `--each` is its name: `users`, `steps`
    plan   {"plan", "response"}: the plan is compared with that of `--dry-run`; the response is the component's, for the
           provider's response in the call's `provider`, which our own host received

The body of a success also has `warnings`, such as `unsupported-field /avatar`.
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

HERE = Path(__file__).resolve().parent
PROGRAM = os.environ["PROGRAM"]
INTEGRATIONS = len(json.loads(subprocess.check_output([PROGRAM, "integrations", "--json"])))
# Members of the HTTP body alone, derived from the typed error.
DERIVED = ("error", "truto_is_remote_error", "truto_error_insight")
DATE = re.compile(r"\d{4}-?\d\d-?\d\dT\d\d:?\d\d(:?\d\d(\.\d+)?)?(Z|\+\d\d:\d\d)?")
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


def load(text):
    """JSON, with the text of its numbers."""
    return json.loads(text, parse_float=str)


def run_ours(call, file, ids, *flags):
    """The response of our own host: the body, or the error's body."""
    operation = ["create"]
    if "update" in call:
        operation = ["update", ids.get(call["update"], call["update"])]
    for collection in call.get("collections", []):
        flags = (*flags, "--collection", ":".join(filter(None, (collection.get("type"), collection["id"]))))
    process = subprocess.run(
        [PROGRAM, "--accounts", file, "--log-format", "json", "users", *operation, "--account", call["account"], "--input", "-", *flags],
        # In the spelling of other hosts, since JSON that is passed on keeps it.
        input=json.dumps(call["body"], separators=(",", ":")), capture_output=True, text=True, check=False,
    )
    if process.returncode == 0:
        body = load(process.stdout)
        warnings = [load(line) for line in process.stderr.splitlines()]
        body.setdefault("warnings", [f"{line['warning']} {line['path']}" for line in warnings])
        return body
    try:
        error = load(process.stderr.splitlines()[-1])
        # The HTTP API has these in headers, which no driver returns.
        return {key: value for key, value in error.items() if key not in ("retry_after", "rate_limit")}
    except (IndexError, ValueError):
        raise SystemExit(f"{call['name']}: our own host failed: {process.stderr}") from None


def expectations(calls):
    """The responses and the plans of our own host."""
    ids, responses, plans = {}, [], []
    with Sandbox() as sandbox, tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(sandbox.text)
        file.flush()
        for call in calls:
            plans.append(run_ours(call, file.name, ids, "--dry-run"))
            responses.append(run_ours(call, file.name, ids))
            ids[call["name"]] = responses[-1].get("id")
            status = responses[-1].get("statusCode", 200)
            if status != call.get("status", 200):
                # Two hosts with the same failure would agree.
                raise SystemExit(f"{call['name']}: our own host responded with {status}: {json.dumps(responses[-1])}")
    return responses, plans, sandbox.accounts, ids


def normalize(value):
    """Replaces times and ports, which differ between sandboxes."""
    if isinstance(value, dict):
        return {key: normalize(item) for key, item in value.items()}
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
    return body


def without_derived(body):
    return {key: value for key, value in body.items() if key not in DERIVED}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("typed", "http", "plan"))
    parser.add_argument("--each", action="append")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    kind = arguments.kind
    calls = json.loads((HERE / "calls.json").read_text())
    expected, plans, accounts, ids = expectations(calls)
    inputs = [dict(call) for call in calls]
    if kind == "plan":
        for call, response in zip(inputs, expected):
            # The ids of our own sandbox, since the page creates no user.
            if "update" in call:
                call["update"] = ids.get(call["update"], call["update"])
            body = response.get("remote_data", response.get("raw_response"))
            call["provider"] = {"status": response.get("provider_status", 200), "body": json.dumps(body)}
    drivers = [(f"{Path(value).name}: ", (*arguments.command, value)) for value in arguments.each or ()]
    drivers = drivers or [("", arguments.command)]
    passed = 0
    for prefix, driver in drivers:
        with Sandbox() as sandbox:
            process = subprocess.run(
                driver, input=json.dumps({"accounts": accounts if kind == "plan" else sandbox.accounts, "calls": inputs}),
                stdout=subprocess.PIPE, text=True, check=False,
            )
        if process.returncode != 0:
            print(f"{prefix}the driver failed with {process.returncode}")
            continue
        passed += compare(kind, prefix, calls, expected, plans, load(process.stdout))
    return report(passed, len(calls) * len(drivers) - passed)


def compare(kind, prefix, calls, expected, plans, responses):
    """Prints a line for each call. Returns the number of calls with the expected response."""
    passed = 0
    for call, body, plan, actual in zip(calls, expected, plans, responses, strict=True):
        name = prefix + call["name"]
        if kind == "http":
            expected_value = {"status": body.get("statusCode", 200), "body": body}
        elif kind == "typed":
            expected_value, actual = without_derived(body), parse_json_strings(actual)
        else:
            expected_value = {"plan": without_derived(plan), "response": without_derived(body)}
            actual = {"plan": parse_json_strings(actual["plan"]), "response": parse_json_strings(actual["response"])}
        expected_value, actual = normalize(expected_value), normalize(actual)
        if expected_value == actual:
            passed += 1
            print(f"ok      {name}")
        else:
            print(f"FAILED  {name}\n  ours:      {json.dumps(expected_value)}\n  runtime:   {json.dumps(actual)}")
    return passed


def report(passed, failed):
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
