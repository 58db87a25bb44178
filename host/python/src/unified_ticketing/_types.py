"""The JSON of the published API, and the options of calls."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, Required, TypedDict

Format = Literal["unified", "raw", "normalized", "debug"]
"""The form of a response.

* `unified`: the unified fields that the provider gave, and `remote_data`.
* `raw`: the provider's body, byte for byte.
* `normalized`: exactly the documented fields, `None` where unknown, without `remote_data`.
* `debug`: the unified response, and what went over the wire, authentication as `***`.
"""

IfExists = Literal["fail", "keep", "update"]
"""What a creation does where the provider has a user of the address.

* `fail`: create, and let the provider decide; most reject an address that is taken.
* `keep`: look first, and return the user who is there, unchanged.
* `update`: look first, and change the fields given that differ in the user who is there.
"""

Outcome = Literal["not-sent", "rejected", "unknown"]
"""What is known of the provider's state after a failure.

* `not-sent`: nothing was changed. The provider has not received the request, or it was one that only reads. Sending it again is
  safe.
* `rejected`: the provider rejected the request; nothing was created or changed.
* `unknown`: the provider may have acted. Look before sending a creation again; the message says how.
"""

Result = Literal["read", "created", "updated", "unchanged", "found", "settled", "deleted"]
"""What a call did.

* `read`: read, and changed nothing.
* `created`, `updated`, `deleted`: did so; what a provider means by deleting is its own.
* `unchanged`: found the user as it was to be.
* `found`: found the user, who was there before or may have been.
* `settled`: created the user, though the response to it was lost; the user was found by the address.
"""


class Account(TypedDict):
    """An account of one integration, as in the accounts file. Every value is a string."""

    id: str
    """A UUID. Calls name the account by it."""
    integration: str
    """The name of the integration, such as `pivotal_tracker`."""
    name: NotRequired[str]
    """A name for people."""
    base_url: NotRequired[str]
    """Replaces the integration's own base URL, path prefix included."""
    settings: NotRequired[Mapping[str, str]]
    """What the integration needs, such as a `subdomain`."""
    credentials: NotRequired[Mapping[str, str]]
    """The secrets. The component learns their names alone."""


class Email(TypedDict, total=False):
    """An email address of a user."""

    email: Required[str]
    """The address. It is passed on as given; the provider judges its form."""
    type: str
    """`primary` or `other`. Left out, it says nothing: the primary address is the first of type `primary`, else the first."""


class Role(TypedDict, total=False):
    """A role of a user. Which values are accepted, and whether by name or by id, depends on the integration."""

    id: str
    """The provider's identifier of the role."""
    name: str
    """The provider's name of the role."""


class Collection(TypedDict):
    """Something that a user belongs to or is created in, such as a project."""

    id: str
    """The provider's identifier of the collection."""
    type: NotRequired[str]
    """What it is, such as `project`."""


class NewUser(TypedDict, total=False):
    """A user to create. Which fields are required and supported depends on the integration. `None` is the same as left out."""

    first_name: str | None
    """The first name."""
    last_name: str | None
    """The last name."""
    name: str | None
    """The full name. It is never split, and never cut."""
    emails: list[Email] | None
    """The email addresses. The first of type `primary`, else the first, becomes the provider's own; where the provider has no
    place for the others, each is a warning `surplus-value`."""
    roles: list[Role] | None
    """The roles."""
    nick_name: str | None
    """The nick name."""
    custom_fields: Any
    """Custom fields, in the provider's own terms."""
    avatar: str | None
    """The URL of a picture."""
    remote_data: dict[str, Any] | None
    """Merged into the provider's request last, deeply: objects merge, anything else replaces what the mapping set. It never
    satisfies a required field."""


class UserChanges(TypedDict, total=False):
    """Changes to a user. What is left out is kept, `None` clears, a list replaces the list."""

    first_name: str | None
    """The first name."""
    last_name: str | None
    """The last name."""
    name: str | None
    """The full name."""
    emails: list[Email]
    """The email addresses."""
    roles: list[Role] | None
    """The roles."""
    nick_name: str | None
    """The nick name."""
    custom_fields: Any
    """Custom fields, in the provider's own terms."""
    avatar: str | None
    """The URL of a picture."""
    remote_data: dict[str, Any] | None
    """Merged into the provider's request last, as in `NewUser`."""


class User(TypedDict, total=False):
    """A user as the provider gave it, in unified terms. What it did not give is left out; in the format `normalized`, `None`."""

    id: str | None
    """The identifier; the one that `update_user` takes."""
    name: str | None
    """The full name. Where the provider has none: first name, space, last name."""
    first_name: str | None
    """The first name."""
    last_name: str | None
    """The last name."""
    username: str | None
    """The name the user signs in with."""
    emails: list[Email] | None
    """The email addresses, the primary one first."""
    is_active: bool | None
    """Whether the user may sign in."""
    team_ids: list[str] | None
    """The identifiers of the teams that the user is a member of."""
    avatar: str | None
    """The URL of the user's picture."""
    roles: list[Role] | None
    """The roles that the user has."""
    created_at: str | None
    """When the user was created: RFC 3339 in UTC. What cannot be read as a time is passed on as it came."""
    updated_at: str | None
    """When the user was last changed, in the form of `created_at`."""
    etag: str | None
    """The version of this state of the user."""
    remote_data: Any
    """The provider's whole response."""


class UserPage(TypedDict):
    """A page of users, in the provider's order."""

    result: list[User]
    """The users. The `remote_data` of each is its own JSON in the provider's response."""
    next_cursor: str | None
    """What to ask for the next page with; `None` after the last one."""
    prev_cursor: None
    """Lists go one way."""
    result_count: int
    """How many users `result` has."""


class DeletedUser(TypedDict):
    """The user who was deleted."""

    id: str
    """The identifier."""


class UserQuery(TypedDict, total=False):
    """Which users to list."""

    email: str
    """Only users who have this address, without regard to ASCII case. `cursor` and `limit` do not go with it."""
    limit: int
    """The most users of a page, from 1 to 500. Left out, it is 100."""
    cursor: str
    """Where to go on: the `next_cursor` of the page before."""


class _CommonOptions(TypedDict, total=False):

    ignore_remote_data: bool
    """Leaves `remote_data` out of the response."""
    exclude_fields: Sequence[str]
    """Top-level fields of the response to leave out. Does not apply to `raw`. An unknown name is a warning."""
    remote_query: Mapping[str, str] | Sequence[tuple[str, str]]
    """Parameters added to the provider's query, in this order, untransformed. One wins over a parameter of the same name that the
    mapping sets. Naming one that authenticates is a violation, and in a list one that pages or filters."""
    collections: Sequence[Collection]
    """Collections that the call needs, such as Pivotal Tracker's project."""
    strict: bool
    """Makes fields that are unsupported or unknown violations instead of warnings."""
    deadline: float
    """How long the call may take, in seconds, from the look-up of the account on; 20 if left out. A creation whose outcome is then
    unknown has 5 seconds more to look for the user."""


class PageOptions(_CommonOptions, total=False):
    """How the pages of a list are read."""

    format: Literal["unified", "normalized"]
    """The form of each user."""


class Options(_CommonOptions, total=False):
    """How a call is made and responded to."""

    format: Format
    """The form of the response."""


class CreateOptions(Options, total=False):
    """How a creation is made and responded to."""

    if_exists: IfExists
    """What to do where the provider has a user of the address."""
    settle: bool
    """Whether to look for the user where the outcome would be `unknown`. It does, unless this is false."""
    resend: bool
    """That the caller has looked, and the user is not there. Of use to hosts that keep earlier creations; this one keeps none."""
