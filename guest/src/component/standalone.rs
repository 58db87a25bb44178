//! Accounts and tokens from the environment, in place of the host.

use std::sync::LazyLock;

use crate::bindings::accounts::{Account, ResolveError};
use crate::bindings::environment::get_environment;
use crate::bindings::http_api::{HttpRequest, HttpResponse};
use crate::standalone::{ACCOUNTS, Environment, TOKENS};

static ENVIRONMENT: LazyLock<Environment> = LazyLock::new(|| {
    let variables = get_environment();
    // Of a variable given twice, the last counts.
    let value = |name: &str| {
        let mut variables = variables.iter().rev();
        variables.find_map(|(known, value)| (known == name).then_some(value.as_str()))
    };
    Environment::new(value(ACCOUNTS), value(TOKENS))
});

pub(super) fn resolve(id: &str) -> Result<Account, ResolveError> {
    ENVIRONMENT.resolve(id)
}

pub(super) fn admit(request: &mut HttpRequest) -> Result<String, HttpResponse> {
    ENVIRONMENT.admit(request)
}
