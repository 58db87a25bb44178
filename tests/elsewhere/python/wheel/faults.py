"""A provider that fails: one request that creates arrives, and the outcome is what is known."""

import gzip
import os
import socket
import ssl
import subprocess
import tempfile

from harness import raises
from provider import ID, USER, Provider, account, closes, drips, resets, response, says, user, waits
from unified_ticketing import Ticketing, TicketingError

CREATED = response(201, {"id": 7})
LARGE = 4 * 1024 * 1024 + 1

# What the provider does with the creation; the code and the outcome, where the call does not look for the user.
FAULTS = {
    "closed without a response": (closes, "connection-lost", "unknown"),
    "reset": (resets, "connection-lost", "unknown"),
    "no HTTP": (says(b"SSH-2.0-OpenSSH_9.6\r\n"), "connection-lost", "unknown"),
    "cut in the head": (says(b"HTTP/1.1 201 Created\r\ncontent-"), "connection-lost", "unknown"),
    "of a head that is none": (says(b"HTTP/1.1 201 Created\r\nwhat is this\r\ncontent-length: 9\r\n\r\n"), "invalid-response", "unknown"),
    "of another coding": (says(response(201, b"{}", "transfer-encoding: gzip, chunked")), "invalid-response", "unknown"),
    "redirected": (says(response(307, b"", "location: /api/users")), "invalid-response", "unknown"),
    "misdirected": (says(response(421, {})), "provider-rejected", "rejected"),
    "rejected": (says(response(400, {})), "provider-invalid", "rejected"),
    "timed out there": (says(response(408, {})), "provider-rejected", "unknown"),
    "failed": (says(response(500, {})), "provider-failed", "unknown"),
    "compressed": (says(response(201, gzip.compress(b'{"id": 7}'), "content-encoding: gzip")), "invalid-response", "unknown"),
    "cut in the body": (says(response(201, b'{"id"', "content-length: 100")), "invalid-response", "unknown"),
    "cut where it looks whole": (says(response(201, b'{"id": 7}', "content-length: 100")), "invalid-response", "unknown"),
    "cut in a chunk": (says(response(201, b'9\r\n{"id"', "transfer-encoding: chunked")), "invalid-response", "unknown"),
    "of two lengths": (says(response(201, b'{"id": 7}', "content-length: 9", "content-length: 8")), "invalid-response", "unknown"),
    "too large": (says(response(201, b"{}", f"content-length: {LARGE}")), "response-too-large", "unknown"),
    "too large, unannounced": (says(response(201, b"500000\r\n" + b" " * 0x500000, "transfer-encoding: chunked")), "response-too-large", "unknown"),
    "rejected at length": (says(response(422, b"{}", f"content-length: {LARGE}")), "provider-invalid", "rejected"),
    "of a large head": (says(response(201, b"{}", *[f"x-{n}: {'x' * 4000}" for n in range(40)])), "response-too-large", "unknown"),
    "of many headers": (says(response(201, b"{}", *[f"x-{n}: x" for n in range(200)])), "response-too-large", "unknown"),
    "slow": (waits, "deadline", "unknown"),
    "slow in the head": (drips(CREATED), "deadline", "unknown"),
    "slow in the body": (drips(b" " * 200, response(201, b"", "content-length: 300")), "deadline", "unknown"),
}


def create(provider, **options):
    return Ticketing([provider.account()]).create_user(ID, USER, **options)


def options(code):
    return {"deadline": 0.5} if code == "deadline" else {}


def test_creation_is_sent_once_and_not_looked_for():
    for name, (act, code, outcome) in FAULTS.items():
        with Provider(act) as provider, raises(TicketingError) as caught:
            create(provider, settle=False, **options(code))
        error = caught[0]
        assert (error.code, error.outcome) == (code, outcome), (name, error)
        assert (provider.count("POST"), provider.count("GET")) == (1, 0), (name, provider.requests)
        assert outcome != "unknown" or "tomas@kelpworks.example" in str(error), (name, error)
        yield name


def test_creation_of_unknown_outcome_is_settled():
    for name, (act, code, outcome) in FAULTS.items():
        with Provider(act) as provider:
            if outcome == "unknown":
                created = create(provider, **options(code))
                assert (created.result, created.body["id"]) == ("settled", "7"), (name, created)
                assert [warning.code for warning in created.warnings] == ["settled"], (name, created)
            else:
                with raises(TicketingError) as caught:
                    create(provider)
                assert caught[0].outcome == outcome, (name, caught)
        assert provider.count("POST") == 1, (name, provider.requests)
        yield name


def test_refused_connection_sends_nothing():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for settle in (True, False):
        with raises(TicketingError) as caught:
            Ticketing([account(f"http://127.0.0.1:{port}")]).create_user(ID, USER, settle=settle)
        assert (caught[0].code, caught[0].outcome) == ("no-connection", "not-sent"), caught
        yield f"settle={settle}"


def test_unknown_name_sends_nothing():
    with raises(TicketingError) as caught:
        Ticketing([account("https://unified-ticketing.invalid/")]).create_user(ID, USER, deadline=15)
    assert caught[0].code in ("no-connection", "deadline"), caught
    assert caught[0].outcome == "not-sent", caught


def test_response_without_length_is_read_to_its_end():
    data = response(201, b'{"id": 7, "name": "Tomas"}').replace(b"content-length: 26\r\n", b"")
    assert b"content-length" not in data
    with Provider(says(data)) as provider:
        assert create(provider).body["name"] == "Tomas"


def test_read_fails_as_not_sent():
    with Provider(closes, lists=closes) as provider, raises(TicketingError) as caught:
        Ticketing([provider.account()]).get_user(ID, "7")
    assert (caught[0].code, caught[0].outcome) == ("connection-lost", "not-sent"), caught


def test_each_request_has_a_connection_and_its_headers():
    with Provider(says(response(201, user()))) as provider:
        create(provider)
    headers = provider.requests[0].headers
    assert headers["host"] == f"127.0.0.1:{provider.port}"
    assert headers["connection"] == "close" and "accept-encoding" not in headers
    assert headers["authorization"].startswith("Basic ") and headers["content-type"] == "application/json"


def _certificate(folder, name):
    """A certificate for loopback, and a server's context with it."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    paths = (f"{folder}/{name}.pem", f"{folder}/{name}.key")
    subprocess.run([*command, "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*paths)
    return paths[0], context


def test_tls_trusts_ssl_cert_file_alone():
    with tempfile.TemporaryDirectory() as folder:
        trusted, context = _certificate(folder, "trusted")
        _, other = _certificate(folder, "other")
        # Read when the first connection over TLS is made.
        os.environ["SSL_CERT_FILE"] = trusted
        with Provider(says(response(201, user())), context=context) as provider:
            assert create(provider).body["id"] == "7"
        yield "trusted"
        # It ends the connection without saying in TLS that this is the end: a body without a length may have been cut.
        data = response(201, user()).replace(b"content-length", b"x-length")
        with Provider(says(data), context=context) as provider, raises(TicketingError) as caught:
            create(provider, settle=False)
        assert (caught[0].code, caught[0].outcome) == ("invalid-response", "unknown"), caught
        yield "cut"
        with Provider(says(response(201, user())), context=other) as provider, raises(TicketingError) as caught:
            create(provider)
        assert (caught[0].code, caught[0].outcome, provider.requests) == ("no-connection", "not-sent", []), caught
        yield "not trusted"
    # Connections are made to it, and nobody takes them.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        plain = account(f"https://127.0.0.1:{listener.getsockname()[1]}")
        with raises(TicketingError) as caught:
            Ticketing([plain]).create_user(ID, USER, deadline=0.5)
    assert (caught[0].code, caught[0].outcome) == ("deadline", "not-sent"), caught
    yield "no handshake"
