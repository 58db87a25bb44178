//! The output of the program: results on standard output, everything else on standard error.

mod render;

use std::io::{self, IsTerminal as _, Write as _};
use std::net::SocketAddr;

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde_json::json;
use unified_ticketing::types::Warning;

use crate::args::LogFormat;
use crate::error::{CliError, ExitStatus};
use crate::json::{Object, indented};
use crate::log::Log;
use crate::{escape, stdout};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// A warning about rows of a file: it is the same for all of them.
pub(crate) struct RowWarning<'a> {
    pub(crate) code: &'a str,
    pub(crate) path: &'a str,
    pub(crate) message: &'a str,
    /// The first line that has it.
    pub(crate) line: u64,
    /// How many rows have it.
    pub(crate) rows: u64,
}

/// What a server has started with.
pub(crate) struct Started<'a> {
    /// How many accounts there are.
    pub(crate) accounts: usize,
    /// Who sends.
    pub(crate) sender: &'a str,
    /// The kind of the store.
    pub(crate) store: Option<&'a str>,
    /// Where the metrics are.
    pub(crate) metrics: Option<SocketAddr>,
}

/// Standard output and standard error.
pub(crate) struct Terminal {
    log: Log,
}

impl Terminal {
    pub(crate) const fn new(log: Log) -> Self {
        Self { log }
    }

    /// Prints the result of a command that changes nothing.
    ///
    /// # Errors
    ///
    /// Standard output cannot be written.
    #[expect(
        clippy::unused_self,
        reason = "only the holder of the terminal prints a result"
    )]
    pub(crate) fn result(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        print(bytes).map_err(|error| CliError::output_failed(&error))
    }

    /// Prints a result in JSON, indented. Every token stays.
    ///
    /// # Errors
    ///
    /// Standard output cannot be written.
    pub(crate) fn json(&mut self, json: &[u8]) -> Result<(), CliError> {
        self.result(&indented(json))
    }

    /// Prints a warning of the component. `location` says in terms of flags where it is; it is empty for a warning of the response.
    pub(crate) fn warning(&mut self, warning: &Warning, location: &str) {
        let Warning {
            code,
            in_: _,
            path,
            message,
        } = warning;
        match self.log.format() {
            LogFormat::Text => {
                let colon = if location.is_empty() { "" } else { ": " };
                let location = escape::inline(location);
                let message = escape::inline(message);
                self.print_lines(&format!(
                    "{WARNING}warning[{code}]:{WARNING:#} {location}{colon}{message}"
                ));
            }
            LogFormat::Json => {
                let line = json!({"warning": code.to_string(), "path": path, "message": message});
                self.log.line(&line.to_string());
            }
        }
    }

    /// Prints a warning about the configuration.
    pub(crate) fn configuration_warning(&mut self, message: &str) {
        match self.log.format() {
            LogFormat::Text => {
                let message = escape::inline(message);
                self.print_lines(&format!("{WARNING}warning:{WARNING:#} {message}"));
            }
            LogFormat::Json => self.log.line(&json!({"warning": message}).to_string()),
        }
    }

    /// Prints the address that a server listens on, before anything else.
    pub(crate) fn listening(&mut self, address: SocketAddr) {
        match self.log.format() {
            LogFormat::Text => self.print_lines(&format!("listening on http://{address}")),
            LogFormat::Json => {
                let line = json!({"listening": format!("http://{address}")});
                self.log.line(&line.to_string());
            }
        }
    }

    /// Prints a warning about rows of a file.
    pub(crate) fn import_warning(&mut self, warning: &RowWarning<'_>) {
        let RowWarning {
            code,
            path,
            message,
            line,
            rows,
        } = warning;
        match self.log.format() {
            LogFormat::Text => {
                let more = match rows - 1 {
                    0 => String::new(),
                    1 => ", and 1 row more".to_owned(),
                    more => format!(", and {more} rows more"),
                };
                let (path, message) = (escape::inline(path), escape::inline(message));
                self.print_lines(&format!(
                    "{WARNING}warning[{code}]:{WARNING:#} line {line}{more}, {path}: {message}"
                ));
            }
            LogFormat::Json => {
                let line = json!({"warning": code, "path": path, "message": message, "line": line, "rows": rows});
                self.log.line(&line.to_string());
            }
        }
    }

    /// Prints what a server has started with, after its address. Nothing of it is secret.
    pub(crate) fn started(&mut self, started: &Started<'_>) {
        let Started {
            accounts,
            sender,
            store,
            metrics,
        } = started;
        let metrics = metrics.map(|address| format!("http://{address}/metrics"));
        let version = env!("UNIFIED_TICKETING_VERSION");
        match self.log.format() {
            LogFormat::Text => {
                let plural = if *accounts == 1 { "" } else { "s" };
                let store = store.map_or_else(|| "no store".to_owned(), |it| format!("store {it}"));
                let metrics = metrics.map_or_else(String::new, |it| format!(", metrics {it}"));
                self.print_lines(&format!(
                    "unified-ticketing {version}: {accounts} account{plural}, sender {sender}, {store}{metrics}"
                ));
            }
            LogFormat::Json => {
                let line = json!({"version": version, "accounts": accounts, "sender": sender, "store": store, "metrics": metrics});
                self.log.line(&line.to_string());
            }
        }
    }

    /// Prints what is wrong with a row of a file: for people, and in JSON.
    pub(crate) fn fault(&mut self, text: &str, json: &str) {
        match self.log.format() {
            LogFormat::Text => self.print_lines(&format!("  {}", escape::inline(text))),
            LogFormat::Json => self.log.line(json),
        }
    }

    /// Prints the end of an import: for people, and in JSON.
    pub(crate) fn summary(&mut self, text: &str, json: &str) {
        match self.log.format() {
            LogFormat::Text => self.print_lines(&escape::lines(text, false)),
            LogFormat::Json => self.log.line(json),
        }
    }

    /// The format of standard error.
    pub(crate) const fn format(&self) -> LogFormat {
        self.log.format()
    }

    /// Prints a message that only people need.
    pub(crate) fn note(&mut self, message: &str) {
        if self.log.format() == LogFormat::Text {
            self.print_lines(&escape::inline(message));
        }
    }

    /// Asks a person, who answers on the same line.
    #[expect(clippy::unused_self, reason = "only the holder of the terminal asks")]
    pub(crate) fn prompt(&mut self, text: &str) {
        let text = escape::inline(text);
        // Who does not see the question does not answer it.
        let _ = write!(io::stderr(), "{text}");
    }

    /// Prints where a list goes on, after output that does not say it.
    pub(crate) fn next_cursor(&mut self, cursor: &str) {
        match self.log.format() {
            LogFormat::Text => {
                let cursor = escape::inline(cursor);
                self.print_lines(&format!("the next page: `--cursor {cursor}`"));
            }
            LogFormat::Json => self.log.line(&json!({"next_cursor": cursor}).to_string()),
        }
    }

    /// Prints the error of a command, and returns its exit status.
    pub(crate) fn error(&mut self, error: &CliError) -> ExitStatus {
        match self.log.format() {
            _ if error.quiet => {}
            LogFormat::Text => self.print_lines(&render::error(error)),
            LogFormat::Json => self.log.line(&error.body),
        }
        error.status
    }

    /// Prints an error of usage, with clap's text and colours.
    pub(crate) fn usage_error(&mut self, error: &clap::Error) -> ExitStatus {
        match self.log.format() {
            LogFormat::Text => {
                let plain = error.render().to_string();
                // An argument that would control the terminal is escaped, and the colours are left out.
                if plain == escape::lines(&plain, false) {
                    self.print_lines(&error.render().ansi().to_string());
                } else {
                    self.print_lines(&escape::lines(&plain, false));
                }
            }
            LogFormat::Json => {
                let rendered = error.render().to_string();
                // clap has no message alone, without its usage and its advice.
                let message = rendered.split("\n\nUsage:").next().unwrap_or_default();
                let message = message.split("\n\nFor more").next().unwrap_or_default();
                let words: Vec<&str> = message.split_whitespace().collect();
                let message = words.join(" ");
                let message = message.strip_prefix("error: ").unwrap_or(&message);
                self.log
                    .line(&CliError::new(ExitStatus::Usage, message).body);
            }
        }
        ExitStatus::Usage
    }

    /// Prints lines on standard error, with their colours where it has colours.
    fn print_lines(&self, lines: &str) {
        if self.log.colours() {
            self.log.line(lines);
        } else {
            self.log.line(&strip_str(lines).to_string());
        }
    }
}

/// The width of a terminal that does not say it.
const DEFAULT_WIDTH: usize = 80;

/// Returns the width of lines for people on standard output; none where it is no terminal.
pub(crate) fn output_width() -> Option<usize> {
    io::stdout().is_terminal().then(|| {
        let size = terminal_size::terminal_size_of(io::stdout());
        size.map_or(DEFAULT_WIDTH, |(width, _)| width.0.into())
    })
}

/// Prints the help or the version.
///
/// # Errors
///
/// Standard output cannot be written.
pub(crate) fn print_help(help: &clap::Error) -> Result<(), CliError> {
    let help = help.render();
    let colours = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    let help = if colours {
        help.ansi().to_string()
    } else {
        help.to_string()
    };
    write_out(help.as_bytes()).map_err(|error| CliError::output_failed(&error))
}

/// Writes to standard output. On a terminal, characters that would control it are escaped.
///
/// # Errors
///
/// Standard output cannot be written.
pub(crate) fn print(bytes: &[u8]) -> io::Result<()> {
    if !io::stdout().is_terminal() {
        return write_out(bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    // JSON Lines are several values.
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Object<'_>>();
    let is_json = values.all(|value| value.is_ok());
    let text = if is_json {
        escape::json(&text)
    } else {
        escape::lines(&text, false)
    };
    write_out(text.as_bytes())
}

fn write_out(bytes: &[u8]) -> io::Result<()> {
    stdout::ensure_open()?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
