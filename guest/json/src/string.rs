//! The strings of valid JSON: what they stand for.

use std::borrow::Cow;

/// The part of a string between its quotation marks.
pub(crate) fn unquoted(string: &str) -> &str {
    string.get(1..string.len() - 1).unwrap_or_default()
}

/// The bytes that a string stands for. They are not UTF-8 where a lone surrogate is escaped: it becomes what UTF-8 would make of it
/// (WTF-8).
///
/// `serde_json` reads the same. Without its reader of strings the component is smaller, and reads escapes faster.
pub(crate) fn unescaped(string: &str) -> Cow<'_, [u8]> {
    let mut rest = unquoted(string);
    if !rest.contains('\\') {
        return Cow::Borrowed(rest.as_bytes());
    }
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        rest = unescape(escape, &mut bytes);
    }
    bytes.extend_from_slice(rest.as_bytes());
    Cow::Owned(bytes)
}

/// Appends the character of an escape (RFC 8259, section 7), given without its backslash. Returns the string after the escape.
fn unescape<'a>(escape: &'a str, bytes: &mut Vec<u8>) -> &'a str {
    let (kind, rest) = escape.split_at_checked(1).unwrap_or_default();
    let character = match kind {
        "b" => "\u{8}",
        "f" => "\u{c}",
        "n" => "\n",
        "r" => "\r",
        "t" => "\t",
        "u" => return unescape_unicode(rest, bytes),
        itself => itself,
    };
    bytes.extend_from_slice(character.as_bytes());
    rest
}

/// Appends the character of a code unit, or of a surrogate pair. Returns the string after it.
fn unescape_unicode<'a>(digits: &'a str, bytes: &mut Vec<u8>) -> &'a str {
    let (unit, mut rest) = code_unit(digits);
    let mut code = unit;
    if let 0xd800..0xdc00 = unit
        && let Some((low @ 0xdc00..0xe000, after)) = rest.strip_prefix("\\u").map(code_unit)
    {
        code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        rest = after;
    }
    if let Some(character) = char::from_u32(code) {
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        let [.., high, low] = (code << 2).to_be_bytes();
        bytes.extend([0xed, 0x80 | (high & 0x3f), 0x80 | (low >> 2)]);
    }
    rest
}

/// Reads the digits of a code unit. Returns the string after them, too.
fn code_unit(digits: &str) -> (u32, &str) {
    let (digits, rest) = digits.split_at_checked(4).unwrap_or_default();
    (u32::from_str_radix(digits, 16).unwrap_or_default(), rest)
}

/// The string of these bytes, with U+FFFD for each lone surrogate. Both are three bytes long.
pub(crate) fn paired(mut bytes: Vec<u8>) -> String {
    for at in 0..bytes.len().saturating_sub(2) {
        if let Some(surrogate) = bytes.get_mut(at..at + 3)
            && matches!(surrogate, [0xed, 0xa0..=0xbf, _])
        {
            surrogate.copy_from_slice("\u{fffd}".as_bytes());
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use proptest::prelude::*;
    use serde::de::{Deserialize, Deserializer, Error, Visitor};

    use super::unescaped;

    /// The bytes of a string as `serde_json` reads them.
    struct Bytes(Vec<u8>);

    impl<'de> Deserialize<'de> for Bytes {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_bytes(BytesVisitor)
        }
    }

    struct BytesVisitor;

    impl Visitor<'_> for BytesVisitor {
        type Value = Bytes;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a string")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
            Ok(Bytes(bytes.to_vec()))
        }
    }

    /// A character or an escape, as it is written.
    fn part() -> impl Strategy<Value = String> {
        let plain = vec![
            r"\b", r"\f", r"\n", r"\r", r"\t", r"\/", r"\\", "\\\"", "u", "d83d", "é", "😀",
        ];
        prop_oneof![
            prop::sample::select(plain).prop_map(str::to_owned),
            any::<u16>().prop_map(|unit| format!("\\u{unit:04x}")),
            (0xd800..0xe000_u16).prop_map(|surrogate| format!("\\u{surrogate:04X}")),
        ]
    }

    proptest! {
        #[test]
        fn string_has_bytes_of_serde(parts in prop::collection::vec(part(), 0..8)) {
            let string = format!("\"{}\"", parts.concat());
            let Bytes(bytes) = serde_json::from_str(&string).unwrap();
            prop_assert_eq!(&*unescaped(&string), &bytes, "{}", string);
        }
    }
}
