"""What a call may do whatever the component asks for, and calls on several threads."""

import base64
import json
import subprocess
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from harness import raises
from provider import ID, KEY, USER, Provider, account, closes, resets, response, says, user
from unified_ticketing import Ticketing, TicketingError, _accounts, _call, _client, _component, _redaction
from unified_ticketing._component import record
from unified_ticketing._errors import GuestError
from unified_ticketing._requests import Requests, safety
from wasmtime.component import Variant

LOST = Variant("connection-lost", "why")
NO_CONNECTION = Variant("no-connection", "why")


def answered(status):
    return record(status=status, headers=[], body=b"")


def sent(requests, kind, response):
    requests.admit(kind)
    requests.ended(kind, response)


# As in host/src/engine/requests.rs.


def test_second_creation_is_denied():
    for first in (answered(201), answered(409), NO_CONNECTION, LOST):
        requests = Requests("create-user")
        sent(requests, "once", first)
        with raises(GuestError):
            requests.admit("once")
        requests.admit("safe")
        yield str(first)


def test_only_rejected_creation_admits_a_change():
    for status, admitted in ((409, True), (201, False), (408, False), (500, False)):
        requests = Requests("create-user")
        sent(requests, "once", answered(status))
        try:
            requests.admit("idempotent")
        except GuestError:
            assert not admitted, status
        else:
            assert admitted, status
        yield str(status)


def test_operation_bounds_its_requests():
    for operation, kind in (("get-user", "idempotent"), ("list-users", "once"), ("update-user", "once"), ("delete-user", "once")):
        with raises(GuestError):
            Requests(operation).admit(kind)
        yield operation
    changes = Requests("update-user")
    changes.admit("idempotent")
    with raises(GuestError):
        changes.admit("idempotent")
    yield "second change"


def test_requests_are_counted():
    requests = Requests("list-users")
    for _ in range(32):
        requests.admit("safe")
    with raises(GuestError) as caught:
        requests.admit("safe")
    assert caught[0].limit == "requests"


def test_outcome_follows_writes_alone():
    for kind, result, outcome in (
        ("safe", answered(500), "not-sent"),
        ("once", answered(201), "unknown"),
        ("once", answered(422), "rejected"),
        ("idempotent", answered(408), "unknown"),
        ("once", NO_CONNECTION, "not-sent"),
        ("once", Variant("deadline", False), "not-sent"),
        ("once", Variant("deadline", True), "unknown"),
        ("once", Variant("response-too-large", 422), "rejected"),
        ("once", Variant("response-too-large", None), "unknown"),
        ("once", Variant("response-truncated", (422, "why")), "unknown"),
    ):
        requests = Requests("create-user")
        sent(requests, kind, result)
        assert requests.outcome == outcome, (kind, result)
        yield f"{kind} {result}"


def test_method_bounds_reported_safety():
    hive = _component.runtime().integrations["hive"]
    for reported, method, expected in (
        ("safe", "GET", "safe"), ("safe", "POST", "once"), ("idempotent", "POST", "once"), ("safe", "PUT", "idempotent"),
        ("once", "PUT", "once"), ("safe", "BREW", "once"),
    ):  # fmt: skip
        assert safety(reported, hive, method) == expected, method
        yield method


class Hostile:
    """The component, but that its steps are changed."""

    def __init__(self, change_start=lambda step: step, change_resume=lambda _first, step: step):
        self._runtime = _component.runtime()
        self.integrations = self._runtime.integrations
        self.authenticate = self._runtime.authenticate
        self._change = (change_start, change_resume)

    def start(self, *arguments):
        self._first = self._change[0](self._runtime.start(*arguments))
        return self._first

    def resume(self, *arguments):
        return self._change[1](self._first, self._runtime.resume(*arguments))


@contextmanager
def replaced(module, **values):
    """With these values in a module."""
    before = {name: getattr(module, name) for name in values}
    for name, value in values.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


def test_hostile_component_creates_once():
    hostile = Hostile(change_resume=lambda first, _step: first)
    for act, outcome in ((says(response(201, user())), "unknown"), (resets, "unknown"), (says(response(400, {})), "rejected")):
        with Provider(act) as provider, replaced(_call, runtime=lambda: hostile), raises(TicketingError) as caught:
            Ticketing([provider.account()]).create_user(ID, USER)
        error = caught[0]
        assert (error.code, error.limit, error.outcome) == ("limit-exceeded", "requests", outcome), error
        assert error.message.startswith("the component was stopped: it tried to send a request that creates"), error
        assert provider.count("POST") == 1, provider.requests
        yield outcome


def test_hostile_component_reaches_no_other_origin():
    def elsewhere(url):
        def change(step):
            step.payload.request.url = url.format(port=provider.port)
            return step

        return change

    for url in (
        "http://localhost:{port}/api/users", "https://127.0.0.1:{port}/api/users", "http://u@127.0.0.1:{port}/", "ftp://x/", "/users",
    ):  # fmt: skip
        with Provider(closes) as provider:
            hostile = Hostile(elsewhere(url))
            with replaced(_call, runtime=lambda: hostile), raises(TicketingError) as caught:
                Ticketing([provider.account()]).create_user(ID, USER)
        assert (caught[0].code, caught[0].outcome, provider.requests) == ("egress-denied", "not-sent", []), caught
        yield url


def test_component_that_reports_less_is_not_believed():
    def denies(_first, step):
        step.payload.error = record(code="no-connection", outcome="not-sent")
        return step

    hostile = Hostile(change_resume=denies)
    with Provider(says(response(201, user()))) as provider, replaced(_call, runtime=lambda: hostile):
        with raises(TicketingError) as caught:
            Ticketing([provider.account()]).create_user(ID, USER)
    assert (caught[0].code, caught[0].outcome, caught[0].status) == ("guest-trap", "unknown", 500), caught


def test_component_is_stopped_at_its_limits():
    large = {**USER, "custom_fields": "x" * 900_000}
    for name, limits, limit, body, outcome in (
        ("cpu", {"MAX_FUEL": 20_000}, "cpu", {}, "not-sent"),
        ("memory", {"MAX_MEMORY": 1 << 20}, "memory", large, "not-sent"),
        ("memory after the creation", {"MAX_MEMORY": 1 << 20}, "memory", {}, "unknown"),
    ):
        with Provider(says(response(201, {"id": 7, "x": "x" * 300_000}))) as provider, raises(TicketingError) as caught:
            with replaced(_component, **limits):
                Ticketing([provider.account()]).create_user(ID, {**USER, **body})
        error = caught[0]
        assert (error.code, error.limit, error.outcome) == ("limit-exceeded", limit, outcome), (name, error)
        assert provider.count("POST") == (outcome == "unknown"), name
        yield name


def test_largest_response_is_within_the_limits():
    # The dearest to read: objects of one small member.
    unit = b'{"a":1},'
    body = b'{"id": 7, "x": [' + unit * ((1 << 20) // len(unit)) + b"1]}"
    fuel = []

    class Counted(_component.Store):
        def __exit__(self, *error):
            fuel.append(_component.MAX_FUEL - self.get_fuel())
            super().__exit__(*error)

    with Provider(says(response(201, body))) as provider, replaced(_component, Store=Counted):
        assert Ticketing([provider.account()]).create_user(ID, USER, ignore_remote_data=True).result == "created"
    # A quarter of what a response may have.
    assert 4 * max(fuel) < _component.MAX_FUEL / 2, fuel


def test_interrupted_creation_says_how_to_look():
    def interrupted(_first, _step):
        raise KeyboardInterrupt

    hostile = Hostile(change_resume=interrupted)
    with Provider(says(response(201, user()))) as provider, replaced(_call, runtime=lambda: hostile):
        with raises(KeyboardInterrupt) as caught:
            Ticketing([provider.account()]).create_user(ID, USER)
    assert "tomas@kelpworks.example" in caught[0].__notes__[0], caught[0].__notes__


def test_interrupted_frames_have_no_credentials():
    def interrupted(*_arguments, **_more):
        raise KeyboardInterrupt

    class Interrupts:
        """A connected socket, but that sending is interrupted."""

        def __init__(self, connected):
            self._socket = connected

        def __getattr__(self, name):
            return interrupted if name == "send" else getattr(self._socket, name)

    connect = _client._connect
    echo = says(response(201, {**user(), "echo": KEY}))
    for name, module, replacement, arrived in (
        ("while the component makes the headers", _component.Runtime, {"_attempt": interrupted}, 0),
        ("while the secrets are listed", _accounts.CallAccount, {"secrets": interrupted}, 0),
        ("while the account is read", _accounts, {"_normalized": interrupted}, 0),
        ("while the request is sent", _client, {"_connect": lambda *arguments: Interrupts(connect(*arguments))}, 0),
        ("while the response is read", _client, {"_read": interrupted}, 1),
        ("while the response is redacted", _redaction, {"_masked": interrupted}, 1),
    ):
        with Provider(echo) as provider:
            # Looked up in the call.
            made = Ticketing(lambda _id: provider.account())
            with replaced(module, **replacement), raises(KeyboardInterrupt) as caught:
                made.create_user(ID, USER)
        assert provider.count("POST") == arrived, (name, provider.requests)
        assert_frames_hidden(caught[0])
        yield name


def assert_frames_hidden(error):
    """As tools see it that report errors with the variables of every frame, among which this one's are not."""
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "create_user" in shown, shown
    pair = base64.b64encode(f"ops@acme.example:{KEY}".encode()).decode()
    for form in (KEY, repr(KEY)[1:-1], json.dumps(KEY)[1:-1], repr(json.dumps(KEY))[2:-2], pair):
        assert form not in shown, (form, shown)


def test_deadline_counts_the_look_up():
    late = threading.Event()

    def look_up(_id):
        late.wait(0.2)
        return account("http://127.0.0.1:9")

    with raises(TicketingError) as caught:
        Ticketing(look_up).create_user(ID, USER, deadline=0.1)
    assert (caught[0].code, caught[0].outcome, caught[0].limit) == ("deadline", "not-sent", "deadline"), caught


def test_calls_overlap_on_threads():
    together = threading.Barrier(8, timeout=30)

    def responds(connection, request):
        # None is answered before all are there.
        together.wait()
        connection.sendall(response(201, request.body))

    with Provider(responds) as provider, ThreadPoolExecutor(8) as pool:
        made = Ticketing([provider.account()])
        names = [f"User {number}" for number in range(24)]
        calls = [pool.submit(made.create_user, ID, {**USER, "name": name}) for name in names]
        results = [call.result().body["name"] for call in calls]
    assert results == names and provider.count("POST") == 24, results


FORKED = """
import os, sys, threading
from provider import ID, USER, Provider, response, says, user
from unified_ticketing import Ticketing, _component

with Provider(says(response(201, user()))) as provider:
    made = Ticketing([provider.account()])
    made.create_user(ID, USER)
    # Another thread has its turn at that moment.
    with _component.runtime()._turn:
        child = os.fork()
        if child == 0:
            os._exit(made.create_user(ID, USER).result != "created")
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(status or provider.count("POST") != 2)
"""


def test_child_of_a_fork_makes_calls():
    subprocess.run([sys.executable, "-c", FORKED], check=True, timeout=60, env={"PYTHONPATH": str(Path(__file__).parent)})


def test_accounts_do_not_mix_on_threads():
    with Provider(says(response(201, user()))) as provider, ThreadPoolExecutor(8) as pool:
        ids = [f"{number:08}-dd91-461e-bd6a-aedd9e0ad79d" for number in range(40)]
        accounts = [provider.account(id=each, credentials={"access_token": f"token-of-{each}"}) for each in ids]
        made = Ticketing(accounts)
        list(pool.map(lambda each: made.create_user(each, {**USER, "name": each}), ids))
    seen = {request.headers["authorization"] for request in provider.requests}
    assert seen == {f"Bearer token-of-{each}" for each in ids}
    for request in provider.requests:
        assert request.headers["authorization"].removeprefix("Bearer token-of-").encode() in request.body
