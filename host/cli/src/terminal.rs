//! What a person or a program gets to see: results on standard output, everything else on standard error.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::net::SocketAddr;

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde_json::json;

use crate::args::LogFormat;
use crate::failure::{Failure, Status};
use crate::json::{Object, indented, string};
use crate::log::Log;
use crate::place::sentence;
use crate::{escape, stdout};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// How much is shown of a provider's own words; `--log-format json` has all of them.
const MAX_RESPONSE: usize = 2_000;

pub(crate) struct Terminal {
    log: Log,
}

impl Terminal {
    pub(crate) const fn new(log: Log) -> Self {
        Self { log }
    }

    /// Prints a result of a command that changes nothing.
    #[expect(clippy::unused_self, reason = "who prints a result holds the terminal")]
    pub(crate) fn result(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        print(bytes).map_err(|error| Failure::unwritten(&error))
    }

    /// Prints a result that is JSON, indented. Every token stays.
    pub(crate) fn json(&mut self, json: &[u8]) -> Result<(), Failure> {
        self.result(&indented(json))
    }

    /// Tells of something that did not stop the call.
    pub(crate) fn warn(&mut self, warning: &Warning) {
        let Warning {
            code,
            path,
            place,
            message,
        } = warning;
        match self.log.format() {
            LogFormat::Text => {
                let message = match (message.as_deref(), code.as_str()) {
                    (Some(message), _) => message,
                    (None, "unknown-field") => "there is no such field: it is not sent",
                    (None, "unsupported-field") => {
                        "this integration does not take it: it is not sent"
                    }
                    (None, "surplus-value") => "a user has one of these here: this one is not sent",
                    (None, "id-missing") => "the provider did not tell the user's id",
                    (None, _) => "",
                };
                let place = escape::text(place);
                let colon = if place.is_empty() || message.is_empty() {
                    ""
                } else {
                    ": "
                };
                let message = escape::text(message);
                let code = escape::text(code);
                self.say(&format!(
                    "{WARNING}warning[{code}]:{WARNING:#} {place}{colon}{message}"
                ));
            }
            LogFormat::Json => {
                let mut line = json!({"warning": code, "path": path});
                if let (Some(members), Some(message)) = (line.as_object_mut(), message) {
                    members.insert("message".to_owned(), json!(message));
                }
                self.log.line(&line.to_string());
            }
        }
    }

    /// Tells of something that should be mended, though the command goes on.
    pub(crate) fn caution(&mut self, message: &str) {
        match self.log.format() {
            LogFormat::Text => {
                let message = escape::text(message);
                self.say(&format!("{WARNING}warning:{WARNING:#} {message}"));
            }
            LogFormat::Json => self.log.line(&json!({"warning": message}).to_string()),
        }
    }

    /// Tells where a server listens, before anything else.
    pub(crate) fn listening(&mut self, address: SocketAddr) {
        match self.log.format() {
            LogFormat::Text => self.say(&format!("listening on http://{address}")),
            LogFormat::Json => {
                let line = json!({"listening": format!("http://{address}")});
                self.log.line(&line.to_string());
            }
        }
    }

    /// Tells how far things are, in words for people only.
    pub(crate) fn note(&mut self, message: &str) {
        if self.log.format() == LogFormat::Text {
            self.say(&escape::text(message));
        }
    }

    /// Tells why a command failed.
    pub(crate) fn fail(&mut self, failure: &Failure) -> Status {
        match self.log.format() {
            _ if failure.quiet => {}
            LogFormat::Text => self.say(&text(failure)),
            LogFormat::Json => self.log.line(&failure.body),
        }
        failure.status
    }

    /// Tells how the program is used, in the words and colours of the parser of arguments.
    pub(crate) fn usage(&mut self, error: &clap::Error) -> Status {
        match self.log.format() {
            LogFormat::Text => {
                let plain = error.render().to_string();
                // An argument that would steer the terminal takes the colours with it.
                if plain == escape::lines(&plain, false) {
                    self.say(&error.render().ansi().to_string());
                } else {
                    self.say(&escape::lines(&plain, false));
                }
            }
            LogFormat::Json => {
                let rendered = error.render().to_string();
                // What is wrong, without how it would be right.
                let message = rendered.split("\n\nUsage:").next().unwrap_or_default();
                let message = message.split("\n\nFor more").next().unwrap_or_default();
                let words: Vec<&str> = message.split_whitespace().collect();
                let message = words.join(" ");
                let message = message.strip_prefix("error: ").unwrap_or(&message);
                self.log.line(&Failure::new(Status::Usage, message).body);
            }
        }
        Status::Usage
    }

    /// Lines on standard error, in colours where they are wanted.
    fn say(&self, lines: &str) {
        if self.log.colours() {
            self.log.line(lines);
        } else {
            self.log.line(&strip_str(lines).to_string());
        }
    }
}

/// A warning of the component.
pub(crate) struct Warning {
    pub(crate) code: String,
    /// Where, in the terms of the HTTP API.
    pub(crate) path: String,
    /// Where, in terms of flags.
    pub(crate) place: String,
    /// The component's own sentence, where it is known.
    pub(crate) message: Option<String>,
}

/// Prints the help or the version.
pub(crate) fn help(help: &clap::Error) -> Result<(), Failure> {
    let help = help.render();
    let colours = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    let help = if colours {
        help.ansi().to_string()
    } else {
        help.to_string()
    };
    write_out(help.as_bytes()).map_err(|error| Failure::unwritten(&error))
}

/// Writes to standard output. What a provider said stays as it is, but for what would steer a terminal.
pub(crate) fn print(bytes: &[u8]) -> io::Result<()> {
    if !io::stdout().is_terminal() {
        return write_out(bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    let is_json = Object::parse(bytes).is_ok();
    let text = if is_json {
        escape::json(&text)
    } else {
        escape::lines(&text, false)
    };
    write_out(text.as_bytes())
}

fn write_out(bytes: &[u8]) -> io::Result<()> {
    stdout::check()?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

fn text(failure: &Failure) -> String {
    let body = Object::parse(failure.body.as_bytes()).unwrap_or_default();
    let (code, message) = (body.string("code"), body.string("message"));
    let mut text = format!("{ERROR}error[{}]:{ERROR:#} ", escape::text(&code));
    let (faults, violations) = (body.strings("faults"), failure.violations.as_slice());
    let _ = match (faults.as_slice(), violations) {
        ([_, ..], _) => write!(text, "the accounts cannot be used"),
        (_, [one]) if code == "invalid-request" => {
            let message = escape::text(sentence(&one.message));
            write!(text, "{}: {message}", escape::text(&one.place))
        }
        (_, [_, _, ..]) if code == "invalid-request" => {
            write!(text, "the request is invalid, and was not sent")
        }
        _ => write!(text, "{}", escape::text(&message)),
    };
    for fault in &faults {
        let _ = write!(text, "\n  {}", escape::text(fault));
    }
    if violations.len() > 1 || code != "invalid-request" {
        for violation in violations {
            let (place, code) = (
                escape::text(&violation.place),
                escape::text(&violation.code),
            );
            let message = escape::text(sentence(&violation.message));
            let _ = write!(text, "\n  {place}: {message} ({code})");
        }
    }
    if let Some(response) = body.get("raw_response") {
        let response = if response.get().starts_with('"') {
            string(response)
        } else {
            response.get().to_owned()
        };
        let cut: String = response.chars().take(MAX_RESPONSE).collect();
        let more = if cut.len() < response.len() {
            "…"
        } else {
            ""
        };
        let status = body.number("provider_status");
        let status = status.map_or_else(String::new, |status| format!(" {status}"));
        let _ = write!(
            text,
            "\n  the provider answered{status}: {}{more}",
            escape::text(&cut)
        );
    }
    let outcome = match body.string("outcome").as_str() {
        "unknown" => Some("unknown: the provider may have acted"),
        "rejected" => Some("rejected: the provider changed nothing"),
        _ => None,
    };
    if let Some(outcome) = outcome {
        let _ = write!(text, "\n  outcome {outcome}");
    }
    if let Some(seconds) = body.number("retry_after") {
        let _ = write!(text, "\n  try again in {seconds} s");
    }
    if let Some(figures) = body.get("rate_limit") {
        let figures = Object::parse(figures.get().as_bytes()).unwrap_or_default();
        let said: Vec<String> = [("limit", ""), ("remaining", ""), ("reset", " s")]
            .into_iter()
            .filter_map(|(name, unit)| {
                let figure = figures.number(name)?;
                let name = if name == "reset" { "reset in" } else { name };
                Some(format!("{name} {figure}{unit}"))
            })
            .collect();
        let _ = write!(text, "\n  rate limit: {}", said.join(", "));
    }
    if let Some(hint) = &failure.hint {
        let _ = write!(text, "\n{HINT}hint:{HINT:#} {}", escape::text(hint));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_says_is_read_and_not_obeyed() {
        let mut failure = Failure::new(Status::Rejected, "Dixa said \u{1b}[2J no");
        failure.body = failure.body.replace(
            "\"outcome\":\"not-sent\"",
            r#""outcome":"rejected","raw_response":"<\u001b]0;x\u0007\n>\ud83d","provider_status":400,"retry_after":7,"rate_limit":{"limit":9,"reset":3}"#,
        );
        let text = strip_str(&text(&failure)).to_string();
        assert_eq!(
            text,
            "error[internal-error]: Dixa said \\u{1b}[2J no\n  the provider answered 400: <\\u{1b}]0;x\\u{7}\\n>\u{fffd}\u{fffd}\u{fffd}\n  \
             outcome rejected: the provider changed nothing\n  try again in 7 s\n  rate limit: limit 9, reset in 3 s"
        );
    }
}
