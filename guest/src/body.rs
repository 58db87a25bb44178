//! Pieces that request bodies are made of.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::bindings::types::{Email, EmailsChange, JsonChange, Role, RolesChange, StringChange};
use crate::json::{merge, parse, raw};

/// A text without meaning: blank counts as missing.
#[must_use]
pub(crate) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// The position of the primary address: the first of type `primary`, else the first.
#[must_use]
pub(crate) fn primary_position(emails: &[Email]) -> Option<usize> {
    emails
        .iter()
        .position(|email| email.type_.as_deref() == Some("primary"))
        .or_else(|| (!emails.is_empty()).then_some(0))
}

/// The primary address.
#[must_use]
pub fn primary(emails: Option<&[Email]>) -> Option<&str> {
    let emails = emails?;
    primary_position(emails)
        .and_then(|position| emails.get(position))
        .map(|email| email.address.as_str())
}

/// The addresses besides the primary one, each once.
#[must_use]
pub(crate) fn others(emails: Option<&[Email]>) -> Vec<&str> {
    let mut seen: BTreeSet<&str> = primary(emails).into_iter().collect();
    let addresses = emails.unwrap_or_default().iter();
    addresses
        .map(|email| email.address.as_str())
        .filter(|address| seen.insert(address))
        .collect()
}

/// What a role counts by: its name, else its id.
#[must_use]
pub(crate) fn role_value(role: &Role) -> Option<&str> {
    let given = |text: &'_ Option<String>| text.as_deref().is_some_and(|text| !is_blank(text));
    if given(&role.name) {
        role.name.as_deref()
    } else {
        role.id.as_deref().filter(|id| !is_blank(id))
    }
}

/// The value of the one role that is given.
#[must_use]
pub(crate) fn single_role(roles: Option<&[Role]>) -> Option<&str> {
    roles?.first().and_then(role_value)
}

/// The ids of the roles that are given.
#[must_use]
pub(crate) fn role_ids(roles: Option<&[Role]>) -> Option<Vec<&str>> {
    Some(
        roles?
            .iter()
            .filter_map(|role| role.id.as_deref())
            .collect(),
    )
}

/// A change as `serde` writes it: left out, `null`, a value.
pub(crate) type Sent<T> = Option<Option<T>>;

/// A change of a text, ready to be written.
#[must_use]
pub(crate) fn sent_text(change: &StringChange) -> Sent<&str> {
    match change {
        StringChange::Keep => None,
        StringChange::Clear => Some(None),
        StringChange::Set(text) => Some(Some(text)),
    }
}

/// A change of JSON, ready to be written. The input has been checked to be JSON.
#[must_use]
pub(crate) fn sent_json(change: &JsonChange) -> Sent<&RawValue> {
    match change {
        JsonChange::Keep => None,
        JsonChange::Clear => Some(None),
        JsonChange::Set(json) => Some(raw(json).ok()),
    }
}

/// The addresses that a change sets. Clearing them is a violation before this is called.
#[must_use]
pub(crate) fn set_emails(change: &EmailsChange) -> Option<&[Email]> {
    match change {
        EmailsChange::Set(emails) => Some(emails),
        EmailsChange::Keep | EmailsChange::Clear => None,
    }
}

/// The roles that a change sets.
#[must_use]
pub(crate) fn set_roles(change: &RolesChange) -> Option<&[Role]> {
    match change {
        RolesChange::Set(roles) => Some(roles),
        RolesChange::Keep | RolesChange::Clear => None,
    }
}

/// A body with the caller's own data, an object, merged in last: inside the provider's wrapper, unless the data brings the wrapper
/// itself.
#[must_use]
pub(crate) fn merged(body: &[u8], data: &str, wrapper: Option<&str>) -> Vec<u8> {
    let body = std::str::from_utf8(body).unwrap_or_default();
    let brings = |wrapper: &&str| {
        let data = parse(data).ok();
        data.is_some_and(|data| {
            data.as_object()
                .is_some_and(|data| data.get(wrapper).is_some())
        })
    };
    let merged = match wrapper.filter(|wrapper| !brings(wrapper)) {
        Some(wrapper) => merge(body, &format!(r#"{{"{wrapper}":{data}}}"#)),
        None => merge(body, data),
    };
    merged.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(address: &str, kind: Option<&str>) -> Email {
        Email {
            address: address.to_owned(),
            type_: kind.map(str::to_owned),
        }
    }

    #[test]
    fn the_primary_address_is_the_first_of_that_type_else_the_first() {
        let typed = [
            email("a", Some("other")),
            email("b", Some("primary")),
            email("c", Some("primary")),
        ];
        assert_eq!(primary(Some(&typed)), Some("b"));
        assert_eq!(
            primary(Some(&[email("a", None), email("b", Some("other"))])),
            Some("a")
        );
        assert_eq!(primary(Some(&[])), None);
        assert_eq!(primary(None), None);
    }

    #[test]
    fn other_addresses_are_named_once_and_never_the_primary_again() {
        let emails = [
            email("a", None),
            email("b", None),
            email("a", None),
            email("b", None),
            email("c", None),
        ];
        assert_eq!(others(Some(&emails)), ["b", "c"]);
    }

    #[test]
    fn a_role_counts_by_its_name_else_by_its_id() {
        let role = |id: Option<&str>, name: Option<&str>| Role {
            id: id.map(str::to_owned),
            name: name.map(str::to_owned),
        };
        assert_eq!(role_value(&role(Some("1"), Some("agent"))), Some("agent"));
        assert_eq!(role_value(&role(Some("1"), Some(" "))), Some("1"));
        assert_eq!(role_value(&role(Some(""), None)), None);
    }

    fn merge_text(body: &str, data: &str, wrapper: Option<&str>) -> String {
        String::from_utf8(merged(body.as_bytes(), data, wrapper)).unwrap()
    }

    #[test]
    fn objects_merge_and_the_caller_wins_everything_else() {
        let got = merge_text(
            r#"{"a": {"b": 1, "c": [1, 2]}, "d": "x"}"#,
            r#"{"a": {"c": [3], "e": null}, "d": {}}"#,
            None,
        );
        assert_eq!(got, r#"{"a":{"b":1,"c":[3],"e":null},"d":{}}"#);
    }

    #[test]
    fn data_goes_inside_the_wrapper_unless_it_brings_the_wrapper() {
        let body = r#"{"person": {"a": 1}}"#;
        assert_eq!(
            merge_text(body, r#"{"b": 2}"#, Some("person")),
            r#"{"person":{"a":1,"b":2}}"#
        );
        let own = r#"{"person": {"b": 2}, "assignDefaultProjects": true}"#;
        assert_eq!(
            merge_text(body, own, Some("person")),
            r#"{"person":{"a":1,"b":2},"assignDefaultProjects":true}"#
        );
    }

    #[test]
    fn numbers_keep_every_digit() {
        assert_eq!(
            merge_text("{}", r#"{"n": 12345678901234567890.10}"#, None),
            r#"{"n":12345678901234567890.10}"#
        );
    }
}
