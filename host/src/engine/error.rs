//! The errors that the host gives: a component that was stopped, a deadline, a request that a call may not send.

use std::fmt::Debug;

use http::StatusCode;
use serde::Serialize;

use super::entry::Subject;
use super::limits::GuestError;
use super::requests::RequestError;
use crate::bindings::http_api::{HttpError, HttpResponse};
use crate::bindings::types::{Error, ErrorCode, Limit, Outcome};

/// The error for an instance that was stopped. `outcome` says what is known of the provider's state.
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

/// The error for a request that a call may not send.
pub(super) fn not_admitted(denied: RequestError, outcome: Outcome, subject: &Subject<'_>) -> Error {
    let why = denied.to_string();
    stopped(&GuestError::Limit(Limit::Requests, why), outcome, subject)
}

/// The error for a call whose time is over.
pub(super) fn deadline(outcome: Outcome, subject: &Subject<'_>) -> Error {
    let message = "the deadline passed".to_owned();
    Error {
        limit: Some(Limit::Deadline),
        ..error(ErrorCode::Deadline, 504, outcome, subject, message)
    }
}

/// The error for a component that says less than is known of what it has sent: the provider may have acted.
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
        message.push_str(&subject.look());
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
        outcome,
    }
}

/// The headers of an error that say its code and its outcome, for clients that drop the body.
pub(crate) const CODE: &str = "unified-code";
pub(crate) const OUTCOME: &str = "unified-outcome";

/// The word of a case in the published API: its name in the contract.
pub(crate) fn word(case: impl Debug) -> String {
    // The generated types write the name in Rust: `ErrorCode::InvalidRequest`.
    let name = format!("{case:?}");
    let name = name.rsplit("::").next().unwrap_or_default();
    let mut word = String::with_capacity(name.len() + 4);
    for character in name.chars() {
        if character.is_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(character.to_ascii_lowercase());
    }
    word
}

/// The case of a word.
#[cfg(feature = "component-sender")]
pub(super) fn from_word<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    let mut name = String::with_capacity(word.len());
    for part in word.split('-') {
        let mut characters = part.chars();
        name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(characters.as_str());
    }
    let deserializer: serde::de::value::StringDeserializer<serde::de::value::Error> =
        serde::de::IntoDeserializer::into_deserializer(name);
    T::deserialize(deserializer).ok()
}

/// The published API's response to an error that the host words.
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
/// For errors that have neither violations nor a provider's response; the component words those.
#[must_use]
pub fn http_response(error: &Error) -> HttpResponse {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = Body {
        status: status.as_u16(),
        error: status.canonical_reason().unwrap_or_default(),
        message: &error.message,
        code: &word(error.code),
        outcome: &word(error.outcome),
        limit: error.limit.map(word),
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

#[cfg(test)]
mod tests {
    use unified_ticketing_guest::bindings::types as guest;
    use unified_ticketing_guest::codes;

    use super::*;

    #[test]
    fn words_are_the_core_s() {
        assert_eq!(
            word(ErrorCode::ProviderRateLimited),
            codes::error(guest::ErrorCode::ProviderRateLimited)
        );
        assert_eq!(
            word(Outcome::NotSent),
            codes::outcome(guest::Outcome::NotSent)
        );
        assert_eq!(
            word(Limit::ResponseHeaders),
            codes::limit(guest::Limit::ResponseHeaders)
        );
    }
}
