//! Violations and warnings, collected until every location has been checked.
//!
//! The report on an input is bounded: it has at most [`MAX_FINDINGS`] violations and as many warnings, each shortened, and counts the
//! rest. A finding that is only counted gets no message, so that the most expensive input costs no more than it takes to read it.

mod bounded;
mod rejected;
#[cfg(test)]
mod tests;

use std::fmt::{Display, Write as _};
use std::ops::Deref;

use serde::Serialize;

use crate::bindings::types::{Error, ErrorCode, Finding, FindingCode, Location, Outcome};
use crate::codes;
use crate::field::{Field, OptionField};
use crate::json::{duplicates, escaped};
pub(crate) use bounded::shortened;
pub use bounded::{Quoted, quoted, quoted_address};
use rejected::Rejected;

/// The most violations, and the most warnings, that a call reports. One more finding says how many are left out.
pub const MAX_FINDINGS: usize = 100;

/// The most locations that an error's message names. Each violation has its own message besides.
const MAX_LOCATIONS: usize = 10;

/// The longest path of a finding, in bytes: parameters and members are named by the caller.
const MAX_PATH: usize = 200;

/// The longest name that a pointer to a member given twice has in it, in bytes.
pub(crate) const MAX_NAME: usize = 80;

/// The longest message of a finding, in bytes: a provider's sentences are in some.
pub(crate) const MAX_MESSAGE: usize = 500;

/// Findings, at most [`MAX_FINDINGS`] of them; the others are counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindingList {
    findings: Vec<Finding>,
    left_out: usize,
}

impl FindingList {
    /// Adds a finding, or counts it where there are enough.
    pub fn push(
        &mut self,
        code: FindingCode,
        location: Location,
        path: &dyn Display,
        message: &dyn Display,
    ) {
        if self.findings.len() == MAX_FINDINGS {
            self.left_out += 1;
            return;
        }
        self.findings.push(Finding {
            code,
            in_: location,
            path: shortened(path, MAX_PATH),
            message: shortened(message, MAX_MESSAGE),
        });
    }

    /// Counts findings that are not reported.
    pub(crate) const fn leave_out(&mut self, number: usize) {
        self.left_out += number;
    }

    /// How many were found, reported or not.
    #[must_use]
    pub const fn found(&self) -> usize {
        self.findings.len() + self.left_out
    }

    /// The findings as the contract has them: the last one says how many are left out, where any are.
    #[must_use]
    pub fn into_vec(self) -> Vec<Finding> {
        let Self {
            mut findings,
            left_out,
        } = self;
        if left_out > 0 {
            findings.push(Finding {
                code: FindingCode::More,
                in_: Location::Body,
                path: String::new(),
                message: format!("{left_out} more"),
            });
        }
        findings
    }
}

/// The findings that are reported.
impl Deref for FindingList {
    type Target = [Finding];

    fn deref(&self) -> &[Finding] {
        &self.findings
    }
}

/// Equal where the list reports these findings and leaves out none.
impl<const N: usize> PartialEq<[Finding; N]> for FindingList {
    fn eq(&self, other: &[Finding; N]) -> bool {
        self.left_out == 0 && self.findings == other
    }
}

/// How many findings an array stands for: its own, and those that its `more` counts.
#[must_use]
pub(crate) fn found(findings: &[Finding]) -> usize {
    let count = |finding: &Finding| match finding.code {
        FindingCode::More => {
            let digits = finding.message.split(' ').next().unwrap_or_default();
            digits.parse().unwrap_or(1)
        }
        _ => 1,
    };
    findings.iter().map(count).sum()
}

/// The findings of one call's input.
#[derive(Debug)]
pub struct Findings {
    strict: bool,
    option_name: fn(OptionField) -> &'static str,
    /// Findings that stop the call.
    pub violations: FindingList,
    /// Findings that do not.
    pub warnings: FindingList,
    body: Rejected,
}

impl Findings {
    /// No findings yet. When `strict`, what would be tolerated is a violation.
    #[must_use]
    pub fn new(strict: bool) -> Self {
        Self {
            strict,
            option_name: OptionField::name,
            violations: FindingList::default(),
            warnings: FindingList::default(),
            body: Rejected::default(),
        }
    }

    /// No findings yet, for a caller who knows the options by these names.
    pub(crate) fn with_option_names(option_name: fn(OptionField) -> &'static str) -> Self {
        Self {
            option_name,
            ..Self::new(false)
        }
    }

    /// The name of an option in a path.
    pub(crate) fn option_name(&self, option: OptionField) -> &'static str {
        (self.option_name)(option)
    }

    /// The path of a parameter of the provider's query.
    pub(crate) fn remote_query_path(&self, name: &str) -> String {
        let base = name.split('[').next().unwrap_or_default();
        let rest = name.get(base.len()..).unwrap_or_default();
        format!(
            "{}[{base}]{rest}",
            self.option_name(OptionField::RemoteQuery)
        )
    }

    /// Sets whether later findings are strict.
    pub(crate) const fn set_strict(&mut self, strict: bool) {
        self.strict = strict;
    }

    /// Adds a finding that stops the call.
    pub fn violation(
        &mut self,
        code: FindingCode,
        location: Location,
        path: impl Display,
        message: impl Display,
    ) {
        self.reject(code, location, &path, &message);
    }

    fn reject(
        &mut self,
        code: FindingCode,
        location: Location,
        path: &dyn Display,
        message: &dyn Display,
    ) {
        if location == Location::Body {
            self.body.note(path);
        }
        self.violations.push(code, location, path, message);
    }

    /// Adds a finding that does not stop the call, even a strict one.
    pub fn warning(
        &mut self,
        code: FindingCode,
        location: Location,
        path: impl Display,
        message: impl Display,
    ) {
        self.warnings.push(code, location, &path, &message);
    }

    /// Adds a finding that stops the call only if it is strict.
    pub fn tolerated(
        &mut self,
        code: FindingCode,
        location: Location,
        path: impl Display,
        message: impl Display,
    ) {
        if self.strict {
            self.reject(code, location, &path, &message);
        } else {
            self.warnings.push(code, location, &path, &message);
        }
    }

    /// Adds a violation for every member that an object has twice, at any depth of this JSON: it is not known which of the two the
    /// caller means, or which the provider would take. `pointer` is the location of the JSON in the body.
    pub(crate) fn duplicate_members(&mut self, pointer: &dyn Display, json: &str) {
        duplicates(json, &mut |object, name| {
            self.duplicate_member(&format_args!("{pointer}{object}"), name);
        });
    }

    /// Adds a violation for a member that an object has twice. The name may be as long as the body.
    pub(crate) fn duplicate_member(&mut self, object: &dyn Display, name: &str) {
        let (code, location) = (FindingCode::DuplicateMember, Location::Body);
        let message = format_args!(
            "expected each member once, but found {} twice",
            quoted(name)
        );
        if name.len() > MAX_NAME {
            self.violation(code, location, object, message);
        } else {
            let path = format_args!("{object}/{}", escaped(name));
            self.violation(code, location, path, message);
        }
    }

    /// Whether anything in the body is a violation.
    #[must_use]
    pub const fn body_rejected(&self) -> bool {
        self.body.any
    }

    /// Whether a violation is at this field of the body, or below it, or of the body as a whole.
    #[must_use]
    pub fn field_rejected(&self, field: Field) -> bool {
        self.body.field(field)
    }

    /// Whether a violation is at this entry of an array in the body, or below it, or of the body as a whole.
    #[must_use]
    pub fn entry_rejected(&self, field: Field, entry: usize) -> bool {
        self.body.entry(field, entry)
    }

    /// The warnings, when nothing stops the call.
    ///
    /// # Errors
    ///
    /// Every violation at once, as many as are reported.
    pub fn verdict(self) -> Result<Vec<Finding>, Error> {
        if self.violations.is_empty() {
            return Ok(self.warnings.into_vec());
        }
        let mut message = String::new();
        for finding in self.violations.iter().take(MAX_LOCATIONS) {
            let separator = if message.is_empty() { "" } else { "; " };
            let path = match (finding.in_, finding.path.as_str()) {
                (Location::Body, "") => "the body",
                (_, "") => "the query",
                (_, path) => path,
            };
            for part in [separator, path, ": ", finding.message.as_str()] {
                message.push_str(part);
            }
        }
        let unnamed = self.violations.found().saturating_sub(MAX_LOCATIONS);
        if unnamed > 0 {
            // Writing to a string never fails.
            let _ = write!(message, "; and {unnamed} more");
        }
        Err(Error {
            violations: self.violations.into_vec(),
            ..error(ErrorCode::InvalidRequest, 400, Outcome::NotSent, message)
        })
    }
}

/// A finding as JSON has it, in the order of the published API.
#[derive(Serialize)]
pub struct JsonFinding<'a> {
    #[serde(rename = "in")]
    location: &'static str,
    path: &'a str,
    code: &'static str,
    message: &'a str,
}

impl<'a> From<&'a Finding> for JsonFinding<'a> {
    fn from(finding: &'a Finding) -> Self {
        let Finding {
            code,
            in_,
            path,
            message,
        } = finding;
        Self {
            location: codes::location(*in_),
            path,
            code: codes::finding(*code),
            message,
        }
    }
}

/// An error without violations, provider's response, rate limit or limit.
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
