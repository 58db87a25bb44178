//! Accounts and tokens from the environment, in place of the host.

use crate::bindings::accounts::{Account, ResolveError};
use crate::bindings::environment::get_environment;
use crate::bindings::http_api::{HttpRequest, HttpResponse};
use crate::standalone::{ACCOUNTS, Environment, TOKENS};

pub(super) fn resolve(id: &str) -> Result<Account, ResolveError> {
    environment().resolve(id)
}

pub(super) fn admit(request: &mut HttpRequest) -> Result<String, HttpResponse> {
    environment().admit(request)
}

fn environment() -> Environment {
    let mut environment = Environment::default();
    // Of a variable given twice, the last counts.
    for (name, value) in get_environment() {
        match name.as_str() {
            ACCOUNTS => environment.accounts = Some(value),
            TOKENS => environment.tokens = Some(value),
            _ => {}
        }
    }
    environment
}
