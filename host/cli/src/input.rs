//! The JSON body of a call: `--input`, and the flags over it.

use std::io::Read as _;
use std::path::Path;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::args::UserArgs;
use crate::failure::Failure;
use crate::json::{Object, string, unmarked};
use crate::place::named;

/// The members of a body, each of them as it is written.
struct Members(Vec<(String, String)>);

impl Members {
    /// Puts a value in the place of every one of this name, or after the others.
    fn set(&mut self, name: &str, json: String) {
        let written = Value::from(name).to_string();
        let is = |(given, _): &(String, String)| {
            serde_json::from_str(given).is_ok_and(|given: &RawValue| string(given) == name)
        };
        let place = self.0.iter().position(is).unwrap_or(self.0.len());
        self.0.retain(|member| !is(member));
        self.0.insert(place.min(self.0.len()), (written, json));
    }

    fn write(self) -> Vec<u8> {
        let members: Vec<String> = self
            .0
            .into_iter()
            .map(|(name, value)| format!("{name}:{value}"))
            .collect();
        format!("{{{}}}", members.join(",")).into_bytes()
    }
}

/// The JSON body: `--input`, and the flags over it. What no flag replaces stays as it is written.
pub(crate) fn body(user: &UserArgs) -> Result<Vec<u8>, Failure> {
    let mut body = match &user.input {
        Some(file) => read(file)?,
        None => Members(Vec::new()),
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
                let message = format!("expected JSON, but found a fault: {error}");
                Failure::flag(flag, &format!("/{name}"), &message)
            })?;
            body.set(name, value.get().to_owned());
        }
    }
    Ok(body.write())
}

/// `ADDRESS[:TYPE]`. What follows the last colon is a type; which types there are is the API's to say.
fn parse_email(text: &str) -> Value {
    match text.rsplit_once(':') {
        Some((address, kind)) => json!({"email": address, "type": kind}),
        None => json!({"email": text}),
    }
}

/// `NAME` or `id:ID`.
fn parse_role(text: &str) -> Value {
    match text.strip_prefix("id:") {
        Some(id) => json!({"id": id}),
        None => json!({"name": text}),
    }
}

fn read(file: &Path) -> Result<Members, Failure> {
    let failure = |message: &str| Failure::flag(&named(file), "", message);
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| failure(&error.to_string()))?;
    members(&bytes).map_err(|message| failure(&message))
}

fn members(bytes: &[u8]) -> Result<Members, String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("expected JSON in UTF-8, but found UTF-16".to_owned());
    }
    let bytes = unmarked(bytes);
    match Object::parse(bytes) {
        Ok(Object(members)) => Ok(Members(
            members
                .into_iter()
                .map(|(name, value)| (name.get().to_owned(), value.get().to_owned()))
                .collect(),
        )),
        Err(error) if error.is_data() => {
            Err("expected a JSON object, but found another JSON value".to_owned())
        }
        Err(error) => Err(format!("expected JSON, but found a fault: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_may_end_in_its_type() {
        assert_eq!(parse_email("a@b.example"), json!({"email": "a@b.example"}));
        assert_eq!(
            parse_email("a@b.example:other"),
            json!({"email": "a@b.example", "type": "other"})
        );
    }

    #[test]
    fn a_role_is_a_name_or_an_id() {
        assert_eq!(parse_role("owner"), json!({"name": "owner"}));
        assert_eq!(parse_role("id:64c0"), json!({"id": "64c0"}));
    }

    fn with(input: &str, name: &str, json: &str) -> String {
        let mut body = members(input.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        if !name.is_empty() {
            body.set(name, json.to_owned());
        }
        String::from_utf8(body.write()).expect("text")
    }

    #[test]
    fn what_no_flag_replaces_stays_as_it_is_written() {
        assert_eq!(
            with(
                "\u{feff}{\"a\": 1E5, \"b\": -0.0, \"a\": \"\\ud83d\", \"name\": \"x\", \"c\": 2e400}",
                "name",
                "\"y\""
            ),
            "{\"a\":1E5,\"b\":-0.0,\"a\":\"\\ud83d\",\"name\":\"y\",\"c\":2e400}"
        );
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(1_000), "]".repeat(1_000));
        assert_eq!(with(&deep, "", ""), deep);
    }

    #[test]
    fn a_flag_replaces_every_member_of_its_name() {
        let twice = r#"{"name":"a","b":1,"\u006eame":"c"}"#;
        assert_eq!(with(twice, "name", "\"y\""), r#"{"name":"y","b":1}"#);
        assert_eq!(with(twice, "", ""), twice);
        assert_eq!(with("{}", "name", "\"y\""), r#"{"name":"y"}"#);
    }

    #[test]
    fn what_is_no_object_is_told() {
        let told = |bytes: &[u8]| members(bytes).err().unwrap_or_default();
        assert!(told(b"[1]").contains("a JSON object"));
        assert!(told(b"{\"a\" 1}").contains("expected `:` at line 1 column 6"));
        assert!(told(b"\xff\xfe{\0}\0").contains("UTF-16"));
        assert!(told(b"").contains("EOF"));
    }
}
