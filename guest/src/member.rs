//! Reads members of a provider's response: one that is absent, `null`, empty or of another type counts as absent.
//!
//! Providers add members, leave members out and change types without notice. Only a member that can be understood counts, and
//! none makes a call fail that the provider has carried out.

use crate::bindings::types::{Email, Role};
use crate::json::Value;

/// A string that is not empty.
#[must_use]
pub(crate) fn string(object: &Value<'_>, name: &str) -> Option<String> {
    object
        .get(name)
        .as_str()
        .filter(|string| !string.is_empty())
        .map(str::to_owned)
}

/// A string, or a number as it is written: identifiers are one or the other.
#[must_use]
pub(crate) fn identifier(object: &Value<'_>, name: &str) -> Option<String> {
    match object.get(name) {
        Value::Number(number) => Some(number.to_owned()),
        value => value
            .as_str()
            .filter(|string| !string.is_empty())
            .map(str::to_owned),
    }
}

/// A boolean.
#[must_use]
pub(crate) fn boolean(object: &Value<'_>, name: &str) -> Option<bool> {
    object.get(name).as_bool()
}

/// The strings of an array that are not empty.
#[must_use]
pub(crate) fn strings(object: &Value<'_>, name: &str) -> Option<Vec<String>> {
    let array = object.get(name);
    let strings = array.as_array()?.iter().filter_map(|entry| {
        let string = entry.as_str().filter(|string| !string.is_empty());
        string.map(str::to_owned)
    });
    Some(strings.collect())
}

/// The one address of a user.
#[must_use]
pub(crate) fn single_email(object: &Value<'_>, name: &str) -> Option<Vec<Email>> {
    string(object, name).map(|address| {
        vec![Email {
            address,
            type_: Some("primary".to_owned()),
        }]
    })
}

/// A role that has one string alone: it is both id and name.
#[must_use]
pub(crate) fn plain_role(role: String) -> Role {
    Role {
        id: Some(role.clone()),
        name: Some(role),
    }
}

/// First name, space, last name, each trimmed, where there is no full name.
#[must_use]
pub(crate) fn joined(first: Option<&str>, last: Option<&str>) -> Option<String> {
    let names = [first, last].map(|name| name.unwrap_or_default().trim());
    let name = names.join(" ");
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Whether a sentence has these words, in any case.
#[must_use]
pub(crate) fn says(sentence: &str, words: &str) -> bool {
    sentence
        .as_bytes()
        .windows(words.len())
        .any(|part| part.eq_ignore_ascii_case(words.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn identifier_is_string_or_exact_number() {
        let response =
            parse(r#"{"a": 12345678901234567890123, "b": "x", "c": "", "d": null}"#).unwrap();
        assert_eq!(
            identifier(&response, "a").as_deref(),
            Some("12345678901234567890123")
        );
        assert_eq!(identifier(&response, "b").as_deref(), Some("x"));
        assert_eq!(
            ["c", "d", "e"].map(|name| identifier(&response, name)),
            [None, None, None]
        );
    }

    #[test]
    fn present_names_are_joined() {
        assert_eq!(
            joined(Some("Ines"), Some("Duarte")).as_deref(),
            Some("Ines Duarte")
        );
        assert_eq!(joined(None, Some("Duarte")).as_deref(), Some("Duarte"));
        assert_eq!(joined(Some(" "), None), None);
        assert_eq!(
            joined(Some(" Ana Maria\t"), Some(" Duarte ")).as_deref(),
            Some("Ana Maria Duarte")
        );
    }
}
