"""The client: one request to a provider on a connection of its own, one response, never a second request."""

import functools
import http.client
import io
import queue
import selectors
import socket
import ssl
import threading
from typing import Any, cast
from urllib.parse import urlsplit

from wasmtime.component import Record, Variant

from ._accounts import Secret, origin
from ._component import record
from ._deadline import Deadline, DeadlinePassed

MAX_BODY = 4 << 20
"""Bytes of a response's body."""
MAX_HEAD = 128 << 10
"""Bytes of a response's status line and headers. Python's `http.client` takes 100 headers, and 64 KiB of each."""
_CONNECT_TIMEOUT = 10.0

# The client's own, or ones by which a response would come compressed or in pieces: there, redaction would not find a secret that
# the provider repeats.
_DROPPED = frozenset(
    "accept-charset accept-encoding connection content-length expect forwarded host if-range keep-alive range te trailer "
    "transfer-encoding upgrade".split()
)


class HeadTooLarge(Exception):
    """The head of a response is over `MAX_HEAD` bytes."""


class Wire:
    """A connected socket, for `http.client`. Whatever is done with it ends at the deadline."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline
        self.started = False
        """Whether the provider may have a part of the request."""
        self.head_left: int | None = MAX_HEAD
        """The bytes that the head may still have; `None` once it is over."""

    def sendall(self, data: bytes) -> None:
        """Sends all of it."""
        view = memoryview(data)
        while view:
            self._socket.settimeout(self._deadline.left())
            self.started = True
            try:
                view = view[self._socket.send(view) :]
            except TimeoutError:
                raise DeadlinePassed from None

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The response."""
        return io.BufferedReader(_Reader(self))

    def receive_into(self, buffer: Any) -> int:
        """Receives what is there, and waits for the first of it. Returns how much; 0 at the end."""
        self._socket.settimeout(self._deadline.left())
        try:
            length = self._socket.recv_into(buffer)
        except TimeoutError:
            raise DeadlinePassed from None
        if self.head_left is not None:
            if not length:
                # `http.client` takes the end of the connection for the end of the head.
                raise ConnectionAbortedError
            self.head_left -= length
            if self.head_left < 0:
                raise HeadTooLarge
        return length

    def close(self) -> None:
        """Does nothing: `http.client` closes its connection before the response is read, if no other request can follow."""

    def shut(self) -> None:
        """Closes the socket."""
        self._socket.close()


class _Reader(io.RawIOBase):
    """What a wire receives."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._wire.receive_into(buffer)


def send(request: Any, headers: list[tuple[str, Secret]], deadline: Deadline) -> Record | Variant:
    """Sends a request with the headers that authenticate. Returns a `provider-response`, or the `transport-error`."""
    scheme, host, port = origin(request.url)
    where = f"{scheme}://{host}:{port}"
    # With a default port the header has the host alone (RFC 9110, section 4.2.3).
    authority = f"[{host}]" if ":" in host else host
    if port != (443 if scheme == "https" else 80):
        authority += f":{port}"
    wire = None
    try:
        wire = Wire(_connect(scheme, host, port, deadline), deadline)
        return _exchange(wire, request, authority, headers)
    except DeadlinePassed:
        return Variant("deadline", wire is not None and wire.started)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return _failed(wire, where, error)
    except HeadTooLarge:
        return Variant("response-too-large", None)
    finally:
        if wire is not None:
            wire.shut()


def _failed(wire: Wire | None, where: str, error: Exception) -> Variant:
    """The error before the head of a response has come."""
    if wire is None:
        return Variant("no-connection", f"{where}: {_why(error)}")
    if not wire.started:
        return Variant("egress-denied", f"the component made a request that HTTP does not have: {type(error).__name__}")
    if isinstance(error, http.client.LineTooLong) or str(error).startswith("got more than"):
        return Variant("response-too-large", None)
    not_http = isinstance(error, http.client.HTTPException | ValueError) and not isinstance(error, OSError)
    return Variant("connection-lost", "the response is not HTTP" if not_http else "the connection closed before a response came")


def _why(error: Exception) -> str:
    match error:
        case socket.gaierror():
            return f"the name cannot be looked up: {error.strerror}"
        case ssl.SSLCertVerificationError():
            return f"TLS failed: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or error.strerror}"
        case TimeoutError():
            return "cannot connect: it did not answer in time"
        case OSError():
            return f"cannot connect: {error.strerror}"
        case _:
            return "cannot connect: the name is invalid"


def _connect(scheme: str, host: str, port: int, deadline: Deadline) -> socket.socket:
    last: OSError | None = None
    for family, kind, protocol, _, address in _addresses(host, port, deadline):
        connected = socket.socket(family, kind, protocol)
        try:
            left = deadline.left()
            connected.settimeout(min(left, _CONNECT_TIMEOUT))
            try:
                connected.connect(address)
            except TimeoutError:
                if left <= _CONNECT_TIMEOUT:
                    raise DeadlinePassed from None
                raise
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _handshake(connected, host, deadline) if scheme == "https" else connected
        except ssl.SSLError:
            connected.close()
            raise
        except OSError as error:
            connected.close()
            last = error
        except BaseException:
            connected.close()
            raise
    raise last or OSError("no address")


def _addresses(host: str, port: int, deadline: Deadline) -> list[Any]:
    """The addresses of a name. The system's look-up knows no deadline, so it has a thread of its own to be left in."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        # A name, and no address.
        pass
    found: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.put(error)

    threading.Thread(target=look_up, name="unified-ticketing-dns", daemon=True).start()
    try:
        result = found.get(timeout=deadline.left())
    except queue.Empty:
        raise DeadlinePassed from None
    if isinstance(result, Exception):
        raise result
    return result


@functools.lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _handshake(connected: socket.socket, host: str, deadline: Deadline) -> ssl.SSLSocket:
    # A body that ends with the connection is whole only if TLS says so: no end is passed over in silence.
    wrapped = _tls().wrap_socket(
        connected, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False
    )
    wrapped.settimeout(0)
    try:
        while True:
            try:
                wrapped.do_handshake()
                return wrapped
            except ssl.SSLWantReadError:
                waits = selectors.EVENT_READ
            except ssl.SSLWantWriteError:
                waits = selectors.EVENT_WRITE
            with selectors.DefaultSelector() as selector:
                selector.register(wrapped, waits)
                if not selector.select(deadline.left()):
                    raise DeadlinePassed
    except BaseException:
        wrapped.close()
        raise


def _exchange(wire: Wire, request: Any, authority: str, headers: list[tuple[str, Secret]]) -> Record | Variant:
    url = urlsplit(request.url)
    connection = http.client.HTTPConnection("unused")
    # It has its connection, and makes no other.
    connection.auto_open = 0
    connection.sock = cast(socket.socket, wire)
    target = url._replace(scheme="", netloc="").geturl() or "/"
    connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("host", authority)
    own = {name for name, _ in headers}
    for name, value in request.headers:
        if name.lower() not in _DROPPED and name.lower() not in own:
            connection.putheader(name, value.encode())
    for name, secret in headers:
        connection.putheader(name, secret.expose())
    connection.putheader("content-length", str(len(request.body)))
    connection.putheader("connection", "close")
    connection.endheaders(request.body or None)
    response = connection.getresponse()
    wire.head_left = None
    return _read(response)


def _read(response: http.client.HTTPResponse) -> Record | Variant:
    status = response.status

    def truncated(why: str) -> Variant:
        return Variant("response-truncated", (status, why))

    # `http.client` passes over what is wrong with a head, and would take a body for whole that is not.
    lengths = set(response.headers.get_all("content-length", []))
    codings = response.headers.get_all("transfer-encoding", [])
    if (
        response.headers.defects
        or len(lengths) > 1
        or not all(length.isascii() and length.strip().isdigit() for length in lengths)
        or (codings and not response.chunked)
    ):
        return truncated("the response is not HTTP")
    if any(int(length) > MAX_BODY for length in lengths) and not response.chunked:
        return Variant("response-too-large", status)
    body = b""
    try:
        # A read may return less than it was asked for.
        while len(body) <= MAX_BODY and (part := response.read(MAX_BODY + 1 - len(body))):
            body += part
    except DeadlinePassed:
        return Variant("deadline", True)
    except (OSError, http.client.HTTPException, ValueError):
        return truncated("the connection closed within the response")
    if len(body) > MAX_BODY:
        return Variant("response-too-large", status)
    if response.length:
        return truncated("the connection closed within the response")
    headers = [
        (name, value.encode("latin-1", "replace").decode(errors="replace"))
        for name, value in response.getheaders()
        if name.lower() not in ("connection", "keep-alive")
    ]
    return record(status=status, headers=headers, body=body)
