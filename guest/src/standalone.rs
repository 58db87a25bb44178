//! What the standalone component takes from its environment: accounts, and the bearer tokens that it asks for.
//!
//! A stock runtime has no `unified:ticketing/accounts` to offer, and authenticates nobody. So this component reads two variables,
//! once in an instance.

mod accounts;
mod reader;
mod tokens;

use self::tokens::Tokens;
use crate::bindings::accounts::{Account, ResolveError};
use crate::bindings::http_api::{HttpRequest, HttpResponse};
use crate::bindings::types::{ErrorCode, Outcome};
use crate::findings::error;
use crate::http_api::gate::{self, Access, UNAUTHORIZED};
use crate::http_api::{account_id, error_response};

/// The variable with the accounts.
pub const ACCOUNTS: &str = "UNIFIED_TICKETING_ACCOUNTS_JSON";

/// The variable with the tokens.
pub const TOKENS: &str = "UNIFIED_TICKETING_TOKENS_JSON";

/// What the two variables say.
pub struct Environment {
    /// By id; or why none can be used.
    accounts: Result<Vec<(String, Account)>, String>,
    /// The tokens, or what is wrong with them; without any, no request needs one.
    tokens: Option<Result<Tokens, String>>,
}

impl Environment {
    /// Reads the values of the variables, both JSON.
    #[must_use]
    pub fn new(accounts: Option<&str>, tokens: Option<&str>) -> Self {
        let accounts = match accounts {
            None => Err(format!("`{ACCOUNTS}` is not set")),
            Some(json) => accounts::parse(json).map_err(|why| format!("`{ACCOUNTS}`: {why}")),
        };
        let ids = accounts.as_ref().ok().map(|accounts| {
            let ids = accounts.iter().map(|(id, _)| id.to_ascii_lowercase());
            ids.collect::<Vec<String>>()
        });
        let tokens = tokens.map(|json| {
            // What is wrong with the accounts is reported by a call that reaches them.
            tokens::parse(json, ids.as_deref()).map_err(|why| format!("`{TOKENS}`: {why}"))
        });
        Self { accounts, tokens }
    }

    /// The account of this id, in any case of its letters.
    ///
    /// # Errors
    ///
    /// There is no such account, or the variable has violations: all are listed. A violation quotes no value but an id, so that it holds
    /// no secret.
    pub fn resolve(&self, id: &str) -> Result<Account, ResolveError> {
        let accounts = self.accounts.as_ref();
        let accounts = accounts.map_err(|why| ResolveError::Unusable(why.clone()))?;
        let mut accounts = accounts.iter();
        accounts
            .find(|(known, _)| known.eq_ignore_ascii_case(id))
            .map(|(_, account)| account.clone())
            .ok_or(ResolveError::Unknown)
    }

    /// The id of the account that a request may reach: empty for none. Where its token is for one alone, the request is made to name it.
    ///
    /// # Errors
    ///
    /// The response for a request that is not let in.
    pub fn admit(&self, request: &mut HttpRequest) -> Result<String, HttpResponse> {
        let Some(tokens) = &self.tokens else {
            return Ok(account_id(&request.target).unwrap_or_default());
        };
        let rejected = |code, status, message: String, headers: &[(String, String)]| {
            error_response(&error(code, status, Outcome::NotSent, message), headers)
        };
        let tokens = tokens
            .as_ref()
            .map_err(|why| rejected(ErrorCode::AccountUnusable, 500, why.clone(), &[]))?;
        let Some(permissions) = authorization(request).and_then(|it| tokens.find(it)) else {
            let challenge = ("www-authenticate".to_owned(), "Bearer".to_owned());
            let message = UNAUTHORIZED.to_owned();
            return Err(rejected(
                ErrorCode::Unauthorized,
                401,
                message,
                &[challenge],
            ));
        };
        let access = gate::decide(
            Some(permissions),
            &request.method,
            &mut request.target,
            &request.headers,
            request.body.len(),
        );
        match access {
            Access::Denied { account, needed }
                if self.resolve(&account) != Err(ResolveError::Unknown) =>
            {
                Err(rejected(
                    ErrorCode::Forbidden,
                    403,
                    gate::denial(needed),
                    &[],
                ))
            }
            // An unknown account comes before what may be done there.
            access => Ok(access.account().to_owned()),
        }
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
