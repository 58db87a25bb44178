//! The errors that only a host gives: a component that was cut short, a deadline.

use std::borrow::Cow;

use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use unified_ticketing_guest::findings::{Findings, quoted, quoted_address};
use unified_ticketing_guest::{input, primary};

use super::limits::Cut;
use crate::bindings::http_api::{HttpRequest, HttpResponse};
use crate::bindings::types::{Email, Error, ErrorCode, Limit, NewUser, Outcome};

/// What a call does, for the sentence that says how to look when nobody knows what became of it.
#[derive(Clone, Debug)]
pub(super) enum Doing<'a> {
    /// Creates a user, with this primary email address.
    Create(Option<Cow<'a, str>>),
    /// Changes the user of this id.
    Update(Cow<'a, str>),
    /// One or the other.
    Either,
}

impl<'a> Doing<'a> {
    /// Creates this user.
    pub(super) fn create(user: &'a NewUser) -> Self {
        let emails = user.emails.as_deref().unwrap_or_default();
        let is_primary = |email: &&Email| email.type_.as_deref() == Some("primary");
        let primary = emails.iter().find(is_primary).or_else(|| emails.first());
        Self::Create(primary.map(|email| Cow::Borrowed(email.address.as_str())))
    }

    /// What a request of the HTTP API asks for.
    pub(super) fn asked(request: &HttpRequest) -> Doing<'static> {
        if request.method == "POST" {
            let user = input::new_user(&request.body, &mut Findings::default());
            let email = primary(user.emails.as_deref());
            return Doing::Create(email.map(|email| Cow::Owned(email.to_owned())));
        }
        let path = request.target.split('?').next().unwrap_or_default();
        let id = path.rsplit('/').next().unwrap_or_default();
        let id = percent_decode_str(id).decode_utf8_lossy().into_owned();
        Doing::Update(Cow::Owned(id))
    }

    fn look(&self) -> String {
        match self {
            Self::Create(Some(email)) => {
                format!("; the user may exist now: before trying again, look at the provider by email {}", quoted_address(email))
            }
            Self::Create(None) => {
                "; the user may exist now: before trying again, look at the provider by the user's name, no email was given"
                    .to_owned()
            }
            Self::Update(id) => format!("; the change may have been made: look at user {} at the provider", quoted(id)),
            Self::Either => {
                "; the user may have been created or changed: before trying again, look at the provider by email".to_owned()
            }
        }
    }
}

/// The error for an instance that was cut short. `sent` says whether a provider may have the
/// request.
pub(super) fn cut<'a>(cut: &Cut, sent: bool, doing: impl FnOnce() -> Doing<'a>) -> Error {
    match cut {
        Cut::Limit(limit, why) => Error {
            limit: Some(*limit),
            ..error(
                ErrorCode::LimitExceeded,
                500,
                sent,
                doing,
                format!("the component was stopped: {why}"),
            )
        },
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
pub(super) fn deadline<'a>(sent: bool, doing: impl FnOnce() -> Doing<'a>) -> Error {
    let message = "the deadline passed".to_owned();
    Error {
        limit: Some(Limit::Deadline),
        ..error(ErrorCode::Deadline, 504, sent, doing, message)
    }
}

fn error<'a>(
    code: ErrorCode,
    status: u16,
    sent: bool,
    doing: impl FnOnce() -> Doing<'a>,
    mut message: String,
) -> Error {
    if sent {
        message.push_str(&doing().look());
    }
    Error {
        code,
        message,
        status,
        violations: Vec::new(),
        provider: None,
        retry_after: None,
        rate_limit: None,
        limit: None,
        outcome: if sent {
            Outcome::Unknown
        } else {
            Outcome::NotSent
        },
    }
}

/// The headers of an error that say its code and its outcome, for clients that drop the body.
pub(crate) const CODE: &str = "unified-code";
pub(crate) const OUTCOME: &str = "unified-outcome";

/// The words of code and outcome, where a response is an error.
pub(super) fn words(response: &HttpResponse) -> Option<(&str, &str)> {
    let word = |name| {
        let mut headers = response.headers.iter();
        headers.find_map(|(given, value)| (given == name).then_some(value.as_str()))
    };
    word(CODE).zip(word(OUTCOME))
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
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'a str>,
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
        limit: error.limit.map(limit),
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
    // A record of texts and numbers always serializes.
    HttpResponse {
        status: status.as_u16(),
        headers,
        body: serde_json::to_vec(&body).unwrap_or_default(),
    }
}

/// The word of a code in the published API.
pub(super) const fn code(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidRequest => "invalid-request",
        ErrorCode::Unauthorized => "unauthorized",
        ErrorCode::Forbidden => "forbidden",
        ErrorCode::UnknownAccount => "unknown-account",
        ErrorCode::RouteNotFound => "route-not-found",
        ErrorCode::MethodNotAllowed => "method-not-allowed",
        ErrorCode::UnsupportedOperation => "unsupported-operation",
        ErrorCode::BodyTooLarge => "body-too-large",
        ErrorCode::UnsupportedMediaType => "unsupported-media-type",
        ErrorCode::RequestTimeout => "request-timeout",
        ErrorCode::UriTooLong => "uri-too-long",
        ErrorCode::HeadersTooLarge => "headers-too-large",
        ErrorCode::MalformedRequest => "malformed-request",
        ErrorCode::AccountUnusable => "account-unusable",
        ErrorCode::ProviderInvalid => "provider-invalid",
        ErrorCode::ProviderUnauthorized => "provider-unauthorized",
        ErrorCode::ProviderForbidden => "provider-forbidden",
        ErrorCode::ProviderNotFound => "provider-not-found",
        ErrorCode::ProviderConflict => "provider-conflict",
        ErrorCode::ProviderRateLimited => "provider-rate-limited",
        ErrorCode::ProviderRejected => "provider-rejected",
        ErrorCode::ProviderFailed => "provider-failed",
        ErrorCode::InvalidResponse => "invalid-response",
        ErrorCode::ResponseTooLarge => "response-too-large",
        ErrorCode::NoConnection => "no-connection",
        ErrorCode::ConnectionLost => "connection-lost",
        ErrorCode::EgressDenied => "egress-denied",
        ErrorCode::Deadline => "deadline",
        ErrorCode::GuestTrap => "guest-trap",
        ErrorCode::LimitExceeded => "limit-exceeded",
        ErrorCode::Overloaded => "overloaded",
    }
}

pub(super) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotSent => "not-sent",
        Outcome::Rejected => "rejected",
        Outcome::Unknown => "unknown",
    }
}

const fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Deadline => "deadline",
        Limit::Cpu => "cpu",
        Limit::Memory => "memory",
        Limit::Requests => "requests",
        Limit::ResponseHeaders => "response-headers",
        Limit::ResponseBody => "response-body",
    }
}
