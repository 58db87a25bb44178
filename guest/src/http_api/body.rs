//! Reads the JSON body of the published API, and every violation in it.

#[cfg(test)]
mod tests;

use std::fmt::{self, Display};

use serde_json::value::RawValue;

use crate::bindings::types::{
    Email, EmailsChange, FindingCode as Code, JsonChange, Location, Role, RolesChange,
    StringChange, UserChanges,
};
use crate::findings::{Findings, MAX_NAME, quoted};
use crate::json::{Object, Value, escaped, parse, trimmed, without_mark};

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
            "first_name" => changes.first_name = reader.string(&json.into()),
            "last_name" => changes.last_name = reader.string(&json.into()),
            "name" => changes.name = reader.string(&json.into()),
            "emails" => {
                changes.emails = match json.into() {
                    Value::Null => EmailsChange::Clear,
                    value => reader
                        .array(&value, |reader, members| reader.email(members))
                        .map_or(EmailsChange::Keep, EmailsChange::Set),
                }
            }
            "roles" => {
                changes.roles = match json.into() {
                    Value::Null => RolesChange::Clear,
                    value => reader
                        .array(&value, |reader, members| reader.role(members))
                        .map_or(RolesChange::Keep, RolesChange::Set),
                }
            }
            "nick_name" => changes.nick_name = reader.string(&json.into()),
            "custom_fields" => {
                changes.custom_fields = match json.get() {
                    "null" => JsonChange::Clear,
                    json => JsonChange::Set(json.to_owned()),
                };
            }
            "avatar" => changes.avatar = reader.string(&json.into()),
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
            reader
                .findings
                .duplicate_members(&reader.path.short_pointer(), json.get());
        }
    }
    changes
}

/// Reads a body as a user to create: `null` is the same as left out.
#[must_use]
pub fn new_user(body: &[u8], findings: &mut Findings) -> UserChanges {
    let mut user = changes(body, findings);
    for string in [
        &mut user.first_name,
        &mut user.last_name,
        &mut user.name,
        &mut user.nick_name,
        &mut user.avatar,
    ] {
        if *string == StringChange::Clear {
            *string = StringChange::Keep;
        }
    }
    if user.emails == EmailsChange::Clear {
        user.emails = EmailsChange::Keep;
    }
    if user.roles == RolesChange::Clear {
        user.roles = RolesChange::Keep;
    }
    if user.custom_fields == JsonChange::Clear {
        user.custom_fields = JsonChange::Keep;
    }
    user
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
                    findings.duplicate_member(&"", &name);
                }
                return members;
            }
            Ok(other) => {
                let message = format!("expected an object, but found {}", other.kind());
                (Code::Type, message)
            }
            Err(error) => {
                let message = format!("expected JSON, but found an error: {error}");
                (Code::Format, message)
            }
        },
        Err(error) => {
            let message = format!("expected JSON in UTF-8, but found an error: {error}");
            (Code::Format, message)
        }
    };
    findings.violation(code, Location::Body, "", message);
    Object::default()
}

/// The location of a value. It is formatted only for a finding: most values have none.
struct Path<'a> {
    above: Option<&'a Self>,
    step: Step<'a>,
}

enum Step<'a> {
    Member(&'a str),
    Entry(usize),
}

impl Path<'_> {
    /// The pointer of a member of the body; the body's own where the name is longer than that of any field.
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

/// Reads the value at one path. A value of the wrong type is a violation, and counts as left out.
struct Reader<'a> {
    findings: &'a mut Findings,
    path: Path<'a>,
}

impl Reader<'_> {
    fn reject(&mut self, expected: &str, found: &Value<'_>) {
        let message = format_args!("expected {expected}, but found {}", found.kind());
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

    fn string(&mut self, value: &Value<'_>) -> StringChange {
        match value {
            Value::Null => StringChange::Clear,
            Value::String(string) => StringChange::Set(string.to_string()),
            Value::Unpaired(string) => {
                let message = format_args!(
                    "expected Unicode, but found half of a surrogate pair in {}",
                    quoted(string)
                );
                self.findings
                    .violation(Code::Format, Location::Body, &self.path, message);
                StringChange::Keep
            }
            other => {
                self.reject("a string", other);
                StringChange::Keep
            }
        }
    }

    fn optional_string(&mut self, json: &RawValue) -> Option<String> {
        match self.string(&json.into()) {
            StringChange::Set(string) => Some(string),
            StringChange::Keep | StringChange::Clear => None,
        }
    }

    fn array<T>(
        &mut self,
        value: &Value<'_>,
        parse: fn(&mut Reader<'_>, &Object<'_>) -> T,
    ) -> Option<Vec<T>> {
        let Value::Array(entries) = value else {
            self.reject("an array", value);
            return None;
        };
        let mut values = Vec::with_capacity(entries.len());
        for (position, entry) in entries.iter().enumerate() {
            let mut reader = self.at(Step::Entry(position));
            match entry {
                Value::Object(members) => values.push(parse(&mut reader, &members)),
                other => {
                    reader.reject("an object", &other);
                    // An empty entry keeps the positions of the others right.
                    values.push(parse(&mut reader, &Object::default()));
                }
            }
        }
        Some(values)
    }

    fn email(&mut self, members: &Object<'_>) -> Email {
        let mut email = Email {
            address: String::new(),
            type_: None,
        };
        for (name, value) in members.iter() {
            let mut reader = self.at(Step::Member(&name));
            match &*name {
                "email" => email.address = reader.optional_string(value).unwrap_or_default(),
                "type" => email.type_ = reader.optional_string(value),
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
                "id" => role.id = reader.optional_string(value),
                "name" => role.name = reader.optional_string(value),
                _ => reader.unknown(),
            }
        }
        role
    }
}
