//! The server's paths, as the log names them, and the operations behind them.

use unified_ticketing_guest::integration::OperationName;

pub(super) const HEALTH: &str = "/healthz";
pub(super) const READY: &str = "/readyz";
pub(super) const OPENAPI: &str = "/openapi.json";
const USERS: &str = "/unified/ticketing/users";

/// The log's name of a path.
pub(super) fn pattern(path: &str) -> &'static str {
    for own in [HEALTH, READY, OPENAPI, USERS] {
        if path == own {
            return own;
        }
    }
    match path.strip_prefix(USERS) {
        Some(rest) if rest.len() > 1 && rest.rfind('/') == Some(0) => {
            "/unified/ticketing/users/{id}"
        }
        _ => "other",
    }
}

/// The operation of a request.
pub(super) fn operation(method: &str, path: &str) -> Option<OperationName> {
    match (pattern(path), method) {
        (USERS, "POST") => Some(OperationName::Create),
        ("/unified/ticketing/users/{id}", "PATCH") => Some(OperationName::Update),
        _ => None,
    }
}
