"""The requests of one call: which ones it may send, and what they may have done."""

from typing import Any, Literal

from wasmtime.component import Record, Variant

from ._component import Integration
from ._errors import GuestError
from ._types import Outcome

Safety = Literal["safe", "idempotent", "once"]
_ORDER: tuple[Safety, ...] = ("safe", "idempotent", "once")

MAX_REQUESTS = 32
"""Requests of one call."""

_OPERATIONS: dict[str, Safety] = {
    "create-user": "once",
    "update-user": "idempotent",
    "delete-user": "idempotent",
    "get-user": "safe",
    "list-users": "safe",
}


def safety(reported: Safety, integration: Integration, method: str) -> Safety:
    """The safety of a request: the component's word, but not less than that of the integration's requests with this method."""
    if method in ("GET", "HEAD"):
        least: Safety = "safe"
    elif method in ("PUT", "PATCH", "DELETE") and method not in integration.creates_with:
        least = "idempotent"
    else:
        least = "once"
    return least if _ORDER.index(least) > _ORDER.index(reported) else reported


class Requests:
    """The requests of one call.

    At most one may be of safety `once`. After it, unless the provider rejected it, only `safe` ones may follow. At most one may be
    `idempotent`. None may do more than the call's operation: a read writes nothing, and only a creation creates.
    """

    def __init__(self, operation: str) -> None:
        self._operation = _OPERATIONS[operation]
        self._left = MAX_REQUESTS
        # What is known of the one write of each safety: an outcome of its own.
        self._writes: dict[Safety, Outcome] = {}
        self.looked = False
        """Whether a read after the creation has succeeded."""
        self.is_late = False
        """Whether a request was kept back because there was no time for it. Nothing leaves after that."""

    def admit(self, safety: Safety) -> None:
        """Admits a request. Raises `GuestError` if the call may not send it."""
        if not self._left:
            raise GuestError("it tried to send more requests than a call may", "requests")
        self._left -= 1
        if safety == "safe":
            return
        if denied := self._denied(safety):
            raise GuestError(f"it tried to {denied}", "requests")
        self._writes[safety] = "unknown"

    def _denied(self, safety: Safety) -> str | None:
        if self._operation == "safe":
            return "write in a call that reads"
        if safety == "once":
            if self._operation == "idempotent":
                return "create in a call for a user who exists"
            return "send a request that creates, and one may have been sent before" if "once" in self._writes else None
        if self._writes.get("once", "rejected") != "rejected":
            return "write after a request that creates"
        return "send a second request that changes" if "idempotent" in self._writes else None

    def ended(self, safety: Safety, response: Record | Variant) -> None:
        """Notes what became of a request that was admitted."""
        status = getattr(response, "status", None)
        error = response if isinstance(response, Variant) else None
        self.is_late |= error is not None and error.tag == "deadline" and not error.payload
        if safety == "safe":
            self.looked |= self.is_to_be_settled and status is not None and 200 <= status <= 299
        else:
            self._writes[safety] = _outcome(status, error)

    @property
    def is_to_be_settled(self) -> bool:
        """Whether there is a creation whose outcome may be unknown, so that what follows looks for the user."""
        return self._writes.get("once") == "unknown"

    @property
    def outcome(self) -> Outcome:
        """The outcome of the call, should it end now without a result."""
        known = self._writes.values()
        if "unknown" in known:
            return "unknown"
        return "rejected" if "rejected" in known else "not-sent"


def _outcome(status: Any, error: Variant | None) -> Outcome:
    if error is not None:
        if error.tag in ("no-connection", "egress-denied") or (error.tag == "deadline" and not error.payload):
            return "not-sent"
        # The head of a response that is too large is complete.
        status = error.payload if error.tag == "response-too-large" else None
    # A 408 says that the provider did not get the request in time, not what it did with the part that it had (RFC 9110, section
    # 15.5.9).
    return "rejected" if status is not None and 400 <= status <= 499 and status != 408 else "unknown"
