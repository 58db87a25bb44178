//! An error in text, for people.

use std::fmt::Write as _;

use crate::error::{CliError, Violation};
use crate::escape;
use crate::json::{Object, as_string};
use crate::terminal::{ERROR, HINT};

/// The most characters of a provider's response that are shown; `--log-format json` has all of it.
const MAX_RESPONSE: usize = 2_000;

/// Returns the lines for an error, with colours.
pub(super) fn error(error: &CliError) -> String {
    let body = Object::parse(error.body.as_bytes()).unwrap_or_default();
    let code = body.string("code");
    let mut text = format!("{ERROR}error[{}]:{ERROR:#} ", escape::inline(&code));
    // The violations of files of the configuration, and those of a request.
    let (faults, violations) = (body.strings("faults"), error.violations.as_slice());
    let _ = match (faults.as_slice(), violations) {
        ([_, ..], _) if code == "account-unusable" => write!(text, "the accounts cannot be used"),
        ([_, ..], _) if code == "usage" => {
            write!(text, "{}", escape::inline(&body.string("message")))
        }
        ([_, ..], _) => write!(text, "the configuration cannot be used"),
        (_, [one]) if code == "invalid-request" => write!(text, "{}", violation(one)),
        (_, [_, _, ..]) if code == "invalid-request" => {
            write!(text, "the request is invalid, and was not sent")
        }
        _ => write!(text, "{}", escape::inline(&body.string("message"))),
    };
    for fault in &faults {
        let _ = write!(text, "\n  {}", escape::inline(fault));
    }
    if violations.len() > 1 || code != "invalid-request" {
        for each in violations {
            let code = escape::inline(&each.code);
            let _ = write!(text, "\n  {} ({code})", violation(each));
        }
    }
    provider_response(&mut text, &body);
    outcome(&mut text, &body);
    rate_limit(&mut text, &body);
    if let Some(hint) = &error.hint {
        let _ = write!(text, "\n{HINT}hint:{HINT:#} {}", escape::inline(hint));
    }
    text
}

fn violation(violation: &Violation) -> String {
    let location = escape::inline(&violation.location);
    format!("{location}: {}", escape::inline(&violation.message))
}

fn provider_response(text: &mut String, body: &Object<'_>) {
    let Some(response) = body.get("raw_response") else {
        return;
    };
    let response = if response.get().starts_with('"') {
        as_string(response)
    } else {
        response.get().to_owned()
    };
    let shown: String = response.chars().take(MAX_RESPONSE).collect();
    let more = if shown.len() < response.len() {
        "…"
    } else {
        ""
    };
    let status = body.number("provider_status");
    let status = status.map_or_else(String::new, |status| format!(" {status}"));
    let _ = write!(
        text,
        "\n  the provider answered{status}: {}{more}",
        escape::inline(&shown)
    );
}

fn outcome(text: &mut String, body: &Object<'_>) {
    let outcome = match body.string("outcome").as_str() {
        "unknown" => "unknown: the provider may have acted",
        "rejected" => "rejected: the provider changed nothing",
        _ => return,
    };
    let _ = write!(text, "\n  outcome {outcome}");
}

fn rate_limit(text: &mut String, body: &Object<'_>) {
    if let Some(seconds) = body.number("retry_after") {
        let _ = write!(text, "\n  try again in {seconds} s");
    }
    let Some(rate_limit) = body.get("rate_limit") else {
        return;
    };
    let rate_limit = Object::parse(rate_limit.get().as_bytes()).unwrap_or_default();
    let values: Vec<String> = [
        ("limit", "limit", ""),
        ("remaining", "remaining", ""),
        ("reset", "reset in", " s"),
    ]
    .into_iter()
    .filter_map(|(name, label, unit)| {
        let value = rate_limit.number(name)?;
        Some(format!("{label} {value}{unit}"))
    })
    .collect();
    let _ = write!(text, "\n  rate limit: {}", values.join(", "));
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;

    use super::*;
    use crate::error::ExitStatus;

    #[test]
    fn provider_text_is_escaped() {
        let mut rejected = CliError::new(ExitStatus::Rejected, "Dixa said \u{1b}[2J no");
        rejected.body = rejected.body.replace(
            "\"outcome\":\"not-sent\"",
            r#""outcome":"rejected","raw_response":"<\u001b]0;x\u0007\n>\ud83d","provider_status":400,"retry_after":7,"rate_limit":{"limit":9,"reset":3}"#,
        );
        let text = strip_str(&error(&rejected)).to_string();
        assert_eq!(
            text,
            "error[internal-error]: Dixa said \\u{1b}[2J no\n  the provider answered 400: <\\u{1b}]0;x\\u{7}\\n>\u{fffd}\u{fffd}\u{fffd}\n  \
             outcome rejected: the provider changed nothing\n  try again in 7 s\n  rate limit: limit 9, reset in 3 s"
        );
    }
}
