//! Why a command failed, and its exit code.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use unified_ticketing::Fault;
use unified_ticketing::face::HttpResponse;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    /// Done.
    Done = 0,
    /// What has no code of its own.
    Other = 1,
    /// The request is invalid; nothing was sent. (Faults of usage are clap's, with 2.)
    Invalid = 3,
    /// An account, or the configuration.
    Configuration = 4,
    /// The provider refused.
    Refused = 5,
    /// No usable answer: the provider or the way to it failed, or nobody knows what became of the request.
    NoAnswer = 6,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Why a command failed. Its body is the one that the HTTP API answers with.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    pub(crate) body: Value,
    /// The way out, for people.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// An error that is the program's own.
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        let (http, error, code) = match status {
            Status::Invalid => (400, "Bad Request", "invalid-request"),
            Status::Configuration => (500, "Internal Server Error", "account-unusable"),
            Status::Done | Status::Other | Status::Refused | Status::NoAnswer => {
                (500, "Internal Server Error", "internal-error")
            }
        };
        Self::of(status, (http, error, code), message)
    }

    /// An account that is not there.
    pub(crate) fn unknown_account(message: impl Into<String>) -> Self {
        Self::of(
            Status::Configuration,
            (404, "Not Found", "unknown-account"),
            message,
        )
    }

    fn of(
        status: Status,
        (http, error, code): (u16, &str, &str),
        message: impl Into<String>,
    ) -> Self {
        let body = json!({
            "statusCode": http, "error": error, "message": message.into(), "code": code, "outcome": "not-sent",
        });
        Self {
            status,
            body,
            hint: None,
        }
    }

    /// A text of the body; empty where there is none.
    pub(crate) fn word(&self, name: &str) -> &str {
        word(&self.body, name)
    }

    /// A list of the body; empty where there is none.
    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.body
            .get(name)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// A file or standard output that fails.
    pub(crate) fn io(what: &Path, error: &std::io::Error) -> Self {
        Self::new(Status::Other, format!("{}: {error}", what.display()))
    }

    /// A value on the command line that cannot be read.
    pub(crate) fn flag(flag: &str, pointer: &str, message: &str) -> Self {
        let message = format!("{flag}: {message}");
        let mut failure = Self::new(Status::Invalid, message.clone());
        if let Some(body) = failure.body.as_object_mut() {
            let violation =
                json!({"in": "body", "path": pointer, "code": "format", "message": message});
            body.insert("violations".to_owned(), json!([violation]));
        }
        failure
    }

    /// An accounts file with faults.
    pub(crate) fn accounts(faults: &[Fault]) -> Self {
        let sentences: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let mut failure = Self::new(Status::Configuration, sentences.join("; "));
        if let Some(body) = failure.body.as_object_mut() {
            body.insert("faults".to_owned(), json!(sentences));
        }
        failure
    }

    /// An error of the HTTP API.
    pub(crate) fn answer(response: &HttpResponse) -> Self {
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let (code, outcome) = (word(&body, "code"), word(&body, "outcome"));
        let status = match code {
            _ if outcome == "unknown" => Status::NoAnswer,
            "invalid-request"
            | "method-not-allowed"
            | "route-not-found"
            | "unsupported-operation"
            | "body-too-large"
            | "unsupported-media-type" => Status::Invalid,
            "unknown-account" | "account-unusable" | "unauthorized" => Status::Configuration,
            "provider-failed" | "unusable-answer" | "answer-too-large" | "no-connection"
            | "connection-lost" | "egress-denied" | "deadline" => Status::NoAnswer,
            _ if code.starts_with("provider-") => Status::Refused,
            _ => Status::Other,
        };
        Self {
            status,
            body,
            hint: None,
        }
    }
}

/// A text of an object; empty where there is none.
pub(super) fn word<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}
