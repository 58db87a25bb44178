//! The JSON body of a call: `--input`, and the flags over it.

use std::io::Read as _;
use std::path::Path;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::args::UserArgs;
use crate::error::CliError;
use crate::json::{Object, as_string, without_byte_order_mark};
use crate::location::input_flag;

/// A body: the JSON text of the name and the value of each member, as written.
struct Body(Vec<(String, String)>);

impl Body {
    /// Replaces every member of this name by one, or appends it.
    fn set(&mut self, name: &str, json: String) {
        let written = Value::from(name).to_string();
        let has_name = |(given, _): &(String, String)| {
            serde_json::from_str(given).is_ok_and(|given: &RawValue| as_string(given) == name)
        };
        let index = self.0.iter().position(has_name).unwrap_or(self.0.len());
        self.0.retain(|member| !has_name(member));
        self.0.insert(index.min(self.0.len()), (written, json));
    }

    fn into_bytes(self) -> Vec<u8> {
        let members: Vec<String> = self
            .0
            .into_iter()
            .map(|(name, value)| format!("{name}:{value}"))
            .collect();
        format!("{{{}}}", members.join(",")).into_bytes()
    }
}

/// Returns the JSON body: `--input`, with the members that flags replace. Every other member stays as written.
///
/// # Errors
///
/// `--input` or a flag is not the JSON that it must be.
pub(crate) fn body(user: &UserArgs) -> Result<Vec<u8>, CliError> {
    let mut body = match &user.input {
        Some(file) => read(file)?,
        None => Body(Vec::new()),
    };
    for (name, value) in [
        ("first_name", &user.first_name),
        ("last_name", &user.last_name),
        ("name", &user.name),
        ("nick_name", &user.nick_name),
        ("avatar", &user.avatar),
    ] {
        if let Some(value) = value {
            body.set(name, json!(value).to_string());
        }
    }
    if !user.emails.is_empty() {
        let emails: Value = user.emails.iter().map(|email| parse_email(email)).collect();
        body.set("emails", emails.to_string());
    }
    if !user.roles.is_empty() {
        let roles: Value = user.roles.iter().map(|role| parse_role(role)).collect();
        body.set("roles", roles.to_string());
    }
    for (flag, name, value) in [
        ("--custom-fields", "custom_fields", &user.custom_fields),
        ("--remote-data", "remote_data", &user.remote_data),
    ] {
        if let Some(text) = value {
            let value: &RawValue = serde_json::from_str(text).map_err(|error| {
                CliError::flag(flag, &format!("/{name}"), &InputError::Syntax(error))
            })?;
            body.set(name, value.get().to_owned());
        }
    }
    Ok(body.into_bytes())
}

/// Parses `ADDRESS[:TYPE]`. The type follows the last colon; the API checks it.
fn parse_email(value: &str) -> Value {
    match value.rsplit_once(':') {
        Some((address, kind)) => json!({"email": address, "type": kind}),
        None => json!({"email": value}),
    }
}

/// Splits `[TYPE:]ID` of a collection into the type and the id.
pub(crate) fn collection(value: &str) -> (Option<&str>, &str) {
    match value.split_once(':') {
        Some((kind, id)) => (Some(kind), id),
        None => (None, value),
    }
}

/// Parses `NAME` or `id:ID`.
fn parse_role(value: &str) -> Value {
    match value.strip_prefix("id:") {
        Some(id) => json!({"id": id}),
        None => json!({"name": value}),
    }
}

fn read(file: &Path) -> Result<Body, CliError> {
    let failed = |error: &dyn std::error::Error| CliError::flag(&input_flag(file), "", error);
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| failed(&error))?;
    parse(&bytes).map_err(|error| failed(&error))
}

/// Why JSON of the command line cannot be used.
#[derive(Debug, thiserror::Error)]
enum InputError {
    #[error("expected JSON in UTF-8, but found UTF-16")]
    Utf16,
    #[error("expected a JSON object, but found another JSON value")]
    NoObject,
    #[error("expected JSON, but found an error: {0}")]
    Syntax(serde_json::Error),
}

fn parse(bytes: &[u8]) -> Result<Body, InputError> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(InputError::Utf16);
    }
    match Object::parse(without_byte_order_mark(bytes)) {
        Ok(Object(members)) => Ok(Body(
            members
                .into_iter()
                .map(|(name, value)| (name.get().to_owned(), value.get().to_owned()))
                .collect(),
        )),
        Err(error) if error.is_data() => Err(InputError::NoObject),
        Err(error) => Err(InputError::Syntax(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_may_end_in_type() {
        assert_eq!(parse_email("a@b.example"), json!({"email": "a@b.example"}));
        assert_eq!(
            parse_email("a@b.example:other"),
            json!({"email": "a@b.example", "type": "other"})
        );
    }

    #[test]
    fn role_is_name_or_id() {
        assert_eq!(parse_role("owner"), json!({"name": "owner"}));
        assert_eq!(parse_role("id:64c0"), json!({"id": "64c0"}));
    }

    fn with_member(input: &str, name: &str, json: &str) -> String {
        let mut body = parse(input.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        if !name.is_empty() {
            body.set(name, json.to_owned());
        }
        String::from_utf8(body.into_bytes()).expect("text")
    }

    #[test]
    fn other_members_stay_as_written() {
        assert_eq!(
            with_member(
                "\u{feff}{\"a\": 1E5, \"b\": -0.0, \"a\": \"\\ud83d\", \"name\": \"x\", \"c\": 2e400}",
                "name",
                "\"y\""
            ),
            "{\"a\":1E5,\"b\":-0.0,\"a\":\"\\ud83d\",\"name\":\"y\",\"c\":2e400}"
        );
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(1_000), "]".repeat(1_000));
        assert_eq!(with_member(&deep, "", ""), deep);
    }

    #[test]
    fn flag_replaces_every_such_member() {
        let twice = r#"{"name":"a","b":1,"\u006eame":"c"}"#;
        assert_eq!(with_member(twice, "name", "\"y\""), r#"{"name":"y","b":1}"#);
        assert_eq!(with_member(twice, "", ""), twice);
        assert_eq!(with_member("{}", "name", "\"y\""), r#"{"name":"y"}"#);
    }

    #[test]
    fn other_json_fails() {
        let message = |bytes: &[u8]| {
            parse(bytes)
                .err()
                .map_or_else(String::new, |error| error.to_string())
        };
        assert!(message(b"[1]").contains("a JSON object"));
        assert!(message(b"{\"a\" 1}").contains("expected `:` at line 1 column 6"));
        assert!(message(b"\xff\xfe{\0}\0").contains("UTF-16"));
        assert!(message(b"").contains("EOF"));
    }
}
