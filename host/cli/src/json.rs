//! JSON that is passed on: read member by member, printed token by token, never rebuilt.
//!
//! A value is its text ([`RawValue`]): every digit, a member given twice, a lone surrogate and any depth stay as they are.

mod layout;

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub(crate) use self::layout::{compact, indented};

/// The byte order mark of UTF-8, which a parser may ignore (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Removes a byte order mark from the start.
pub(crate) fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// An object: its members in order, each as often as it is given.
#[derive(Debug, Default)]
pub(crate) struct Object<'a>(pub(crate) Vec<(&'a RawValue, &'a RawValue)>);

impl<'a> Object<'a> {
    /// Parses an object.
    ///
    /// # Errors
    ///
    /// The bytes are not JSON, or not an object.
    pub(crate) fn parse(json: &'a [u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json)
    }

    /// Returns the value of the last member of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let member = self.0.iter().rfind(|(given, _)| as_string(given) == name);
        member.map(|(_, value)| *value)
    }

    /// Returns the string of this name; an empty one where there is none.
    pub(crate) fn string(&self, name: &str) -> String {
        self.get(name).map(as_string).unwrap_or_default()
    }

    /// Returns the integer of this name.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.get().parse().ok()
    }

    /// Returns the objects in the array of this name; none where there is no such array.
    pub(crate) fn objects(&self, name: &str) -> Vec<Self> {
        let array = self.get(name).map(RawValue::get).unwrap_or_default();
        serde_json::from_str(array).unwrap_or_default()
    }

    /// Returns the strings in the array of this name; none where there is no such array.
    pub(crate) fn strings(&self, name: &str) -> Vec<String> {
        self.array(name).into_iter().map(as_string).collect()
    }

    /// Returns the elements of the array of this name; none where there is no such array.
    pub(crate) fn array(&self, name: &str) -> Vec<&'a RawValue> {
        let array = self.get(name).map(RawValue::get).unwrap_or_default();
        serde_json::from_str(array).unwrap_or_default()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Returns a string's characters, a lone surrogate as U+FFFD; an empty string where the value is no string.
pub(crate) fn as_string(value: &RawValue) -> String {
    struct Lossy(String);
    impl<'de> Deserialize<'de> for Lossy {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Bytes;
            impl Visitor<'_> for Bytes {
                type Value = Lossy;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a string")
                }

                fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Lossy, E> {
                    Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
                }
            }
            // As bytes, the parser lets lone surrogates through.
            deserializer.deserialize_bytes(Bytes)
        }
    }
    let string = serde_json::from_str(value.get());
    string.map(|Lossy(string)| string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_text() {
        let json = br#" {"a": 1e999999, "\ud83d": [ {"b":"x"} ], "a":"z\ud83d\n", "n":503} "#;
        let object = Object::parse(json).expect("an object");
        let texts: Vec<(&str, &str)> = object
            .0
            .iter()
            .map(|(name, value)| (name.get(), value.get()))
            .collect();
        assert_eq!(texts[0], (r#""a""#, "1e999999"));
        assert_eq!(texts[1], (r#""\ud83d""#, r#"[ {"b":"x"} ]"#));
        assert!(object.string("a").starts_with('z') && object.string("a").contains('\u{fffd}'));
        assert_eq!((object.number("n"), object.number("a")), (Some(503), None));
        assert_eq!(object.string("missing"), "");
        assert!(Object::parse(b"[]").is_err() && Object::parse(b"{\"a\":}").is_err());
    }

    #[test]
    fn arrays_are_read_by_element_type() {
        let object =
            Object::parse(br#"{"a":["x","y"],"o":[{"b":"c"}],"n":{}}"#).expect("an object");
        assert_eq!(object.strings("a"), ["x", "y"]);
        assert_eq!(object.objects("o")[0].string("b"), "c");
        assert!(object.objects("n").is_empty() && object.strings("missing").is_empty());
    }

    #[test]
    fn deep_value_is_read() {
        let json = format!(r#"{{"a":{}1{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        let object = Object::parse(json.as_bytes()).expect("an object");
        assert_eq!(
            object.get("a").map(|value| value.get().len()),
            Some(400_001)
        );
    }
}
