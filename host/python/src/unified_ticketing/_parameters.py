"""Makes the requests of the published API of arguments and options. What is wrong with their types is found here."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

_USERS = "/unified/ticketing/users"
_METHODS = {"create-user": "POST", "update-user": "PATCH", "get-user": "GET", "list-users": "GET", "delete-user": "DELETE"}
_DEADLINE = 20.0

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """A request of the published API, and how long the call may take."""

    operation: str
    account_id: str
    user_id: str | None
    body: Mapping[str, Any] | None
    method: str
    target: str
    content: bytes
    deadline: float


def request(
    operation: str,
    account_id: str,
    options: Mapping[str, Any],
    *,
    user_id: str | None = None,
    body: object = None,
    query: object = None,
    dry_run: bool = False,
) -> Request:
    """The request of a call. Raises `TypeError` or `ValueError` for wrong arguments."""
    _string("account", account_id)
    pairs: Pairs = [("integrated_account_id", account_id)]
    if dry_run:
        pairs.append(("unified_dry_run", "true"))
    pairs += _query(query)
    known = _OPTIONS if operation == "create-user" else _OPTIONS_OF_ALL
    for name, value in options.items():
        if name not in known:
            raise TypeError(f"there is no option `{name}` here: expected one of `{'`, `'.join(known)}`")
        # An option that is None is left out, so that it can be passed on.
        if value is not None:
            pairs += known[name](name, value)
    path = _USERS
    if user_id is not None:
        path += "/" + quote(_string("id", user_id), safe="")
        if not user_id:
            raise ValueError("id: expected the id of a user, but found an empty string")
    deadline = options.get("deadline")
    content = b""
    if operation in ("create-user", "update-user"):
        if not isinstance(body, Mapping):
            raise TypeError(f"expected a dict of the user's fields, but found a `{type(body).__name__}`")
        content = _json(body)
    return Request(
        operation,
        account_id,
        user_id,
        body if isinstance(body, Mapping) else None,
        _METHODS[operation],
        f"{path}?{urlencode(pairs, quote_via=quote)}",
        content,
        _DEADLINE if deadline is None else float(deadline),
    )


def primary_address(user: Mapping[str, Any] | None) -> str | None:
    """The first address of type `primary`, else the first."""
    emails = (user or {}).get("emails")
    given = [email for email in emails if isinstance(email, Mapping)] if isinstance(emails, Sequence) else []
    addresses = [email for email in given if isinstance(email.get("email"), str)]
    primary = [email for email in addresses if email.get("type") == "primary"]
    return next((str(email["email"]) for email in primary + addresses), None)


def _json(body: Mapping[str, Any]) -> bytes:
    """JSON as other hosts spell it, since what is passed on keeps its spelling."""
    try:
        return json.dumps(dict(body), separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        # A lone surrogate has a spelling in JSON, and none in UTF-8.
        return json.dumps(dict(body), separators=(",", ":"), allow_nan=False).encode()


def _query(query: object) -> Pairs:
    if query is None:
        return []
    if not isinstance(query, Mapping):
        raise TypeError(f"query: expected a dict, but found a `{type(query).__name__}`")
    pairs: Pairs = []
    for name, value in query.items():
        if value is None:
            continue
        match name:
            case "email":
                pairs.append(("emails[0][email]", _string("email", value)))
            case "cursor":
                pairs.append(("next_cursor", _string("cursor", value)))
            case "limit":
                if not isinstance(value, int) or isinstance(value, bool):
                    raise TypeError(f"limit: expected an int, but found a `{type(value).__name__}`")
                pairs.append(("limit", str(value)))
            case _:
                raise TypeError(f"query: there is no `{name}`: expected `email`, `limit` or `cursor`")
    return pairs


def _string(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a str, but found a `{type(value).__name__}`")
    return value


def _one_of(parameter: str, *values: str) -> Callable[[str, object], Pairs]:
    def read(name: str, value: object) -> Pairs:
        if _string(name, value) not in values:
            raise ValueError(f"{name}: expected one of `{'`, `'.join(values)}`, but found `{value}`")
        return [(parameter, str(value))]

    return read


def _boolean(parameter: str) -> Callable[[str, object], Pairs]:
    def read(name: str, value: object) -> Pairs:
        if not isinstance(value, bool):
            raise TypeError(f"{name}: expected a bool, but found a `{type(value).__name__}`")
        return [(parameter, "true" if value else "false")]

    return read


def _items(name: str, value: object) -> Sequence[object]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise TypeError(f"{name}: expected a list, but found a `{type(value).__name__}`")
    return value


def _exclude_fields(name: str, value: object) -> Pairs:
    return [("truto_exclude_fields[]", _string(name, field)) for field in _items(name, value)]


def _remote_query(name: str, value: object) -> Pairs:
    pairs: Pairs = []
    for item in value.items() if isinstance(value, Mapping) else _items(name, value):
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise TypeError(f"{name}: expected pairs of a name and a value")
        parameter, text = _string(name, item[0]), _string(name, item[1])
        if not parameter:
            raise ValueError(f"{name}: expected the name of a parameter, but found an empty string")
        # `a[b]` is spelled `remote_query[a][b]`.
        base, bracket, rest = parameter.partition("[")
        pairs.append((f"remote_query[{base}]{bracket}{rest}", text))
    return pairs


def _collections(name: str, value: object) -> Pairs:
    pairs: Pairs = []
    for index, collection in enumerate(_items(name, value)):
        if not isinstance(collection, Mapping) or not {"id"} <= set(collection) <= {"id", "type"}:
            raise TypeError(f"{name}: expected dicts of `id` and, if there is one, `type`")
        pairs += [(f"collections[{index}][{key}]", _string(f"{name}: {key}", item)) for key, item in collection.items()]
    return pairs


def _deadline(name: str, value: object) -> Pairs:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name}: expected seconds, but found a `{type(value).__name__}`")
    if not 0 < value <= 86_400:
        raise ValueError(f"{name}: expected seconds, more than 0 and at most a day, but found {value}")
    return []


_OPTIONS_OF_ALL: dict[str, Callable[[str, object], Pairs]] = {
    "format": _one_of("truto_response_format", "unified", "raw", "normalized", "debug"),
    "ignore_remote_data": _boolean("truto_ignore_remote_data"),
    "exclude_fields": _exclude_fields,
    "remote_query": _remote_query,
    "collections": _collections,
    "strict": _boolean("unified_strict"),
    "deadline": _deadline,
}
_OPTIONS: dict[str, Callable[[str, object], Pairs]] = {
    **_OPTIONS_OF_ALL,
    "if_exists": _one_of("unified_if_exists", "fail", "keep", "update"),
    "settle": _boolean("unified_settle"),
    "resend": _boolean("unified_resend"),
}
