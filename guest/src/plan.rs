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
    Begun, Error, ErrorCode, Finding, FindingCode, IfExists, Options, Outcome, ProviderRequest,
    Safety, Sending, UserChanges, UserQuery,
};
use crate::body::{merged, primary_position, sent_address, set_emails};
use crate::context::{Context, EntryPoint, Form};
use crate::field::{REMOTE_DATA, ResponseField};
use crate::findings::{Findings, error, quoted};
use crate::integration::{Body, Integration, Operation, OperationName, find};
use crate::json::trimmed;
use crate::operation::{Creation, List, Phase, lost_earlier};
use crate::timestamp::seconds;

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
    /// When the call began.
    pub begun: &'a Begun,
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
    /// How long to wait before, in milliseconds.
    pub wait_ms: u32,
    /// The request that changes something, where another comes first. Of a call that begins.
    pub plan: Option<ProviderRequest>,
    /// Whether the caller has looked, and wants the request sent.
    pub resend: bool,
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
            wait_ms,
            plan,
            resend,
            context,
        } = self;
        let is_plan = first && operation.safety != Safety::Safe;
        Sending {
            plan: plan.or_else(|| is_plan.then(|| request.clone())),
            request,
            safety: operation.safety,
            wait_ms,
            resend,
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
        begun,
        debug,
    } = call;
    let integration = integration(account)?;
    let operation = operation(integration, input.operation())?;
    // An account is checked before the input is.
    Endpoint::new(account, integration).map_err(|error| unusable_account(&error))?;
    let valid = validate::validate(integration, operation, call, &mut findings);
    let warnings = findings.verdict()?;
    let emails = input.changes().map_or(&[][..], |it| set_emails(&it.emails));
    let position = primary_position(emails).unwrap_or_default();
    let mut context = Context {
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
            debug,
        },
        warnings,
        list: valid.list,
        creation: None,
        shown: None,
    };
    let target = Target {
        id: input.id(),
        project: valid.project,
        remote_query: &options.remote_query,
    };
    let body = match (&operation.body, input.changes(), input.id()) {
        (Body::Fields(write), Some(changes), _) => {
            let own = write(changes);
            Some(match valid.remote_data {
                Some(data) => {
                    let wrapper = operation.wrapper;
                    let body = merged(&own, data, wrapper);
                    // A look-up is for the address that the provider receives.
                    let email = context.email.take();
                    context.email = email.and_then(|it| sent_address(&own, &body, wrapper, &it));
                    body
                }
                None => own,
            })
        }
        (Body::Id(write), _, Some(id)) => Some(write(id)),
        _ => None,
    };
    let request = request(&context, account, operation, &target, body)?;
    let Input::Create(changes) = input else {
        return Ok(Planned::new(request, operation, context));
    };
    let mut creation = creation(&context, changes, target.project, options, begun);
    let resend = options.resend;
    // One that was sent earlier is neither sent nor looked for where it is not to be settled.
    let settles = creation.phase == Phase::Settle;
    let looks = creation.settle || creation.if_exists != IfExists::Fail;
    if creation.phase != Phase::Create && (looks || !settles) {
        context.list = List::look_up(&context, &creation);
    }
    if context.list.is_some() {
        context.creation = Some(Box::new(creation));
        return Ok(Planned {
            resend,
            plan: Some(request),
            ..next_request(context, account)?
        });
    }
    // Nor can anybody be looked for without an address.
    if let Some(error) = creation.error {
        return Err(error);
    }
    creation.phase = Phase::Create;
    context.creation = Some(Box::new(creation));
    Ok(Planned {
        resend,
        ..Planned::new(request, operation, context)
    })
}

/// The state of a creation that begins.
fn creation(
    context: &Context,
    changes: &UserChanges,
    project: Option<&str>,
    options: &Options,
    begun: &Begun,
) -> Creation {
    let (since, is_earlier) = match begun {
        Begun::Now(since) => (since, false),
        Begun::Earlier(since) => (since, true),
    };
    let looks = options.if_exists != IfExists::Fail;
    Creation {
        begun: seconds(since),
        settle: options.settle,
        if_exists: options.if_exists,
        changes: looks.then(|| changes.clone()),
        project: project.map(str::to_owned),
        remote_query: if looks {
            options.remote_query.clone()
        } else {
            Vec::new()
        },
        phase: if is_earlier {
            Phase::Settle
        } else if looks {
            Phase::LookFirst
        } else {
            Phase::Create
        },
        is_earlier,
        error: is_earlier
            .then(|| lost_earlier(context.integration, since, context.email.as_deref())),
    }
}

/// Plans the next request of a call: the next page of a list, or the next request of a creation.
///
/// # Errors
///
/// `account-unusable`: the account has changed in between.
pub(crate) fn next_request(context: Context, account: &Account) -> Result<Planned, Error> {
    let creation = context.creation.as_deref();
    let name = creation.map_or(context.operation, Creation::operation);
    let operation = operation(integration(account)?, name)?;
    let list = context.list.as_ref();
    let (project, remote_query) = match (creation, list) {
        (Some(creation), None) => (&creation.project, &creation.remote_query[..]),
        (_, Some(list)) => (&list.project, &list.remote_query[..]),
        (None, None) => (&None, &[][..]),
    };
    let target = Target {
        id: context.id.as_deref(),
        project: project.as_deref(),
        remote_query,
    };
    let changes = creation.and_then(|creation| creation.changes.as_ref());
    let body = match (&operation.body, changes) {
        (Body::Fields(write), Some(changes)) => Some(with_data(
            write(changes),
            changes.remote_data.as_deref().map(trimmed),
            operation,
        )),
        _ => None,
    };
    let request = request(&context, account, operation, &target, body)?;
    Ok(Planned::new(request, operation, context))
}

/// A request of a call.
fn request(
    context: &Context,
    account: &Account,
    operation: &'static Operation,
    target: &Target<'_>,
    body: Option<Vec<u8>>,
) -> Result<ProviderRequest, Error> {
    let own = context.list.as_ref().zip(operation.list);
    let own = own
        .map(|(list, listing)| list.request(listing))
        .unwrap_or_default();
    Endpoint::new(account, context.integration)
        .and_then(|endpoint| endpoint.request(operation, &own, target, body))
        .map_err(|error| unusable_account(&error))
}

impl Planned {
    fn new(request: ProviderRequest, operation: &'static Operation, mut context: Context) -> Self {
        if context.form.debug {
            let mut shown = request.clone();
            mask(&mut shown, context.integration);
            context.shown = Some(shown);
        }
        Self {
            request,
            operation,
            wait_ms: 0,
            plan: None,
            resend: false,
            context,
        }
    }
}

/// A body with the caller's own data.
fn with_data(body: Vec<u8>, data: Option<&str>, operation: &Operation) -> Vec<u8> {
    match data {
        Some(data) => merged(&body, data, operation.wrapper),
        None => body,
    }
}

fn unusable_account(error: &AccountError) -> Error {
    unusable(error.to_string())
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
