//! The gate: what a request may reach and do. Every request of the API passes it, whoever sends the requests to the provider.

use std::fmt::Write as _;

use unified_ticketing_guest::account::is_uuid;
use unified_ticketing_guest::http_api::query::{ACCOUNT, names_account};
use unified_ticketing_guest::http_api::{Route, accepts_body, account_id, route};
use unified_ticketing_guest::integration::OperationName;

use super::error;
use super::tokens::{Token, TokenOperation};
use crate::bindings::http_api::HttpRequest;
use crate::bindings::types::ErrorCode;
use crate::engine::Access;

/// Decides for a request that has been read and authenticated; without a token, where the server has none.
///
/// A token does not learn of other accounts: one that it does not reach is unknown, before anything looks for it. Where the request
/// names no account and the token is for one alone, the request is made to name that one.
///
/// The component rejects a path, a method, a body and an account's id; none of that is decided here. So an operation that the token
/// is not for is denied only where the component would reject nothing of that.
pub(super) fn decide(token: Option<&Token>, request: &mut HttpRequest) -> Access {
    let named = account_id(&request.target);
    let Some(token) = token else {
        return named.map_or(Access::None, Access::Account);
    };
    let account = match named {
        Some(id) if token.reaches(&id) => id,
        None if !names_account(&request.target) => match token.only_account() {
            Some(id) => {
                let separator = if request.target.contains('?') {
                    '&'
                } else {
                    '?'
                };
                let target = &mut request.target;
                let _ = write!(target, "{separator}{ACCOUNT}={id}");
                id.to_owned()
            }
            None => return Access::None,
        },
        Some(id) => return Access::Unreached(id),
        None => return Access::None,
    };
    let path = request.target.split('?').next().unwrap_or_default();
    let Ok(Route { operation, id: _ }) = route(&request.method, path) else {
        return Access::Account(account);
    };
    let needed = class(operation);
    if token.permits(needed)
        || !is_uuid(&account)
        || !accepts_body(operation, &request.headers, request.body.len())
    {
        return Access::Account(account);
    }
    let message = format!("the token is not for the operation `{needed}`");
    Access::Denied {
        account,
        error: error::error(ErrorCode::Forbidden, message, None),
    }
}

/// What a token must be for. A dry run shows what the operation would send, so it is no less.
const fn class(operation: OperationName) -> TokenOperation {
    match operation {
        OperationName::Create => TokenOperation::Create,
        OperationName::Update => TokenOperation::Update,
        OperationName::Get | OperationName::List => TokenOperation::Read,
        OperationName::Delete => TokenOperation::Delete,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::Tokens;
    use super::*;

    const ONE: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";
    const OTHER: &str = "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35";

    /// The decision in a word, and the target of the request after it.
    fn decided(accounts: &str, method: &str, target: &str, content_type: &str) -> (String, String) {
        let digest = "0".repeat(64);
        let file = format!(
            "[[token]]\nname = \"a\"\nsha256 = \"{digest}\"\naccounts = {accounts}\noperations = [\"create\"]\n"
        );
        let tokens = Tokens::parse_toml("tokens.toml".as_ref(), &file, |_| true).unwrap();
        let mut request = HttpRequest {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: b"{}".to_vec(),
        };
        let decision = match decide(tokens.iter().next(), &mut request) {
            Access::None | Access::Unreached(_) => "none".to_owned(),
            Access::Account(id) => id,
            Access::Denied { account, error } => {
                assert_eq!((error.status, error.code), (403, ErrorCode::Forbidden));
                format!("denied {account}")
            }
        };
        (decision, request.target)
    }

    #[test]
    fn token_reaches_its_accounts_alone() {
        let users = "/unified/ticketing/users";
        let of = |id: &str| format!("{users}?integrated_account_id={id}");
        let json = "application/json";
        let (only, both) = (format!("[\"{ONE}\"]"), format!("[\"{ONE}\", \"{OTHER}\"]"));
        for (accounts, target, expected) in [
            (only.as_str(), of(ONE), ONE),
            (&only, of(&ONE.to_uppercase()), &*ONE.to_uppercase()),
            (&only, of(OTHER), "none"),
            (&only, of(""), "none"),
            (
                &only,
                format!("{}&integrated_account_id={ONE}", of(ONE)),
                "none",
            ),
            (&both, of(OTHER), OTHER),
            (&both, users.to_owned(), "none"),
            ("\"all\"", of(OTHER), OTHER),
            ("\"all\"", of("acme"), "acme"),
            ("\"all\"", users.to_owned(), "none"),
        ] {
            let decision = decided(accounts, "POST", &target, json);
            assert_eq!(
                decision,
                (expected.to_owned(), target.clone()),
                "{accounts} {target}"
            );
        }
        // The one account need not be named.
        for (target, separator) in [(users.to_owned(), '?'), (format!("{users}?a=b"), '&')] {
            let expected = format!("{target}{separator}integrated_account_id={ONE}");
            assert_eq!(
                decided(&only, "POST", &target, json),
                (ONE.to_owned(), expected)
            );
        }
    }

    #[test]
    fn other_operation_is_denied_last() {
        let update = format!("/unified/ticketing/users/1?integrated_account_id={ONE}");
        let denied = format!("denied {ONE}");
        for (method, target, content_type, expected) in [
            (
                "PATCH",
                update.as_str(),
                "application/json",
                denied.as_str(),
            ),
            (
                "PATCH",
                "/unified/ticketing/users/1",
                "application/json",
                "",
            ),
            (
                "PATCH",
                &format!("{update}&unified_dry_run=true"),
                "application/json",
                &denied,
            ),
            ("PATCH", &update, "text/plain", ONE),
            ("GET", &update, "text/plain", &denied),
            ("DELETE", &update, "", &denied),
            ("PUT", &update, "", ONE),
            ("POST", &update, "application/json", ONE),
            (
                "PATCH",
                &update.replace("users/1", "users/1/2"),
                "application/json",
                ONE,
            ),
            (
                "PATCH",
                &update.replace(ONE, "acme"),
                "application/json",
                "acme",
            ),
        ] {
            let (decision, _) = decided("\"all\"", method, target, content_type);
            let expected = if expected.is_empty() {
                "none"
            } else {
                expected
            };
            assert_eq!(decision, expected, "{method} {target} {content_type}");
        }
        let only = format!("[\"{ONE}\"]");
        let (decision, _) = decided(&only, "PATCH", "/unified/ticketing/users/1", "");
        assert_eq!(decision, denied);
    }
}
