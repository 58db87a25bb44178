"""Create, update, get, list and delete the users of ticketing products.

One typed contract over several products, each an *integration*. Start with `Ticketing`. A call that fails raises
`TicketingError`, whose `outcome` says what is known of the provider's state.
"""

from importlib.metadata import version

from ._errors import ProviderRejection, TicketingError
from ._responses import Finding, Plan, RateLimit, Response
from ._ticketing import Ticketing
from ._types import (
    Account,
    Collection,
    CreateOptions,
    DeletedUser,
    Email,
    NewUser,
    Options,
    PageOptions,
    Role,
    User,
    UserChanges,
    UserPage,
    UserQuery,
)

__version__ = version("unified-ticketing")

__all__ = [
    "Account",
    "Collection",
    "CreateOptions",
    "DeletedUser",
    "Email",
    "Finding",
    "NewUser",
    "Options",
    "PageOptions",
    "Plan",
    "ProviderRejection",
    "RateLimit",
    "Response",
    "Role",
    "Ticketing",
    "TicketingError",
    "User",
    "UserChanges",
    "UserPage",
    "UserQuery",
    "__version__",
]
