//! Tables of the members that a request body may have, and the violations of a body.

use std::fmt;

use serde_json::Value;

use super::store::Record;

/// The values that a member may hold.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    String,
    NonBlank,
    Address,
    Bool,
    Number,
    Integer,
    Object,
    /// An array of strings, none of them twice.
    Strings,
    OneOf(&'static [&'static str]),
    /// The values that the function accepts, with a noun for them.
    Custom(&'static str, fn(&Value) -> bool),
    /// The strings that the function accepts, with a noun for them.
    Format(&'static str, fn(&str) -> bool),
}

/// A member: its name, whether it may be `null`, and its values.
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

/// The kind of a violation.
pub(super) enum ViolationKind {
    Missing,
    Unknown,
    Invalid(Kind),
}

/// A member's name and its violation, displayed as a sentence in no vendor's words.
pub(super) struct Violation {
    pub(super) name: String,
    pub(super) kind: ViolationKind,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, kind } = self;
        match kind {
            ViolationKind::Missing => write!(f, "'{name}' is required"),
            ViolationKind::Unknown => write!(f, "'{name}' is not a known parameter"),
            ViolationKind::Invalid(Kind::OneOf(values)) => {
                write!(f, "'{name}' must be one of: {}", values.join(", "))
            }
            ViolationKind::Invalid(kind) => write!(f, "'{name}' is not a valid {}", kind.noun()),
        }
    }
}

/// All violations: first the missing members, then the others in the order of the body.
///
/// A required member that is `null` or blank is missing too.
pub(super) fn violations(body: &Record, fields: &[Field], required: &[&str]) -> Vec<Violation> {
    let missing = required.iter().filter(|name| match body.get(**name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    });
    let mut violations = missing
        .map(|name| Violation {
            name: (*name).to_owned(),
            kind: ViolationKind::Missing,
        })
        .collect::<Vec<_>>();
    for (name, value) in body {
        let kind = match fields.iter().find(|Field(known, ..)| known == name) {
            None => ViolationKind::Unknown,
            Some(Field(_, true, _)) if value.is_null() => continue,
            Some(Field(_, _, kind)) if kind.fits(value) => continue,
            Some(Field(_, _, kind)) => ViolationKind::Invalid(*kind),
        };
        if !violations.iter().any(|violation| violation.name == *name) {
            violations.push(Violation {
                name: name.clone(),
                kind,
            });
        }
    }
    violations
}

/// The first violation, for vendors that name one and ignore unknown members.
pub(super) fn first_violation(
    body: &Record,
    fields: &[Field],
    required: &[&str],
) -> Option<Violation> {
    violations(body, fields, required)
        .into_iter()
        .find(|violation| !matches!(violation.kind, ViolationKind::Unknown))
}

/// Copies the members of the table; `null` removes a member.
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
            Self::NonBlank => "string that is not blank",
            Self::Address => "email address",
            Self::Bool => "boolean",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Object => "object",
            Self::Strings => "array of distinct strings",
            Self::OneOf(_) => "choice",
            Self::Custom(noun, _) | Self::Format(noun, _) => noun,
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::NonBlank => value.as_str().is_some_and(|text| !text.trim().is_empty()),
            Self::Address => value.as_str().is_some_and(is_address),
            Self::Bool => value.is_boolean(),
            Self::Number => value.is_number(),
            Self::Integer => value.is_i64(),
            Self::Object => value.is_object(),
            Self::Strings => value.as_array().is_some_and(|array| {
                array.iter().enumerate().all(|(index, item)| {
                    item.is_string() && !array.iter().take(index).any(|earlier| earlier == item)
                })
            }),
            Self::OneOf(values) => value.as_str().is_some_and(|text| values.contains(&text)),
            Self::Custom(_, fits) => fits(value),
            Self::Format(_, fits) => value.as_str().is_some_and(fits),
        }
    }
}

/// Whether the string has the shape of an address. No vendor publishes its rule; this one accepts
/// rather than rejects.
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
