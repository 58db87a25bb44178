//! The machine of an operation after its first request: what a response means, and what follows.
//!
//! Most operations are over with one response. A list goes on until it has what the caller asks for ([`List`]).

mod create;
mod cursor;
mod list;
mod merge;

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::bindings::accounts::{Account, ResolveError};
use crate::bindings::types::{
    CallResult, Error, Finding, FindingCode, Location, ProviderRequest, ProviderResponse,
    RateLimit, TransportError, User,
};
use crate::context::{Context, Form};
use crate::integration::OperationName;
use crate::interpret::{Reader, Success};
use crate::json::parse;
use crate::plan::{Planned, add_warning, next_request};
use crate::rate;
use crate::steps::resolve_error;
pub(crate) use create::lost_earlier;
pub use create::{Creation, Phase};
use list::After;
pub use list::{DEFAULT_LIMIT, List, MAX_LIMIT, MAX_PAGES};

/// What comes next.
#[derive(Debug)]
pub enum Next<'a> {
    /// A request is to be sent.
    Send(Planned),
    /// The call is over.
    Done(Result<Completed<'a>, Error>),
}

/// A call that the provider carried out.
#[derive(Debug)]
pub struct Completed<'a> {
    /// What the call is for, in no particular format yet.
    pub output: Output<'a>,
    /// What the call did.
    pub result: CallResult,
    /// The provider's last response.
    pub response: &'a ProviderResponse,
    /// The warnings about the input and the response.
    pub warnings: Vec<Finding>,
    /// The provider's rate limit.
    pub rate_limit: Option<RateLimit>,
    /// The form of the response that the caller asks for.
    pub form: Form,
    /// The request of the last response as people may see it, where the caller asks for it.
    pub request: Option<ProviderRequest>,
}

impl Completed<'_> {
    /// The provider's body and its content type. Of a user who was looked for it is the user's own JSON.
    #[must_use]
    pub fn raw(&self) -> (Option<&str>, &[u8]) {
        match (&self.output, self.result) {
            (
                Output::User(entry),
                CallResult::Found | CallResult::Settled | CallResult::Unchanged,
            ) => (Some("application/json"), entry.json.as_bytes()),
            _ => (
                rate::header(self.response, "content-type"),
                &self.response.body,
            ),
        }
    }
}

/// What a call is for.
#[cfg_attr(
    target_pointer_width = "64",
    expect(
        clippy::large_enum_variant,
        reason = "there is one, it is moved once, and a box would cost every call of one user an allocation"
    )
)]
#[derive(Debug)]
pub enum Output<'a> {
    /// A user.
    User(Entry<'a>),
    /// Users.
    Users {
        /// The users, in the provider's order.
        entries: Vec<Entry<'a>>,
        /// The cursor of the next page.
        next_cursor: Option<String>,
    },
    /// The id of a user who was deleted.
    Deleted(String),
}

/// A user, and the provider's JSON: what `remote_data` will be.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The user, without `remote_data`.
    pub user: User,
    /// The provider's JSON.
    pub json: Cow<'a, str>,
}

/// Resumes a call with the provider's response, or the reason why there is none. `resolve` returns the account of an id: it is
/// asked only where another request follows.
#[must_use]
pub fn resume<'a>(
    mut context: Context,
    response: Result<&'a ProviderResponse, &TransportError>,
    resolve: impl FnOnce(&str) -> Result<Account, ResolveError>,
) -> Next<'a> {
    if let Some(creation) = context.creation.take() {
        return create::resume(context, creation, response, resolve);
    }
    let list = context.list.take();
    let reader = Reader::new(&context, context.operation);
    let success = match reader.read(response) {
        Ok(success) => success,
        Err(error) => return Next::Done(Err(error)),
    };
    let result = context.operation.result();
    let (output, warnings) = match list.zip(reader.listing()) {
        Some((list, listing)) => {
            let is_look_up = list.is_look_up();
            match list.read(
                reader.integration,
                listing,
                &success.value,
                success.response,
            ) {
                After::Unusable(why) => {
                    return Next::Done(Err(reader.unusable(success.response, why)));
                }
                After::Send(list) => {
                    context.list = Some(list);
                    let planned = resolve(&context.account)
                        .map_err(|reason| resolve_error(&context.account, reason))
                        .and_then(|account| next_request(context, &account));
                    return match planned {
                        Ok(planned) => Next::Send(planned),
                        Err(error) => Next::Done(Err(error)),
                    };
                }
                After::Done(users, next) => {
                    let output = Output::Users {
                        entries: entries(&reader, users, is_look_up),
                        next_cursor: next.and_then(|it| it.to_cursor(reader.integration.name)),
                    };
                    (output, context.warnings.clone())
                }
            }
        }
        None => single(&reader, &success, &context),
    };
    Next::Done(Ok(reader.completed(
        output,
        result,
        success.response,
        warnings,
    )))
}

/// The output of an operation for one user.
fn single<'a>(
    reader: &Reader<'_>,
    success: &Success<'a>,
    context: &Context,
) -> (Output<'a>, Vec<Finding>) {
    let mut warnings = context.warnings.clone();
    if reader.name == OperationName::Delete {
        return (
            Output::Deleted(context.id.clone().unwrap_or_default()),
            warnings,
        );
    }
    let mut user = (reader.integration.user)(&success.value, reader.name);
    user.id = user
        .id
        .or_else(|| reader.header_id(success.response))
        .or_else(|| context.id.clone());
    if user.id.is_none() {
        let title = reader.integration.title;
        let id_missing = Finding {
            code: FindingCode::IdMissing,
            in_: Location::Body,
            path: "/id".to_owned(),
            message: format!("{title} answered without the id of the user that it created"),
        };
        add_warning(&mut warnings, id_missing);
    }
    let json = Cow::Borrowed(success.json);
    (Output::User(Entry { user, json }), warnings)
}

/// The users of a list. A look-up in two spellings may find a user twice.
fn entries(reader: &Reader<'_>, users: Vec<String>, once: bool) -> Vec<Entry<'static>> {
    let entries = users.into_iter().map(|json| Entry {
        user: parse(&json)
            .map(|value| (reader.integration.user)(&value, OperationName::List))
            .unwrap_or_default(),
        json: Cow::Owned(json),
    });
    let mut entries: Vec<Entry<'static>> = entries.collect();
    if once {
        let mut seen = BTreeSet::new();
        let keys = entries
            .iter()
            .map(|entry| entry.user.id.as_deref().unwrap_or(&entry.json));
        let first: Vec<bool> = keys.map(|key| seen.insert(key)).collect();
        let mut first = first.into_iter();
        entries.retain(|_| first.next().unwrap_or_default());
    }
    entries
}
