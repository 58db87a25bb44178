"""The life of a user by the generated client, in every integration of the sandbox."""

import json
import os
import sys
from pathlib import Path
from uuid import UUID

from client import Client
from client.api.users import create_user, delete_user, get_user, list_users, update_user
from client.models import (
    DeletedUser,
    EmailType,
    Error,
    ErrorCode,
    NewEmail,
    NewUser,
    Outcome,
    Role,
    User,
    UserChanges,
    UserPage,
)

PERSON = NewUser(
    first_name="Ines",
    last_name="Halvorsen",
    name="Ines Halvorsen",
    nick_name="Ines",
    emails=[NewEmail(email="ines@kelpworks.example", type_=EmailType.PRIMARY)],
)


def live(client, account):
    """Makes the calls of one account. Yields the name of each that gave what it should."""
    options = {"client": client, "integrated_account_id": UUID(account["id"])}
    changes = UserChanges(name="Inès Berg", first_name="Inès", last_name="Berg")
    if account["integration"] == "pivotal_tracker":
        options["collectionsid"] = "1"
        changes = UserChanges(roles=[Role(name="viewer")])

    error = create_user.sync(body=NewUser(), **options)
    assert isinstance(error, Error), error
    assert error.code == ErrorCode.INVALID_REQUEST and error.outcome == Outcome.NOT_SENT, error
    assert error.violations[0].path, error
    yield "create without what is required"

    user = create_user.sync(body=PERSON, **options)
    assert isinstance(user, User), user
    assert isinstance(user.id, str) and user.remote_data.to_dict(), user
    yield "create"

    page = list_users.sync(limit=1, **options)
    assert isinstance(page, UserPage) and page.result_count == len(page.result) == 1, page
    yield "list"

    found = list_users.sync(emailsemail="INES@kelpworks.example", **options)
    assert isinstance(found, UserPage), found
    assert [each.id for each in found.result] == [user.id] and found.next_cursor is None, found
    yield "list by address"

    updated = update_user.sync(user.id, body=changes, **options)
    assert isinstance(updated, User), updated
    yield "update"

    read = get_user.sync(user.id, **options)
    assert isinstance(read, User) and read.id == user.id, read
    assert read.remote_data.to_dict(), read
    yield "get"

    deleted = delete_user.sync(user.id, **options)
    assert isinstance(deleted, DeletedUser) and deleted.id == user.id, deleted
    yield "delete"

    missing = get_user.sync(user.id, **options)
    assert isinstance(missing, Error) and missing.code == ErrorCode.PROVIDER_NOT_FOUND, missing
    yield "get who is deleted"


def main():
    client = Client(base_url=os.environ["URL"])
    # That the client was generated is the first.
    passed, failed = 1, 0
    for account in json.loads(Path("build/accounts.json").read_text()):
        try:
            for call in live(client, account):
                print(f"ok      {account['integration']} {call}")
                passed += 1
        except Exception as error:  # What a call gave that does not fit the client is of any type.
            print(f"FAILED  {account['integration']}, the next call: {error!r}")
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
