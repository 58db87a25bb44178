//! A JSON value, as the parser found it.
//!
//! `serde_json` stays the parser and the writer. Only its `Value` is not used, for what it brings into the component: reading one
//! can fail with a message about a floating-point number, and with that message come the two ways of printing floats and their
//! tables, though no float is ever made here; and its map is a hash table. Together they are 19 kB of the component. This value
//! also borrows from the text that it is read from, so that reading an answer copies next to nothing.
//!
//! What it keeps of `Value`, with the features that the workspace sets: numbers are digits, members keep their order, of members
//! with one name the last counts, and what is nested deeper than 128 levels is an error.

use std::borrow::Cow;
use std::fmt;
use std::ops::Index;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Number;

mod object;

pub use object::Object;

/// A JSON value. The texts in it are borrowed unless they had escapes.
#[derive(Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, digit for digit.
    Number(Number),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Self>),
    /// An object.
    Object(Object<'a>),
}

/// Reads JSON. The one place that does: a reader of another type would be compiled into the component too.
///
/// # Errors
///
/// Where the text stops being JSON, or JSON in UTF-8.
pub fn parse(json: &[u8]) -> serde_json::Result<Json<'_>> {
    serde_json::from_slice(json)
}

/// Writes JSON.
///
/// # Panics
///
/// Never: what this crate writes is made of texts, numbers, lists and objects, which `serde_json` writes without fail.
#[must_use]
pub fn write(json: &(impl Serialize + ?Sized)) -> Vec<u8> {
    serde_json::to_vec(json).unwrap_or_default()
}

impl<'a> Json<'a> {
    /// The member of this name, where this is an object that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    /// Whether this is `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The truth value that this is.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The text that this is.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of the list that this is.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
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

    /// This value as JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The member of this name; `null` where there is none.
impl<'a> Index<&str> for Json<'a> {
    type Output = Json<'a>;

    fn index(&self, name: &str) -> &Self {
        self.get(name).unwrap_or(&Json::Null)
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list),
            Self::Object(object) => serializer.collect_map(object),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Read::deserialize(deserializer).map(Read::into_json)
    }
}

/// The name under which `serde_json` hands over the digits of a number that is no 64-bit integer, as the one member of an object.
const NUMBER: &str = "$serde_json::private::Number";

/// A value, or the digits of a number: of all texts only they come owned. A text in a member that happens to be called like
/// `NUMBER` is thus never taken for digits.
enum Read<'a> {
    Json(Json<'a>),
    Digits(String),
}

impl<'a> Read<'a> {
    fn into_json(self) -> Json<'a> {
        match self {
            Self::Json(json) => json,
            Self::Digits(text) => Json::Text(Cow::Owned(text)),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Read<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// Takes whatever there is. Every kind of value is named here, or `serde` would say of one that it was not expected.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Read<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Read::Json(Json::Null))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Read::Json(Json::Bool(truth)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Read::Json(Json::Number(number.into())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Read::Json(Json::Number(number.into())))
    }

    /// Never with the feature `arbitrary_precision`; without it, a number that is not whole would have lost its digits here.
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(E::custom("expected the digits of a number"))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Read::Json(Json::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Read::Json(Json::Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_string<E>(self, digits: String) -> Result<Self::Value, E> {
        Ok(Read::Digits(digits))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            list.push(entry);
        }
        Ok(Read::Json(Json::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::default();
        while let Some(name) = members.next_key()? {
            let Read::Json(Json::Text(name)) = name else {
                return Err(de::Error::custom("expected a name"));
            };
            match members.next_value()? {
                Read::Digits(digits) if name == NUMBER => {
                    let number = Number::from_string_unchecked(digits);
                    return Ok(Read::Json(Json::Number(number)));
                }
                value => object.insert(name, value.into_json()),
            }
        }
        Ok(Read::Json(Json::Object(object)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(json: &str) -> String {
        parse(json.as_bytes()).unwrap().to_text()
    }

    #[test]
    fn what_is_read_is_written_again() {
        for json in [
            "null",
            "true",
            r#""a\"b\\c\n\u0001é☃""#,
            "[]",
            "{}",
            r#"[1,[],{"a":null}]"#,
            r#"{"z":1,"a":{"y":[false],"b":""},"":0}"#,
        ] {
            assert_eq!(rewritten(json), json);
        }
        assert_eq!(
            rewritten(r#" [ "\u00e9\ud83d\ude00" , 1 ] "#),
            r#"["é😀",1]"#
        );
    }

    /// The digits come by a way that `serde_json` does not document: this fails when the way changes.
    #[test]
    fn numbers_keep_every_digit() {
        for number in [
            "0",
            "-0",
            "1.10",
            "1e400",
            "-1.5E-7",
            "123456789012345678901234567890.10",
        ] {
            assert!(matches!(parse(number.as_bytes()).unwrap(), Json::Number(_)));
            // An exponent is written with its sign, as by `Value`.
            let written = number.replace("1e400", "1e+400").replace('E', "e");
            assert_eq!(rewritten(number), written);
            assert_eq!(
                rewritten(&format!(r#"{{"a":[{number}]}}"#)),
                format!(r#"{{"a":[{written}]}}"#)
            );
        }
    }

    #[test]
    fn a_member_that_is_called_like_a_number_is_a_member() {
        for json in [
            r#"{"$serde_json::private::Number":"1"}"#,
            r#"{"$serde_json::private::Number":"1, \"a\": 2"}"#,
            r#"{"$serde_json::private::Number":1}"#,
            r#"{"$serde_json::private::Number":{"$serde_json::private::Number":1}}"#,
            r#"{"a":1,"$serde_json::private::Number":"1"}"#,
        ] {
            assert_eq!(rewritten(json), json);
        }
    }

    #[test]
    fn only_texts_with_escapes_are_copied() {
        let borrowed = |json: &'static str| {
            matches!(
                parse(json.as_bytes()).unwrap(),
                Json::Text(Cow::Borrowed(_))
            )
        };
        assert!(borrowed(r#""abc""#));
        assert!(!borrowed(r#""a\nb""#));
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(127).as_bytes()).is_ok());
        for depth in [128, 1 << 20] {
            let fault = parse(nested(depth).as_bytes()).unwrap_err();
            assert!(
                fault.to_string().starts_with("recursion limit exceeded"),
                "{fault}"
            );
        }
    }

    #[test]
    fn what_is_not_there_is_null() {
        let json = parse(br#"{"a": {"b": [true]}}"#).unwrap();
        assert_eq!(
            json["a"]["b"].as_list(),
            Some([Json::Bool(true)].as_slice())
        );
        assert!(json["b"]["c"].is_null());
        assert_eq!(json.get("b"), None);
    }
}
