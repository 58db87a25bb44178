"""Accounts: where they come from, and the account of one call."""

import base64
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ._redaction import MIN_SECRET
from ._types import Account

_KEYS = ("id", "name", "integration", "base_url", "settings", "credentials")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NAME = re.compile(r"[a-z_]{1,24}")
_MAX_SHOWN = 100
# The white space of Unicode, and the byte order mark, as the component has it: what is masked is what is sent.
_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"

Accounts = Sequence[Account] | Callable[[str], Account | None]


class Unusable(Exception):
    """There is an account, and it cannot be used. The text holds no secret."""


class Secret:
    """A value that is not printed."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def expose(self) -> str:
        """The value."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a secret is not pickled")


class CallAccount:
    """The account of a call, with its credentials as the provider receives them."""

    def __init__(self, account: Mapping[str, Any]) -> None:
        self.id: str = account["id"]
        self.integration: str = account["integration"]
        self.base_url: str | None = account.get("base_url")
        self.settings: dict[str, str] = dict(account.get("settings", {}))
        given: Mapping[str, str] = account.get("credentials", {})
        self.credentials = {name: Secret(_normalized(value)) for name, value in given.items()}

    def __repr__(self) -> str:
        return f"CallAccount(id={self.id!r}, integration={self.integration!r})"

    def violations(self, title: str, settings: Collection[str], credentials: Collection[str]) -> str:
        """What is wrong with the base URL and the names of settings and credentials; empty if nothing is."""
        unknown = [f"setting `{_key(name)}`" for name in self.settings if name not in settings]
        unknown += [f"credential `{_key(name)}`" for name in self.credentials if name not in credentials]
        violations = [f"{each} is not one of {title}" for each in unknown]
        try:
            origin("https://default" if self.base_url is None else self.base_url)
        except ValueError:
            # Its text would have a part of the URL.
            violations.append("`base_url`: expected an absolute URL without a user name or password")
        return "; ".join(violations)

    def secrets(self, user_names: Sequence[str], headers: Sequence[tuple[str, Secret]]) -> list[str]:
        """The values that must not come back: the credentials except user names, the pair of Basic made of them, and both as
        base64."""
        secrets = []
        for name, value in self.credentials.items():
            if name not in user_names:
                secret = value.expose()
                encoded = secret.encode(errors="surrogatepass")
                if len(encoded) < MIN_SECRET:
                    continue
                secrets += [secret, *_base64_spellings(base64.b64encode(encoded).decode())]
        for _, header in headers:
            scheme, _, pair = header.expose().partition(" ")
            if scheme == "Basic":
                secrets += _base64_spellings(pair)
        return secrets


def _base64_spellings(text: str) -> list[str]:
    """A base64 text with both alphabets, with padding and without (RFC 4648, sections 3.2, 4 and 5)."""
    both = (text, text.replace("+", "-").replace("/", "_"))
    return [spelling for padded in both for spelling in (padded, padded.rstrip("="))]


def _normalized(credential: str) -> str:
    """A credential as the provider is to receive it. White space at the ends of a header's value is not part of it (RFC 9110,
    section 5.5), and the word `Bearer` before a token is the scheme's (RFC 6750), which people paste along with it."""
    rest = credential.strip(_BLANKS)
    while rest[:6].lower() == "bearer" and (rest[6:] == "" or rest[6] in _BLANKS):
        rest = rest[6:].lstrip(_BLANKS)
    return rest


def finder(accounts: Accounts) -> Callable[[str], CallAccount | None]:
    """Returns a function that returns the account of an id, or raises `Unusable`.

    The accounts are in it alone, so that nothing that prints attributes prints them.
    """
    if callable(accounts):
        return lambda account_id: _looked_up(accounts, account_id)
    if not isinstance(accounts, Sequence) or isinstance(accounts, str | bytes):
        raise TypeError(f"accounts: expected a list or a function, but found {_kind(accounts)}")
    violations: list[str] = []
    known: dict[str, CallAccount] = {}
    for index, account in enumerate(accounts):
        path = f"/{index}"
        found = _violations(path, account)
        violations += found
        account_id = account.get("id") if isinstance(account, Mapping) else None
        if isinstance(account_id, str):
            if account_id.lower() in known:
                violations.append(f"`{path}/id`: {shown(account_id)} is taken by an account before")
            elif not found:
                known[account_id.lower()] = CallAccount(account)
    if violations:
        raise ValueError("accounts: " + "; ".join(violations))
    return lambda account_id: known.get(account_id.lower())


def _looked_up(look_up: Callable[[str], Account | None], account_id: str) -> CallAccount | None:
    """The account that a function of the caller's returns. What it raises may hold a secret, and is not shown."""
    failed = None
    account: Account | None = None
    try:
        account = look_up(account_id)
    except Exception as error:
        failed = type(error).__name__
    if failed is not None:
        raise Unusable(f"the look-up of the account failed with {failed}")
    if account is None:
        return None
    if violations := _violations("", account):
        raise Unusable("the look-up of the account returned one that is malformed: " + "; ".join(violations))
    if account["id"].lower() != account_id.lower():
        raise Unusable("the look-up of the account returned another one")
    return CallAccount(account)


def _violations(path: str, account: object) -> list[str]:
    """Everything that is wrong with the form of an account. Whether settings and credentials suit the integration is for the
    component. No violation quotes a value but an id."""
    if not isinstance(account, Mapping):
        return [f"`{path}`: expected an object, but found {_kind(account)}"]
    violations = [
        f"`{path}/{_key(name)}`: unknown; expected `{'`, `'.join(_KEYS)}`" for name in account if name not in _KEYS
    ]
    for name in ("id", "integration"):
        if name not in account:
            violations.append(f"`{path}/{name}`: missing")
    for name in ("id", "integration", "name", "base_url"):
        if name in account and not isinstance(account[name], str):
            violations.append(f"`{path}/{name}`: expected a string, but found {_kind(account[name])}")
    account_id = account.get("id")
    if isinstance(account_id, str) and not _UUID.fullmatch(account_id):
        violations.append(f"`{path}/id`: expected a UUID, but found {shown(account_id)}")
    for name in ("settings", "credentials"):
        violations += _pairs(f"{path}/{name}", account.get(name, {}))
    return violations


def _pairs(path: str, pairs: object) -> list[str]:
    if not isinstance(pairs, Mapping):
        return [f"`{path}`: expected an object, but found {_kind(pairs)}"]
    return [
        f"`{path}/{_key(name)}`: expected a string, but found {_kind(value)}"
        for name, value in pairs.items()
        if not isinstance(name, str) or not isinstance(value, str)
    ]


def _key(name: object) -> str:
    """A key for a message. One that does not look like a name may be the credential itself, by mistake."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "?"


def shown(value: str) -> str:
    """A value for a message. One that is long or has control characters is not shown."""
    if len(value) <= _MAX_SHOWN and value.isprintable():
        return f"`{value}`"
    return f"a string of {len(value)} characters"


def _kind(value: object) -> str:
    """The kind of a value, for a message: the value may be a secret."""
    if value is None:
        return "null"
    for kind, name in ((bool, "a boolean"), (int, "a number"), (float, "a number"), (str, "a string"), (Mapping, "an object")):
        if isinstance(value, kind):
            return name
    return "an array" if isinstance(value, list | tuple) else f"a `{type(value).__name__}`"


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL. Raises `ValueError` if it is not absolute or has a user name; the text may be of the URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("expected an absolute URL without a user name")
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
