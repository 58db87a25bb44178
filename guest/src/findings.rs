//! Violations and warnings, collected until every place has been looked at.

use serde::Serialize;

use crate::bindings::types::{Error, ErrorCode, Finding, FindingCode, Outcome, Place};
use crate::codes;

/// What has been found in one call's input.
#[derive(Debug, Default)]
pub struct Findings {
    strict: bool,
    /// What stops the call.
    pub violations: Vec<Finding>,
    /// What does not.
    pub warnings: Vec<Finding>,
}

impl Findings {
    /// Nothing found yet. When `strict`, what would be tolerated is a violation.
    #[must_use]
    pub const fn new(strict: bool) -> Self {
        Self {
            strict,
            violations: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Notes what stops the call.
    pub fn violation(&mut self, code: FindingCode, place: Place, path: &str, message: String) {
        self.violations.push(Finding {
            code,
            in_: place,
            path: path.to_owned(),
            message,
        });
    }

    /// Notes what does not stop the call, also when strict.
    pub fn warning(&mut self, code: FindingCode, place: Place, path: &str, message: String) {
        self.warnings.push(Finding {
            code,
            in_: place,
            path: path.to_owned(),
            message,
        });
    }

    /// Notes what does not stop the call, unless it is strict.
    pub fn tolerated(&mut self, code: FindingCode, place: Place, path: &str, message: String) {
        if self.strict {
            self.violation(code, place, path, message);
        } else {
            self.warning(code, place, path, message);
        }
    }

    /// Whether a violation is at this path of the body, or below it, or of the body as a whole: of one that cannot be read,
    /// nobody knows what it lacks.
    #[must_use]
    pub fn refused(&self, pointer: &str) -> bool {
        self.violations.iter().any(|finding| {
            finding.in_ == Place::Body
                && (finding.path.is_empty()
                    || finding
                        .path
                        .strip_prefix(pointer)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
        })
    }

    /// The warnings, when nothing stops the call.
    ///
    /// # Errors
    ///
    /// Every violation at once.
    pub fn verdict(self) -> Result<Vec<Finding>, Error> {
        if self.violations.is_empty() {
            return Ok(self.warnings);
        }
        let mut places = String::new();
        for finding in &self.violations {
            let separator = if places.is_empty() { "" } else { "; " };
            let path = match (finding.in_, finding.path.as_str()) {
                (Place::Body, "") => "the body",
                (_, "") => "the query",
                (_, path) => path,
            };
            places.push_str(separator);
            places.push_str(path);
            places.push_str(": ");
            places.push_str(&finding.message);
        }
        Err(Error {
            violations: self.violations,
            ..error(ErrorCode::InvalidRequest, 400, Outcome::NotSent, places)
        })
    }
}

/// A finding as JSON has it, in the order of the published API.
#[derive(Serialize)]
pub struct Found<'a> {
    #[serde(rename = "in")]
    place: &'static str,
    path: &'a str,
    code: &'static str,
    message: &'a str,
}

impl<'a> From<&'a Finding> for Found<'a> {
    fn from(finding: &'a Finding) -> Self {
        let Finding {
            code,
            in_,
            path,
            message,
        } = finding;
        Self {
            place: codes::place(*in_),
            path,
            code: codes::finding(*code),
            message,
        }
    }
}

/// An error without the parts that few have.
#[must_use]
pub const fn error(code: ErrorCode, status: u16, outcome: Outcome, message: String) -> Error {
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

/// A text as a message quotes it: cut after 80 characters, control characters escaped.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("`");
    for (position, character) in text.chars().enumerate() {
        if position == 80 {
            quoted.push('…');
            break;
        }
        if character.is_control() {
            quoted.extend(character.escape_default());
        } else {
            quoted.push(character);
        }
    }
    quoted.push('`');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_without_a_name_is_not_the_body() {
        let mut findings = Findings::new(true);
        let message = || "there is no such parameter".to_owned();
        findings.tolerated(FindingCode::UnknownField, Place::Query, "", message());
        let error = findings.verdict().unwrap_err();
        assert_eq!(error.message, format!("the query: {}", message()));
    }
}
