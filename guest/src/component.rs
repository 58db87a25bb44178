//! The exports, a line each. They translate; they decide nothing.

#[cfg(feature = "ticketing")]
mod send;
#[cfg(feature = "ticketing")]
mod serve;
#[cfg(feature = "standalone")]
mod standalone;
#[cfg(feature = "ticketing")]
mod users;

#[cfg(feature = "standalone")]
use self::standalone::resolve;

#[cfg(not(feature = "standalone"))]
use crate::bindings::accounts::resolve;
use crate::bindings::http_api::{self, HttpRequest, HttpStep};
use crate::bindings::integrations::{self, CredentialsError, Integration};
use crate::bindings::steps::{self, Operation, Step};
use crate::bindings::types::{Begun, Context, Options, ProviderResponse, TransportError};

/// The standard library's own allocator in a later version. It begins with the memory that an instance has, where the one of
/// this version grows it at once: growing costs the host more than the rest of a call.
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

struct Component;

impl steps::Guest for Component {
    fn start(account: String, operation: Operation, options: Options, begun: Begun) -> Step {
        crate::steps::start(&account, operation, &options, &begun, resolve)
    }

    fn resume(
        account: String,
        context: Context,
        response: Result<ProviderResponse, TransportError>,
    ) -> Step {
        crate::steps::resume(&account, &context, response.as_ref(), resolve)
    }
}

impl http_api::Guest for Component {
    fn start(account: String, request: HttpRequest, begun: Begun) -> HttpStep {
        crate::http_api::start(&account, &request, &begun, resolve)
    }

    fn resume(
        account: String,
        context: Context,
        response: Result<ProviderResponse, TransportError>,
    ) -> HttpStep {
        crate::http_api::resume(&account, &context, response.as_ref(), resolve)
    }
}

impl integrations::Guest for Component {
    fn list_integrations() -> Vec<Integration> {
        crate::describe::integrations()
    }

    fn authenticate(
        integration: String,
        credentials: Vec<(String, String)>,
    ) -> Result<Vec<(String, String)>, CredentialsError> {
        crate::describe::authenticate(&integration, &credentials)
    }
}

#[expect(
    unreachable_pub,
    unsafe_code,
    reason = "generated: the exported symbols of a component are `unsafe` by their attribute"
)]
mod export {
    use super::Component;

    crate::bindings::export!(Component with_types_in crate::bindings::generated);
}
