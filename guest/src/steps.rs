//! The step machine: starts an operation with its first request, and resumes it with the next one or its end.
//!
//! Every function is pure. The typed contract's functions are here; the published HTTP API has its own around the same calls.

use crate::bindings::accounts::{Account, ResolveError};
use crate::bindings::steps::{Operation, Step, UserUpdate};
use crate::bindings::types::{
    Error, ErrorCode, Options, Outcome, ProviderResponse, TransportError, UserChanges,
};
use crate::context::{Context, EntryPoint};
use crate::findings::{Findings, error, quoted};
use crate::operation::{self, Next};
use crate::plan::{Call, Input, plan};
use crate::shape;

/// Starts an operation. `resolve` returns the account of an id.
pub fn start(
    account: &str,
    operation: Operation,
    options: &Options,
    resolve: impl FnOnce(&str) -> Result<Account, ResolveError>,
) -> Step {
    let (id, changes, query);
    let input = match operation {
        Operation::CreateUser(user) => {
            changes = UserChanges::from(user);
            Input::Create(&changes)
        }
        Operation::UpdateUser(update) => {
            UserUpdate { id, changes } = update;
            Input::Update(&id, &changes)
        }
        Operation::GetUser(given) => {
            id = given;
            Input::Get(&id)
        }
        Operation::ListUsers(given) => {
            query = given;
            Input::List(&query)
        }
        Operation::DeleteUser(given) => {
            id = given;
            Input::Delete(&id)
        }
    };
    let planned = resolve(account)
        .map_err(|reason| resolve_error(account, reason))
        .and_then(|resolved| {
            let call = Call {
                account_id: account,
                account: &resolved,
                entry_point: EntryPoint::Steps,
                input,
                options,
                debug: false,
            };
            plan(&call, Findings::new(options.strict))
        });
    match planned {
        Ok(planned) => Step::Send(planned.into_sending(true)),
        Err(error) => Step::Done(Err(error)),
    }
}

/// Resumes an operation with the provider's response, or the reason why there is none.
pub fn resume(
    account: &str,
    context: &[u8],
    response: Result<&ProviderResponse, &TransportError>,
    resolve: impl FnOnce(&str) -> Result<Account, ResolveError>,
) -> Step {
    let next = match Context::from_bytes(context, account, EntryPoint::Steps) {
        Ok(context) => operation::resume(context, response, resolve),
        Err(error) => Next::Done(Err(error)),
    };
    match next {
        Next::Send(planned) => Step::Send(planned.into_sending(false)),
        Next::Done(completed) => Step::Done(completed.map(shape::response)),
    }
}

/// The error for an account that the host does not give.
#[must_use]
pub fn resolve_error(id: &str, reason: ResolveError) -> Error {
    match reason {
        ResolveError::Unknown => {
            let message = format!("there is no account {}", quoted(id));
            error(ErrorCode::UnknownAccount, 404, Outcome::NotSent, message)
        }
        ResolveError::Unusable(why) => {
            let message = format!("account {} cannot be used: {why}", quoted(id));
            error(ErrorCode::AccountUnusable, 500, Outcome::NotSent, message)
        }
    }
}
