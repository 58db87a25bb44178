#!/usr/bin/env python3
"""Runs every call of calls.json twice and compares the answers: by our own host, and by a runtime elsewhere.

    check.py typed|http|plan COMMAND...

Each side has a provider sandbox of its own, empty at first. COMMAND is the runtime's driver. It reads a JSON object
from standard input: `accounts` (an array as in `UNIFIED_TICKETING_ACCOUNTS_JSON`) and `calls`; it writes an array with
one answer per call to standard output.

    http   {"status", "body"}: the published API over HTTP, compared whole
    typed  the published body, made of what the typed interface gave
    plan   {"plan", "answer"}: the plan is compared with that of `--dry-run`; the answer is what the component makes of
           the provider's answer in the call's `provider`, which is the one that our own host had

The body of a success has `warnings` besides, such as `unsupported-field /avatar`.
"""

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
# Of the HTTP body alone: derived from what the typed error says otherwise.
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
        # The file ends with an account; it is whole once its last line can be read after six of them.
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("the sandbox did not start")
            lines.append(line)
            if line.startswith("credentials") and len(tomllib.loads("".join(lines))["account"]) == 6:
                break
        self.text = "".join(lines)
        self.accounts = tomllib.loads(self.text)["account"]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def load(text):
    """JSON with numbers as they are written."""
    return json.loads(text, parse_float=str)


def ours(call, file, ids, *flags):
    """What our own host answers: the body, or the error's body."""
    operation = ["create"]
    if "update" in call:
        operation = ["update", ids.get(call["update"], call["update"])]
    for collection in call.get("collections", []):
        flags = (*flags, "--collection", ":".join(filter(None, (collection.get("type"), collection["id"]))))
    done = subprocess.run(
        [PROGRAM, "--accounts", file, "--log-format", "json", "users", *operation, "--account", call["account"], "--input", "-", *flags],
        # As other hosts write JSON: what is passed on goes out as it came in.
        input=json.dumps(call["body"], separators=(",", ":")), capture_output=True, text=True, check=False,
    )
    if done.returncode == 0:
        body = load(done.stdout)
        told = [load(line) for line in done.stderr.splitlines()]
        body.setdefault("warnings", [f"{line['warning']} {line['path']}" for line in told])
        return body
    try:
        error = load(done.stderr.splitlines()[-1])
        # The HTTP API says these in headers, which no driver gives.
        return {key: value for key, value in error.items() if key not in ("retry_after", "rate_limit")}
    except (IndexError, ValueError):
        raise SystemExit(f"{call['name']}: our own host failed: {done.stderr}") from None


def expectations(calls):
    """Our own host's answers, and its plans."""
    ids, answers, plans = {}, [], []
    with Sandbox() as sandbox, tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(sandbox.text)
        file.flush()
        for call in calls:
            plans.append(ours(call, file.name, ids, "--dry-run"))
            answers.append(ours(call, file.name, ids))
            ids[call["name"]] = answers[-1].get("id")
            status = answers[-1].get("statusCode", 200)
            if status != call.get("status", 200):
                # Two hosts that fail alike would agree.
                raise SystemExit(f"{call['name']}: our own host answered {status}: {json.dumps(answers[-1])}")
    return answers, plans, sandbox.accounts, ids


def normal(value):
    """Without what differs from one sandbox to the next: times and ports."""
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"127\.0\.0\.1:\d+", "HOST", DATE.sub("DATE", value))
    if isinstance(value, int) and MOMENT.fullmatch(str(value)):
        return "DATE"
    return value


def parsed(body):
    """A typed answer, its JSON texts read."""
    for key in ("remote_data", "raw_response"):
        if isinstance(body.get(key), str):
            try:
                body[key] = load(body[key])
            except ValueError:
                pass
    return body


def underived(body):
    return {key: value for key, value in body.items() if key not in DERIVED}


def main():
    kind, *command = sys.argv[1:]
    calls = json.loads((HERE / "calls.json").read_text())
    expected, plans, accounts, ids = expectations(calls)
    given = [dict(call) for call in calls]
    if kind == "plan":
        for call, answer in zip(given, expected):
            # The ids of our own sandbox, since nothing is created here.
            if "update" in call:
                call["update"] = ids.get(call["update"], call["update"])
            body = answer.get("remote_data", answer.get("raw_response"))
            call["provider"] = {"status": answer.get("provider_status", 200), "body": json.dumps(body)}
    with Sandbox() as sandbox:
        driver = subprocess.run(
            command, input=json.dumps({"accounts": accounts if kind == "plan" else sandbox.accounts, "calls": given}),
            stdout=subprocess.PIPE, text=True, check=False,
        )
    if driver.returncode != 0:
        print(f"the driver failed with {driver.returncode}")
        return report(0, len(calls))
    answers = load(driver.stdout)
    passed = 0
    for call, body, plan, found in zip(calls, expected, plans, answers, strict=True):
        if kind == "http":
            want = {"status": body.get("statusCode", 200), "body": body}
        elif kind == "typed":
            want, found = underived(body), parsed(found)
        else:
            want = {"plan": underived(plan), "answer": underived(body)}
            found = {"plan": parsed(found["plan"]), "answer": parsed(found["answer"])}
        want, found = normal(want), normal(found)
        if want == found:
            passed += 1
            print(f"ok      {call['name']}")
        else:
            print(f"FAILED  {call['name']}\n  ours:      {json.dumps(want)}\n  elsewhere: {json.dumps(found)}")
    return report(passed, len(calls) - passed)


def report(passed, failed):
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
