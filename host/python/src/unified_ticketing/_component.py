"""Runs the component: a fresh instance for each step of a call, within limits.

The component is compiled once in a process, on the first call. CPU time is bounded by fuel, which counts instructions: unlike
epochs it needs no thread that counts time, which would not survive a fork, and it costs a step nothing that can be measured, because
converting its arguments takes longer than running it.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from wasmtime import Config, Engine, Store, WasmtimeError
from wasmtime.component import Component, Linker, Record, Variant

from ._accounts import CallAccount, Secret
from ._deadline import Deadline, DeadlinePassed
from ._errors import GuestError

MAX_FUEL = 4_000_000_000
"""Instructions of one step: about a second, ten times what the dearest response of 4 MiB takes."""
MAX_MEMORY = 64 << 20
"""Bytes of memory of an instance."""
_PROBE_MEMORY = 4 * MAX_MEMORY

_INTERFACE = "unified:ticketing/{}@0.2.0"
_FUNCTIONS = {
    "start": "http-api",
    "resume": "http-api",
    "list-integrations": "integrations",
    "authenticate": "integrations",
}


def record(**fields: object) -> Record:
    """A record. Its fields are attributes, spelled as in WIT."""
    made = Record()
    for name, value in fields.items():
        setattr(made, name.replace("_", "-"), value)
    return made


@dataclass(frozen=True)
class Integration:
    """What the host needs to know of an integration."""

    title: str
    """Its name for people."""
    settings: frozenset[str]
    """The settings that it has."""
    credentials: frozenset[str]
    """The credentials that it has."""
    base_url: str
    """With settings in braces."""
    defaults: dict[str, str]
    """The settings that have a default."""
    user_names: tuple[str, ...]
    """The credentials that are user names, and no secrets."""
    creates_with: frozenset[str]
    """The methods that create."""


class Runtime:
    """The compiled component. Steps take turns: the package `wasmtime` keeps state of conversions in its module."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._account: CallAccount | str | None = None
        config = Config()
        config.consume_fuel = True
        self._engine = Engine(config)
        self._component = Component(self._engine, files(__name__.partition(".")[0]).joinpath("core.wasm").read_bytes())
        self._linker = Linker(self._engine)
        with self._linker.root() as root, root.add_instance(_INTERFACE.format("accounts")) as accounts:
            accounts.add_func("resolve", self._resolve)
        self._exports = {name: self._export(interface, name) for name, interface in _FUNCTIONS.items()}
        self.integrations = {entry.name: _integration(entry) for entry in self._call("list-integrations")}

    def start(self, account: CallAccount | str | None, account_id: str, request: Record, now: str, deadline: Deadline) -> Any:
        """The first step of a call: `http-api.start`. Raises `GuestError`, or `DeadlinePassed` if it does not get its turn.

        `account` is what the id resolves to: nothing, or a text that says why it cannot be used.
        """
        return self._step(account, deadline, "start", account_id, request, Variant("now", now))

    def resume(self, account: CallAccount | str | None, account_id: str, context: bytes, response: Record | Variant) -> Any:
        """The next step of a call: `http-api.resume`. It has no deadline: the caller must learn what the provider did."""
        return self._step(account, None, "resume", account_id, context, response)

    def authenticate(self, account: CallAccount, deadline: Deadline) -> list[tuple[str, Secret]] | str:
        """The headers that authenticate, or why the credentials cannot. In an instance that does nothing else."""
        pairs = [(name, value.expose()) for name, value in account.credentials.items()]
        # The error is `unknown-integration`, which has no text, or one with a text.
        result = self._step(None, deadline, "authenticate", account.integration, pairs)
        if isinstance(result, list):
            return [(name, Secret(value)) for name, value in result]
        return result if isinstance(result, str) else "the integration is unknown"

    def after_fork(self) -> None:
        """The thread that had the turn is not in the child."""
        self._turn = threading.Lock()

    def _step(self, account: CallAccount | str | None, deadline: Deadline | None, name: str, *arguments: object) -> Any:
        with _turn(self._turn, deadline):
            self._account = account
            try:
                return self._call(name, *arguments)
            finally:
                self._account = None

    def _call(self, name: str, *arguments: object) -> Any:
        """Calls a function in a fresh instance."""
        try:
            return self._attempt(MAX_MEMORY, name, *arguments)
        except WasmtimeError as error:
            why = str(error).strip().rpartition("\n")[2].strip().removeprefix("wasm trap: ")
        except (TypeError, ValueError, AttributeError) as error:
            # It does not have the type of the interface, such as a string that is not Unicode.
            raise GuestError(f"a value cannot cross its boundary: {type(error).__name__}") from None
        if why == "all fuel consumed by WebAssembly":
            raise GuestError(f"it needed more than {MAX_FUEL} instructions", "cpu")
        # An instance that is denied memory traps anywhere. A step is a pure function: with more memory it does not.
        try:
            self._attempt(_PROBE_MEMORY, name, *arguments)
        except WasmtimeError:
            raise GuestError(why) from None
        raise GuestError(f"it needed more than {MAX_MEMORY} bytes of memory", "memory")

    def _attempt(self, memory: int, name: str, *arguments: object) -> Any:
        with Store(self._engine) as store:
            store.set_fuel(MAX_FUEL)
            store.set_limits(memory_size=memory)
            function = self._linker.instantiate(store, self._component).get_func(store, self._exports[name])
            assert function is not None, "the index is of a function"
            return function(store, *arguments)

    def _export(self, interface: str, name: str) -> Any:
        outer = self._component.get_export_index(_INTERFACE.format(interface))
        index = outer and self._component.get_export_index(name, outer)
        assert index, f"the component exports `{name}` of `{interface}`"
        return index

    def _resolve(self, _store: object, account_id: str) -> Record | str | None:
        """`accounts.resolve`: only the account of the call is known."""
        account = self._account
        if account is None or isinstance(account, str):
            return account
        if account_id.lower() != account.id.lower():
            return None
        return record(
            integration=account.integration,
            base_url=account.base_url,
            settings=list(account.settings.items()),
            credentials=Variant("injected", list(account.credentials)),
        )


def _integration(entry: Any) -> Integration:
    settings = {setting.name: setting.default for setting in entry.settings}
    pairs = [set_.names for set_ in entry.credentials if set_.scheme == "basic" and len(set_.names) == 2]
    return Integration(
        title=entry.title,
        settings=frozenset(settings),
        credentials=frozenset(name for set_ in entry.credentials for name in set_.names),
        base_url=getattr(entry, "base-url"),
        defaults={name: default for name, default in settings.items() if default is not None},
        user_names=tuple(names[0] for names in pairs),
        creates_with=frozenset(row.method for row in entry.operations if row.name == "create-user"),
    )


@contextmanager
def _turn(lock: threading.Lock, deadline: Deadline | None) -> Iterator[None]:
    if not lock.acquire(timeout=deadline.left() if deadline else -1):
        raise DeadlinePassed
    try:
        yield
    finally:
        lock.release()


class _Once:
    """The one runtime of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None

    def get(self) -> Runtime:
        if self._runtime is None:
            with self._lock:
                if self._runtime is None:
                    self._runtime = Runtime()
        return self._runtime

    def after_fork(self) -> None:
        self._lock = threading.Lock()
        if self._runtime is not None:
            self._runtime.after_fork()


_once = _Once()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_once.after_fork)

runtime: Callable[[], Runtime] = _once.get
"""Returns the compiled component. Compiles it the first time."""
