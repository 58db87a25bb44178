"""Carries out a call: start, then send and resume as long as the component asks for it."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from wasmtime.component import Record, Variant

from . import _client
from ._accounts import CallAccount, Secret, Unusable, origin
from ._component import Integration, Runtime, record, runtime
from ._deadline import Deadline, DeadlinePassed
from ._errors import GuestError, TicketingError, deadline_error, how_to_look, stopped, without_frames
from ._parameters import Request, primary_address
from ._redaction import Redactor
from ._requests import Requests, safety
from ._responses import number, parse_json, rate_limit

SETTLE = 5.0
"""Seconds in which a creation of unknown outcome is looked for: a budget of its own, so that a slow provider leaves some."""

Find = Callable[[str], CallAccount | None]


class Call:
    """One call."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._deadline = Deadline(request.deadline)
        self._requests = Requests(request.operation)
        self._settling = False
        self._account: CallAccount | str | None = None
        self._sender: _Sender | None = None
        self._look = how_to_look(request.operation, request.user_id, primary_address(request.body))

    def run(self, find: Find) -> Any:
        """The `http-response` of the call, or the error."""
        try:
            response = self._steps(find)
        except DeadlinePassed:
            return deadline_error(self._requests.outcome, self._look)
        except GuestError as error:
            return stopped(error, self._requests.outcome, self._look)
        except BaseException as error:
            if self._requests.outcome == "unknown":
                error.add_note("the call had sent its request" + self._look)
            raise
        return self._concluded(response)

    def _concluded(self, response: Any) -> Any:
        """A component that reports less than its requests have done is not believed."""
        if response.error is None:
            return response
        # A look-up after the creation may have found a user who was there before.
        existed = response.error.code == "provider-conflict" and response.error.outcome == "rejected" and self._requests.looked
        if response.error.outcome != "unknown" and self._requests.outcome == "unknown" and not existed:
            why = "it reported an error as if the provider could not have acted"
            return stopped(GuestError(why), "unknown", self._look)
        return _error(response)

    def _steps(self, find: Find) -> Any:
        request = self._request
        try:
            self._account = without_frames(find, request.account_id)
        except Unusable as error:
            self._account = str(error)
        guest = runtime()
        self._deadline.left()
        without_frames(self._authenticate, guest)
        made = record(
            method=request.method,
            target=request.target,
            headers=[("content-type", "application/json")] if request.content else [],
            body=request.content,
        )
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        step = guest.start(self._account, request.account_id, made, now, self._deadline)
        while step.tag == "send":
            response = self._send(step.payload)
            if not self._settling and self._requests.is_to_be_settled:
                self._settling = True
                self._deadline = Deadline(SETTLE)
            step = guest.resume(self._account, request.account_id, step.payload.context, response)
        return step.payload

    def _authenticate(self, guest: Runtime) -> None:
        account = self._account
        if not isinstance(account, CallAccount) or account.integration not in guest.integrations:
            return
        integration = guest.integrations[account.integration]
        violations = account.violations(integration.title, integration.settings, integration.credentials)
        headers = violations or guest.authenticate(account, self._deadline)
        if isinstance(headers, str):
            self._account = headers
        else:
            self._sender = _Sender(account, integration, headers)

    def _send(self, sending: Any) -> Record | Variant:
        """Sends the request of a step, if the call may."""
        if self._sender is None:
            raise GuestError("it tried to send a request without an account", "requests")
        kind = safety(sending.safety, self._sender.integration, sending.request.method)
        self._requests.admit(kind)
        wait = getattr(sending, "wait-ms") / 1000
        if self._requests.is_late or not self._deadline.allows(wait):
            response: Record | Variant = Variant("deadline", False)
        else:
            time.sleep(wait)
            response = without_frames(self._sender.send, sending.request, self._deadline)
        self._requests.ended(kind, response)
        return response


class _Sender:
    """Sends requests with the account's authentication, to its origin alone."""

    def __init__(self, account: CallAccount, integration: Integration, headers: list[tuple[str, Secret]]) -> None:
        self.integration = integration
        self._headers = headers
        self._redactor = Redactor(account.secrets(integration.user_names, headers))
        settings = {**integration.defaults, **account.settings}
        fill = re.compile(r"\{(\w+)\}")
        self._url = account.base_url or fill.sub(lambda name: settings.get(name[1], ""), integration.base_url)

    def send(self, request: Any, deadline: Deadline) -> Record | Variant:
        """The response to a request, without the account's secrets."""
        try:
            allowed, wanted = origin(self._url), origin(request.url)
        except ValueError:
            return Variant("egress-denied", "only absolute URLs without a user name may be reached")
        # So by TLS alone, unless the account's own base URL says otherwise.
        if wanted != allowed or request.method in ("CONNECT", "TRACE"):
            return Variant("egress-denied", "only the origin of the account may be reached")
        return self._redacted(_client.send(request, self._headers, deadline))

    def _redacted(self, response: Any) -> Record | Variant:
        redact_text = self._redactor.redact_text
        if isinstance(response, Variant):
            if isinstance(response.payload, str):
                return Variant(response.tag, redact_text(response.payload))
            return response
        body = self._redactor.redact(response.body)
        headers = [(name, redact_text(value)) for name, value in response.headers]
        if len(body) != len(response.body):
            length = str(len(body))
            headers = [(name, length if name.lower() == "content-length" else value) for name, value in headers]
        return record(status=response.status, headers=headers, body=body)


def _error(response: Any) -> TicketingError:
    """The error of a response that is one."""
    headers = dict(response.headers)
    body = parse_json(bytes(response.body).decode())
    return TicketingError(body, retry_after=number(headers, "retry-after"), rate_limit=rate_limit(headers))
