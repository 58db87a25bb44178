//! The component's entry points: the typed contract, and the HTTP API.

use std::borrow::Cow;

use unified_ticketing_guest::findings::{Findings, quoted, quoted_address};
use unified_ticketing_guest::http_api::{Route, body, route};
use unified_ticketing_guest::integration::OperationName;
use unified_ticketing_guest::{primary, set_emails};

use super::guest::Calling;
use super::once::Target;
use super::output::CallOutput;
use crate::bindings::http_api::{HttpRequest, HttpResponse, HttpStep};
use crate::bindings::steps::{Operation, Step};
use crate::bindings::types::{
    Begun, Context, Email, Error as CallError, NewUser, Options, ProviderResponse, Response,
    Safety, Sending, TransportError,
};

/// The next step of a call.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, it is moved once, and a box would cost an allocation for each step"
)]
pub(super) enum Next<T> {
    /// A request is to be sent.
    Send(Sending),
    /// The call is over.
    Done(T),
}

/// The response to a request, or the reason why there is none.
pub(super) type Sent = Result<ProviderResponse, TransportError>;

/// A request to an entry point.
pub(super) trait Entry: Send + Sync + 'static {
    /// The output of the call.
    type Output: CallOutput + Send + 'static;

    /// Calls the component's `start`.
    fn start(
        &self,
        account: &str,
        begun: &Begun,
        calling: &mut Calling<'_>,
    ) -> wasmtime::Result<Next<Self::Output>>;

    /// Calls the component's `resume`.
    fn resume(
        account: &str,
        context: &Context,
        response: &Sent,
        calling: &mut Calling<'_>,
    ) -> wasmtime::Result<Next<Self::Output>>;

    /// The subject of the call.
    fn subject(&self) -> Subject<'_>;

    /// The safety of the operation that the call is for. No request of the call may do more.
    fn safety(&self) -> Safety;

    /// What the call writes.
    fn target(&self) -> Target;
}

/// A call of the typed contract.
pub(super) struct Steps {
    pub(super) operation: Operation,
    pub(super) options: Options,
}

impl Entry for Steps {
    type Output = Result<Response, CallError>;

    fn start(
        &self,
        account: &str,
        begun: &Begun,
        calling: &mut Calling<'_>,
    ) -> wasmtime::Result<Next<Self::Output>> {
        let parameters = (account, &self.operation, &self.options, begun);
        let step = calling.exports.start.call(calling, parameters)?;
        Ok(match step {
            Step::Send(sending) => Next::Send(sending),
            Step::Done(result) => Next::Done(result),
        })
    }

    fn resume(
        account: &str,
        context: &Context,
        response: &Sent,
        calling: &mut Calling<'_>,
    ) -> wasmtime::Result<Next<Self::Output>> {
        let parameters = (account, context.as_slice(), response.as_ref());
        let step = calling.exports.resume.call(calling, parameters)?;
        Ok(match step {
            Step::Send(sending) => Next::Send(sending),
            Step::Done(result) => Next::Done(result),
        })
    }

    fn subject(&self) -> Subject<'_> {
        Subject::from_operation(&self.operation)
    }

    fn safety(&self) -> Safety {
        match self.operation {
            Operation::CreateUser(_) => Safety::Once,
            Operation::UpdateUser(_) | Operation::DeleteUser(_) => Safety::Idempotent,
            Operation::GetUser(_) | Operation::ListUsers(_) => Safety::Safe,
        }
    }

    fn target(&self) -> Target {
        self.subject().target()
    }
}

/// A request of the HTTP API.
pub(super) struct Http(pub(super) HttpRequest);

impl Entry for Http {
    type Output = HttpResponse;

    fn start(
        &self,
        account: &str,
        begun: &Begun,
        calling: &mut Calling<'_>,
    ) -> wasmtime::Result<Next<HttpResponse>> {
        let step = calling
            .exports
            .http_start
            .call(calling, (account, &self.0, begun))?;
        Ok(match step {
            HttpStep::Send(sending) => Next::Send(sending),
            HttpStep::Respond(response) => Next::Done(response),
        })
    }

    fn resume(
        account: &str,
        context: &Context,
        response: &Sent,
        calling: &mut Calling<'_>,
    ) -> wasmtime::Result<Next<HttpResponse>> {
        let parameters = (account, context.as_slice(), response.as_ref());
        let step = calling.exports.http_resume.call(calling, parameters)?;
        Ok(match step {
            HttpStep::Send(sending) => Next::Send(sending),
            HttpStep::Respond(response) => Next::Done(response),
        })
    }

    fn subject(&self) -> Subject<'_> {
        Subject::from_request(&self.0)
    }

    fn safety(&self) -> Safety {
        let path = self.0.target.split('?').next().unwrap_or_default();
        match route(&self.0.method, path).map(|route| route.operation) {
            Ok(OperationName::Create) => Safety::Once,
            Ok(OperationName::Update | OperationName::Delete) => Safety::Idempotent,
            // A request without a route is answered without anything sent.
            Ok(OperationName::Get | OperationName::List) | Err(_) => Safety::Safe,
        }
    }

    fn target(&self) -> Target {
        let path = self.0.target.split('?').next().unwrap_or_default();
        let Ok(Route { operation, id }) = route(&self.0.method, path) else {
            return Subject::Either.target();
        };
        Target {
            operation: operation.as_str(),
            id,
            creates: operation == OperationName::Create,
        }
    }
}

/// The user of a call, for the sentence that says how to look where the outcome is unknown.
#[derive(Clone, Debug)]
pub(super) enum Subject<'a> {
    /// A user to create, with this primary email address.
    NewUser(Option<Cow<'a, str>>),
    /// The user of this id, to change.
    User(Cow<'a, str>),
    /// The user of this id, to delete.
    Deleted(Cow<'a, str>),
    /// Nobody is written.
    Reading,
    /// Any of them.
    Either,
}

impl<'a> Subject<'a> {
    pub(super) fn from_operation(operation: &'a Operation) -> Self {
        match operation {
            Operation::CreateUser(user) => Self::NewUser(primary_address(user).map(Cow::Borrowed)),
            Operation::UpdateUser(update) => Self::User(Cow::Borrowed(&update.id)),
            Operation::DeleteUser(id) => Self::Deleted(Cow::Borrowed(id)),
            Operation::GetUser(_) | Operation::ListUsers(_) => Self::Reading,
        }
    }

    pub(super) fn from_request(request: &HttpRequest) -> Self {
        let path = request.target.split('?').next().unwrap_or_default();
        // A request without a route is answered without anything sent.
        let Ok(Route { operation, id }) = route(&request.method, path) else {
            return Self::Either;
        };
        let id = Cow::Owned(id.unwrap_or_default());
        match operation {
            OperationName::Create => {
                let user = body::new_user(&request.body, &mut Findings::new(false));
                let address = primary(set_emails(&user.emails));
                Self::NewUser(address.map(|address| Cow::Owned(address.to_owned())))
            }
            OperationName::Update => Self::User(id),
            OperationName::Delete => Self::Deleted(id),
            OperationName::Get | OperationName::List => Self::Reading,
        }
    }

    /// The operation of a call that writes, as the log names it.
    pub(super) const fn verb(&self) -> &'static str {
        self.operation().verb()
    }

    const fn operation(&self) -> OperationName {
        match self {
            Self::NewUser(_) => OperationName::Create,
            Self::User(_) => OperationName::Update,
            Self::Deleted(_) => OperationName::Delete,
            Self::Reading | Self::Either => OperationName::Get,
        }
    }

    /// What a call writes.
    fn target(&self) -> Target {
        let operation = self.operation();
        let id = match self {
            Self::User(id) | Self::Deleted(id) => Some(id),
            Self::NewUser(_) | Self::Reading | Self::Either => None,
        };
        Target {
            operation: operation.as_str(),
            id: id.map(|id| id.clone().into_owned()),
            creates: operation == OperationName::Create,
        }
    }

    /// How to look for the user, to be added to a message.
    pub(super) fn how_to_look(&self) -> String {
        match self {
            Self::NewUser(Some(address)) => format!(
                "; the user may exist now: before trying again, look at the provider by email {}",
                quoted_address(address)
            ),
            Self::NewUser(None) => {
                "; the user may exist now: before trying again, look at the provider by the user's name, no email was given"
                    .to_owned()
            }
            Self::User(id) => format!(
                "; the change may have been made: look at user {} at the provider",
                quoted(id)
            ),
            Self::Deleted(id) => format!(
                "; the user may be deleted: look for user {} at the provider",
                quoted(id)
            ),
            Self::Reading => String::new(),
            Self::Either => {
                "; the user may have been created or changed: before trying again, look at the provider by email".to_owned()
            }
        }
    }
}

/// Returns how to look for the user that a request may have written, for a caller that gives up on it: the end of a sentence, as
/// the message of an error with the outcome `unknown` has it. Empty for a read.
#[must_use]
pub fn how_to_look(request: &HttpRequest) -> String {
    Subject::from_request(request).how_to_look()
}

/// The first address of type `primary`, else the first.
fn primary_address(user: &NewUser) -> Option<&str> {
    let emails = user.emails.as_deref().unwrap_or_default();
    let is_primary = |email: &&Email| email.type_.as_deref() == Some("primary");
    let primary = emails.iter().find(is_primary).or_else(|| emails.first());
    primary.map(|email| email.address.as_str())
}
