//! The published HTTP API as two functions: a request to a step, what became of the step to a response.

mod media;
mod response;

use percent_encoding::percent_decode_str;

use crate::bindings::accounts::{Account, ResolveError};
use crate::bindings::http_api::{HttpRequest, HttpResponse, HttpStep};
use crate::bindings::types::{
    Error, ErrorCode, FindingCode, Location, Outcome, ProviderResponse, TransportError,
};
use crate::findings::{Findings, error};
use crate::plan::{self, Context, Planned};
use crate::{input, query};

/// The path of the API.
const USERS: &str = "/unified/ticketing/users";

/// The largest body of a request, in bytes.
pub const LARGEST_BODY: usize = 1 << 20;

/// Reads a request. `resolve` gives the account of an id.
///
/// `account` is the id that the host has bound the call to, empty when the request names none.
pub fn start(
    account: &str,
    request: &HttpRequest,
    resolve: impl FnOnce(&str) -> Result<Account, ResolveError>,
) -> HttpStep {
    match Route::of(request).and_then(|route| prepare(account, &route, request, resolve)) {
        Ok((planned, true)) => HttpStep::Respond(response::plan(planned)),
        Ok((planned, false)) => HttpStep::Send((planned.request, planned.context.to_bytes())),
        Err(refused) => HttpStep::Respond(response::error(&refused.error, &refused.headers)),
    }
}

/// Makes the response from what became of the request.
#[must_use]
pub fn resume(context: &[u8], answer: Result<&ProviderResponse, &TransportError>) -> HttpResponse {
    let answered = Context::from_bytes(context).and_then(|context| {
        crate::interpret::interpret(&context, answer).map(|answered| (answered, context))
    });
    match answered {
        Ok((answered, context)) => response::answered(&answered, &context),
        Err(error) => response::error(&error, &[]),
    }
}

/// An error, and headers that belong to it.
struct Refused {
    error: Error,
    headers: Vec<(String, String)>,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self {
            error,
            headers: Vec::new(),
        }
    }
}

fn refused(code: ErrorCode, status: u16, message: &str) -> Refused {
    error(code, status, Outcome::NotSent, message.to_owned()).into()
}

/// Which operation a request is for.
enum Route {
    Create,
    Update(String),
}

impl Route {
    /// Path, then method.
    fn of(request: &HttpRequest) -> Result<Self, Refused> {
        let path = request.target.split('?').next().unwrap_or_default();
        let (route, method) = match path.strip_prefix(USERS) {
            Some("") => (Self::Create, "POST"),
            Some(rest) => match rest.strip_prefix('/') {
                Some(id) if !id.is_empty() && !id.contains('/') => (
                    // What is no text is no id: it becomes the empty one, which is refused with the other violations.
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
        let message = format!(
            "expected {method}, but found {}",
            crate::findings::quoted(&request.method)
        );
        Err(Refused {
            headers: vec![("allow".to_owned(), method.to_owned())],
            ..refused(ErrorCode::MethodNotAllowed, 405, &message)
        })
    }
}

fn not_found() -> Refused {
    refused(
        ErrorCode::RouteNotFound,
        404,
        "expected the path `/unified/ticketing/users` or `/unified/ticketing/users/ID`",
    )
}

/// Everything from the media type on, in the order of the contract. Also says whether only the plan is asked for.
fn prepare(
    account: &str,
    route: &Route,
    request: &HttpRequest,
    resolve: impl FnOnce(&str) -> Result<Account, ResolveError>,
) -> Result<(Planned, bool), Refused> {
    check_body(request)?;
    let text = query::of(&request.target);
    let id = match query::account(text) {
        Ok(id) => id,
        Err(findings) => return Err(violations(findings)),
    };
    let account = if id.eq_ignore_ascii_case(account) {
        resolve(&id)
    } else {
        Err(ResolveError::Unknown)
    };
    let account = account.map_err(|reason| crate::resolve_error(&id, reason))?;
    let integration = plan::integration(&account)?;
    if matches!(route, Route::Update(_)) {
        plan::update_of(integration)?;
    }
    let (query, mut findings) = query::read(text);
    if header(request, "idempotency-key").is_some() {
        let message = "idempotency keys are not honoured: the request may be carried out again";
        findings.warning(
            FindingCode::IdempotencyKeyIgnored,
            Location::Header,
            "idempotency-key",
            message,
        );
    }
    let planned = match route {
        Route::Create => {
            let user = input::new_user(&request.body, &mut findings);
            plan::create(&account, &user, &query.options, findings)?
        }
        Route::Update(id) => {
            let changes = input::changes(&request.body, &mut findings);
            plan::update(&account, id, &changes, &query.options, findings)?
        }
    };
    Ok((planned, query.dry_run))
}

/// What the body is, then its size.
fn check_body(request: &HttpRequest) -> Result<(), Refused> {
    for (name, value) in &request.headers {
        if let Some(expected) = media::expected(name, value) {
            let found = crate::findings::quoted(value.trim());
            let message = format!("expected {expected}, but found {found}");
            return Err(refused(ErrorCode::UnsupportedMediaType, 415, &message));
        }
    }
    if request.body.len() > LARGEST_BODY {
        return Err(refused(
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

fn violations(findings: Findings) -> Refused {
    match findings.verdict() {
        Err(error) => error.into(),
        Ok(_) => refused(ErrorCode::InvalidRequest, 400, "the request is invalid"),
    }
}
