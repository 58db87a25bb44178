"""The error of a call that failed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar, cast

from ._accounts import shown
from ._responses import Finding, RateLimit, findings
from ._types import Outcome

T = TypeVar("T")


@dataclass(frozen=True)
class ProviderRejection:
    """What the provider said with a failure."""

    status: int
    """Its HTTP status."""
    body: Any
    """Its JSON, or its text. What is over 64 KiB is text, cut there. `None` when it was not read to its end."""


class TicketingError(Exception):
    """A call that failed. Its text is for people: programs match on `code` and `outcome`."""

    code: str
    """What kind of failure, such as `invalid-request`, `provider-conflict` or `connection-lost`."""
    outcome: Outcome
    """What is known of the provider's state."""
    status: int
    """The HTTP status that the published API gives for this."""
    message: str
    """A sentence for people. Do not match on it."""
    violations: tuple[Finding, ...]
    """Every violation at once: what was wrong with the input, or what the provider gave as its reason."""
    retry_after: int | None
    """Seconds to wait before the next attempt, where the provider says so."""
    rate_limit: RateLimit | None
    """The provider's rate limit, where it says so."""
    existing_ids: tuple[str, ...]
    """The users who have the address, where a look-up found some."""
    limit: str | None
    """The limit that ended the call, when one did: `deadline`, `cpu`, `memory`, `requests`, `response-headers`, `response-body`."""
    provider: ProviderRejection | None
    """The provider's response, when there was one."""
    body: dict[str, Any]
    """The error object of the published API."""

    def __init__(
        self, body: Mapping[str, Any], *, retry_after: int | None = None, rate_limit: RateLimit | None = None
    ) -> None:
        """Makes the error of an error object of the published API."""
        self.body = dict(body)
        self.message = str(body.get("message", ""))
        super().__init__(self.message)
        self.code = str(body["code"])
        self.outcome = cast(Outcome, body["outcome"])
        self.status = int(body["statusCode"])
        self.violations = findings(body.get("violations", ()))
        self.retry_after = retry_after
        self.rate_limit = rate_limit
        existing = body.get("existing_ids", [body["existing_id"]] if "existing_id" in body else [])
        self.existing_ids = tuple(existing)
        self.limit = body.get("limit")
        self.provider = None
        if "provider_status" in body:
            self.provider = ProviderRejection(body["provider_status"], body.get("raw_response"))

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (self.body, self.retry_after, self.rate_limit)

    def __repr__(self) -> str:
        return f"TicketingError(code={self.code!r}, outcome={self.outcome!r}, message={self.message!r})"


def _remake(body: dict[str, Any], retry_after: int | None, rate_limit: RateLimit | None) -> TicketingError:
    """The error that was pickled."""
    return TicketingError(body, retry_after=retry_after, rate_limit=rate_limit)


class GuestError(Exception):
    """The component was stopped. `limit` is the limit that it went over; without one, it trapped."""

    def __init__(self, message: str, limit: str | None = None) -> None:
        super().__init__(message)
        self.limit = limit


def without_frames(function: Callable[..., T], *arguments: object) -> T:
    """Calls a function whose frames have credentials in their variables.

    What it raises, an interruption too, has no traceback of them, and no exception before it that has one.
    """
    try:
        return function(*arguments)
    except BaseException as error:
        error.__cause__ = error.__context__ = None
        raise error.with_traceback(None)


def host_error(code: str, status: int, outcome: Outcome, message: str, limit: str | None = None) -> TicketingError:
    """An error of this host, in the form of the published API."""
    body = {
        "statusCode": status,
        "error": HTTPStatus(status).phrase,
        "message": message,
        "code": code,
        "outcome": outcome,
    }
    return TicketingError({**body, "limit": limit} if limit else body)


def deadline_error(outcome: Outcome, look: str) -> TicketingError:
    """The error for a call that passed its deadline outside the component. `look` says how to look for its user."""
    return host_error("deadline", 504, outcome, "the deadline passed" + (look if outcome == "unknown" else ""), "deadline")


def stopped(error: GuestError, outcome: Outcome, look: str) -> TicketingError:
    """The error for a component that was stopped. `look` says how to look for the call's user."""
    what, code = ("was stopped", "limit-exceeded") if error.limit else ("trapped", "guest-trap")
    message = f"the component {what}: {error}{look if outcome == 'unknown' else ''}"
    return host_error(code, 500, outcome, message, error.limit)


def how_to_look(operation: str, user_id: str | None, address: str | None) -> str:
    """How to look for the user of a call, to be added to a message."""
    if operation == "create-user" and address is not None:
        return f"; the user may exist now: before trying again, look at the provider by email {shown(address)}"
    if operation == "create-user":
        return "; the user may exist now: before trying again, look at the provider by the user's name, no email was given"
    if operation == "update-user":
        return f"; the change may have been made: look at user {shown(user_id or '')} at the provider"
    if operation == "delete-user":
        return f"; the user may be deleted: look for user {shown(user_id or '')} at the provider"
    return ""
