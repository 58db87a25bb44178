//! The server's paths, as the log names them, and the operations behind them.

use unified_ticketing_guest::http_api::{self, RouteError, USERS};
use unified_ticketing_guest::integration::OperationName;

pub(super) const HEALTH: &str = "/healthz";
pub(super) const READY: &str = "/readyz";
pub(super) const OPENAPI: &str = "/openapi.json";

/// The log's name of a path, and the operation of a request there.
pub(super) fn route(method: &str, path: &str) -> (&'static str, Option<OperationName>) {
    for own in [HEALTH, READY, OPENAPI] {
        if path == own {
            return (own, None);
        }
    }
    let operation = match http_api::route(method, path) {
        Err(RouteError::Path) => return ("other", None),
        Err(RouteError::Method(_)) => None,
        Ok(route) => Some(route.operation),
    };
    if path == USERS {
        (USERS, operation)
    } else {
        ("/unified/ticketing/users/{id}", operation)
    }
}
