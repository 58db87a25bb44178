"""Takes the account's secrets out of a provider's response.

A provider that echoes a request's headers into an error page would otherwise put a token into every log along the way. A secret
is found as it is, escaped as in JSON, percent-encoded, and escaped as in HTML; any character may be escaped or not, so `a/b`,
`a\\/b`, `a\\u002fb`, `a%2Fb`, `a&sol;b` and `a&#x2f;b` are all the same secret. Each becomes `***`.

The readings of a text make a graph: its nodes are the positions between bytes, its edges lead over one byte or one escape. A
secret is a path that spells it. All positions in the secret that a search can be at are the bits of one integer, and a step moves
them all at once (the shift-and search of Baeza-Yates and Gonnet, <https://doi.org/10.1145/135239.135243>). So the time is linear in
the text, where a backtracking regular expression takes exponential time for a secret of backslashes, each of which may be escaped.
A regular expression only says whether the last bytes of a secret are anywhere at all: usually they are not.
"""

import re
from collections.abc import Iterable, Iterator
from html.entities import html5

MASK = b"***"

MIN_SECRET = 8
"""The shortest secret, in bytes. A shorter value protects nothing, and would be found by chance."""

_MAX_PASSES = 8
"""How often a text is searched at most. Once is enough, except for a secret with the mask in it."""

_TAIL = 3
"""How many of a secret's last bytes the first look is for."""

_JSON = {b'"': b'"', b"\\": b"\\", b"/": b"/", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_UNICODE = re.compile(rb"\\u([0-9a-fA-F]{4})")
_PERCENT = re.compile(rb"%([0-9a-fA-F]{2})")
_PAIR = re.compile(rb"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
# The longest name of HTML, `CounterClockwiseContourIntegral`, and `;`.
_REFERENCE = re.compile(rb"&(?:#(?:([0-9]{1,29})|[xX]([0-9a-fA-F]{1,28}))|([0-9a-zA-Z]{1,31}));")


class Redactor:
    """Finds the secrets of one account."""

    def __init__(self, secrets: Iterable[str]) -> None:
        values = {secret.encode() for secret in secrets}
        self._patterns = [_Pattern(value) for value in sorted(values) if len(value) >= MIN_SECRET]

    def __repr__(self) -> str:
        return "Redactor(***)"

    def redact(self, text: bytes) -> bytes:
        """The same bytes without secrets."""
        clean = text
        for _ in range(_MAX_PASSES):
            found = self._find(clean)
            if not found:
                return clean
            clean = _masked(clean, found)
        return MASK

    def redact_text(self, text: str) -> str:
        """The same text without secrets."""
        return self.redact(text.encode(errors="replace")).decode(errors="replace")

    def _find(self, text: bytes) -> list[tuple[int, int]]:
        """The ranges of secrets, in order; those that overlap are one."""
        ranges: list[tuple[int, int]] = []
        for start, end in sorted(found for pattern in self._patterns for found in pattern.find(text)):
            if ranges and start < ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], max(ranges[-1][1], end))
            else:
                ranges.append((start, end))
        return ranges


def _masked(text: bytes, ranges: list[tuple[int, int]]) -> bytes:
    """The text with a mask in place of each range."""
    parts = []
    copied = 0
    for start, end in ranges:
        before = text[copied:start]
        # A backslash that escapes the secret's first character goes with it: alone it would escape the mask.
        backslashes = len(before) - len(before.rstrip(b"\\"))
        parts += [before[: len(before) - backslashes % 2], MASK]
        copied = end
    return b"".join((*parts, text[copied:]))


class _Pattern:
    """One secret."""

    def __init__(self, secret: bytes) -> None:
        self._length = len(secret)
        self._last = secret[-1]
        self._positions = [0] * 256
        for position, byte in enumerate(secret):
            self._positions[byte] |= 1 << position
        self._tail = _tail(secret)
        ends = {self._last, *b"%\\&"} | ({ord("+")} if self._last == ord(" ") else set())
        self._end = re.compile(b"[" + b"".join(re.escape(bytes([byte])) for byte in sorted(ends)) + b"]")

    def __repr__(self) -> str:
        return "_Pattern(***)"

    def find(self, text: bytes) -> Iterator[tuple[int, int]]:
        """The ranges of the secret, each from the first beginning after the range before to its longest end."""
        if len(text) < self._length or not self._tail.search(text):
            return
        after = 0
        for start in reversed(self._beginnings(text)):
            if start >= after:
                after = self._longest_end(text, start)
                yield start, after

    def _beginnings(self, text: bytes) -> list[int]:
        """Where the secret begins, from the last one on. The text is read backwards: on reaching a position it is known whether the
        secret begins there."""
        # Bit `n` of a node: the secret from its byte `n` on begins here.
        nodes: dict[int, int] = {}
        beginnings: list[int] = []
        whole = 1 << self._length
        candidates = [match.start() for match in self._end.finditer(text)]
        at = len(text)
        lowest = at
        while True:
            at -= 1
            if not nodes or lowest - at > 33:
                # No escape leads from here to a part of the secret: skip to where one can end.
                nodes.clear()
                while candidates and candidates[-1] > at:
                    candidates.pop()
                if not candidates:
                    return beginnings
                at = candidates.pop()
            if at < 0:
                return beginnings
            here = 0
            for meant, end in readings(text, at):
                states = nodes.get(end, 0) | whole
                for byte in reversed(meant):
                    states = states >> 1 & self._positions[byte]
                here |= states
            if here:
                nodes[at] = here
                lowest = at
                nodes.pop(at + 64, None)
                if here & 1:
                    beginnings.append(at)

    def _longest_end(self, text: bytes, start: int) -> int:
        """The end of the longest path from `start` that spells the secret."""
        nodes = {start: 1}
        at = furthest = found = start
        while at <= furthest:
            here = nodes.pop(at, 0)
            for meant, end in readings(text, at) if here else ():
                states = here
                for byte in meant:
                    states = (states & self._positions[byte]) << 1
                if states:
                    nodes[end] = nodes.get(end, 0) | states
                    furthest = max(furthest, end)
                    if states >> self._length:
                        found = max(found, end)
            at += 1
        return found


def _tail(secret: bytes) -> re.Pattern[bytes]:
    """A regular expression that is found in every text with the secret, and seldom in others: its last bytes, each itself or
    escaped, or any reference of HTML, since one can mean several characters."""
    last = secret[-_TAIL:]
    if not last.isascii():
        # One escape means all bytes of a character.
        return re.compile(b"")
    return re.compile(b"".join(map(_spellings, last)) + b"|&[#0-9a-zA-Z]{1,31};")


def _spellings(byte: int) -> bytes:
    """A regular expression for one byte, itself or escaped in JSON or by percent signs."""
    space = b"|\\+" if byte == ord(" ") else b""
    escaped = b"|%%(?i:%02x)|\\\\u00(?i:%02x)|\\\\." % (byte, byte)
    return b"(?:" + re.escape(bytes([byte])) + space + escaped + b")"


def readings(text: bytes, at: int) -> Iterator[tuple[bytes, int]]:
    """Every reading of the text at `at`: the bytes that it means, and its end. The first is the byte itself."""
    first = text[at : at + 1]
    if not first:
        return
    yield first, at + 1
    # A space in a form: https://url.spec.whatwg.org/#urlencoded-serializing
    if first == b"+":
        yield b" ", at + 1
    elif first == b"%":
        if match := _PERCENT.match(text, at):
            yield bytes([int(match[1], 16)]), match.end()
    elif first == b"\\":
        yield from _json(text, at)
    elif first == b"&" and (match := _REFERENCE.match(text, at)):
        meant = _reference(match)
        if meant and len(meant) <= len(match[0]) <= 33:
            yield meant, match.end()


def _json(text: bytes, at: int) -> Iterator[tuple[bytes, int]]:
    """The character of an escape of JSON (RFC 8259, section 7)."""
    if short := _JSON.get(text[at + 1 : at + 2]):
        yield short, at + 2
    elif match := _PAIR.match(text, at):
        pair = bytes.fromhex((match[1] + match[2]).decode())
        yield pair.decode("utf-16-be").encode(), match.end()
    elif match := _UNICODE.match(text, at):
        character = int(match[1], 16)
        if not 0xD800 <= character < 0xE000:
            yield chr(character).encode(), match.end()


def _reference(match: re.Match[bytes]) -> bytes | None:
    """The meaning of a character reference of HTML. It must end in `;`, as every encoder writes it."""
    decimal, hexadecimal, name = match.groups()
    if name:
        meant = html5.get(f"{name.decode()};")
        return meant.encode() if meant else None
    number = int(decimal) if decimal else int(hexadecimal, 16)
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        return None
    return chr(number).encode()
