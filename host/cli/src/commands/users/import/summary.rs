//! The end of an import, for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::outcome::{RowOutcome, RowResult};
use crate::error::{CliError, ExitStatus};

/// How many rows came to what.
#[derive(Default)]
pub(super) struct Summary {
    results: BTreeMap<RowResult, Count>,
    /// How many were done before.
    replayed: u64,
    /// How many were not begun.
    pub(super) left: u64,
    /// The lines of rows whose outcome is unknown, the first of them.
    unknown_lines: Vec<u64>,
    pub(super) is_interrupted: bool,
}

#[derive(Default)]
struct Count {
    rows: u64,
    /// By the code of the error.
    reasons: BTreeMap<String, u64>,
}

/// The most lines that are named.
const MAX_LINES: usize = 20;

impl Summary {
    pub(super) fn add(&mut self, line: u64, outcome: &RowOutcome) {
        let count = self.results.entry(outcome.result).or_default();
        count.rows += 1;
        if let Some((code, _)) = &outcome.error {
            *count.reasons.entry(code.clone()).or_default() += 1;
        }
        self.replayed += u64::from(outcome.is_replayed);
        if outcome.result == RowResult::Unknown && self.unknown_lines.len() < MAX_LINES {
            self.unknown_lines.push(line);
        }
    }

    fn rows(&self, result: RowResult) -> u64 {
        self.results.get(&result).map_or(0, |count| count.rows)
    }

    /// How many rows are over.
    pub(super) fn total(&self) -> u64 {
        self.results.values().map(|count| count.rows).sum()
    }

    /// The lines for people.
    pub(super) fn text(&self, name: &str, time: Duration) -> String {
        let total = self.total() + self.left;
        let mut text = format!("{name}: {}, {}", rows(total), elapsed(time));
        for result in RowResult::ALL {
            let Some(count) = self.results.get(&result) else {
                continue;
            };
            let reasons = count.reasons.iter();
            let reasons: Vec<String> = reasons
                .map(|(code, rows)| format!("{code} {rows}"))
                .collect();
            let line = format!(
                "  {:<9} {:>8}  {}",
                result.as_str(),
                count.rows,
                reasons.join(", ")
            );
            let _ = write!(text, "\n{}", line.trim_end());
        }
        if self.left > 0 {
            let _ = write!(text, "\n  {:<9} {:>8}", "left", self.left);
        }
        if self.replayed > 0 {
            let _ = write!(
                text,
                "\n{} done before: nothing was sent",
                were(self.replayed)
            );
        }
        text
    }

    /// The same for programs.
    pub(super) fn json(&self, name: &str) -> String {
        let mut results = Map::new();
        for (result, count) in &self.results {
            let value = json!({"rows": count.rows, "reasons": count.reasons});
            results.insert(result.as_str().to_owned(), value);
        }
        json!({"summary": {
            "file": name,
            "rows": self.total() + self.left,
            "results": Value::Object(results),
            "done_before": self.replayed,
            "left": self.left,
        }})
        .to_string()
    }

    /// The error of the import, where a row is not done: the first that applies.
    pub(super) fn error(&self, resend_absent: bool) -> Option<CliError> {
        let of = |status: ExitStatus| -> u64 {
            let results = RowResult::ALL.into_iter();
            let results = results.filter(|result| result.status() == status);
            results.map(|result| self.rows(result)).sum()
        };
        let again = "the same command again goes on: for rows that are done nothing is sent";
        if self.is_interrupted {
            let message = format!("interrupted; {} left", were(self.left));
            return Some(CliError::import(ExitStatus::Interrupted, &message).hint(again));
        }
        for status in [
            ExitStatus::Unknown,
            ExitStatus::Rejected,
            ExitStatus::Invalid,
            ExitStatus::Later,
        ] {
            let count = of(status);
            if count == 0 {
                continue;
            }
            let (message, hint) = match status {
                ExitStatus::Unknown => {
                    let lines: Vec<String> =
                        self.unknown_lines.iter().map(u64::to_string).collect();
                    let more = usize::try_from(count).is_ok_and(|count| count > lines.len());
                    let more = if more { ", …" } else { "" };
                    let message = format!(
                        "the outcome of {} is unknown: line {}{more}",
                        rows(count),
                        lines.join(", ")
                    );
                    let hint = if resend_absent {
                        "the same command again looks for them again"
                    } else {
                        "the same command again looks for them; with `--resend-absent` it also sends those that are not there a minute \
                         after"
                    };
                    (message, hint)
                }
                ExitStatus::Rejected => {
                    let message = format!("{} rejected", were(count));
                    (
                        message,
                        "the results say why; correct these rows, and run the same command again",
                    )
                }
                ExitStatus::Invalid => {
                    let message = format!("{} invalid", are(count));
                    (
                        message,
                        "correct these rows, and run the same command again",
                    )
                }
                _ => (format!("{} not sent", were(count)), again),
            };
            return Some(CliError::import(status, &message).hint(hint));
        }
        None
    }
}

/// A number of rows.
pub(super) fn rows(count: u64) -> String {
    if count == 1 {
        "1 row".to_owned()
    } else {
        format!("{} rows", grouped(count))
    }
}

fn were(count: u64) -> String {
    let verb = if count == 1 { "was" } else { "were" };
    format!("{} {verb}", rows(count))
}

pub(super) fn are(count: u64) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{} {verb}", rows(count))
}

/// A number with commas between thousands.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time for people: tenths of a second are enough, and of a minute or more whole seconds.
pub(super) fn elapsed(time: Duration) -> String {
    if time < Duration::from_mins(1) {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        humantime::format_duration(Duration::from_secs(time.as_secs())).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::RowResult::{Created, Exists, Invalid, NotSent, Rejected, Unknown};
    use super::*;

    #[test]
    fn first_status_that_applies_counts() {
        let of = |results: &[RowResult]| {
            let mut summary = Summary::default();
            for (line, result) in (2..).zip(results) {
                summary.add(line, &RowOutcome::done(*result, None));
            }
            summary.error(false).map(|error| error.status)
        };
        for (results, status) in [
            (&[Created][..], None),
            (&[Created, NotSent], Some(ExitStatus::Later)),
            (&[NotSent, Invalid], Some(ExitStatus::Invalid)),
            (&[Invalid, Exists], Some(ExitStatus::Rejected)),
            (&[Invalid, Rejected], Some(ExitStatus::Rejected)),
            (&[Rejected, Unknown, NotSent], Some(ExitStatus::Unknown)),
        ] {
            assert_eq!(of(results), status, "{results:?}");
        }
    }

    #[test]
    fn numbers_are_grouped() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(count), text);
        }
    }
}
