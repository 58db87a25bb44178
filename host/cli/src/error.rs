//! The error of a command, and its exit code.

mod response;
mod status;

use std::error::Error;
use std::path::Path;

use serde_json::json;
use unified_ticketing::TomlFileError;

use self::response::look;
pub(crate) use self::status::ExitStatus;
use crate::json::Object;
use crate::operation::Operation;

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
    Deleted,
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

    /// Arguments that contradict the file that they are about, in several places.
    pub(crate) fn usage_faults(message: &str, faults: &[String]) -> Self {
        Self::new(ExitStatus::Usage, message).with_member("faults", &json!(faults).to_string())
    }

    /// An import of which not every row is done.
    pub(crate) fn import(status: ExitStatus, message: &str) -> Self {
        let (http, error, code, outcome) = match status {
            ExitStatus::Invalid => (400, "Bad Request", "invalid-request", "not-sent"),
            ExitStatus::Rejected => (422, "Unprocessable Content", "rows-rejected", "done"),
            ExitStatus::Unknown => (502, "Bad Gateway", "rows-unknown", "unknown"),
            ExitStatus::Interrupted => (500, "Internal Server Error", "interrupted", "done"),
            _ => (503, "Service Unavailable", "rows-not-sent", "done"),
        };
        let body = json!({
            "statusCode": http, "error": error, "message": message, "code": code, "outcome": outcome,
        });
        Self::with_body(status, body.to_string())
    }

    /// A task that has panicked. The panic is in the log.
    pub(crate) fn panicked(error: &tokio::task::JoinError) -> Self {
        Self::new(ExitStatus::Other, format!("a task has failed: {error}"))
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

    /// An interruption by a signal, before anything was sent that writes.
    pub(crate) fn interrupted(operation: Operation<'_>) -> Self {
        let message = match operation.completed() {
            Some(_) => "interrupted; nothing was sent",
            None => "interrupted; nothing was changed",
        };
        Self::new(ExitStatus::Interrupted, message)
    }

    /// An interruption by a signal, where a provider may have a request that writes. `advice` says how to look for the user.
    pub(crate) fn interrupted_write(operation: Operation<'_>, advice: &str) -> Self {
        let body = json!({
            "statusCode": 500, "error": "Internal Server Error", "message": format!("interrupted{advice}"), "code": "interrupted",
            "outcome": "unknown",
        });
        Self {
            hint: look(operation).map(str::to_owned),
            ..Self::with_body(ExitStatus::Unknown, body.to_string())
        }
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
        let done = match call.operation {
            CompletedOperation::Created => "the user exists: the provider has created it",
            CompletedOperation::Changed => "the user exists: the provider has changed it",
            CompletedOperation::Deleted => "the user is deleted: the provider has done it",
        };
        let id = match &call.id {
            Some(id) => format!(" (id `{id}`)"),
            None => String::new(),
        };
        let message = format!("{done}{id}, but the result was not written: {cause}");
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

    /// A list that ends early: its users up to this cursor are printed.
    pub(crate) fn resume_at(self, cursor: &str) -> Self {
        self.with_member("next_cursor", &json!(cursor).to_string())
            .hint(format!(
                "all users before are printed: go on with `--cursor {cursor}`"
            ))
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
