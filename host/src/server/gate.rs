//! The gate: what a request may reach and do. Every request of the API passes it, whoever sends the requests to the provider.

use unified_ticketing_guest::http_api::gate::{self, denial};

use super::error;
use super::tokens::Token;
use crate::bindings::http_api::HttpRequest;
use crate::bindings::types::ErrorCode;
use crate::engine::Access;

/// Decides for a request that has been read and authenticated; without a token, where the server has none.
pub(super) fn decide(token: Option<&Token>, request: &mut HttpRequest) -> Access {
    let HttpRequest {
        method,
        target,
        headers,
        body,
    } = request;
    let permissions = token.map(Token::permissions);
    match gate::decide(permissions, method, target, headers, body.len()) {
        gate::Access::None => Access::None,
        gate::Access::Unreached(account) => Access::Unreached(account),
        gate::Access::Account(account) => Access::Account(account),
        gate::Access::Denied { account, needed } => Access::Denied {
            account,
            error: error::error(ErrorCode::Forbidden, denial(needed), None),
        },
    }
}
