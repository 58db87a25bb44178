//! The published HTTP API: starts a call with a request, and resumes it until there is a response.

pub mod body;
mod media;
pub mod query;
mod response;

use percent_encoding::percent_decode_str;

use crate::bindings::accounts::{Account, ResolveError};
use crate::bindings::http_api::{HttpRequest, HttpStep};
use crate::bindings::types::{
    Error, ErrorCode, FindingCode, Location, Outcome, ProviderResponse, TransportError,
};
use crate::context::{Context, EntryPoint};
use crate::findings::{Findings, error, quoted};
use crate::integration::OperationName;
use crate::interpret::interpret;
use crate::plan::{self, Call, Planned};
use crate::steps::resolve_error;
use query::Query;
pub use query::account_id;

/// The path of the API.
const USERS: &str = "/unified/ticketing/users";

/// The largest body of a request, in bytes.
pub const MAX_BODY: usize = 1 << 20;

/// Starts a call with a request. `resolve` returns the account of an id.
///
/// `account` is the id that the host has bound the call to, empty when the request names none.
pub fn start(
    account: &str,
    request: &HttpRequest,
    resolve: impl FnOnce(&str) -> Result<Account, ResolveError>,
) -> HttpStep {
    match Route::parse(request).and_then(|route| prepare(account, &route, request, resolve)) {
        Ok(Prepared::Plan(planned)) => HttpStep::Respond(response::plan(planned)),
        Ok(Prepared::Call(planned)) => HttpStep::Send(planned.into_sending()),
        Err(rejected) => HttpStep::Respond(response::error(&rejected.error, &rejected.headers)),
    }
}

/// Resumes a call with the provider's response, or the reason why there is none.
#[must_use]
pub fn resume(
    account: &str,
    context: &[u8],
    response: Result<&ProviderResponse, &TransportError>,
) -> HttpStep {
    let completed = Context::from_bytes(context, account, EntryPoint::HttpApi)
        .and_then(|context| interpret(&context, response));
    HttpStep::Respond(match completed {
        Ok(completed) => response::completed(completed),
        Err(error) => response::error(&error, &[]),
    })
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

/// Which operation a request is for.
enum Route {
    Create,
    Update(String),
}

impl Route {
    /// Path, then method.
    fn parse(request: &HttpRequest) -> Result<Self, Rejected> {
        let path = request.target.split('?').next().unwrap_or_default();
        let (route, method) = match path.strip_prefix(USERS) {
            Some("") => (Self::Create, "POST"),
            Some(rest) => match rest.strip_prefix('/') {
                Some(id) if !id.is_empty() && !id.contains('/') => (
                    // An id that is not UTF-8 becomes the empty id, which is a violation.
                    Self::Update(
                        percent_decode_str(id)
                            .decode_utf8()
                            .unwrap_or_default()
                            .into_owned(),
                    ),
                    "PATCH",
                ),
                _ => return Err(not_found()),
            },
            None => return Err(not_found()),
        };
        if request.method == method {
            return Ok(route);
        }
        let message = format!("expected {method}, but found {}", quoted(&request.method));
        Err(Rejected {
            headers: vec![("allow".to_owned(), method.to_owned())],
            ..rejected(ErrorCode::MethodNotAllowed, 405, &message)
        })
    }

    const fn operation(&self) -> OperationName {
        match self {
            Self::Create => OperationName::Create,
            Self::Update(_) => OperationName::Update,
        }
    }
}

fn not_found() -> Rejected {
    rejected(
        ErrorCode::RouteNotFound,
        404,
        "expected the path `/unified/ticketing/users` or `/unified/ticketing/users/ID`",
    )
}

/// Everything from the media type on, in the order of the contract.
fn prepare(
    account: &str,
    route: &Route,
    request: &HttpRequest,
    resolve: impl FnOnce(&str) -> Result<Account, ResolveError>,
) -> Result<Prepared, Rejected> {
    check_body(request)?;
    let query = Query::parse(&request.target);
    let account_id = query.account().map_err(violations)?;
    let account = if account_id.eq_ignore_ascii_case(account) {
        resolve(account_id)
    } else {
        Err(ResolveError::Unknown)
    };
    let account = account.map_err(|reason| resolve_error(account_id, reason))?;
    let operation = route.operation();
    plan::operation(plan::integration(&account)?, operation)?;
    let (settings, mut findings) = query.settings();
    if header(request, "idempotency-key").is_some() {
        let message = "idempotency keys are not honoured: the request may be carried out again";
        findings.warning(
            FindingCode::IdempotencyKeyIgnored,
            Location::Header,
            "idempotency-key",
            message,
        );
    }
    let (id, changes) = match route {
        Route::Create => (None, body::new_user(&request.body, &mut findings)),
        Route::Update(id) => (
            Some(id.as_str()),
            body::changes(&request.body, &mut findings),
        ),
    };
    let call = Call {
        account_id,
        account: &account,
        entry_point: EntryPoint::HttpApi,
        operation,
        id,
        changes: &changes,
        options: &settings.options,
    };
    let planned = plan::plan(&call, findings)?;
    Ok(if settings.dry_run {
        Prepared::Plan(planned)
    } else {
        Prepared::Call(planned)
    })
}

/// Whether the API reads a body of this length with these headers of its request. It rejects any other for its type, its charset, its
/// coding or its size.
#[must_use]
pub fn accepts_body(headers: &[(String, String)], length: usize) -> bool {
    let mut headers = headers.iter();
    length <= MAX_BODY && headers.all(|(name, value)| media::expected(name, value).is_none())
}

/// Checks the type and coding of the body, then its size.
fn check_body(request: &HttpRequest) -> Result<(), Rejected> {
    for (name, value) in &request.headers {
        if let Some(expected) = media::expected(name, value) {
            let found = quoted(value.trim());
            let message = format!("expected {expected}, but found {found}");
            return Err(rejected(ErrorCode::UnsupportedMediaType, 415, &message));
        }
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

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request
        .headers
        .iter()
        .find(|(given, _)| given.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

fn violations(findings: Findings) -> Rejected {
    match findings.verdict() {
        Err(error) => error.into(),
        Ok(_) => rejected(ErrorCode::InvalidRequest, 400, "the request is invalid"),
    }
}
