//! The published HTTP API: starts a call with a request, and resumes it until there is a response.

pub mod body;
pub mod gate;
mod key;
mod media;
pub mod query;
mod response;
mod route;

use crate::bindings::accounts::{Account, ResolveError};
use crate::bindings::http_api::{HttpRequest, HttpStep};
use crate::bindings::types::{
    Begun, Error, ErrorCode, FindingCode, Location, Outcome, ProviderResponse, TransportError,
    UserChanges,
};
use crate::context::{Context, EntryPoint};
use crate::findings::{Findings, error, quoted};
use crate::integration::OperationName;
use crate::operation::{self, Next};
use crate::plan::{self, Call, Input, Planned};
use crate::steps::resolve_error;
pub use key::{IDEMPOTENCY_KEY, KeyError, idempotency_key, is_idempotency_key};
use query::Query;
pub use query::account_id;
#[cfg(any(feature = "standalone", test))]
pub(crate) use response::error as error_response;
pub use route::{Route, RouteError, USERS, route};

/// The largest body of a request, in bytes.
pub const MAX_BODY: usize = 1 << 20;

/// Starts a call with a request. `resolve` returns the account of an id.
///
/// `account` is the id that the host has bound the call to, empty when the request names none; `begun` is when the call began.
pub fn start(
    account: &str,
    request: &HttpRequest,
    begun: &Begun,
    resolve: impl FnOnce(&str) -> Result<Account, ResolveError>,
) -> HttpStep {
    let path = request.target.split('?').next().unwrap_or_default();
    let prepared = route(&request.method, path)
        .map_err(Rejected::from)
        .and_then(|route| prepare(account, &route, request, begun, resolve));
    match prepared {
        Ok(Prepared::Plan(planned)) => HttpStep::Respond(response::plan(planned)),
        Ok(Prepared::Call(planned)) => HttpStep::Send(planned.into_sending(true)),
        Err(rejected) => HttpStep::Respond(response::error(&rejected.error, &rejected.headers)),
    }
}

/// Resumes a call with the provider's response, or the reason why there is none.
pub fn resume(
    account: &str,
    context: &[u8],
    response: Result<&ProviderResponse, &TransportError>,
    resolve: impl FnOnce(&str) -> Result<Account, ResolveError>,
) -> HttpStep {
    let next = match Context::from_bytes(context, account, EntryPoint::HttpApi) {
        Ok(context) => operation::resume(context, response, resolve),
        Err(error) => Next::Done(Err(error)),
    };
    match next {
        Next::Send(planned) => HttpStep::Send(planned.into_sending(false)),
        Next::Done(Ok(completed)) => HttpStep::Respond(response::completed(completed)),
        Next::Done(Err(error)) => HttpStep::Respond(response::error(&error, &[])),
    }
}

/// A request that is ready.
enum Prepared {
    /// It is to be sent.
    Call(Planned),
    /// It is to be shown.
    Plan(Planned),
}

/// An error, and headers that belong to it.
struct Rejected {
    error: Error,
    headers: Vec<(String, String)>,
}

impl From<Error> for Rejected {
    fn from(error: Error) -> Self {
        Self {
            error,
            headers: Vec::new(),
        }
    }
}

fn rejected(code: ErrorCode, status: u16, message: &str) -> Rejected {
    error(code, status, Outcome::NotSent, message.to_owned()).into()
}

impl From<RouteError> for Rejected {
    fn from(error: RouteError) -> Self {
        match error {
            RouteError::Path => rejected(
                ErrorCode::RouteNotFound,
                404,
                "expected the path `/unified/ticketing/users` or `/unified/ticketing/users/ID`",
            ),
            RouteError::Method(allowed) => {
                let message = format!("expected one of the methods {allowed}");
                Self {
                    headers: vec![("allow".to_owned(), allowed)],
                    ..rejected(ErrorCode::MethodNotAllowed, 405, &message)
                }
            }
        }
    }
}

/// Everything from the media type on, in the order of the contract.
fn prepare(
    account: &str,
    route: &Route,
    request: &HttpRequest,
    begun: &Begun,
    resolve: impl FnOnce(&str) -> Result<Account, ResolveError>,
) -> Result<Prepared, Rejected> {
    let operation = route.operation;
    check_body(request, operation)?;
    let query = Query::parse(&request.target);
    let account_id = query.account().map_err(violations)?;
    let account = if account_id.eq_ignore_ascii_case(account) {
        resolve(account_id)
    } else {
        Err(ResolveError::Unknown)
    };
    let account = account.map_err(|reason| resolve_error(account_id, reason))?;
    plan::operation(plan::integration(&account)?, operation)?;
    let (settings, mut findings) = query.settings(operation);
    if operation.http_method() != "GET" {
        check_key(request, &mut findings);
    }
    let changes = match operation {
        OperationName::Create => body::new_user(&request.body, &mut findings),
        OperationName::Update => body::changes(&request.body, &mut findings),
        OperationName::Get | OperationName::List | OperationName::Delete => {
            if !request.body.trim_ascii().is_empty() {
                let message = "this request takes no body";
                findings.tolerated(FindingCode::UnsupportedField, Location::Body, "", message);
            }
            UserChanges::default()
        }
    };
    let id = route.id.as_deref().unwrap_or_default();
    let call = Call {
        account_id,
        account: &account,
        entry_point: EntryPoint::HttpApi,
        input: match operation {
            OperationName::Create => Input::Create(&changes),
            OperationName::Update => Input::Update(id, &changes),
            OperationName::Get => Input::Get(id),
            OperationName::List => Input::List(&settings.list),
            OperationName::Delete => Input::Delete(id),
        },
        options: &settings.options,
        begun,
        debug: settings.debug,
    };
    let planned = plan::plan(&call, findings)?;
    Ok(if settings.dry_run {
        Prepared::Plan(planned)
    } else {
        Prepared::Call(planned)
    })
}

/// Whether the API reads a body of this length, with these headers of its request. It rejects any other for its type, its charset, its
/// coding or its size.
#[must_use]
pub fn accepts_body(operation: OperationName, headers: &[(String, String)], length: usize) -> bool {
    length <= MAX_BODY && unexpected(operation, headers).is_none()
}

/// What is expected in place of a header's value, where that says that a body which is read is none of this API, and that value.
fn unexpected(
    operation: OperationName,
    headers: &[(String, String)],
) -> Option<(&'static str, &str)> {
    let mut headers = headers.iter().filter(|_| operation.has_fields());
    headers.find_map(|(name, value)| Some((media::expected(name, value)?, value.as_str())))
}

/// Checks the idempotency key. A host that honours keys takes it out of the request.
fn check_key(request: &HttpRequest, findings: &mut Findings) {
    match idempotency_key(&request.headers) {
        Ok(None) => {}
        Ok(Some(_)) => {
            let message = "idempotency keys are not honoured: the request may be carried out again";
            findings.warning(
                FindingCode::IdempotencyKeyIgnored,
                Location::Header,
                IDEMPOTENCY_KEY,
                message,
            );
        }
        Err(error) => {
            let (code, message) = match error {
                KeyError::Several => (FindingCode::TooMany, "expected one key, but found more"),
                KeyError::Invalid => (
                    FindingCode::Format,
                    "expected 1 to 255 characters of printable ASCII, as a string in quotation marks or bare, then without space, \
                     quotation mark and comma",
                ),
            };
            findings.violation(code, Location::Header, IDEMPOTENCY_KEY, message);
        }
    }
}

/// Checks the type and coding of a body that is read, then its size.
fn check_body(request: &HttpRequest, operation: OperationName) -> Result<(), Rejected> {
    if let Some((expected, found)) = unexpected(operation, &request.headers) {
        let message = format!("expected {expected}, but found {}", quoted(found.trim()));
        return Err(rejected(ErrorCode::UnsupportedMediaType, 415, &message));
    }
    if request.body.len() > MAX_BODY {
        return Err(rejected(
            ErrorCode::BodyTooLarge,
            413,
            "expected a body of at most 1 MiB",
        ));
    }
    Ok(())
}

fn violations(findings: Findings) -> Rejected {
    match findings.verdict() {
        Err(error) => error.into(),
        Ok(_) => rejected(ErrorCode::InvalidRequest, 400, "the request is invalid"),
    }
}
