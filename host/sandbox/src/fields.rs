//! Tables of the members that a request body may have, and what is wrong with a body by them.

use std::fmt;

use serde_json::Value;

use super::store::Record;

/// What a member may hold.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    String,
    /// A string that is not blank.
    Name,
    Address,
    Flag,
    Number,
    Integer,
    Object,
    /// An array of strings, none of them twice.
    Strings,
    OneOf(&'static [&'static str]),
    /// What the function accepts; the text is a noun for it.
    Only(&'static str, fn(&Value) -> bool),
    /// The same for strings.
    Like(&'static str, fn(&str) -> bool),
}

/// A member, whether `null` is one of its values, and what it may hold.
pub(super) struct Field(&'static str, bool, Kind);

impl Field {
    pub(super) fn name(&self) -> &'static str {
        self.0
    }
}

pub(super) const fn field(name: &'static str, kind: Kind) -> Field {
    Field(name, false, kind)
}

/// A member that may be `null`.
pub(super) const fn nullable(name: &'static str, kind: Kind) -> Field {
    Field(name, true, kind)
}

/// What is wrong with a member.
pub(super) enum Flaw {
    Missing,
    Unknown,
    Invalid(Kind),
}

/// A member's name and its flaw; displays as a sentence in no vendor's words.
pub(super) struct Problem {
    pub(super) name: String,
    pub(super) flaw: Flaw,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, flaw } = self;
        match flaw {
            Flaw::Missing => write!(f, "'{name}' is required"),
            Flaw::Unknown => write!(f, "'{name}' is not a known parameter"),
            Flaw::Invalid(Kind::OneOf(values)) => {
                write!(f, "'{name}' must be one of: {}", values.join(", "))
            }
            Flaw::Invalid(kind) => write!(f, "'{name}' is not a valid {}", kind.noun()),
        }
    }
}

/// Everything that is wrong: first what is missing, then the members in their order.
///
/// A required member is missing also when it is `null` or blank.
pub(super) fn problems(body: &Record, fields: &[Field], required: &[&str]) -> Vec<Problem> {
    let missing = required.iter().filter(|name| match body.get(**name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    });
    let mut problems = missing
        .map(|name| Problem {
            name: (*name).to_owned(),
            flaw: Flaw::Missing,
        })
        .collect::<Vec<_>>();
    for (name, value) in body {
        let flaw = match fields.iter().find(|Field(known, ..)| known == name) {
            None => Flaw::Unknown,
            Some(Field(_, true, _)) if value.is_null() => continue,
            Some(Field(_, _, kind)) if kind.fits(value) => continue,
            Some(Field(_, _, kind)) => Flaw::Invalid(*kind),
        };
        if !problems.iter().any(|problem| problem.name == *name) {
            problems.push(Problem {
                name: name.clone(),
                flaw,
            });
        }
    }
    problems
}

/// The first problem, for the vendors that name one and pass over members they do not know.
pub(super) fn first_problem(body: &Record, fields: &[Field], required: &[&str]) -> Option<Problem> {
    problems(body, fields, required)
        .into_iter()
        .find(|problem| !matches!(problem.flaw, Flaw::Unknown))
}

/// Copies the members that the table knows; `null` removes one.
pub(super) fn merge(record: &mut Record, body: &Record, fields: &[Field]) {
    for (name, value) in body {
        if fields.iter().any(|Field(known, ..)| known == name) {
            if value.is_null() {
                record.shift_remove(name);
            } else {
                record.insert(name.clone(), value.clone());
            }
        }
    }
}

impl Kind {
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Name => "string that is not blank",
            Self::Address => "email address",
            Self::Flag => "boolean",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Object => "object",
            Self::Strings => "list of distinct strings",
            Self::OneOf(_) => "choice",
            Self::Only(noun, _) | Self::Like(noun, _) => noun,
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Name => value.as_str().is_some_and(|text| !text.trim().is_empty()),
            Self::Address => value.as_str().is_some_and(is_address),
            Self::Flag => value.is_boolean(),
            Self::Number => value.is_number(),
            Self::Integer => value.is_i64(),
            Self::Object => value.is_object(),
            Self::Strings => value.as_array().is_some_and(|list| {
                list.iter().enumerate().all(|(at, text)| {
                    text.is_string() && !list.iter().take(at).any(|earlier| earlier == text)
                })
            }),
            Self::OneOf(values) => value.as_str().is_some_and(|text| values.contains(&text)),
            Self::Only(_, fits) => fits(value),
            Self::Like(_, fits) => value.as_str().is_some_and(fits),
        }
    }
}

/// Whether the text has the shape of an address. No vendor publishes its rule; this one errs on the
/// side of taking.
fn is_address(text: &str) -> bool {
    let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let parts = text
        .split_once('@')
        .filter(|(local, domain)| !local.is_empty() && !domain.contains('@'));
    plain
        && parts.is_some_and(|(_, domain)| {
            domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty())
        })
}
