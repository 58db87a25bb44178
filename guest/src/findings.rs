//! Violations and warnings, collected until every place has been looked at.
//!
//! However much is wrong with an input, what is told of it is bounded: so many findings, the rest counted, each of them cut. What
//! is not told is not worded either, so that the dearest input costs no more than it takes to read it.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::{self, Display, Write as _};
use std::ops::Deref;

use serde::Serialize;

use crate::bindings::types::{Error, ErrorCode, Finding, FindingCode, Location, Outcome};
use crate::codes;
use crate::field::Field;

/// The most violations, and the most warnings, that a call tells. One more finding says how many are left out.
pub const MAX_FINDINGS: usize = 100;

/// The most places that an error's message names. Each violation has its own message besides.
const MAX_LOCATIONS: usize = 10;

/// The longest path of a finding, in bytes: parameters and members are named by the caller.
const MAX_PATH: usize = 200;

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
        place: Location,
        path: &dyn Display,
        message: &dyn Display,
    ) {
        if self.findings.len() == MAX_FINDINGS {
            self.left_out += 1;
            return;
        }
        self.findings.push(Finding {
            code,
            in_: place,
            path: shortened(path, MAX_PATH),
            message: shortened(message, MAX_MESSAGE),
        });
    }

    /// Counts what is not told.
    pub(crate) const fn leave_out(&mut self, number: usize) {
        self.left_out += number;
    }

    /// How many were found, told or not.
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

/// Those that are told.
impl Deref for FindingList {
    type Target = [Finding];

    fn deref(&self) -> &[Finding] {
        &self.findings
    }
}

/// Those that are told, and that they are all.
impl<const N: usize> PartialEq<[Finding; N]> for FindingList {
    fn eq(&self, other: &[Finding; N]) -> bool {
        self.left_out == 0 && self.findings == other
    }
}

/// How many findings a list stands for: those in it, and those that its `more` counts.
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

/// What has been found in one call's input.
#[derive(Debug, Default)]
pub struct Findings {
    strict: bool,
    /// What stops the call.
    pub violations: FindingList,
    /// What does not.
    pub warnings: FindingList,
    body: Rejected,
}

/// What of the body has a violation. Kept for violations that are only counted, too.
#[derive(Debug, Default)]
struct Rejected {
    any: bool,
    /// The body as a whole: of one that cannot be read, nobody knows what it lacks.
    whole: bool,
    fields: [bool; Field::ALL.len()],
    /// The entries of lists, each with the position of its field, in ascending order: as they are read, mostly.
    entries: Vec<(usize, usize)>,
    /// Those that came after a later one: a list can be given twice, and before another.
    others: BTreeSet<(usize, usize)>,
    /// Where a path is written, to be looked at.
    path: String,
}

/// As much of a path as can name a field and an entry of it, in bytes.
const MAX_PLACE: usize = 32;

impl Rejected {
    /// Notes a JSON Pointer.
    fn note(&mut self, pointer: &dyn Display) {
        self.any = true;
        self.path.clear();
        let mut cut = Cut {
            text: &mut self.path,
            room: MAX_PLACE,
        };
        let whole = write!(cut, "{pointer}").is_ok();
        let mut steps = self.path.split('/').skip(1);
        let Some(name) = steps.next() else {
            self.whole = true;
            return;
        };
        let Some(position) = Field::ALL.iter().position(|field| field.name() == name) else {
            return;
        };
        if let Some(field) = self.fields.get_mut(position) {
            *field = true;
        }
        // The last step may be cut.
        let entry = steps.next().filter(|_| whole || steps.next().is_some());
        let Some(entry) = entry.and_then(|step| step.parse().ok()) else {
            return;
        };
        let entry = (position, entry);
        match self.entries.last() {
            Some(last) if *last == entry => {}
            Some(last) if *last > entry => {
                self.others.insert(entry);
            }
            _ => self.entries.push(entry),
        }
    }

    fn field(&self, field: Field) -> bool {
        let mut fields = Field::ALL.iter().zip(self.fields);
        self.whole || fields.any(|(each, rejected)| rejected && *each == field)
    }

    fn entry(&self, field: Field, entry: usize) -> bool {
        let position = Field::ALL.iter().position(|each| *each == field);
        self.whole
            || position.is_some_and(|position| {
                let entry = (position, entry);
                self.entries.binary_search(&entry).is_ok() || self.others.contains(&entry)
            })
    }
}

impl Findings {
    /// Nothing found yet. When `strict`, what would be tolerated is a violation.
    #[must_use]
    pub fn new(strict: bool) -> Self {
        Self {
            strict,
            ..Self::default()
        }
    }

    /// From here on strict, or not.
    pub(crate) const fn set_strict(&mut self, strict: bool) {
        self.strict = strict;
    }

    /// Notes what stops the call.
    pub fn violation(
        &mut self,
        code: FindingCode,
        place: Location,
        path: impl Display,
        message: impl Display,
    ) {
        self.reject(code, place, &path, &message);
    }

    fn reject(
        &mut self,
        code: FindingCode,
        place: Location,
        path: &dyn Display,
        message: &dyn Display,
    ) {
        if place == Location::Body {
            self.body.note(path);
        }
        self.violations.push(code, place, path, message);
    }

    /// Notes what does not stop the call, also when strict.
    pub fn warning(
        &mut self,
        code: FindingCode,
        place: Location,
        path: impl Display,
        message: impl Display,
    ) {
        self.warnings.push(code, place, &path, &message);
    }

    /// Notes what does not stop the call, unless it is strict.
    pub fn tolerated(
        &mut self,
        code: FindingCode,
        place: Location,
        path: impl Display,
        message: impl Display,
    ) {
        if self.strict {
            self.reject(code, place, &path, &message);
        } else {
            self.warnings.push(code, place, &path, &message);
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

    /// Whether a violation is at this entry of a list in the body, or below it, or of the body as a whole.
    #[must_use]
    pub fn entry_rejected(&self, field: Field, entry: usize) -> bool {
        self.body.entry(field, entry)
    }

    /// The warnings, when nothing stops the call.
    ///
    /// # Errors
    ///
    /// Every violation at once, as many as are told.
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

/// Takes no more than a number of bytes, and then fails, so that nothing beyond is made.
struct Cut<'a> {
    text: &'a mut String,
    room: usize,
}

impl fmt::Write for Cut<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let taken = part
            .get(..part.floor_char_boundary(self.room))
            .unwrap_or_default();
        self.text.push_str(taken);
        self.room -= taken.len();
        if taken.len() == part.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

/// A text of at most so many bytes, and an ellipsis where something is missing.
#[must_use]
pub(crate) fn shortened(text: &dyn Display, most: usize) -> String {
    let mut kept = String::new();
    let mut cut = Cut {
        text: &mut kept,
        room: most,
    };
    if write!(cut, "{text}").is_err() {
        // An escape of a JSON Pointer (RFC 6901, section 3) is not cut in two.
        if kept.ends_with('~') {
            kept.pop();
        }
        kept.push('…');
    }
    kept
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
            place: codes::location(*in_),
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
pub const fn quoted(text: &str) -> Quoted<'_> {
    Quoted { text, most: 80 }
}

/// An address as a message quotes it: whole, if it is one (RFC 5321, section 4.5.3.1.3).
#[must_use]
pub const fn quoted_address(text: &str) -> Quoted<'_> {
    Quoted { text, most: 254 }
}

/// What [`quoted`] gives. It is written only where somebody reads it.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a> {
    text: &'a str,
    most: usize,
}

impl Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('`')?;
        for (position, character) in self.text.chars().enumerate() {
            if position == self.most {
                formatter.write_char('…')?;
                break;
            }
            if character.is_control() {
                write!(formatter, "{}", character.escape_default())?;
            } else {
                formatter.write_char(character)?;
            }
        }
        formatter.write_char('`')
    }
}
