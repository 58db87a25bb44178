//! The errors that only a host gives: a component that was cut short, a deadline.

use http::StatusCode;
use serde::Serialize;

use super::guest::Cut;
use crate::bindings::face::HttpResponse;
use crate::bindings::types::{Email, Error, ErrorCode, NewUser, Outcome};

/// What a call does, for the sentence that says how to look when nobody knows what became of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Doing<'a> {
    /// Creates a user, with this primary email address.
    Create(Option<&'a str>),
    /// Changes the user of this id.
    Update(&'a str),
    /// One or the other.
    Either,
}

impl<'a> Doing<'a> {
    /// Creates this user.
    pub(super) fn create(user: &'a NewUser) -> Self {
        let emails = user.emails.as_deref().unwrap_or_default();
        let is_primary = |email: &&Email| email.type_.as_deref() == Some("primary");
        let primary = emails.iter().find(is_primary).or_else(|| emails.first());
        Self::Create(primary.map(|email| email.address.as_str()))
    }

    fn look(self) -> String {
        match self {
            Self::Create(Some(email)) => {
                format!("; the user may exist now: before trying again, look at the provider by email `{email}`")
            }
            Self::Create(None) => {
                "; the user may exist now: before trying again, look at the provider by the user's name, no email was given"
                    .to_owned()
            }
            Self::Update(id) => format!("; the change may have been made: look at user `{id}` at the provider"),
            Self::Either => {
                "; the user may have been created or changed: before trying again, look at the provider by email".to_owned()
            }
        }
    }
}

/// The error for an instance that was cut short. `sent` says whether a provider may have the
/// request.
pub(super) fn cut(cut: &Cut, sent: bool, doing: Doing<'_>) -> Error {
    match cut {
        Cut::Limit(why) => error(
            ErrorCode::LimitExceeded,
            500,
            sent,
            doing,
            format!("the component was stopped: {why}"),
        ),
        Cut::Trap(why) => error(
            ErrorCode::GuestTrap,
            500,
            sent,
            doing,
            format!("the component trapped: {why}"),
        ),
    }
}

/// The error for a call whose time is over.
pub(super) fn deadline(sent: bool, doing: Doing<'_>) -> Error {
    error(
        ErrorCode::Deadline,
        504,
        sent,
        doing,
        "the deadline passed".to_owned(),
    )
}

fn error(code: ErrorCode, status: u16, sent: bool, doing: Doing<'_>, mut message: String) -> Error {
    if sent {
        message.push_str(&doing.look());
    }
    Error {
        code,
        message,
        status,
        violations: Vec::new(),
        provider: None,
        retry_after: None,
        rate_limit: None,
        outcome: if sent {
            Outcome::Unknown
        } else {
            Outcome::NotSent
        },
    }
}

/// The published API's answer to a failure that the component cannot word because it never came to
/// it.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "statusCode")]
    status: u16,
    error: &'a str,
    message: &'a str,
    code: &'a str,
    outcome: &'a str,
}

/// An error of the host in the form of the published API.
///
/// For errors that have neither violations nor a provider's answer; those are the component's to
/// word.
#[must_use]
pub fn http_response(error: &Error) -> HttpResponse {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = Body {
        status: status.as_u16(),
        error: status.canonical_reason().unwrap_or_default(),
        message: &error.message,
        code: code(error.code),
        outcome: outcome(error.outcome),
    };
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers.extend(
        error
            .retry_after
            .map(|seconds| ("retry-after".to_owned(), seconds.to_string())),
    );
    // A record of texts and numbers always serializes.
    HttpResponse {
        status: status.as_u16(),
        headers,
        body: serde_json::to_vec(&body).unwrap_or_default(),
    }
}

/// The word of a code in the published API.
const fn code(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidRequest => "invalid-request",
        ErrorCode::Unauthorized => "unauthorized",
        ErrorCode::UnknownAccount => "unknown-account",
        ErrorCode::RouteNotFound => "route-not-found",
        ErrorCode::MethodNotAllowed => "method-not-allowed",
        ErrorCode::UnsupportedOperation => "unsupported-operation",
        ErrorCode::BodyTooLarge => "body-too-large",
        ErrorCode::UnsupportedMediaType => "unsupported-media-type",
        ErrorCode::AccountUnusable => "account-unusable",
        ErrorCode::ProviderInvalid => "provider-invalid",
        ErrorCode::ProviderUnauthorized => "provider-unauthorized",
        ErrorCode::ProviderForbidden => "provider-forbidden",
        ErrorCode::ProviderNotFound => "provider-not-found",
        ErrorCode::ProviderConflict => "provider-conflict",
        ErrorCode::ProviderRateLimited => "provider-rate-limited",
        ErrorCode::ProviderRefused => "provider-refused",
        ErrorCode::ProviderFailed => "provider-failed",
        ErrorCode::UnusableAnswer => "unusable-answer",
        ErrorCode::AnswerTooLarge => "answer-too-large",
        ErrorCode::NoConnection => "no-connection",
        ErrorCode::ConnectionLost => "connection-lost",
        ErrorCode::EgressDenied => "egress-denied",
        ErrorCode::Deadline => "deadline",
        ErrorCode::GuestTrap => "guest-trap",
        ErrorCode::LimitExceeded => "limit-exceeded",
        ErrorCode::Overloaded => "overloaded",
    }
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotSent => "not-sent",
        Outcome::Rejected => "rejected",
        Outcome::Unknown => "unknown",
    }
}
