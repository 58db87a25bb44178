//! Reads the JSON body of the published API, and finds every fault in it.

#[cfg(test)]
mod tests;

use std::fmt::{self, Display};

use serde_json::value::RawValue;

use crate::bindings::types::{
    Email, EmailsChange, FindingCode as Code, JsonChange, Location, NewUser, Role, RolesChange,
    StringChange, UserChanges,
};
use crate::findings::{Findings, quoted};
use crate::json::{Object, Value, duplicates, escaped, parse, trimmed, without_mark};

/// What a JSON value is, for a message: "expected …, but found …".
#[must_use]
pub const fn kind<'a>(value: &'a Value<'a>) -> Kind<'a> {
    Kind(value)
}

/// What [`kind`] gives. It is written only where somebody reads it.
#[derive(Clone, Copy, Debug)]
pub struct Kind<'a>(&'a Value<'a>);

impl Display for Kind<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => formatter.write_str("`null`"),
            Value::Bool(truth) => write!(formatter, "`{truth}`"),
            Value::Number(number) => write!(formatter, "the number {number}"),
            Value::String(text) => write!(formatter, "the string {}", quoted(text)),
            Value::Unpaired(text) => write!(formatter, "the string {}", quoted(text)),
            Value::Array(_) => formatter.write_str("an array"),
            Value::Object(_) => formatter.write_str("an object"),
        }
    }
}

/// Reads a body as changes: a member left out, `null`, a value.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method itself is not general over the reader's lifetime"
)]
#[must_use]
pub fn changes(body: &[u8], findings: &mut Findings) -> UserChanges {
    let mut changes = UserChanges::default();
    for (name, json) in object(body, findings).iter() {
        let mut reader = Reader {
            findings,
            path: Path {
                above: None,
                step: Step::Member(&name),
            },
        };
        match &*name {
            "first_name" => changes.first_name = reader.text(&json.into()),
            "last_name" => changes.last_name = reader.text(&json.into()),
            "name" => changes.name = reader.text(&json.into()),
            "emails" => {
                changes.emails = match json.into() {
                    Value::Null => EmailsChange::Clear,
                    value => reader
                        .list(&value, |reader, members| reader.email(members))
                        .map_or(EmailsChange::Keep, EmailsChange::Set),
                }
            }
            "roles" => {
                changes.roles = match json.into() {
                    Value::Null => RolesChange::Clear,
                    value => reader
                        .list(&value, |reader, members| reader.role(members))
                        .map_or(RolesChange::Keep, RolesChange::Set),
                }
            }
            "nick_name" => changes.nick_name = reader.text(&json.into()),
            "custom_fields" => {
                changes.custom_fields = match json.get() {
                    "null" => JsonChange::Clear,
                    json => JsonChange::Set(json.to_owned()),
                };
            }
            "avatar" => changes.avatar = reader.text(&json.into()),
            "remote_data" => {
                changes.remote_data = match json.get() {
                    "null" => None,
                    json => Some(json.to_owned()),
                };
            }
            _ => reader.unknown(),
        }
        // The two fields that are JSON in the typed contract are checked with everything else of them.
        if json.get().starts_with(['{', '[']) && !matches!(&*name, "custom_fields" | "remote_data")
        {
            once(&reader.path.short_pointer(), json.get(), findings);
        }
    }
    changes
}

/// Reads a body as a user to create: `null` is the same as left out.
#[must_use]
pub fn new_user(body: &[u8], findings: &mut Findings) -> NewUser {
    let UserChanges {
        first_name,
        last_name,
        name,
        emails,
        roles,
        nick_name,
        custom_fields,
        avatar,
        remote_data,
    } = changes(body, findings);
    let text = |change| match change {
        StringChange::Set(text) => Some(text),
        StringChange::Keep | StringChange::Clear => None,
    };
    NewUser {
        first_name: text(first_name),
        last_name: text(last_name),
        name: text(name),
        emails: match emails {
            EmailsChange::Set(emails) => Some(emails),
            EmailsChange::Keep | EmailsChange::Clear => None,
        },
        roles: match roles {
            RolesChange::Set(roles) => Some(roles),
            RolesChange::Keep | RolesChange::Clear => None,
        },
        nick_name: text(nick_name),
        custom_fields: match custom_fields {
            JsonChange::Set(json) => Some(json),
            JsonChange::Keep | JsonChange::Clear => None,
        },
        avatar: text(avatar),
        remote_data,
    }
}

/// The members of the body.
fn object<'a>(body: &'a [u8], findings: &mut Findings) -> Object<'a> {
    let (code, message) = match std::str::from_utf8(without_mark(body)).map(trimmed) {
        Ok("") => {
            let message = "expected a JSON object, but found nothing".to_owned();
            (Code::Format, message)
        }
        Ok(json) => match parse(json) {
            Ok(Value::Object(members)) => {
                for name in members.duplicates() {
                    twice(&"", &name, findings);
                }
                return members;
            }
            Ok(other) => {
                let message = format!("expected an object, but found {}", kind(&other));
                (Code::Type, message)
            }
            Err(error) => {
                let message = format!("expected JSON, but found a fault: {error}");
                (Code::Format, message)
            }
        },
        Err(error) => {
            let message = format!("expected JSON in UTF-8, but found a fault: {error}");
            (Code::Format, message)
        }
    };
    findings.violation(code, Location::Body, "", message);
    Object::default()
}

/// Checks that no object has a member twice: nobody knows which of the two the caller means, or the provider would take.
pub(crate) fn once(pointer: &str, json: &str, findings: &mut Findings) {
    duplicates(json, &mut |object, name| {
        twice(&format_args!("{pointer}{object}"), name, findings);
    });
}

/// The longest name that a pointer to a member given twice has in it, in bytes.
const MAX_NAME: usize = 80;

/// Notes a member that an object has twice. The name may be as long as the body.
fn twice(object: &dyn Display, name: &str, findings: &mut Findings) {
    let (code, place) = (Code::DuplicateMember, Location::Body);
    let message = format_args!(
        "expected each member once, but found {} twice",
        quoted(name)
    );
    if name.len() > MAX_NAME {
        findings.violation(code, place, object, message);
    } else {
        let path = format_args!("{object}/{}", escaped(name));
        findings.violation(code, place, path, message);
    }
}

/// Where a value is. It becomes a text for a finding only: most values have none.
struct Path<'a> {
    above: Option<&'a Self>,
    step: Step<'a>,
}

enum Step<'a> {
    Member(&'a str),
    Entry(usize),
}

impl Path<'_> {
    /// The pointer of a member of the body; the body's own where the name is longer than any that there is.
    fn short_pointer(&self) -> String {
        match self.step {
            Step::Member(name) if name.len() > MAX_NAME => String::new(),
            _ => self.to_string(),
        }
    }
}

/// The JSON Pointer.
impl Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            above.fmt(formatter)?;
        }
        match self.step {
            Step::Member(name) if name.contains(['~', '/']) => {
                write!(formatter, "/{}", escaped(name))
            }
            Step::Member(name) => write!(formatter, "/{name}"),
            Step::Entry(position) => write!(formatter, "/{position}"),
        }
    }
}

/// Reads the value at one path. What has the wrong type is a violation, and counts as left out.
struct Reader<'a> {
    findings: &'a mut Findings,
    path: Path<'a>,
}

impl Reader<'_> {
    fn refuse(&mut self, expected: &str, found: &Value<'_>) {
        let message = format_args!("expected {expected}, but found {}", kind(found));
        self.findings
            .violation(Code::Type, Location::Body, &self.path, message);
    }

    fn unknown(&mut self) {
        let message = "there is no such field: it is not sent";
        self.findings
            .tolerated(Code::UnknownField, Location::Body, &self.path, message);
    }

    fn at<'b>(&'b mut self, step: Step<'b>) -> Reader<'b> {
        Reader {
            path: Path {
                above: Some(&self.path),
                step,
            },
            findings: self.findings,
        }
    }

    fn text(&mut self, value: &Value<'_>) -> StringChange {
        match value {
            Value::Null => StringChange::Clear,
            Value::String(text) => StringChange::Set(text.to_string()),
            Value::Unpaired(text) => {
                let message = format_args!(
                    "expected Unicode, but found half of a surrogate pair in {}",
                    quoted(text)
                );
                self.findings
                    .violation(Code::Format, Location::Body, &self.path, message);
                StringChange::Keep
            }
            other => {
                self.refuse("a string", other);
                StringChange::Keep
            }
        }
    }

    fn optional_text(&mut self, json: &RawValue) -> Option<String> {
        match self.text(&json.into()) {
            StringChange::Set(text) => Some(text),
            StringChange::Keep | StringChange::Clear => None,
        }
    }

    fn list<T>(
        &mut self,
        value: &Value<'_>,
        read: fn(&mut Reader<'_>, &Object<'_>) -> T,
    ) -> Option<Vec<T>> {
        let Value::Array(entries) = value else {
            self.refuse("an array", value);
            return None;
        };
        let mut list = Vec::with_capacity(entries.len());
        for (position, entry) in entries.iter().enumerate() {
            let mut reader = self.at(Step::Entry(position));
            match entry {
                Value::Object(members) => list.push(read(&mut reader, &members)),
                other => {
                    reader.refuse("an object", &other);
                    // It keeps its place, so that the paths of the others stay right.
                    list.push(read(&mut reader, &Object::default()));
                }
            }
        }
        Some(list)
    }

    fn email(&mut self, members: &Object<'_>) -> Email {
        let mut email = Email {
            address: String::new(),
            type_: None,
        };
        for (name, value) in members.iter() {
            let mut reader = self.at(Step::Member(&name));
            match &*name {
                "email" => email.address = reader.optional_text(value).unwrap_or_default(),
                "type" => email.type_ = reader.optional_text(value),
                _ => reader.unknown(),
            }
        }
        email
    }

    fn role(&mut self, members: &Object<'_>) -> Role {
        let mut role = Role {
            id: None,
            name: None,
        };
        for (name, value) in members.iter() {
            let mut reader = self.at(Step::Member(&name));
            match &*name {
                "id" => role.id = reader.optional_text(value),
                "name" => role.name = reader.optional_text(value),
                _ => reader.unknown(),
            }
        }
        role
    }
}
