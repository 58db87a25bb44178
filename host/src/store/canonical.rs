//! The canonical form of JSON: what a fingerprint is taken of.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::value::RawValue;

/// JSON whose spelling does not matter any more: no white space, the members of every object sorted by name, every string escaped
/// in one way. Members given twice stay in their order, and a number keeps its text: `1` and `1.0` differ. `None` if it is not JSON.
///
/// The time is linear but for the sorting, and nothing recurses: a body may be nested as deeply as it likes.
pub(super) fn canonical(json: &str) -> Option<String> {
    let valid: &RawValue = serde_json::from_str(json).ok()?;
    let nodes = parse(valid.get())?;
    let mut text = String::with_capacity(json.len());
    write(&nodes, &mut text);
    Some(text)
}

/// A value. Those that are in an array or an object are named by their index.
enum Node<'a> {
    /// A string with its quotation marks, a number, `true`, `false` or `null`.
    Scalar(Cow<'a, str>),
    Array(Vec<usize>),
    Object(Vec<(Cow<'a, str>, usize)>),
}

/// The values of valid JSON. The first is the outermost.
fn parse(json: &str) -> Option<Vec<Node<'_>>> {
    let mut nodes = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut names: Vec<Option<Cow<'_, str>>> = Vec::new();
    let mut rest = json;
    while let Some(first) = rest.bytes().next() {
        let node = match first {
            b'}' | b']' => {
                open.pop();
                names.pop();
                rest = rest.get(1..)?;
                continue;
            }
            b'{' | b'[' => {
                rest = rest.get(1..)?;
                if first == b'{' {
                    Node::Object(Vec::new())
                } else {
                    Node::Array(Vec::new())
                }
            }
            b'"' => {
                let (string, after) = rest.split_at_checked(string_length(rest)?)?;
                rest = after;
                let string = respelled(string)?;
                let parent = open.last().and_then(|parent| nodes.get(*parent));
                if let (Some(Node::Object(_)), Some(name @ None)) = (parent, names.last_mut()) {
                    *name = Some(string);
                    continue;
                }
                Node::Scalar(string)
            }
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => {
                rest = rest.get(1..)?;
                continue;
            }
            _ => {
                let end = rest.find([',', ']', '}', ' ', '\t', '\n', '\r']);
                let (scalar, after) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
                rest = after;
                Node::Scalar(Cow::Borrowed(scalar))
            }
        };
        let index = nodes.len();
        match open.last().and_then(|parent| nodes.get_mut(*parent)) {
            Some(Node::Array(entries)) => entries.push(index),
            Some(Node::Object(members)) => members.push((names.last_mut()?.take()?, index)),
            Some(Node::Scalar(_)) | None => {}
        }
        if matches!(node, Node::Array(_) | Node::Object(_)) {
            open.push(index);
            names.push(None);
        }
        nodes.push(node);
    }
    for node in &mut nodes {
        if let Node::Object(members) = node {
            // Stable: members given twice stay in their order.
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
    }
    Some(nodes)
}

/// The bytes of the string that this JSON begins with, both quotation marks counted.
fn string_length(json: &str) -> Option<usize> {
    let mut escaped = false;
    for (position, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(position + 1),
            _ => {}
        }
    }
    None
}

/// The same string with no more escapes than it needs, and each of them in one spelling. A surrogate without its other half (RFC
/// 8259, section 8.2) stays an escape.
fn respelled(string: &str) -> Option<Cow<'_, str>> {
    if !string.contains('\\') {
        return Some(Cow::Borrowed(string));
    }
    let mut text = String::with_capacity(string.len());
    let mut rest = string;
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
        let kind = escape.chars().next()?;
        rest = escape.get(kind.len_utf8()..)?;
        match kind {
            'u' => {
                let unit = unit(rest)?;
                rest = rest.get(4..)?;
                let low = rest.strip_prefix("\\u").and_then(unit_of_pair(unit));
                if let Some(character) = low {
                    rest = rest.get(6..)?;
                    push(&mut text, character);
                } else if let Some(character) = char::from_u32(u32::from(unit)) {
                    push(&mut text, character);
                } else {
                    write!(text, "\\u{unit:04x}").ok()?;
                }
            }
            'b' => push(&mut text, '\u{8}'),
            'f' => push(&mut text, '\u{c}'),
            'n' => push(&mut text, '\n'),
            'r' => push(&mut text, '\r'),
            't' => push(&mut text, '\t'),
            other => push(&mut text, other),
        }
    }
    text.push_str(rest);
    Some(Cow::Owned(text))
}

/// Returns a function that reads the low half of a pair and joins it to this high one.
fn unit_of_pair(high: u16) -> impl Fn(&str) -> Option<char> {
    move |rest| {
        let pair = char::decode_utf16([high, unit(rest)?]).next()?.ok()?;
        (pair.len_utf16() == 2).then_some(pair)
    }
}

/// The code unit of four hexadecimal digits.
fn unit(digits: &str) -> Option<u16> {
    u16::from_str_radix(digits.get(..4)?, 16).ok()
}

/// Appends a character of a string, escaped if it has to be.
fn push(text: &mut String, character: char) {
    match character {
        '"' => text.push_str("\\\""),
        '\\' => text.push_str("\\\\"),
        '\0'..='\u{1f}' => {
            // Writing to a `String` does not fail.
            let _ = write!(text, "\\u{:04x}", u32::from(character));
        }
        other => text.push(other),
    }
}

/// A piece that is still to be written.
enum Piece<'a> {
    Node(usize),
    Text(&'a str),
}

fn write(nodes: &[Node<'_>], text: &mut String) {
    let mut pieces = vec![Piece::Node(0)];
    while let Some(piece) = pieces.pop() {
        let index = match piece {
            Piece::Text(piece) => {
                text.push_str(piece);
                continue;
            }
            Piece::Node(index) => index,
        };
        match nodes.get(index) {
            Some(Node::Scalar(scalar)) => text.push_str(scalar),
            Some(Node::Array(entries)) => {
                text.push('[');
                pieces.push(Piece::Text("]"));
                for (position, entry) in entries.iter().enumerate().rev() {
                    pieces.push(Piece::Node(*entry));
                    if position > 0 {
                        pieces.push(Piece::Text(","));
                    }
                }
            }
            Some(Node::Object(members)) => {
                text.push('{');
                pieces.push(Piece::Text("}"));
                for (position, (name, member)) in members.iter().enumerate().rev() {
                    pieces.push(Piece::Node(*member));
                    pieces.push(Piece::Text(":"));
                    pieces.push(Piece::Text(name));
                    if position > 0 {
                        pieces.push(Piece::Text(","));
                    }
                }
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_canonical(json: &str, expected: &str) {
        assert_eq!(canonical(json).as_deref(), Some(expected), "{json}");
        assert_eq!(canonical(expected).as_deref(), Some(expected), "{expected}");
    }

    #[test]
    fn members_are_sorted_at_every_level() {
        assert_canonical(
            r#" { "b" : [ { "d" : 1 , "c" : null } , [ ] , { } ] , "a" : "x, y" } "#,
            r#"{"a":"x, y","b":[{"c":null,"d":1},[],{}]}"#,
        );
        assert_canonical(" [true ,\t\"\\\"]\" \n, false\r] ", r#"[true,"\"]",false]"#);
        assert_canonical(r#"{"":0,"\u0061":1,"B":2}"#, r#"{"":0,"B":2,"a":1}"#);
    }

    #[test]
    fn members_given_twice_keep_order() {
        assert_canonical(
            r#"{"a":2,"b":0,"a":1,"\u0061":3}"#,
            r#"{"a":2,"a":1,"a":3,"b":0}"#,
        );
    }

    #[test]
    fn numbers_keep_their_text() {
        assert_canonical(
            "[1.0, 1, 1e2, 1E2, 100, -0, 123456789012345678901234567890]",
            "[1.0,1,1e2,1E2,100,-0,123456789012345678901234567890]",
        );
        assert_canonical(" 7 ", "7");
    }

    #[test]
    fn strings_have_one_spelling() {
        assert_canonical(
            r#"["\u00e9\/\n\u000A\b\f\r\t\"\u0022\\\u005c\u007f\ud83d\ude00é"]"#,
            "[\"é/\\u000a\\u000a\\u0008\\u000c\\u000d\\u0009\\\"\\\"\\\\\\\\\u{7f}\u{1f600}é\"]",
        );
        assert_canonical(
            r#"["\uD83D","\uDE00\uD83D","\uD83D\uD83D\uDE00","\uD83D\n"]"#,
            "[\"\\ud83d\",\"\\ude00\\ud83d\",\"\\ud83d\u{1f600}\",\"\\ud83d\\u000a\"]",
        );
    }

    #[test]
    fn what_is_not_json_has_none() {
        for text in ["", " ", "{", "[1,]", "a=b", "{} {}", "\"\\x\"", "\"\\u12\""] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_linear() {
        let depth = 200_000;
        let json = format!("{}{}", r#"{"b":"#.repeat(depth), "0") + &r#","a":1}"#.repeat(depth);
        let text = canonical(&json).unwrap();
        assert_eq!(text.len(), json.len());
        assert!(text.starts_with(r#"{"a":1,"b":{"a":1,"b":{"#));
        let arrays = "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(canonical(&arrays).as_deref(), Some(arrays.as_str()));
    }

    proptest::proptest! {
        #[test]
        fn spelling_does_not_matter(value in json_value()) {
            let plain = value.to_string();
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let text = canonical(&plain).unwrap();
            proptest::prop_assert_eq!(canonical(&pretty), Some(text.clone()));
            let again: serde_json::Value = serde_json::from_str(&text).unwrap();
            proptest::prop_assert_eq!(again, value);
        }
    }

    fn json_value() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                proptest::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }
}
