//! Escapes for the characters that a terminal acts on, in strings of other programs.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a terminal acts on a character, or reorders the characters around it.
///
/// The controls C0 and C1 and DEL (ECMA-48), the line ends of Unicode, and the marks, embeddings, overrides and isolates of its
/// bidirectional algorithm (UAX #9).
fn controls_terminal(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Escapes a string within a line for people: `\u{1b}` for an escape, `\n` for a line end.
pub(crate) fn inline(text: &str) -> Cow<'_, str> {
    escape(text, controls_terminal, |escaped, character| {
        escaped.extend(character.escape_default());
    })
}

/// Escapes lines: everything but line ends, tabs and, with `colours`, the character that starts a colour.
pub(crate) fn lines(text: &str, colours: bool) -> Cow<'_, str> {
    let is_escaped = |character| {
        controls_terminal(character)
            && !matches!(character, '\n' | '\t')
            && !(colours && character == '\u{1b}')
    };
    escape(text, is_escaped, |escaped, character| {
        escaped.extend(character.escape_default());
    })
}

/// Escapes JSON; it stays the same JSON. Its strings have no other control characters than these (RFC 8259, section 7), and between
/// its tokens are only line ends and tabs.
pub(crate) fn json(json: &str) -> Cow<'_, str> {
    let is_escaped = |character: char| controls_terminal(character) && character >= '\u{7f}';
    escape(json, is_escaped, |escaped, character| {
        // All of these characters are in the basic multilingual plane.
        let _ = write!(escaped, "\\u{:04x}", u32::from(character));
    })
}

fn escape(
    text: &str,
    is_escaped: impl Fn(char) -> bool,
    push_escaped: impl Fn(&mut String, char),
) -> Cow<'_, str> {
    if !text.chars().any(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_escaped(character) {
            push_escaped(&mut escaped, character);
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(
            inline("a\u{1b}[2J\u{9b}1m\u{7f}\r\n\u{202e}b"),
            r"a\u{1b}[2J\u{9b}1m\u{7f}\r\n\u{202e}b"
        );
        assert!(matches!(inline("Zoë 日本 👩‍💻"), Cow::Borrowed(_)));
    }

    #[test]
    fn lines_keep_ends_and_colours() {
        assert_eq!(
            lines("a\n\tb\u{1b}[0m\u{9b}", true),
            "a\n\tb\u{1b}[0m\\u{9b}"
        );
        assert_eq!(lines("a\u{1b}[0m", false), r"a\u{1b}[0m");
    }

    #[test]
    fn escaped_json_is_equal() {
        let given = "{\n\t\"a\": \"\u{9b}2J\u{7f}\u{2066}\u{2028}é\"}";
        let shown = json(given);
        assert_eq!(shown, "{\n\t\"a\": \"\\u009b2J\\u007f\\u2066\\u2028é\"}");
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(parsed(&shown), parsed(given));
    }
}
