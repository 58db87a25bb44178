//! Why a command failed, and its exit code.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use unified_ticketing::Fault;
use unified_ticketing::http_api::HttpResponse;

use crate::args::UserArgs;
use crate::json::{Object, compact};
use crate::place::place;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    /// Done.
    Done = 0,
    /// What has no code of its own.
    Other = 1,
    /// The program was called wrongly.
    Usage = 2,
    /// The request is invalid; nothing was sent.
    Invalid = 3,
    /// An account, or the configuration.
    Configuration = 4,
    /// The provider rejected; nothing was changed.
    Rejected = 5,
    /// No usable answer, nobody knows what became of the request, or a failure of our own after the provider has acted.
    Unknown = 6,
    /// Nothing was changed, and the same again later may work.
    Later = 7,
    /// Interrupted before anything was sent.
    Interrupted = 130,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

impl Status {
    /// The exit code of an error of the HTTP API.
    fn of(code: &str, outcome: &str) -> Self {
        match (code, outcome) {
            (_, "unknown") => Self::Unknown,
            ("provider-rate-limited" | "no-connection" | "deadline" | "overloaded", _) => {
                Self::Later
            }
            (_, "rejected") => Self::Rejected,
            (
                "invalid-request"
                | "method-not-allowed"
                | "route-not-found"
                | "unsupported-operation"
                | "body-too-large"
                | "uri-too-long"
                | "unsupported-media-type",
                _,
            ) => Self::Invalid,
            ("unknown-account" | "account-unusable" | "unauthorized" | "forbidden", _)
            | ("egress-denied", "not-sent") => Self::Configuration,
            (
                "provider-failed" | "invalid-response" | "response-too-large" | "connection-lost"
                | "egress-denied",
                _,
            ) => Self::Unknown,
            _ => Self::Other,
        }
    }
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    /// The body that the HTTP API answers with, in one line, and what its headers say besides.
    pub(crate) body: String,
    /// The violations, for people, where the body has them.
    pub(crate) violations: Vec<Violation>,
    /// The way out, for people.
    pub(crate) hint: Option<String>,
    /// There is nothing to say: who reads the results has enough of them.
    pub(crate) quiet: bool,
}

/// What is wrong in a request.
#[derive(Debug)]
pub(crate) struct Violation {
    /// The flag, or the place in `--input`.
    pub(crate) place: String,
    pub(crate) code: String,
    pub(crate) message: String,
}

/// What a provider has done by the time that a failure of our own comes.
#[derive(Debug)]
pub(crate) struct Acted<'a> {
    /// Whether the user was created; else it was changed.
    pub(crate) created: bool,
    /// The user's id.
    pub(crate) id: Option<String>,
    /// The answer that has not reached anybody.
    pub(crate) answer: &'a [u8],
}

impl Failure {
    /// An error that is the program's own, before anything was sent.
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        let (http, error, code) = match status {
            Status::Usage => (400, "Bad Request", "usage"),
            Status::Invalid => (400, "Bad Request", "invalid-request"),
            Status::Configuration => (500, "Internal Server Error", "invalid-configuration"),
            Status::Interrupted => (500, "Internal Server Error", "interrupted"),
            Status::Done | Status::Other | Status::Rejected | Status::Unknown | Status::Later => {
                (500, "Internal Server Error", "internal-error")
            }
        };
        Self::with_code(status, (http, error, code), &message.into())
    }

    /// An account that is not there.
    pub(crate) fn unknown_account(message: &str) -> Self {
        let words = (404, "Not Found", "unknown-account");
        Self::with_code(Status::Configuration, words, message)
    }

    /// A port or an address that cannot be had.
    pub(crate) fn cannot_listen(address: std::net::SocketAddr, error: &std::io::Error) -> Self {
        let words = (500, "Internal Server Error", "cannot-listen");
        let message = format!("cannot listen on {address}: {error}");
        let failure = Self::with_code(Status::Configuration, words, &message);
        if error.kind() == std::io::ErrorKind::AddrInUse {
            return failure.hint(
                "another program listens there: choose another port with `--listen ADDR:PORT`, or 0 for any",
            );
        }
        failure
    }

    /// Interrupted by a signal. `look` says how to look where a provider may have the request.
    pub(crate) fn interrupted(look: Option<String>) -> Self {
        let Some(look) = look else {
            return Self::new(Status::Interrupted, "interrupted; nothing was sent");
        };
        let body = json!({
            "statusCode": 500, "error": "Internal Server Error", "message": format!("interrupted{look}"), "code": "interrupted",
            "outcome": "unknown",
        });
        Self::with_body(Status::Unknown, body.to_string())
    }

    /// Results that cannot be written, where nothing was changed.
    pub(crate) fn unwritten(error: &std::io::Error) -> Self {
        let quiet = error.kind() == std::io::ErrorKind::BrokenPipe;
        let words = (500, "Internal Server Error", "output-failed");
        let message = format!("standard output: {error}");
        let status = if quiet { Status::Done } else { Status::Other };
        Self {
            quiet,
            ..Self::with_code(status, words, &message)
        }
    }

    /// A result that cannot be written, of what a provider has done. It is the only record of the user's id.
    pub(crate) fn unwritten_result(acted: &Acted<'_>, why: &str) -> Self {
        let done = if acted.created { "created" } else { "changed" };
        let id = match &acted.id {
            Some(id) => format!(" (id `{id}`)"),
            None => String::new(),
        };
        let message = format!(
            "the user exists: the provider has {done} it{id}, but the result was not written: {why}"
        );
        let mut body = json!({
            "statusCode": 500, "error": "Internal Server Error", "message": message, "code": "output-failed", "outcome": "done",
        });
        if let Some(members) = body.as_object_mut() {
            match &acted.id {
                Some(id) => members.insert("id".to_owned(), json!(id)),
                // The id is in it somewhere.
                None => members.insert(
                    "raw_response".to_owned(),
                    json!(String::from_utf8_lossy(acted.answer)),
                ),
            };
        }
        Self::with_body(Status::Unknown, body.to_string())
    }

    fn with_code(status: Status, (http, error, code): (u16, &str, &str), message: &str) -> Self {
        let body = json!({
            "statusCode": http, "error": error, "message": message, "code": code, "outcome": "not-sent",
        });
        Self::with_body(status, body.to_string())
    }

    fn with_body(status: Status, body: String) -> Self {
        Self {
            status,
            body,
            violations: Vec::new(),
            hint: None,
            quiet: false,
        }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// A file that fails.
    pub(crate) fn io(what: &Path, error: &std::io::Error) -> Self {
        Self::new(Status::Other, format!("{}: {error}", what.display()))
    }

    /// A value on the command line that cannot be read.
    pub(crate) fn flag(flag: &str, pointer: &str, message: &str) -> Self {
        let failure = Self::new(Status::Invalid, format!("{flag}: {message}"));
        let violation = json!([{"in": "body", "path": pointer, "code": "format", "message": format!("{flag}: {message}")}]);
        failure.with_member("violations", &violation.to_string())
    }

    /// An accounts file with faults.
    pub(crate) fn accounts(faults: &[Fault]) -> Self {
        let sentences: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let words = (500, "Internal Server Error", "account-unusable");
        let failure = Self::with_code(Status::Configuration, words, &sentences.join("; "));
        failure.with_member("faults", &json!(sentences).to_string())
    }

    /// An error of the HTTP API, in answer to these flags.
    pub(crate) fn response(response: &HttpResponse, user: &UserArgs) -> Self {
        let body = String::from_utf8_lossy(&response.body);
        let members = Object::parse(body.as_bytes()).unwrap_or_default();
        let status = Status::of(&members.string("code"), &members.string("outcome"));
        let violations = members.objects("violations");
        let violations = violations.iter().map(|violation| Violation {
            place: place(&violation.string("in"), &violation.string("path"), user),
            code: violation.string("code"),
            message: violation.string("message"),
        });
        let mut failure = Self {
            violations: violations.collect(),
            ..Self::with_body(status, compact(&body))
        };
        let figure = |name: &str| {
            let headers = response.headers.iter();
            let value = headers.rev().find(|(given, _)| given == name);
            value.and_then(|(_, value)| value.parse::<u64>().ok())
        };
        if let Some(seconds) = figure("retry-after") {
            failure = failure.with_member("retry_after", &seconds.to_string());
        }
        let figures: serde_json::Map<_, _> = ["limit", "remaining", "reset"]
            .into_iter()
            .filter_map(|name| {
                Some((
                    name.to_owned(),
                    figure(&format!("ratelimit-{name}"))?.into(),
                ))
            })
            .collect();
        if !figures.is_empty() {
            failure = failure.with_member("rate_limit", &json!(figures).to_string());
        }
        failure
    }

    /// The same with one more member in its body.
    fn with_member(mut self, name: &str, json: &str) -> Self {
        if let Some(members) = self.body.strip_suffix('}') {
            let comma = if members.ends_with('{') { "" } else { "," };
            self.body = format!("{members}{comma}\"{name}\":{json}}}");
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_say_what_to_do() {
        for (code, outcome, status) in [
            ("provider-rate-limited", "rejected", Status::Later),
            ("provider-rate-limited", "unknown", Status::Unknown),
            ("no-connection", "not-sent", Status::Later),
            ("deadline", "not-sent", Status::Later),
            ("deadline", "unknown", Status::Unknown),
            ("overloaded", "not-sent", Status::Later),
            ("provider-conflict", "rejected", Status::Rejected),
            ("provider-failed", "unknown", Status::Unknown),
            ("invalid-request", "not-sent", Status::Invalid),
            ("account-unusable", "not-sent", Status::Configuration),
            ("egress-denied", "not-sent", Status::Configuration),
            ("limit-exceeded", "not-sent", Status::Other),
            ("guest-trap", "unknown", Status::Unknown),
        ] {
            assert_eq!(Status::of(code, outcome), status, "{code} {outcome}");
        }
    }

    #[test]
    fn a_member_is_added_without_touching_the_others() {
        let body = r#"{"a":1e999999,"a":"\ud83d"}"#.to_owned();
        let failure = Failure::with_body(Status::Other, body).with_member("retry_after", "30");
        assert_eq!(
            failure.body,
            r#"{"a":1e999999,"a":"\ud83d","retry_after":30}"#
        );
        let failure = Failure::with_body(Status::Other, "{}".to_owned()).with_member("a", "1");
        assert_eq!(failure.body, r#"{"a":1}"#);
    }
}
