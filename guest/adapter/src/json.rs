//! JSON as far as it matters here: strings, arrays and objects. One level is read at a time, so that no nesting is too deep.
//!
//! The `Value` of `serde_json` keeps one of two members of the same name in silence, and brings along 20 kB of code that reads and
//! prints floating-point numbers.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub(crate) enum Json<'a> {
    String(String),
    /// A string with a lone surrogate in it, which no Rust string can hold.
    Unpaired,
    Array(Vec<&'a RawValue>),
    Object(Members<'a>),
    Number,
    Bool,
    Null,
}

/// The members of an object: all of them, in their order.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'a> Json<'a> {
    /// Reads one level.
    ///
    /// # Errors
    ///
    /// The string is not JSON. Of its errors, `serde_json` words only this kind without a quotation of the input.
    pub(crate) fn parse(json: &'a str) -> serde_json::Result<Self> {
        let json: &RawValue = serde_json::from_str(json)?;
        let json = json.get();
        Ok(match json.as_bytes().first() {
            Some(b'"') => serde_json::from_str(json).map_or(Self::Unpaired, Self::String),
            Some(b'[') => Self::Array(serde_json::from_str(json)?),
            Some(b'{') => Self::Object(serde_json::from_str(json)?),
            Some(b't' | b'f') => Self::Bool,
            Some(b'n') => Self::Null,
            _ => Self::Number,
        })
    }

    /// The kind of value, for a message.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Unpaired => "a string that is not Unicode",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::Null => "null",
        }
    }
}

/// Never fails: a part of valid JSON is valid.
impl<'a> From<&'a RawValue> for Json<'a> {
    fn from(json: &'a RawValue) -> Self {
        Self::parse(json.get()).unwrap_or(Self::Null)
    }
}

impl<'a> Members<'a> {
    /// The value of the first member of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Json<'a>> {
        let mut members = self.0.iter();
        let (_, value) = members.find(|(known, _)| known == name)?;
        Some(Json::from(*value))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            // A name that is not Unicode stays as it is written: no known member has such a name.
            let name = serde_json::from_str(name.get()).unwrap_or_else(|_| name.get().to_owned());
            members.push((name, value));
        }
        Ok(Members(members))
    }
}
