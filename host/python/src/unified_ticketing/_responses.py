"""What calls return."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar, cast

from ._types import Result

T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """Something about the input: a violation, which stopped the call, or a warning, which did not."""

    code: str
    """What kind it is, such as `required` or `unsupported-field`."""
    location: Literal["body", "query", "path", "header"]
    """Where it is (`in` of the published API)."""
    path: str
    """Where exactly: in the body a JSON Pointer (RFC 6901), else a name. Empty for the body as a whole."""
    message: str
    """A sentence for people: what was expected, what was found. Do not match on it."""


@dataclass(frozen=True)
class RateLimit:
    """The provider's rate limit."""

    limit: int | None
    """The requests of a window."""
    remaining: int | None
    """The requests that are left."""
    reset: int | None
    """The seconds until the window ends."""


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    An integer of more digits than Python converts (4,300 unless configured) becomes a `Decimal`.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(text, parse_int=Decimal)


@dataclass(frozen=True)
class Response(Generic[T]):
    """What happened when all went well."""

    text: str
    """The exact text of the response: every digit of a number, in the order of the provider."""
    result: Result
    """What the call did."""
    warnings: tuple[Finding, ...]
    """What was not taken over from the input, and what the response lacks."""
    next_cursor: str | None
    """For a list in the format `raw`: what to ask for the next page with."""
    rate_limit: RateLimit | None
    """The provider's rate limit, where it says so."""

    @cached_property
    def body(self) -> T:
        """The response: `text`, parsed when it is first asked for.

        Its type is that of the format `unified`; what `raw` and `debug` have is other JSON. `None` for an empty raw body.
        Raises `RecursionError` for JSON of more levels than Python reads; `text` has it all the same.
        """
        return cast(T, parse_json(self.text))


@dataclass(frozen=True)
class Plan:
    """The request that a call would send first to change something. Nothing was sent."""

    integration: str
    """The integration."""
    operation: str
    """The operation, such as `create-user`."""
    method: str
    """The HTTP method."""
    url: str
    """The absolute URL."""
    headers: tuple[tuple[str, str], ...]
    """Header names in lower case, and values. Credentials are `***`."""
    body: Any
    """The JSON of the body; `None` where there is none."""
    safety: Literal["safe", "idempotent", "once"]
    """What sending it twice would do. `once`: it may do again what was done. `idempotent`: no more than sending it once."""
    warnings: tuple[Finding, ...]
    """What is not taken over from the input."""
    text: str
    """The exact text of the plan."""


def findings(objects: Iterable[Mapping[str, str]]) -> tuple[Finding, ...]:
    """The findings of the published API."""
    return tuple(
        Finding(found["code"], cast(Any, found["in"]), found["path"], found["message"]) for found in objects
    )


def plan(text: str) -> Plan:
    """The plan of a dry run."""
    body = parse_json(text)
    headers = tuple((name, value) for name, value in body["headers"])
    return Plan(
        body["integration"],
        body["operation"],
        body["method"],
        body["url"],
        headers,
        body["body"],
        body["safety"],
        findings(body["warnings"]),
        text,
    )


def rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """The rate limit that headers of the published API tell."""
    figures = [number(headers, f"ratelimit-{name}") for name in ("limit", "remaining", "reset")]
    return RateLimit(*figures) if any(figure is not None for figure in figures) else None


def number(headers: Mapping[str, str], name: str) -> int | None:
    """The number in a header."""
    return int(headers[name]) if name in headers else None
