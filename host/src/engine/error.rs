//! The errors that the host gives: a component that was stopped, a deadline, a request that a call may not send.

use http::StatusCode;
use serde::Serialize;

use super::entry::Subject;
use super::limits::GuestError;
use super::requests::RequestError;
use crate::bindings::http_api::{HttpError, HttpResponse};
use crate::bindings::types::{Error, ErrorCode, Limit, Outcome};

/// The error for an instance that was stopped.
pub(super) fn stopped(stopped: &GuestError, outcome: Outcome, subject: &Subject<'_>) -> Error {
    match stopped {
        GuestError::Limit(limit, why) => Error {
            limit: Some(*limit),
            ..error(
                ErrorCode::LimitExceeded,
                500,
                outcome,
                subject,
                format!("the component was stopped: {why}"),
            )
        },
        GuestError::Trap(why) => error(
            ErrorCode::GuestTrap,
            500,
            outcome,
            subject,
            format!("the component trapped: {why}"),
        ),
    }
}

/// The error for a request that a call may not send. What its caller does not allow is no fault of the component.
pub(super) fn not_admitted(denied: RequestError, outcome: Outcome, subject: &Subject<'_>) -> Error {
    let why = denied.to_string();
    match denied {
        RequestError::NotToCreate => {
            return error(ErrorCode::ProviderNotFound, 404, outcome, subject, why);
        }
        RequestError::NotToChange => {
            return error(ErrorCode::Forbidden, 403, outcome, subject, why);
        }
        RequestError::TooMany
        | RequestError::WriteInRead
        | RequestError::CreateInChange
        | RequestError::SecondOnce
        | RequestError::WriteAfterOnce
        | RequestError::SecondIdempotent => {}
    }
    stopped(&GuestError::Limit(Limit::Requests, why), outcome, subject)
}

/// The error for a call that passed its deadline.
pub(super) fn deadline(outcome: Outcome, subject: &Subject<'_>) -> Error {
    let message = "the deadline passed".to_owned();
    Error {
        limit: Some(Limit::Deadline),
        ..error(ErrorCode::Deadline, 504, outcome, subject, message)
    }
}

/// The error for a component whose report contradicts what it has sent: the provider may have acted.
pub(super) fn contradicted(subject: &Subject<'_>) -> Error {
    let why = "it reported an error as if the provider could not have acted".to_owned();
    stopped(&GuestError::Trap(why), Outcome::Unknown, subject)
}

fn error(
    code: ErrorCode,
    status: u16,
    outcome: Outcome,
    subject: &Subject<'_>,
    mut message: String,
) -> Error {
    if outcome == Outcome::Unknown {
        message.push_str(&subject.how_to_look());
    }
    plain(code, status, outcome, message)
}

/// An error of the host: it has neither violations nor a provider's response.
pub(crate) const fn plain(
    code: ErrorCode,
    status: u16,
    outcome: Outcome,
    message: String,
) -> Error {
    Error {
        code,
        message,
        status,
        violations: Vec::new(),
        provider: None,
        retry_after: None,
        rate_limit: None,
        limit: None,
        outcome,
        existing_ids: Vec::new(),
        looked: 0,
    }
}

/// The headers of an error with its code and its outcome, for clients that drop the body.
pub(crate) const CODE: &str = "unified-code";
pub(crate) const OUTCOME: &str = "unified-outcome";

/// The header of what a call did.
pub(crate) const RESULT: &str = "unified-result";

/// The header of a warning.
pub(super) const WARNING: &str = "unified-warning";

/// The body of an error of the host in the published API.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "statusCode")]
    status: u16,
    error: &'a str,
    message: &'a str,
    code: &'a str,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<String>,
}

/// An error of the host in the form of the published API.
///
/// For errors that have neither violations nor a provider's response: the component writes those.
#[must_use]
pub fn http_response(error: &Error) -> HttpResponse {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = Body {
        status: status.as_u16(),
        error: status.canonical_reason().unwrap_or_default(),
        message: &error.message,
        code: &error.code.to_string(),
        outcome: &error.outcome.to_string(),
        limit: error.limit.map(|limit| limit.to_string()),
    };
    let mut headers = [
        ("content-type", "application/json"),
        (CODE, body.code),
        (OUTCOME, body.outcome),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    headers.extend(
        error
            .retry_after
            .map(|seconds| ("retry-after".to_owned(), seconds.to_string())),
    );
    // Strings and numbers always serialize.
    HttpResponse {
        status: status.as_u16(),
        headers,
        body: serde_json::to_vec(&body).unwrap_or_default(),
        warnings: Vec::new(),
        error: Some(HttpError {
            code: error.code,
            outcome: error.outcome,
        }),
    }
}
