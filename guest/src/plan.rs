//! Turns operation, account and input into the provider's request, or reports every violation at once.

mod change;
mod options;
mod request;
mod validate;

pub use request::{MASK, mask};
pub(crate) use validate::need;

use crate::account::AccountError;
use crate::bindings::accounts::Account;
use crate::bindings::types::{
    Error, ErrorCode, Finding, FindingCode, Options, Outcome, ProviderRequest, Sending, UserChanges,
};
use crate::body::{primary_position, set_emails};
use crate::context::{Context, EntryPoint, Form};
use crate::field::{REMOTE_DATA, ResponseField};
use crate::findings::{Findings, error, quoted};
use crate::integration::{Integration, Operation, OperationName, find};

/// A call to plan.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The id of the account.
    pub account_id: &'a str,
    /// The account.
    pub account: &'a Account,
    /// The entry point that starts the call.
    pub entry_point: EntryPoint,
    /// The operation.
    pub operation: OperationName,
    /// The id of the user that is changed.
    pub id: Option<&'a str>,
    /// The input. A creation is changes that are all set or kept.
    pub changes: &'a UserChanges,
    /// How the call is made.
    pub options: &'a Options,
}

/// A request that is ready.
#[derive(Debug)]
pub struct Planned {
    /// The request to send.
    pub request: ProviderRequest,
    /// The operation of the request.
    pub operation: &'static Operation,
    /// The state to resume the call with.
    pub context: Context,
}

impl Planned {
    /// The first step of the call.
    #[must_use]
    pub fn into_sending(self) -> Sending {
        let Self {
            request,
            operation,
            context,
        } = self;
        Sending {
            plan: Some(request.clone()),
            request,
            safety: operation.safety,
            wait_ms: 0,
            context: context.to_bytes(),
            warnings: context.warnings,
        }
    }
}

/// The integration of an account.
///
/// # Errors
///
/// `account-unusable` when there is no integration of that name.
pub fn integration(account: &Account) -> Result<&'static Integration, Error> {
    find(&account.integration).ok_or_else(|| {
        unusable(format!(
            "there is no integration {}",
            quoted(&account.integration)
        ))
    })
}

/// An operation of an integration.
///
/// # Errors
///
/// `unsupported-operation` when the integration does not have it.
pub fn operation(
    integration: &Integration,
    name: OperationName,
) -> Result<&'static Operation, Error> {
    integration.operation(name).ok_or_else(|| {
        let message = format!("{} has no operation `{}`", integration.title, name.as_str());
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

/// Plans a call. `findings` may hold findings of the reader of the input.
///
/// # Errors
///
/// `account-unusable`, `unsupported-operation`, or `invalid-request` with every violation at once.
pub fn plan(call: &Call<'_>, mut findings: Findings) -> Result<Planned, Error> {
    let &Call {
        account_id,
        account,
        entry_point,
        operation: name,
        id,
        changes,
        options,
    } = call;
    let integration = integration(account)?;
    let operation = operation(integration, name)?;
    let unusable_account = |error: AccountError| unusable(error.to_string());
    let endpoint = request::Endpoint::new(account, integration).map_err(unusable_account)?;
    let valid = validate::validate(integration, operation, call, &mut findings);
    let warnings = findings.verdict()?;
    let body = operation.body.map(|write| match valid.remote_data {
        Some(data) => crate::body::merged(&write(changes), data, operation.wrapper),
        None => write(changes),
    });
    let target = request::Target {
        id,
        project: valid.project,
        remote_query: &options.remote_query,
    };
    let request = endpoint
        .request(operation, &target, body)
        .map_err(unusable_account)?;
    let emails = set_emails(&changes.emails);
    let position = primary_position(emails).unwrap_or_default();
    Ok(Planned {
        request,
        operation,
        context: Context {
            account: account_id.to_owned(),
            entry_point,
            integration,
            operation: name,
            id: id.map(str::to_owned),
            email: emails.get(position).map(|email| email.address.clone()),
            position: u32::try_from(position).unwrap_or(u32::MAX),
            form: Form {
                format: options.format,
                ignore_remote_data: options.ignore_remote_data,
                exclude_fields: excluded(&options.exclude_fields),
            },
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

/// Adds a warning about a response. The finding that counts the others stays the last one.
pub(crate) fn add_warning(warnings: &mut Vec<Finding>, warning: Finding) {
    let more = warnings.pop_if(|warning| warning.code == FindingCode::More);
    warnings.push(warning);
    warnings.extend(more);
}
