//! The first half of a call: operation, account and input to the provider's request, or every violation at once.

mod context;
mod given;
mod request;
mod validate;

pub use context::{Context, foreign_context};
pub use request::{MASK, mask};
pub(crate) use validate::need;

use crate::bindings::accounts::Account;
use crate::bindings::types::{
    Error, ErrorCode, NewUser, Options, Outcome, ProviderRequest, UserChanges,
};
use crate::body::primary_position;
use crate::field::{REMOTE_DATA, ResponseField};
use crate::findings::{Findings, error, quoted};
use crate::integration::{Integration, Table, Update, find};
use given::{Given, Input};

/// A call made ready.
#[derive(Debug)]
pub struct Planned {
    /// What to send.
    pub request: ProviderRequest,
    /// What the second half needs.
    pub context: Context,
}

/// Plans the creation of a user. `findings` may hold what reading the input has found already.
///
/// # Errors
///
/// `account-unusable`, or `invalid-request` with every violation at once.
pub fn create(
    account: &Account,
    user: &NewUser,
    options: &Options,
    findings: Findings,
) -> Result<Planned, Error> {
    let integration = integration(account)?;
    let wanted = Wanted {
        operation: &integration.create,
        id: None,
        input: user,
        body: &|| (integration.create.body)(user),
    };
    plan(account, integration, &wanted, options, findings)
}

/// Plans a change of the user `id`.
///
/// # Errors
///
/// `account-unusable`, `unsupported-operation`, or `invalid-request` with every violation at once.
pub fn update(
    account: &Account,
    id: &str,
    changes: &UserChanges,
    options: &Options,
    findings: Findings,
) -> Result<Planned, Error> {
    let integration = integration(account)?;
    let operation = update_of(integration)?;
    let wanted = Wanted {
        operation,
        id: Some(id),
        input: changes,
        body: &|| (operation.body)(changes),
    };
    plan(account, integration, &wanted, options, findings)
}

/// The integration of an account.
///
/// # Errors
///
/// `account-unusable` when there is none of that name.
pub fn integration(account: &Account) -> Result<&'static Integration, Error> {
    find(&account.integration).ok_or_else(|| {
        unusable(format!(
            "there is no integration {}",
            quoted(&account.integration)
        ))
    })
}

/// How an integration changes users.
///
/// # Errors
///
/// `unsupported-operation` when it cannot.
pub fn update_of(integration: &Integration) -> Result<&Update, Error> {
    integration.update.as_ref().ok_or_else(|| {
        let message = format!("{} has no operation `update-user`", integration.title);
        error(
            ErrorCode::UnsupportedOperation,
            405,
            Outcome::NotSent,
            message,
        )
    })
}

fn unusable(message: String) -> Error {
    error(ErrorCode::AccountUnusable, 500, Outcome::NotSent, message)
}

/// What a call wants, whichever operation it is.
struct Wanted<'a> {
    operation: &'a Table,
    id: Option<&'a str>,
    input: &'a dyn Input,
    body: &'a dyn Fn() -> Vec<u8>,
}

fn plan(
    account: &Account,
    integration: &'static Integration,
    wanted: &Wanted<'_>,
    options: &Options,
    mut findings: Findings,
) -> Result<Planned, Error> {
    let &Wanted {
        operation,
        id,
        input,
        body,
    } = wanted;
    let endpoint = request::Endpoint::new(account, integration).map_err(unusable)?;
    let valid = validate::validate(integration, operation, id, input, options, &mut findings);
    let warnings = findings.verdict()?;
    let mut body = body();
    if let Some(data) = valid.remote_data {
        body = crate::body::merged(&body, data, operation.wrapper);
    }
    let target = request::Target {
        id,
        project: valid.project,
        remote_query: &options.remote_query,
    };
    let request = endpoint
        .request(operation, &target, body)
        .map_err(unusable)?;
    let emails = match input.given(crate::field::Field::Emails) {
        Given::Emails(emails) => emails,
        _ => &[],
    };
    let position = primary_position(emails).unwrap_or_default();
    Ok(Planned {
        request,
        context: Context {
            integration,
            operation: input.operation(),
            id: id.map(str::to_owned),
            email: emails.get(position).map(|email| email.address.clone()),
            position,
            format: options.format,
            ignore_remote_data: options.ignore_remote_data,
            exclude_fields: excluded(&options.exclude_fields),
            warnings,
        },
    })
}

/// The fields of a response that are left out, each once, whatever else was named.
fn excluded(names: &[String]) -> Vec<String> {
    let known = ResponseField::ALL.into_iter().map(ResponseField::name);
    known
        .chain([REMOTE_DATA])
        .filter(|known| names.iter().any(|name| name == known))
        .map(str::to_owned)
        .collect()
}
