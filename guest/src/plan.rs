//! Turns operation, account and input into the provider's request, or reports every violation at once.

mod change;
mod options;
mod request;
mod validate;

pub(crate) use request::OwnRequest;
use request::{Endpoint, Target};
pub use request::{MASK, mask};
pub(crate) use validate::need;

use crate::account::AccountError;
use crate::bindings::accounts::Account;
use crate::bindings::types::{
    Error, ErrorCode, Finding, FindingCode, Options, Outcome, ProviderRequest, Safety, Sending,
    UserChanges, UserQuery,
};
use crate::body::{primary_position, set_emails};
use crate::context::{Context, EntryPoint, Form};
use crate::field::{REMOTE_DATA, ResponseField};
use crate::findings::{Findings, error, quoted};
use crate::integration::{Body, Integration, Operation, OperationName, find};
use crate::operation::List;

/// A call to plan.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The id of the account.
    pub account_id: &'a str,
    /// The account.
    pub account: &'a Account,
    /// The entry point that starts the call.
    pub entry_point: EntryPoint,
    /// What is done.
    pub input: Input<'a>,
    /// How the call is made.
    pub options: &'a Options,
    /// Whether the response shows the request and the response of the provider.
    pub debug: bool,
}

/// What is done, and with what.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Create a user. A creation is changes that are all set or kept.
    Create(&'a UserChanges),
    /// Change the user of this id.
    Update(&'a str, &'a UserChanges),
    /// Read the user of this id.
    Get(&'a str),
    /// List users.
    List(&'a UserQuery),
    /// Delete the user of this id.
    Delete(&'a str),
}

impl<'a> Input<'a> {
    /// The operation.
    #[must_use]
    pub const fn operation(self) -> OperationName {
        match self {
            Self::Create(_) => OperationName::Create,
            Self::Update(..) => OperationName::Update,
            Self::Get(_) => OperationName::Get,
            Self::List(_) => OperationName::List,
            Self::Delete(_) => OperationName::Delete,
        }
    }

    /// The id of the user that the call is for.
    #[must_use]
    pub const fn id(self) -> Option<&'a str> {
        match self {
            Self::Create(_) | Self::List(_) => None,
            Self::Update(id, _) | Self::Get(id) | Self::Delete(id) => Some(id),
        }
    }

    /// The fields of the user.
    #[must_use]
    pub const fn changes(self) -> Option<&'a UserChanges> {
        match self {
            Self::Create(changes) | Self::Update(_, changes) => Some(changes),
            Self::Get(_) | Self::List(_) | Self::Delete(_) => None,
        }
    }
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
    /// The step that sends the request. The first step of a call that changes something shows it as the plan.
    #[must_use]
    pub fn into_sending(self, first: bool) -> Sending {
        let Self {
            request,
            operation,
            context,
        } = self;
        Sending {
            plan: (first && operation.safety != Safety::Safe).then(|| request.clone()),
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

/// Plans the first request of a call. `findings` may hold findings of the reader of the input.
///
/// # Errors
///
/// `account-unusable`, `unsupported-operation`, or `invalid-request` with every violation at once.
pub fn plan(call: &Call<'_>, mut findings: Findings) -> Result<Planned, Error> {
    let &Call {
        account_id,
        account,
        entry_point,
        input,
        options,
        debug,
    } = call;
    let integration = integration(account)?;
    let operation = operation(integration, input.operation())?;
    let endpoint = Endpoint::new(account, integration).map_err(|error| unusable_account(&error))?;
    let valid = validate::validate(integration, operation, call, &mut findings);
    let warnings = findings.verdict()?;
    let body = match (&operation.body, input.changes(), input.id()) {
        (Body::Fields(write), Some(changes), _) => Some(match valid.remote_data {
            Some(data) => crate::body::merged(&write(changes), data, operation.wrapper),
            None => write(changes),
        }),
        (Body::Id(write), _, Some(id)) => Some(write(id)),
        _ => None,
    };
    let target = Target {
        id: input.id(),
        project: valid.project,
        remote_query: &options.remote_query,
    };
    let own = own_request(operation, valid.list.as_ref());
    let request = endpoint
        .request(operation, &own, &target, body)
        .map_err(|error| unusable_account(&error))?;
    let emails = input.changes().map_or(&[][..], |it| set_emails(&it.emails));
    let position = primary_position(emails).unwrap_or_default();
    Ok(Planned {
        context: Context {
            account: account_id.to_owned(),
            entry_point,
            integration,
            operation: operation.name,
            id: input.id().map(str::to_owned),
            email: emails.get(position).map(|email| email.address.clone()),
            position: u32::try_from(position).unwrap_or(u32::MAX),
            form: Form {
                format: options.format,
                ignore_remote_data: options.ignore_remote_data,
                exclude_fields: excluded(&options.exclude_fields),
            },
            warnings,
            list: valid.list,
            shown: debug.then(|| shown(&request, integration)),
        },
        request,
        operation,
    })
}

/// Plans the next request of a list.
///
/// # Errors
///
/// `account-unusable`: the account has changed in between.
pub(crate) fn next_page(mut context: Context, account: &Account) -> Result<Planned, Error> {
    let integration = integration(account)?;
    let operation = operation(integration, context.operation)?;
    let list = context.list.as_ref();
    let own = own_request(operation, list);
    let target = Target {
        id: context.id.as_deref(),
        project: list.and_then(|list| list.project.as_deref()),
        remote_query: list.map_or(&[], |list| &list.remote_query),
    };
    let request = Endpoint::new(account, integration)
        .and_then(|endpoint| endpoint.request(operation, &own, &target, None))
        .map_err(|error| unusable_account(&error))?;
    if context.shown.is_some() {
        context.shown = Some(shown(&request, integration));
    }
    Ok(Planned {
        request,
        operation,
        context,
    })
}

/// What the request of a list has besides its row.
fn own_request<'a>(operation: &'a Operation, list: Option<&List>) -> OwnRequest<'a> {
    let own = list.zip(operation.list);
    own.map(|(list, listing)| list.request(listing))
        .unwrap_or_default()
}

fn unusable_account(error: &AccountError) -> Error {
    unusable(error.to_string())
}

/// The request as people may see it.
fn shown(request: &ProviderRequest, integration: &Integration) -> ProviderRequest {
    let mut shown = request.clone();
    mask(&mut shown, integration);
    shown
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
