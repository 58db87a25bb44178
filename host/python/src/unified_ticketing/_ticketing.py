"""The methods that a program calls."""

from collections.abc import Iterator
from typing import Any, TypeVar, Unpack

from ._accounts import Accounts, finder
from ._call import Call
from ._errors import TicketingError
from ._parameters import Request, request
from ._responses import Finding, Plan, Response, plan, rate_limit
from ._types import (
    CreateOptions,
    DeletedUser,
    NewUser,
    Options,
    PageOptions,
    User,
    UserChanges,
    UserPage,
    UserQuery,
)

T = TypeVar("T")


class Ticketing:
    """Creates, updates, gets, lists and deletes users with the accounts given.

    One is made for a program, and any number of threads may use it at once. Every method raises `TicketingError` if the call fails,
    and `TypeError` or `ValueError`, before anything is sent, for a wrong argument. `account` is the id of an account.
    """

    def __init__(self, accounts: Accounts) -> None:
        """Takes a list of accounts, or a function that returns the account of an id, or `None`.

        The function is called for each call, on its thread and within its deadline, so that it may look into a database; what it
        raises becomes the error `account-unusable`. Raises `ValueError` with everything that is wrong with a list.
        """
        self.__find = finder(accounts)

    def __repr__(self) -> str:
        return "Ticketing()"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a `Ticketing` has credentials, and is not pickled")

    def create_user(self, account: str, user: NewUser, **options: Unpack[CreateOptions]) -> Response[User]:
        """Creates a user.

        Sends at most one request that creates, and never a second one whatever happens. Every violation is reported at once, before
        anything is sent. Fails with `unsupported-operation` if the integration cannot create, and with an `outcome` that says
        whether the user may exist now.
        """
        return self.__call(request("create-user", account, options, body=user))

    def update_user(self, account: str, id: str, changes: UserChanges, **options: Unpack[Options]) -> Response[User]:
        """Changes the user of this id.

        What is left out is kept, and not sent; `None` clears. Sends at most one request that changes. Fails with
        `unsupported-operation` if the integration cannot update.
        """
        return self.__call(request("update-user", account, options, user_id=id, body=changes))

    def get_user(self, account: str, id: str, **options: Unpack[Options]) -> Response[User]:
        """Reads the user of this id.

        Changes nothing, so the `outcome` of every error is `not-sent`. Fails with `provider-not-found` if the provider has no such
        user.
        """
        return self.__call(request("get-user", account, options, user_id=id))

    def list_users(
        self, account: str, query: UserQuery | None = None, **options: Unpack[Options]
    ) -> Response[UserPage]:
        """Lists users: a page of all, or everyone who has an address.

        Changes nothing. A page may take several requests, where the provider's own are smaller. An address that is not found is an
        empty page only if it is certain that no user has it: else the call fails with `invalid-response`.
        """
        return self.__call(request("list-users", account, options, query=query))

    def users(self, account: str, query: UserQuery | None = None, **options: Unpack[PageOptions]) -> Iterator[User]:
        """Lists the users of all pages, from the first or the query's `cursor` on, each page when it is needed.

        The `deadline` is that of each page. Where a page fails, the users before it have been returned.
        """
        first = request("list-users", account, options, query=query)
        if options.get("format") not in (None, "unified", "normalized"):
            raise ValueError("format: expected `unified` or `normalized`: other forms have no users")
        return self.__pages(first, account, query, options)

    def delete_user(self, account: str, id: str, **options: Unpack[Options]) -> Response[DeletedUser]:
        """Deletes the user of this id, in the provider's sense of it: in Dixa an agent becomes an end user, in Hive one leaves the
        workspace.

        Sends at most one request that deletes. Fails with `provider-not-found` if the provider has no such user.
        """
        return self.__call(request("delete-user", account, options, user_id=id))

    def plan_create_user(self, account: str, user: NewUser, **options: Unpack[CreateOptions]) -> Plan:
        """Returns the request that `create_user` would send. Sends nothing; every violation is reported as by the call."""
        return self.__plan(request("create-user", account, options, body=user, dry_run=True))

    def plan_update_user(self, account: str, id: str, changes: UserChanges, **options: Unpack[Options]) -> Plan:
        """Returns the request that `update_user` would send. Sends nothing; every violation is reported as by the call."""
        return self.__plan(request("update-user", account, options, user_id=id, body=changes, dry_run=True))

    def plan_delete_user(self, account: str, id: str, **options: Unpack[Options]) -> Plan:
        """Returns the request that `delete_user` would send. Sends nothing; every violation is reported as by the call."""
        return self.__plan(request("delete-user", account, options, user_id=id, dry_run=True))

    def __pages(
        self, first: Request, account: str, query: UserQuery | None, options: PageOptions
    ) -> Iterator[User]:
        page: Response[UserPage] = self.__call(first)
        while True:
            yield from page.body["result"]
            cursor = page.body["next_cursor"]
            if cursor is None:
                return
            following: UserQuery = {**(query or {}), "cursor": cursor}
            page = self.__call(request("list-users", account, options, query=following))

    def __call(self, made: Request) -> Response[Any]:
        result = self.__run(made)
        headers = dict(result.headers)
        return Response(
            text=bytes(result.body).decode(errors="replace"),
            result=headers["unified-result"],
            warnings=_warnings(result),
            next_cursor=headers.get("unified-next-cursor"),
            rate_limit=rate_limit(headers),
        )

    def __plan(self, made: Request) -> Plan:
        return plan(bytes(self.__run(made).body).decode())

    def __run(self, made: Request) -> Any:
        result = Call(made).run(self.__find)
        # Raised here, where no frame has a credential.
        if isinstance(result, TicketingError):
            raise result
        return result


def _warnings(response: Any) -> tuple[Finding, ...]:
    return tuple(
        Finding(warning.code, getattr(warning, "in"), warning.path, warning.message) for warning in response.warnings
    )
