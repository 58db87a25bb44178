//! Creations: looking before, looking after, and what the user found means.
//!
//! A creation is sent at most once. Where its outcome is unknown, the machine looks for the user by the address, at once and again
//! after a while: providers do not say how soon a new user is shown. Where the caller wants to keep or change a user who is there, it
//! looks first; and again where the provider rejects the creation, because another may have been faster.

use serde::{Deserialize, Serialize};

use super::list::{After, List};
use super::merge::{Difference, difference};
use super::{Completed, Entry, Next, Output, entries, single};
use crate::bindings::accounts::{Account, ResolveError};
use crate::bindings::types::{
    CallResult, Error, ErrorCode, Finding, FindingCode, IfExists, Location, Outcome,
    ProviderResponse, TransportError, UserChanges,
};
use crate::context::Context;
use crate::findings::{error, quoted, quoted_address};
use crate::integration::{Integration, OperationName};
use crate::interpret::{Reader, how_to_look};
use crate::plan::{Planned, add_warning, next_request};
use crate::steps::resolve_error;
use crate::timestamp::seconds;

/// How long to wait before each look-up of a creation whose outcome is unknown, in milliseconds: they are after 0, 1 and 3 seconds.
const WAITS: [u32; 3] = [0, 1_000, 2_000];

/// How far the clocks of a host and a provider may be apart, in seconds.
const CLOCK_SKEW: i64 = 300;

/// The state of a creation.
#[derive(Debug, Deserialize, Serialize)]
pub struct Creation {
    /// When the call began, in seconds since 1970, where the host has a clock.
    pub(crate) begun: Option<i64>,
    /// Whether to look for the user where the outcome is unknown.
    pub(crate) settle: bool,
    /// What to do where the user exists.
    pub(crate) if_exists: IfExists,
    /// The input, where it may be sent after a look-up.
    pub(crate) changes: Option<UserChanges>,
    /// The id of the collection that the user is created in.
    pub(crate) project: Option<String>,
    /// The caller's parameters of the provider's query.
    pub(crate) remote_query: Vec<(String, String)>,
    /// What the request that is out is for.
    pub(crate) phase: Phase,
    /// Whether the creation may have been sent before this call, so that this call sends none.
    pub(crate) is_earlier: bool,
    /// The error that a look-up may settle.
    pub(crate) error: Option<Error>,
}

/// What a request of a creation is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum Phase {
    /// To look whether the user exists.
    LookFirst,
    /// To create the user.
    Create,
    /// To look whether a creation that the provider rejected was rejected because the user exists.
    LookAgain,
    /// To look whether a creation whose outcome is unknown has created the user.
    Settle,
    /// To change the user who exists.
    Update,
}

impl Creation {
    /// The operation of the request that is out.
    pub(crate) const fn operation(&self) -> OperationName {
        match self.phase {
            Phase::Create => OperationName::Create,
            Phase::Update => OperationName::Update,
            Phase::LookFirst | Phase::LookAgain | Phase::Settle => OperationName::List,
        }
    }
}

/// The error of a creation that may have been sent earlier.
pub(crate) fn lost_earlier(integration: &Integration, since: &str, email: Option<&str>) -> Error {
    let (title, since) = (integration.title, quoted(since));
    let mut message =
        format!("this creation may have been sent to {title} at {since}, and its response is lost");
    message.push_str(&how_to_look(OperationName::Create, email, integration));
    error(ErrorCode::ConnectionLost, 502, Outcome::Unknown, message)
}

/// What follows a response.
enum Step<'a> {
    /// The call is over.
    Done(Box<Result<Completed<'a>, Error>>),
    /// The first look-up of a phase.
    Look(Phase),
    /// Another look-up, after a while.
    LookLater(u32),
    /// The next request of the same look-up.
    NextPage(List),
    /// The creation.
    Create,
    /// A change of the user of this id.
    Update(String, UserChanges, Vec<Finding>),
}

fn done(completed: Result<Completed<'_>, Error>) -> Step<'_> {
    Step::Done(Box::new(completed))
}

/// Resumes a creation.
pub(super) fn resume<'a>(
    mut context: Context,
    mut creation: Box<Creation>,
    response: Result<&'a ProviderResponse, &TransportError>,
    resolve: impl FnOnce(&str) -> Result<Account, ResolveError>,
) -> Next<'a> {
    let list = context.list.take();
    let mut wait_ms = 0;
    match read(&context, &mut creation, list, response) {
        Step::Done(completed) => return Next::Done(*completed),
        Step::NextPage(list) => context.list = Some(list),
        Step::Look(phase) => {
            creation.phase = phase;
            context.list = List::look_up(&context, &creation);
        }
        Step::LookLater(wait) => {
            wait_ms = wait;
            context.list = List::look_up(&context, &creation);
        }
        Step::Create => creation.phase = Phase::Create,
        Step::Update(id, changes, warnings) => {
            creation.phase = Phase::Update;
            creation.changes = Some(changes);
            // The user is there: what becomes of the change is another matter.
            creation.error = None;
            context.id = Some(id);
            context.warnings = warnings;
        }
    }
    // Where the account is gone meanwhile, the creation is as it was.
    let earlier = creation.error.clone();
    context.creation = Some(creation);
    let planned = resolve(&context.account)
        .map_err(|reason| resolve_error(&context.account, reason))
        .and_then(|account| next_request(context, &account));
    match planned {
        Ok(planned) => Next::Send(Planned { wait_ms, ..planned }),
        Err(error) => Next::Done(Err(earlier.unwrap_or(error))),
    }
}

fn read<'a>(
    context: &Context,
    creation: &mut Creation,
    list: Option<List>,
    response: Result<&'a ProviderResponse, &TransportError>,
) -> Step<'a> {
    let reader = Reader::new(context, creation.operation());
    let success = match reader.read(response) {
        Ok(success) => success,
        Err(error) if creation.phase == Phase::Create => {
            return after_create(context, creation, error);
        }
        // The host has no time for another look-up, or for any.
        Err(error) if matches!(response, Err(TransportError::Deadline(false))) => {
            return kept_back(context, creation, error);
        }
        Err(error) => return failed(context, creation, error),
    };
    let Some((list, listing)) = list.zip(reader.listing()) else {
        let (output, warnings) = single(&reader, &success, context);
        let result = creation.operation().result();
        return done(Ok(reader.completed(
            output,
            result,
            success.response,
            warnings,
        )));
    };
    match list.read(
        reader.integration,
        listing,
        &success.value,
        success.response,
    ) {
        After::Send(list) => Step::NextPage(list),
        After::Unusable(why) => failed(context, creation, reader.unusable(success.response, why)),
        After::Done(users, _) => {
            let users = entries(&reader, users, true);
            match after_look_up(context, creation, users) {
                Found::Step(step) => step,
                Found::User(entry, result, warnings) => {
                    let output = Output::User(entry);
                    let completed = reader.completed(output, result, success.response, warnings);
                    done(Ok(completed))
                }
            }
        }
    }
}

/// What follows a request that failed, where it is not the creation. A look-up that fails leaves an earlier error as it is.
fn failed<'a>(context: &Context, creation: &mut Creation, error: Error) -> Step<'a> {
    let Some(mut earlier) = creation.error.take() else {
        return done(Err(error));
    };
    if creation.phase == Phase::Settle {
        let found = match earlier.looked {
            0 => String::new(),
            looked => found_nobody(context, looked) + ", and then ",
        };
        let failed = format!("; {found}a look-up failed: {}", error.message);
        earlier.message.push_str(&failed);
    }
    done(Err(earlier))
}

/// What follows a look-up that the host kept back: an earlier error stays as it is.
fn kept_back<'a>(context: &Context, creation: &mut Creation, error: Error) -> Step<'a> {
    let Some(mut earlier) = creation.error.take() else {
        return done(Err(error));
    };
    if earlier.looked > 0 {
        let found = found_nobody(context, earlier.looked);
        earlier.message.push_str("; ");
        earlier.message.push_str(&found);
    }
    done(Err(earlier))
}

fn found_nobody(context: &Context, looked: u32) -> String {
    let email = quoted_address(context.email.as_deref().unwrap_or_default());
    let look_ups = if looked == 1 { "look-up" } else { "look-ups" };
    format!("{looked} {look_ups} found nobody with the email {email}")
}

/// What follows a creation that the provider has not carried out, as far as is known.
fn after_create<'a>(context: &Context, creation: &mut Creation, error: Error) -> Step<'a> {
    let status = error.provider.as_ref().map(|provider| provider.status);
    let may_exist = error.outcome == Outcome::Rejected
        && (error.code == ErrorCode::ProviderConflict || matches!(status, Some(400 | 422)));
    let phase = match error.outcome {
        Outcome::Unknown if creation.settle => Phase::Settle,
        _ if may_exist && creation.if_exists != IfExists::Fail => Phase::LookAgain,
        _ => return done(Err(error)),
    };
    if context.email.is_none() {
        return done(Err(error));
    }
    creation.error = Some(error);
    Step::Look(phase)
}

/// What a look-up found.
enum Found<'a> {
    /// It is not over.
    Step(Step<'a>),
    /// The user, what that means, and the warnings.
    User(Entry<'static>, CallResult, Vec<Finding>),
}

fn after_look_up<'a>(
    context: &Context,
    creation: &mut Creation,
    mut users: Vec<Entry<'static>>,
) -> Found<'a> {
    let ids = users.iter().filter_map(|entry| entry.user.id.clone());
    let ids: Vec<String> = ids.collect();
    let user = match (users.pop(), users.len()) {
        (None, _) => return Found::Step(nobody(context, creation)),
        (Some(user), 0) => user,
        (Some(_), _) => return Found::Step(several(context, creation, ids)),
    };
    let is_settling = creation.phase == Phase::Settle;
    match creation.if_exists {
        // The user may be the one that this call created.
        _ if is_settling && !is_older(creation, &user) => {
            let result = if creation.begun.is_some() && created_at(&user).is_some() {
                CallResult::Settled
            } else {
                CallResult::Found
            };
            Found::User(user, result, settled(context))
        }
        IfExists::Keep => Found::User(user, CallResult::Found, context.warnings.clone()),
        IfExists::Update if !is_settling || creation.is_earlier => change(context, creation, user),
        IfExists::Update | IfExists::Fail => Found::Step(older(context, creation, ids)),
    }
}

/// Nobody has the address: the creation is sent, or it is still not known what became of it.
fn nobody<'a>(context: &Context, creation: &mut Creation) -> Step<'a> {
    if creation.phase == Phase::LookFirst {
        return Step::Create;
    }
    let Some(mut error) = creation.error.take() else {
        return Step::Create;
    };
    if creation.phase == Phase::LookAgain {
        return done(Err(error));
    }
    error.looked += 1;
    let looked = usize::try_from(error.looked).unwrap_or(usize::MAX);
    if let Some(wait) = WAITS.get(looked) {
        creation.error = Some(error);
        return Step::LookLater(*wait);
    }
    let found = found_nobody(context, error.looked);
    let message = format!("; {found}, and a new user may be shown late");
    error.message.push_str(&message);
    done(Err(error))
}

/// Several users have the address: nobody can say which one is meant.
fn several<'a>(context: &Context, creation: &mut Creation, ids: Vec<String>) -> Step<'a> {
    let title = context.integration.title;
    let found = format!(
        "{title} has several users with this address: {}",
        list_of(&ids)
    );
    match creation.error.take() {
        Some(mut error) if creation.phase == Phase::Settle => {
            error.message.push_str("; ");
            error.message.push_str(&found);
            error.existing_ids = ids;
            done(Err(error))
        }
        _ => done(Err(conflict(found, ids))),
    }
}

/// The user was there before the call, so that the provider did not create one.
fn older<'a>(context: &Context, creation: &mut Creation, ids: Vec<String>) -> Step<'a> {
    let title = context.integration.title;
    match creation.error.take() {
        // A person who was there may have been made a user by this call.
        Some(mut error) if context.integration.adopts => {
            let found = format!(
                "; {title} has a user with this address who was there before, and may have been changed by this call: {}",
                list_of(&ids)
            );
            error.message.push_str(&found);
            error.existing_ids = ids;
            done(Err(error))
        }
        _ => {
            let message = format!(
                "{title} has a user with this address who was created before this call: {}",
                list_of(&ids)
            );
            done(Err(conflict(message, ids)))
        }
    }
}

fn conflict(message: String, existing_ids: Vec<String>) -> Error {
    Error {
        existing_ids,
        ..error(ErrorCode::ProviderConflict, 409, Outcome::Rejected, message)
    }
}

fn list_of(ids: &[String]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| quoted(id).to_string()).collect();
    ids.join(", ")
}

/// When a user was created, in seconds since 1970.
fn created_at(user: &Entry<'_>) -> Option<i64> {
    user.user.created_at.as_deref().and_then(seconds)
}

/// Whether a user was clearly created before the call.
fn is_older(creation: &Creation, user: &Entry<'_>) -> bool {
    let begun = creation.begun.map(|begun| begun - CLOCK_SKEW);
    created_at(user)
        .zip(begun)
        .is_some_and(|(created, begun)| created < begun)
}

/// The warnings, and one that says that the creation was settled.
fn settled(context: &Context) -> Vec<Finding> {
    let mut warnings = context.warnings.clone();
    let settled = Finding {
        code: FindingCode::Settled,
        in_: Location::Body,
        path: String::new(),
        message:
            "the response to the creation was lost or of no use: the user was found by the address"
                .to_owned(),
    };
    add_warning(&mut warnings, settled);
    warnings
}

/// The change of a user who is there: the fields given that differ, or cannot be compared.
fn change<'a>(context: &Context, creation: &mut Creation, user: Entry<'static>) -> Found<'a> {
    let row = context.integration.operation(OperationName::Update);
    let given = creation.changes.take();
    let (Some(row), Some(given), Some(id)) = (row, given, user.user.id.clone()) else {
        return Found::User(user, CallResult::Found, context.warnings.clone());
    };
    let creates = context.integration.operation(OperationName::Create);
    let Difference {
        changes,
        not_changed,
    } = difference(row, creates, &given, &user.user);
    let mut warnings = context.warnings.clone();
    for (field, why) in not_changed {
        let title = context.integration.title;
        let warning = Finding {
            code: FindingCode::UnsupportedField,
            in_: Location::Body,
            path: field.pointer().to_owned(),
            message: format!("{title} {why}: `{}` is not changed", field.name()),
        };
        add_warning(&mut warnings, warning);
    }
    match changes {
        Some(changes) => Found::Step(Step::Update(id, changes, warnings)),
        None => Found::User(user, CallResult::Unchanged, warnings),
    }
}
