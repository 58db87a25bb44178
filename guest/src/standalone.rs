//! What the standalone component takes from its environment: accounts, and the bearer tokens that it asks for.
//!
//! A stock runtime has no `unified:ticketing/accounts` to offer, and authenticates nobody. So this component reads two variables, each
//! of them anew on every call.

mod accounts;
mod reader;
mod tokens;

use crate::bindings::accounts::{Account, ResolveError};
use crate::bindings::http_api::{HttpRequest, HttpResponse};
use crate::bindings::types::{Error, ErrorCode, Outcome};
use crate::findings::error;
use crate::http_api::gate::{self, Access, UNAUTHORIZED};
use crate::http_api::{account_id, error_response};

/// The variable with the accounts.
pub const ACCOUNTS: &str = "UNIFIED_TICKETING_ACCOUNTS_JSON";

/// The variable with the tokens.
pub const TOKENS: &str = "UNIFIED_TICKETING_TOKENS_JSON";

/// The values of the two variables.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The accounts, in JSON.
    pub accounts: Option<String>,
    /// The tokens, in JSON; without it, no request needs one.
    pub tokens: Option<String>,
}

impl Environment {
    /// The account of this id, in any case of its letters.
    ///
    /// # Errors
    ///
    /// There is no such account, or the variable has violations: all are listed. A violation quotes no value but an id, so that it holds
    /// no secret.
    pub fn resolve(&self, id: &str) -> Result<Account, ResolveError> {
        let unusable = |why: String| ResolveError::Unusable(format!("`{ACCOUNTS}`{why}"));
        let Some(json) = &self.accounts else {
            return Err(unusable(" is not set".to_owned()));
        };
        let accounts = accounts::parse(json).map_err(|why| unusable(format!(": {why}")))?;
        let mut accounts = accounts.into_iter();
        accounts
            .find(|(known, _)| known.eq_ignore_ascii_case(id))
            .map(|(_, account)| account)
            .ok_or(ResolveError::Unknown)
    }

    /// The id of the account that a request may reach: empty for none. Where its token is for one alone, the request is made to name it.
    ///
    /// # Errors
    ///
    /// The response for a request that is not let in.
    pub fn admit(&self, request: &mut HttpRequest) -> Result<String, HttpResponse> {
        let Some(json) = &self.tokens else {
            return Ok(account_id(&request.target).unwrap_or_default());
        };
        let respond = |error: &Error, headers: &[(String, String)]| error_response(error, headers);
        let tokens = tokens::parse(json, self.ids().as_deref()).map_err(|why| {
            let message = format!("`{TOKENS}`: {why}");
            let error = error(ErrorCode::AccountUnusable, 500, Outcome::NotSent, message);
            respond(&error, &[])
        })?;
        let Some(permissions) = authorization(request).and_then(|it| tokens.find(it)) else {
            let message = UNAUTHORIZED.to_owned();
            let error = error(ErrorCode::Unauthorized, 401, Outcome::NotSent, message);
            let challenge = ("www-authenticate".to_owned(), "Bearer".to_owned());
            return Err(respond(&error, &[challenge]));
        };
        let HttpRequest {
            method,
            target,
            headers,
            body,
        } = request;
        match gate::decide(Some(permissions), method, target, headers, body.len()) {
            Access::None | Access::Unreached(_) => Ok(String::new()),
            Access::Account(account) => Ok(account),
            Access::Denied { account, needed: _ }
                if self.resolve(&account) == Err(ResolveError::Unknown) =>
            {
                Ok(account)
            }
            Access::Denied { account: _, needed } => {
                let message = gate::denial(needed);
                let error = error(ErrorCode::Forbidden, 403, Outcome::NotSent, message);
                Err(respond(&error, &[]))
            }
        }
    }

    /// The ids of the accounts, in lower case; none where the variable has violations, which a call that reaches it reports.
    fn ids(&self) -> Option<Vec<String>> {
        let accounts = accounts::parse(self.accounts.as_deref()?).ok()?;
        let ids = accounts.into_iter().map(|(id, _)| id.to_ascii_lowercase());
        Some(ids.collect())
    }
}

/// The value of the one `authorization` header of a request.
fn authorization(request: &HttpRequest) -> Option<&[u8]> {
    let headers = request.headers.iter();
    let mut values = headers.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value.as_bytes()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
