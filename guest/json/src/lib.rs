//! JSON that keeps its spelling, read one level at a time.
//!
//! `serde_json` checks and splits it; what is not read stays a slice ([`RawValue`]), and is written again byte for byte: every
//! digit, the order of members, members given twice, escaped lone surrogates. Nothing here recurses, so no depth of nesting is too
//! deep.
//!
//! What the component takes of requests, providers and its environment is read with it.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

mod scan;
mod string;
#[cfg(test)]
mod tests;

pub use scan::{duplicates, is_hollow, merge};
use string::{paired, unescaped, unquoted};

/// A JSON value, read one level deep. Strings without escapes, and all that is nested, are borrowed.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, digit for digit.
    Number(&'a str),
    /// A string.
    String(Cow<'a, str>),
    /// A string with a lone surrogate in it (RFC 8259, section 8.2), which no Rust or WIT string can hold: U+FFFD stands for it.
    Unpaired(String),
    /// An array.
    Array(Array<'a>),
    /// An object.
    Object(Object<'a>),
}

/// The entries of an array.
#[derive(Clone, Debug)]
pub struct Array<'a>(Vec<&'a RawValue>);

/// The members of an object in their order, also those given twice.
#[derive(Clone, Debug, Default)]
pub struct Object<'a> {
    members: Vec<(&'a RawValue, &'a RawValue)>,
    /// Whether any name has an escape in it: few have, and to search each name for one costs more than the rest of a look-up.
    escapes: bool,
}

/// Reads JSON.
///
/// # Errors
///
/// The position at which the string stops being JSON.
pub fn parse(json: &str) -> serde_json::Result<Value<'_>> {
    let json = trimmed(json);
    if json.starts_with(['{', '[']) {
        split(json)
    } else {
        split(raw(json)?.get())
    }
}

/// Reads an array, an object, or any other value that is known to be valid.
fn split(json: &str) -> serde_json::Result<Value<'_>> {
    Ok(match json.as_bytes().first() {
        Some(b'{') => Value::Object(serde_json::from_str(json)?),
        Some(b'[') => Value::Array(Array(serde_json::from_str(json)?)),
        _ => scalar(json),
    })
}

/// JSON that is only passed on.
///
/// # Errors
///
/// The position at which the string stops being JSON.
pub fn raw(json: &str) -> serde_json::Result<&RawValue> {
    serde_json::from_str(json)
}

/// Writes JSON. `serde_json` writes strings, numbers, arrays and objects without fail; a value that it cannot write is empty.
#[must_use]
pub fn write(json: &(impl Serialize + ?Sized)) -> Vec<u8> {
    serde_json::to_vec(json).unwrap_or_default()
}

/// JSON without a byte order mark at its start: a reader may ignore one (RFC 8259, section 8.1).
#[must_use]
pub fn without_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

/// JSON without white space around it. JSON's white space (RFC 8259, section 2) has no form feed.
#[must_use]
pub fn trimmed(json: &str) -> &str {
    json.trim_matches([' ', '\t', '\n', '\r'])
}

/// A member's name in a JSON Pointer (RFC 6901, section 3).
#[must_use]
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A value that has nothing nested in it.
fn scalar(json: &str) -> Value<'_> {
    match json {
        "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        string if string.starts_with('"') => match unescaped(string) {
            Cow::Borrowed(_) => Value::String(Cow::Borrowed(unquoted(string))),
            Cow::Owned(bytes) => match String::from_utf8(bytes) {
                Ok(string) => Value::String(Cow::Owned(string)),
                Err(error) => Value::Unpaired(paired(error.into_bytes())),
            },
        },
        number => Value::Number(number),
    }
}

impl<'a> Value<'a> {
    /// The member of this name, where this is an object that has it; else `null`.
    #[must_use]
    pub fn get(&self, name: &str) -> Self {
        self.as_object()
            .and_then(|object| object.get(name))
            .unwrap_or(Self::Null)
    }

    /// Whether this is `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The boolean that this is.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The string that this is.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(string) => Some(string),
            Self::Unpaired(string) => Some(string),
            _ => None,
        }
    }

    /// The array that this is.
    #[must_use]
    pub const fn as_array(&self) -> Option<&Array<'a>> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The entries of the array that this is; what is no array is one entry.
    #[must_use]
    pub fn entries(&self) -> Box<dyn Iterator<Item = Self> + '_> {
        match self {
            Self::Array(array) => Box::new(array.iter()),
            other => Box::new(std::iter::once(other.clone())),
        }
    }

    /// The object that this is.
    #[must_use]
    pub const fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

/// Never fails: a part of valid JSON is valid.
impl<'a> From<&'a RawValue> for Value<'a> {
    fn from(json: &'a RawValue) -> Self {
        split(json.get()).unwrap_or(Self::Null)
    }
}

impl<'a> Array<'a> {
    /// The number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries, each read when it is reached.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> {
        self.0.iter().map(|json| Value::from(*json))
    }

    /// The entries as they are written.
    pub fn raw(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(|json| json.get())
    }

    /// The entries of an array that has `N`.
    #[must_use]
    pub fn values<const N: usize>(&self) -> Option<[Value<'a>; N]> {
        let entries: [&RawValue; N] = self.0.as_slice().try_into().ok()?;
        Some(entries.map(Value::from))
    }
}

impl<'a> Object<'a> {
    /// The value of this name; of members with one name, the last one's.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        let mut members = self.members.iter().rev();
        let (_, value) = members.find(|(given, _)| {
            let inner = unquoted(given.get());
            inner == name
                || (self.escapes
                    && inner.contains('\\')
                    && *unescaped(given.get()) == *name.as_bytes())
        })?;
        Some(Value::from(*value))
    }

    /// The members in their order, their values not read.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'a, str>, &'a RawValue)> {
        self.members.iter().map(|(name, value)| {
            let name = match unescaped(name.get()) {
                Cow::Borrowed(_) => Cow::Borrowed(unquoted(name.get())),
                Cow::Owned(bytes) => Cow::Owned(paired(bytes)),
            };
            (name, *value)
        })
    }

    /// The names that more than one member has, each once.
    #[must_use]
    pub fn duplicates(&self) -> Vec<String> {
        let names = self.members.iter().map(|(name, _)| unescaped(name.get()));
        scan::repeated(names.map(|name| (0, name, 0)).collect())
            .into_iter()
            .map(|(_, name, _)| paired(name.into_owned()))
            .collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::default();
        while let Some((name, value)) = members.next_entry::<&RawValue, &RawValue>()? {
            object.escapes |= name.get().contains('\\');
            object.members.push((name, value));
        }
        Ok(object)
    }
}
