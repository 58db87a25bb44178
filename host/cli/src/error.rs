//! The error of a command, and its exit code.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use unified_ticketing::TomlFileError;
use unified_ticketing::http_api::HttpResponse;
use unified_ticketing::types::{ErrorCode, Outcome};

use crate::args::UserArgs;
use crate::json::{Object, compact};
use crate::location::{location, without_field};

/// The exit status of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitStatus {
    /// Done.
    Done = 0,
    /// An error without a code of its own.
    Other = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// The request is invalid; nothing was sent.
    Invalid = 3,
    /// An account, or the configuration.
    Configuration = 4,
    /// The provider rejected the request; nothing was changed.
    Rejected = 5,
    /// The response cannot be used, the outcome is unknown, or the program itself failed after the provider had acted.
    Unknown = 6,
    /// Nothing was changed, and the same call may work later.
    Later = 7,
    /// Interrupted before anything was sent.
    Interrupted = 130,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

impl ExitStatus {
    /// Returns the exit status for an error of a call.
    const fn from_error(code: ErrorCode, outcome: Outcome) -> Self {
        match (code, outcome) {
            // A response without a result says no more than none does.
            (_, Outcome::Unknown)
            | (
                ErrorCode::ProviderFailed
                | ErrorCode::InvalidResponse
                | ErrorCode::ResponseTooLarge
                | ErrorCode::ConnectionLost,
                Outcome::NotSent,
            ) => Self::Unknown,
            (
                ErrorCode::ProviderRateLimited
                | ErrorCode::NoConnection
                | ErrorCode::Deadline
                | ErrorCode::Overloaded,
                Outcome::NotSent | Outcome::Rejected,
            ) => Self::Later,
            (_, Outcome::Rejected)
            | (
                ErrorCode::ProviderInvalid
                | ErrorCode::ProviderUnauthorized
                | ErrorCode::ProviderForbidden
                | ErrorCode::ProviderNotFound
                | ErrorCode::ProviderConflict
                | ErrorCode::ProviderRejected,
                Outcome::NotSent,
            ) => Self::Rejected,
            (
                ErrorCode::InvalidRequest
                | ErrorCode::MethodNotAllowed
                | ErrorCode::RouteNotFound
                | ErrorCode::UnsupportedOperation
                | ErrorCode::BodyTooLarge
                | ErrorCode::UriTooLong
                | ErrorCode::UnsupportedMediaType,
                Outcome::NotSent,
            ) => Self::Invalid,
            (
                ErrorCode::UnknownAccount
                | ErrorCode::AccountUnusable
                | ErrorCode::Unauthorized
                | ErrorCode::Forbidden
                | ErrorCode::EgressDenied,
                Outcome::NotSent,
            ) => Self::Configuration,
            (
                ErrorCode::RequestTimeout
                | ErrorCode::HeadersTooLarge
                | ErrorCode::MalformedRequest
                | ErrorCode::GuestTrap
                | ErrorCode::LimitExceeded,
                Outcome::NotSent,
            ) => Self::Other,
        }
    }
}

/// The error of a command.
#[derive(Debug)]
pub(crate) struct CliError {
    pub(crate) status: ExitStatus,
    /// The body of the HTTP API's response, in one line, with the rate limit that its headers state.
    pub(crate) body: String,
    /// The violations in the body, for people.
    pub(crate) violations: Vec<Violation>,
    /// Advice for people.
    pub(crate) hint: Option<String>,
    /// Whether nothing is printed: the reader of the results has closed the pipe.
    pub(crate) quiet: bool,
}

/// A violation, for people.
#[derive(Debug)]
pub(crate) struct Violation {
    /// The flag, or the location in `--input`.
    pub(crate) location: String,
    pub(crate) code: String,
    /// The message, without the name of the field.
    pub(crate) message: String,
}

/// A call that a provider has carried out.
#[derive(Debug)]
pub(crate) struct CompletedCall<'a> {
    pub(crate) operation: CompletedOperation,
    /// The user's id.
    pub(crate) id: Option<String>,
    pub(crate) response_body: &'a [u8],
}

/// What a provider has done with a user.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CompletedOperation {
    Created,
    Changed,
}

impl CompletedOperation {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
        }
    }
}

/// Why a result was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error("standard output: {0}")]
    Io(#[from] std::io::Error),
    #[error("interrupted")]
    Interrupted,
}

/// The HTTP status, its reason phrase and the error code of a JSON body.
type Code = (u16, &'static str, &'static str);

impl CliError {
    /// An error of the program itself, before anything was sent.
    pub(crate) fn new(status: ExitStatus, message: impl Into<String>) -> Self {
        let code = match status {
            ExitStatus::Usage => (400, "Bad Request", "usage"),
            ExitStatus::Invalid => (400, "Bad Request", "invalid-request"),
            ExitStatus::Configuration => (500, "Internal Server Error", "invalid-configuration"),
            ExitStatus::Interrupted => (500, "Internal Server Error", "interrupted"),
            ExitStatus::Done
            | ExitStatus::Other
            | ExitStatus::Rejected
            | ExitStatus::Unknown
            | ExitStatus::Later => (500, "Internal Server Error", "internal-error"),
        };
        Self::with_code(status, code, &message.into())
    }

    /// There is no such account.
    pub(crate) fn unknown_account(message: &str) -> Self {
        let code = (404, "Not Found", "unknown-account");
        Self::with_code(ExitStatus::Configuration, code, message)
    }

    /// An address or a port that cannot be listened on.
    pub(crate) fn cannot_listen(address: std::net::SocketAddr, error: &std::io::Error) -> Self {
        let code = (500, "Internal Server Error", "cannot-listen");
        let message = format!("cannot listen on {address}: {error}");
        let kind = error.kind();
        let error = Self::with_code(ExitStatus::Configuration, code, &message);
        if kind == std::io::ErrorKind::AddrInUse {
            return error.hint(
                "another program listens there: choose another port with `--listen ADDR:PORT`, or 0 for any",
            );
        }
        error
    }

    /// Signals that the process cannot listen for.
    pub(crate) fn signals(error: &std::io::Error) -> Self {
        Self::new(
            ExitStatus::Other,
            format!("signals cannot be received: {error}"),
        )
    }

    /// An interruption by a signal. `advice` says how to look for the user where a provider may have the request.
    pub(crate) fn interrupted(advice: Option<String>) -> Self {
        let Some(advice) = advice else {
            return Self::new(ExitStatus::Interrupted, "interrupted; nothing was sent");
        };
        let body = json!({
            "statusCode": 500, "error": "Internal Server Error", "message": format!("interrupted{advice}"), "code": "interrupted",
            "outcome": "unknown",
        });
        Self::with_body(ExitStatus::Unknown, body.to_string())
    }

    /// A result that cannot be written, of a command that changed nothing.
    pub(crate) fn output_failed(error: &std::io::Error) -> Self {
        let quiet = error.kind() == std::io::ErrorKind::BrokenPipe;
        let code = (500, "Internal Server Error", "output-failed");
        let message = format!("standard output: {error}");
        let status = if quiet {
            ExitStatus::Done
        } else {
            ExitStatus::Other
        };
        Self {
            quiet,
            ..Self::with_code(status, code, &message)
        }
    }

    /// A result that cannot be written, of a completed call. The error is then the only record of the user's id.
    pub(crate) fn output_failed_after(call: &CompletedCall<'_>, cause: &OutputError) -> Self {
        let done = call.operation.as_str();
        let id = match &call.id {
            Some(id) => format!(" (id `{id}`)"),
            None => String::new(),
        };
        let message = format!(
            "the user exists: the provider has {done} it{id}, but the result was not written: {cause}"
        );
        let mut body = json!({
            "statusCode": 500, "error": "Internal Server Error", "message": message, "code": "output-failed", "outcome": "done",
        });
        if let Some(members) = body.as_object_mut() {
            match &call.id {
                Some(id) => members.insert("id".to_owned(), json!(id)),
                // The response has the id.
                None => members.insert(
                    "raw_response".to_owned(),
                    json!(String::from_utf8_lossy(call.response_body)),
                ),
            };
        }
        Self::with_body(ExitStatus::Unknown, body.to_string())
    }

    fn with_code(status: ExitStatus, (http, error, code): Code, message: &str) -> Self {
        let body = json!({
            "statusCode": http, "error": error, "message": message, "code": code, "outcome": "not-sent",
        });
        Self::with_body(status, body.to_string())
    }

    fn with_body(status: ExitStatus, body: String) -> Self {
        Self {
            status,
            body,
            violations: Vec::new(),
            hint: None,
            quiet: false,
        }
    }

    /// Adds advice for people.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// A file that cannot be written.
    pub(crate) fn io(file: &Path, error: &std::io::Error) -> Self {
        Self::new(ExitStatus::Other, format!("{}: {error}", file.display()))
    }

    /// A value of a flag that cannot be parsed. `pointer` is its location in the body.
    pub(crate) fn flag(flag: &str, pointer: &str, error: &dyn Error) -> Self {
        let message = format!("{flag}: {error}");
        let violations =
            json!([{"in": "body", "path": pointer, "code": "format", "message": message}]);
        Self::new(ExitStatus::Invalid, message).with_member("violations", &violations.to_string())
    }

    /// An accounts file that cannot be used.
    pub(crate) fn accounts(error: &TomlFileError) -> Self {
        let violations = error.violations().iter();
        let faults: Vec<String> = violations.map(ToString::to_string).collect();
        Self::faults("account-unusable", &faults)
    }

    /// Files of the configuration that cannot be used, tokens among them.
    pub(crate) fn configuration(faults: &[String]) -> Self {
        Self::faults("invalid-configuration", faults)
    }

    /// Adds the violations of other files to those of the accounts file.
    pub(crate) fn and_faults(self, more: Vec<String>) -> Self {
        let members = Object::parse(self.body.as_bytes()).unwrap_or_default();
        let mut faults = members.strings("faults");
        if faults.is_empty() || more.is_empty() {
            return self;
        }
        faults.extend(more);
        Self {
            hint: self.hint,
            ..Self::configuration(&faults)
        }
    }

    fn faults(code: &'static str, faults: &[String]) -> Self {
        let code = (500, "Internal Server Error", code);
        Self::with_code(ExitStatus::Configuration, code, &faults.join("; "))
            .with_member("faults", &json!(faults).to_string())
    }

    /// A response of the HTTP API that is an error. Violations are located at the flags of `user`.
    pub(crate) fn from_response(response: &HttpResponse, user: &UserArgs) -> Self {
        let body = String::from_utf8_lossy(&response.body);
        let members = Object::parse(body.as_bytes()).unwrap_or_default();
        let status = response.error.map_or(ExitStatus::Other, |error| {
            ExitStatus::from_error(error.code, error.outcome)
        });
        let violations = members.objects("violations");
        let violations = violations.iter().map(|violation| {
            let (path, code) = (violation.string("path"), violation.string("code"));
            Violation {
                location: location(&violation.string("in"), &path, user),
                message: without_field(&code, &path, violation.string("message")),
                code,
            }
        });
        let mut error = Self {
            violations: violations.collect(),
            ..Self::with_body(status, compact(&body))
        };
        let header = |name: &str| {
            let headers = response.headers.iter();
            let value = headers.rev().find(|(given, _)| given == name);
            value.and_then(|(_, value)| value.parse::<u64>().ok())
        };
        if let Some(seconds) = header("retry-after") {
            error = error.with_member("retry_after", &seconds.to_string());
        }
        let rate_limit: serde_json::Map<_, _> = ["limit", "remaining", "reset"]
            .into_iter()
            .filter_map(|name| {
                let value = header(&format!("ratelimit-{name}"))?;
                Some((name.to_owned(), value.into()))
            })
            .collect();
        if !rate_limit.is_empty() {
            error = error.with_member("rate_limit", &json!(rate_limit).to_string());
        }
        error
    }

    /// Adds a member to the body.
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
    fn code_and_outcome_give_exit_status() {
        use ErrorCode as Code;
        use Outcome::{NotSent, Rejected, Unknown};
        for (code, outcome, status) in [
            (Code::ProviderRateLimited, Rejected, ExitStatus::Later),
            (Code::ProviderRateLimited, Unknown, ExitStatus::Unknown),
            (Code::NoConnection, NotSent, ExitStatus::Later),
            (Code::Deadline, NotSent, ExitStatus::Later),
            (Code::Deadline, Unknown, ExitStatus::Unknown),
            (Code::Overloaded, NotSent, ExitStatus::Later),
            (Code::ProviderConflict, Rejected, ExitStatus::Rejected),
            (Code::ProviderFailed, Unknown, ExitStatus::Unknown),
            (Code::InvalidRequest, NotSent, ExitStatus::Invalid),
            (Code::AccountUnusable, NotSent, ExitStatus::Configuration),
            (Code::EgressDenied, NotSent, ExitStatus::Configuration),
            (Code::LimitExceeded, NotSent, ExitStatus::Other),
            (Code::LimitExceeded, Rejected, ExitStatus::Rejected),
            (Code::GuestTrap, Unknown, ExitStatus::Unknown),
        ] {
            let found = ExitStatus::from_error(code, outcome);
            assert_eq!(found, status, "{code} {outcome}");
        }
    }

    #[test]
    fn added_member_keeps_the_others() {
        let body = r#"{"a":1e999999,"a":"\ud83d"}"#.to_owned();
        let error = CliError::with_body(ExitStatus::Other, body).with_member("retry_after", "30");
        assert_eq!(
            error.body,
            r#"{"a":1e999999,"a":"\ud83d","retry_after":30}"#
        );
        let error = CliError::with_body(ExitStatus::Other, "{}".to_owned()).with_member("a", "1");
        assert_eq!(error.body, r#"{"a":1}"#);
    }
}
