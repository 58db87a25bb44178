"""A provider in the form of Gorgias, over sockets, so that it can do what no HTTP server does."""

import json
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

ID = "62f44730-dd91-461e-bd6a-aedd9e0ad79d"
KEY = 'a-key/with+"everything"=\\1'
USER = {"name": "Tomas Okafor", "emails": [{"email": "tomas@kelpworks.example"}]}


def user():
    """The user, as the provider has it just after the creation."""
    created = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    return {"id": 7, "name": USER["name"], "email": "tomas@kelpworks.example", "created_datetime": created, "role": {"name": "agent"}}


def response(status, body=b"", *headers):
    """The bytes of a response."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Status", "content-type: application/json", *headers]
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Request:
    """A request that arrived."""

    method: str
    target: str
    headers: dict
    body: bytes


def closes(connection, _request):
    """Ends the connection without a response."""


def resets(connection, _request):
    """Resets the connection (`SO_LINGER` of 0 seconds)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def says(data):
    """Sends these bytes, and ends the connection."""
    return lambda connection, _request: connection.sendall(data)


def waits(connection, _request):
    """Says nothing until the client leaves."""
    connection.recv(1)


def drips(data, start=b""):
    """Sends the start, and then one byte after the other, until the client leaves."""

    def act(connection, _request):
        connection.sendall(start)
        pause = threading.Event()
        for byte in data:
            connection.sendall(bytes([byte]))
            pause.wait(0.05)
        connection.recv(1)

    return act


@dataclass
class Provider:
    """Serves on a port of loopback. `write` is what it does with a request that writes; it has the user from the first one on."""

    write: object
    lists: object = None
    context: ssl.SSLContext | None = None
    requests: list = field(default_factory=list, repr=False)

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._done = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_):
        # A thread that is in `accept` is woken by the one, and not by the other.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(10)
        for thread in self._done:
            thread.join(10)

    def account(self, **more):
        """The account of this provider."""
        scheme = "https" if self.context else "http"
        return account(f"{scheme}://127.0.0.1:{self.port}/api", **more)

    def count(self, method):
        """How many requests of this method have arrived."""
        return sum(request.method == method for request in self.requests)

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._done.append(thread)
            thread.start()

    def _serve(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as lines:
                if request := _read(lines):
                    self.requests.append(request)
                    act = self.write if request.method != "GET" else self.lists or self._list
                    act(connection, request)
        except OSError:
            pass
        finally:
            connection.close()

    def _list(self, connection, _request):
        data = [user()] if self.count("POST") else []
        connection.sendall(response(200, {"data": data, "meta": {"next_cursor": None, "prev_cursor": None}}))


def account(base_url, **more):
    """An account at this base URL."""
    credentials = {"email": "ops@acme.example", "api_key": KEY}
    return {"id": ID, "integration": "gorgias", "base_url": base_url, "credentials": credentials, **more}


def _read(lines):
    start = lines.readline().decode().split()
    if len(start) != 3:
        return None
    headers = {}
    while line := lines.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Request(start[0], start[1], headers, lines.read(int(headers.get("content-length", 0))))
