//! What a person or a program gets to see: results on standard output, everything else on standard error.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::failure::word;
use super::{Failure, LogFormat, Status};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// The most of a provider's own words that is shown; `--log-format json` has all of them.
const LONGEST_ANSWER: usize = 2_000;

pub(crate) struct Terminal {
    format: LogFormat,
}

impl Terminal {
    pub(crate) const fn new(format: LogFormat) -> Self {
        Self { format }
    }

    /// Prints a result.
    #[expect(clippy::unused_self, reason = "who prints a result holds the terminal")]
    pub(crate) fn result(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        written.map_err(|error| Failure::io(Path::new("standard output"), &error))
    }

    /// Prints a result that is JSON, indented. Every digit and the order of members stay.
    pub(crate) fn json(&mut self, value: &Value) -> Result<(), Failure> {
        let mut text = format!("{value:#}");
        text.push('\n');
        self.result(text.as_bytes())
    }

    /// Tells of something that did not stop the call.
    pub(crate) fn warn(&mut self, code: &str, path: &str) {
        match self.format {
            LogFormat::Text => {
                let what = match code {
                    "unknown-field" => "there is no such field: it is not sent",
                    "unsupported-field" => "this integration does not take it: it is not sent",
                    "surplus-value" => "a user has one of these here: this one is not sent",
                    "id-missing" => "the provider did not tell the user's id",
                    "more" => "more warnings",
                    _ => "",
                };
                say(&format!(
                    "{WARNING}warning:{WARNING:#} {code} at {path}: {what}"
                ));
            }
            LogFormat::Json => say(&serde_json::json!({"warning": code, "path": path}).to_string()),
        }
    }

    /// Tells where a server listens, before anything else.
    pub(crate) fn listening(&mut self, address: SocketAddr) {
        match self.format {
            LogFormat::Text => say(&format!("listening on http://{address}")),
            LogFormat::Json => {
                say(&serde_json::json!({"listening": format!("http://{address}")}).to_string());
            }
        }
    }

    /// Tells how far things are, in words for people only.
    pub(crate) fn note(&mut self, message: &str) {
        if self.format == LogFormat::Text {
            say(message);
        }
    }

    /// Tells why a command failed.
    pub(crate) fn fail(&mut self, failure: &Failure) -> Status {
        match self.format {
            LogFormat::Text => say(&text(failure)),
            LogFormat::Json => say(&failure.body.to_string()),
        }
        failure.status
    }
}

/// A line on standard error, in colours where it is a terminal.
fn say(message: &str) {
    let mut stderr = anstream::stderr().lock();
    // Nobody is left to tell when standard error fails.
    let _ = writeln!(stderr, "{message}");
}

fn text(failure: &Failure) -> String {
    let code = failure.word("code");
    let mut text = format!("{ERROR}error[{code}]:{ERROR:#} ");
    let (faults, violations) = (failure.list("faults"), failure.list("violations"));
    let invalid = code == "invalid-request";
    text.push_str(match (faults, violations) {
        ([_, ..], _) => "the accounts cannot be used",
        (_, [_, _, ..]) if invalid => "the request is invalid, and was not sent",
        _ => failure.word("message"),
    });
    for fault in faults {
        let _ = write!(text, "\n  {}", fault.as_str().unwrap_or_default());
    }
    // One violation is the message already.
    if violations.len() > 1 || !invalid {
        for violation in violations {
            let path = match word(violation, "path") {
                "" => "/",
                path => path,
            };
            let (place, code) = (word(violation, "in"), word(violation, "code"));
            let message = word(violation, "message");
            let _ = write!(text, "\n  {place} {path}: {message} ({code})");
        }
    }
    if let Some(answer) = failure.body.get("raw_response") {
        let answer = answer
            .as_str()
            .map_or_else(|| answer.to_string(), str::to_owned);
        let cut: String = answer.chars().take(LONGEST_ANSWER).collect();
        let more = if cut.len() < answer.len() { "…" } else { "" };
        let status = failure.body.get("provider_status");
        let status = status.and_then(Value::as_u64).unwrap_or_default();
        let _ = write!(text, "\n  the provider answered {status}: {cut}{more}");
    }
    let outcome = match failure.word("outcome") {
        "unknown" => Some("unknown: the provider may have acted"),
        "rejected" => Some("rejected: the provider changed nothing"),
        _ => None,
    };
    if let Some(outcome) = outcome {
        let _ = write!(text, "\n  outcome {outcome}");
    }
    if let Some(hint) = &failure.hint {
        let _ = write!(text, "\n{HINT}hint:{HINT:#} {hint}");
    }
    text
}
