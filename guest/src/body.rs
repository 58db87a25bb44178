//! Pieces that request bodies are made of.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::bindings::types::{Email, EmailsChange, JsonChange, Role, RolesChange, StringChange};
use crate::json::{merge, parse, raw};

/// Whether a string is blank, which counts as missing.
#[must_use]
pub(crate) fn is_blank(string: &str) -> bool {
    string.trim().is_empty()
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
pub fn primary(emails: &[Email]) -> Option<&str> {
    primary_position(emails)
        .and_then(|position| emails.get(position))
        .map(|email| email.address.as_str())
}

/// The addresses besides the primary one, each once.
#[must_use]
pub(crate) fn others(emails: &[Email]) -> Vec<&str> {
    let mut seen: BTreeSet<&str> = primary(emails).into_iter().collect();
    let addresses = emails.iter();
    addresses
        .map(|email| email.address.as_str())
        .filter(|address| seen.insert(address))
        .collect()
}

/// The value that identifies a role: its name, else its id.
#[must_use]
pub(crate) fn role_value(role: &Role) -> Option<&str> {
    let given = |value: &'_ Option<String>| value.as_deref().is_some_and(|value| !is_blank(value));
    if given(&role.name) {
        role.name.as_deref()
    } else {
        role.id.as_deref().filter(|id| !is_blank(id))
    }
}

/// The value of the one role that is given.
#[must_use]
pub(crate) fn single_role(roles: &[Role]) -> Option<&str> {
    roles.first().and_then(role_value)
}

/// The ids of roles.
#[must_use]
pub(crate) fn role_ids(roles: &[Role]) -> Vec<&str> {
    roles.iter().filter_map(|role| role.id.as_deref()).collect()
}

/// A change of a member: left out, `null`, or a value. `serde` leaves out what is skipped by [`Patch::is_keep`].
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Patch<T> {
    /// The member is left out.
    #[default]
    Keep,
    /// `null`.
    Clear,
    /// A value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the member is left out.
    pub(crate) const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

impl<'a> From<&'a StringChange> for Patch<&'a str> {
    fn from(change: &'a StringChange) -> Self {
        match change {
            StringChange::Keep => Self::Keep,
            StringChange::Clear => Self::Clear,
            StringChange::Set(string) => Self::Set(string),
        }
    }
}

/// The input has been checked to be JSON.
impl<'a> From<&'a JsonChange> for Patch<&'a RawValue> {
    fn from(change: &'a JsonChange) -> Self {
        match change {
            JsonChange::Keep => Self::Keep,
            JsonChange::Clear => Self::Clear,
            JsonChange::Set(json) => raw(json).map_or(Self::Keep, Self::Set),
        }
    }
}

/// The string that a change sets.
#[must_use]
pub(crate) fn set_string(change: &StringChange) -> Option<&str> {
    match change {
        StringChange::Set(string) => Some(string),
        StringChange::Keep | StringChange::Clear => None,
    }
}

/// The addresses that a change sets: none where it sets none. Clearing them is a violation before this is called.
#[must_use]
pub fn set_emails(change: &EmailsChange) -> &[Email] {
    match change {
        EmailsChange::Set(emails) => emails,
        EmailsChange::Keep | EmailsChange::Clear => &[],
    }
}

/// The roles that a change sets: none where it sets none.
#[must_use]
pub(crate) fn set_roles(change: &RolesChange) -> &[Role] {
    match change {
        RolesChange::Set(roles) => roles,
        RolesChange::Keep | RolesChange::Clear => &[],
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

/// The address that `merged` has where `body` has `address`: the caller's own data may have replaced it.
#[must_use]
pub(crate) fn sent_address(
    body: &[u8],
    merged: &[u8],
    wrapper: Option<&str>,
    address: &str,
) -> Option<String> {
    let fields = |body| {
        let body = parse(std::str::from_utf8(body).ok()?).ok()?;
        Some(wrapper.map_or_else(|| body.clone(), |wrapper| body.get(wrapper)))
    };
    let (body, merged) = (fields(body)?, fields(merged)?);
    let mut members = body.as_object()?.iter();
    // A name may be an address, too.
    let (member, _) = members
        .find(|(name, _)| name.starts_with("email") && body.get(name).as_str() == Some(address))?;
    let address = merged.get(&member);
    let address = address.as_str().filter(|it| !is_blank(it));
    address.map(str::to_owned)
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
    fn primary_address_is_typed_or_first() {
        let typed = [
            email("a", Some("other")),
            email("b", Some("primary")),
            email("c", Some("primary")),
        ];
        assert_eq!(primary(&typed), Some("b"));
        assert_eq!(
            primary(&[email("a", None), email("b", Some("other"))]),
            Some("a")
        );
        assert_eq!(primary(&[]), None);
    }

    #[test]
    fn other_addresses_are_named_once() {
        let emails = [
            email("a", None),
            email("b", None),
            email("a", None),
            email("b", None),
            email("c", None),
        ];
        assert_eq!(others(&emails), ["b", "c"]);
    }

    #[test]
    fn role_counts_by_name_else_id() {
        let role = |id: Option<&str>, name: Option<&str>| Role {
            id: id.map(str::to_owned),
            name: name.map(str::to_owned),
        };
        assert_eq!(role_value(&role(Some("1"), Some("agent"))), Some("agent"));
        assert_eq!(role_value(&role(Some("1"), Some(" "))), Some("1"));
        assert_eq!(role_value(&role(Some(""), None)), None);
    }

    fn merged_string(body: &str, data: &str, wrapper: Option<&str>) -> String {
        String::from_utf8(merged(body.as_bytes(), data, wrapper)).unwrap()
    }

    #[test]
    fn objects_merge_and_caller_wins() {
        let got = merged_string(
            r#"{"a": {"b": 1, "c": [1, 2]}, "d": "x"}"#,
            r#"{"a": {"c": [3], "e": null}, "d": {}}"#,
            None,
        );
        assert_eq!(got, r#"{"a":{"b":1,"c":[3],"e":null},"d":{}}"#);
    }

    #[test]
    fn data_merges_inside_missing_wrapper() {
        let body = r#"{"person": {"a": 1}}"#;
        assert_eq!(
            merged_string(body, r#"{"b": 2}"#, Some("person")),
            r#"{"person":{"a":1,"b":2}}"#
        );
        let own = r#"{"person": {"b": 2}, "assignDefaultProjects": true}"#;
        assert_eq!(
            merged_string(body, own, Some("person")),
            r#"{"person":{"a":1,"b":2},"assignDefaultProjects":true}"#
        );
    }

    #[test]
    fn numbers_keep_every_digit() {
        assert_eq!(
            merged_string("{}", r#"{"n": 12345678901234567890.10}"#, None),
            r#"{"n":12345678901234567890.10}"#
        );
    }
}
