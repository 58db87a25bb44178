//! Reads the JSON body of the published API, and finds every fault in it.

use crate::bindings::types::{
    Email, EmailsChange, FindingCode as Code, JsonChange, NewUser, Place, Role, RolesChange,
    TextChange, UserChanges,
};
use crate::findings::{Findings, quoted};
use crate::json::{Json, Object, parse};

/// What a JSON value is, for a message: "expected …, but found …".
#[must_use]
pub fn kind(value: &Json<'_>) -> String {
    match value {
        Json::Null => "`null`".to_owned(),
        Json::Bool(truth) => format!("`{truth}`"),
        Json::Number(number) => format!("the number {}", number.as_str()),
        Json::Text(text) => format!("the text {}", quoted(text)),
        Json::List(_) => "an array".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    }
}

/// A member's name in a JSON Pointer (RFC 6901, section 3).
#[must_use]
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Reads a body as changes: a member left out, `null`, a value.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method itself is not general over the reader's lifetime"
)]
#[must_use]
pub fn changes(body: &[u8], findings: &mut Findings) -> UserChanges {
    let mut changes = UserChanges::default();
    for (name, value) in object(body, findings) {
        let mut reader = Reader {
            findings,
            path: Path {
                above: None,
                step: Step::Member(&name),
            },
        };
        match &*name {
            "first_name" => changes.first_name = reader.text(value),
            "last_name" => changes.last_name = reader.text(value),
            "name" => changes.name = reader.text(value),
            "emails" => {
                changes.emails = match value {
                    Json::Null => EmailsChange::Clear,
                    value => reader
                        .list(value, |reader, members| reader.email(members))
                        .map_or(EmailsChange::Keep, EmailsChange::Set),
                }
            }
            "roles" => {
                changes.roles = match value {
                    Json::Null => RolesChange::Clear,
                    value => reader
                        .list(value, |reader, members| reader.role(members))
                        .map_or(RolesChange::Keep, RolesChange::Set),
                }
            }
            "nick_name" => changes.nick_name = reader.text(value),
            "custom_fields" => {
                changes.custom_fields = if value.is_null() {
                    JsonChange::Clear
                } else {
                    JsonChange::Set(value.to_text())
                };
            }
            "avatar" => changes.avatar = reader.text(value),
            "remote_data" => changes.remote_data = (!value.is_null()).then(|| value.to_text()),
            _ => reader.unknown(),
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
        TextChange::Set(text) => Some(text),
        TextChange::Keep | TextChange::Clear => None,
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
    match parse(body) {
        Ok(Json::Object(members)) => members,
        Ok(other) => {
            let message = format!("expected an object, but found {}", kind(&other));
            findings.violation(Code::Type, Place::Body, "", message);
            Object::default()
        }
        Err(_) if body.is_empty() => {
            findings.violation(
                Code::Format,
                Place::Body,
                "",
                "expected a JSON object, but found nothing".to_owned(),
            );
            Object::default()
        }
        Err(fault) => {
            findings.violation(
                Code::Format,
                Place::Body,
                "",
                format!("expected JSON, but found a fault: {fault}"),
            );
            Object::default()
        }
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
    fn pointer(&self) -> String {
        let mut pointer = self.above.map_or_else(String::new, Self::pointer);
        pointer.push('/');
        match self.step {
            Step::Member(name) => pointer.push_str(&escaped(name)),
            Step::Entry(position) => pointer.push_str(&position.to_string()),
        }
        pointer
    }
}

/// Reads the value at one path. What has the wrong type is a violation, and counts as left out.
struct Reader<'a> {
    findings: &'a mut Findings,
    path: Path<'a>,
}

impl Reader<'_> {
    fn refuse(&mut self, expected: &str, found: &Json<'_>) {
        let message = format!("expected {expected}, but found {}", kind(found));
        self.findings
            .violation(Code::Type, Place::Body, &self.path.pointer(), message);
    }

    fn unknown(&mut self) {
        let message = "there is no such field: it is not sent".to_owned();
        self.findings.tolerated(
            Code::UnknownField,
            Place::Body,
            &self.path.pointer(),
            message,
        );
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

    fn text(&mut self, value: Json<'_>) -> TextChange {
        match value {
            Json::Null => TextChange::Clear,
            Json::Text(text) => TextChange::Set(text.into_owned()),
            other => {
                self.refuse("a text", &other);
                TextChange::Keep
            }
        }
    }

    fn optional_text(&mut self, value: Json<'_>) -> Option<String> {
        match self.text(value) {
            TextChange::Set(text) => Some(text),
            TextChange::Keep | TextChange::Clear => None,
        }
    }

    fn list<T>(
        &mut self,
        value: Json<'_>,
        read: fn(&mut Reader<'_>, Object<'_>) -> T,
    ) -> Option<Vec<T>> {
        let Json::List(entries) = value else {
            self.refuse("a list", &value);
            return None;
        };
        let mut list = Vec::with_capacity(entries.len());
        for (position, entry) in entries.into_iter().enumerate() {
            let mut reader = self.at(Step::Entry(position));
            match entry {
                Json::Object(members) => list.push(read(&mut reader, members)),
                other => {
                    reader.refuse("an object", &other);
                    // It keeps its place, so that the paths of the others stay right.
                    list.push(read(&mut reader, Object::default()));
                }
            }
        }
        Some(list)
    }

    fn email(&mut self, members: Object<'_>) -> Email {
        let mut email = Email {
            address: String::new(),
            type_: None,
        };
        for (name, value) in members {
            let mut reader = self.at(Step::Member(&name));
            match &*name {
                "email" => email.address = reader.optional_text(value).unwrap_or_default(),
                "type" => email.type_ = reader.optional_text(value),
                _ => reader.unknown(),
            }
        }
        email
    }

    fn role(&mut self, members: Object<'_>) -> Role {
        let mut role = Role {
            id: None,
            name: None,
        };
        for (name, value) in members {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(body: &str) -> Vec<String> {
        let mut findings = Findings::new(true);
        let _ = changes(body.as_bytes(), &mut findings);
        findings
            .violations
            .iter()
            .map(|finding| format!("{} {}", finding.path, finding.message))
            .collect()
    }

    #[test]
    fn left_out_null_and_value_are_three_things() {
        let mut findings = Findings::default();
        let body = br#"{"first_name": null, "last_name": "Lind", "custom_fields": {"a": 1.10}}"#;
        let changes = changes(body, &mut findings);
        assert_eq!(changes.name, TextChange::Keep);
        assert_eq!(changes.first_name, TextChange::Clear);
        assert_eq!(changes.last_name, TextChange::Set("Lind".to_owned()));
        assert_eq!(
            changes.custom_fields,
            JsonChange::Set(r#"{"a":1.10}"#.to_owned())
        );
        let user = new_user(body, &mut findings);
        assert_eq!(
            (user.first_name, user.last_name),
            (None, Some("Lind".to_owned()))
        );
    }

    #[test]
    fn every_fault_is_found_with_its_path() {
        let body = r#"{"name": 5, "emails": [{"email": "a@b.example"}, "x", {"email": true, "a/b": 1}], "roles": {}, "x~": 1}"#;
        assert_eq!(
            faults(body),
            [
                "/name expected a text, but found the number 5",
                "/emails/1 expected an object, but found the text `x`",
                "/emails/2/email expected a text, but found `true`",
                "/emails/2/a~1b there is no such field: it is not sent",
                "/roles expected a list, but found an object",
                "/x~0 there is no such field: it is not sent",
            ]
        );
    }

    #[test]
    fn a_body_that_is_no_object_is_one_fault() {
        assert_eq!(faults(""), [" expected a JSON object, but found nothing"]);
        assert_eq!(faults("[1]"), [" expected an object, but found an array"]);
        assert_eq!(
            faults("{"),
            [" expected JSON, but found a fault: EOF while parsing an object at line 1 column 1"]
        );
    }
}
