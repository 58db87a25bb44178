//! Characters of others that would steer a terminal, written so that they can only be read.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a terminal acts on a character, or shows what surrounds it in another order.
///
/// The controls C0 and C1 and DEL (ECMA-48), the line ends of Unicode, and the marks, embeddings, overrides and isolates of its
/// bidirectional algorithm (UAX #9).
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// A text of others within a line for people: `\u{1b}` for an escape, `\n` for a line end.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    escaped(text, steers, |escaped, character| {
        escaped.extend(character.escape_default());
    })
}

/// Text whose own lines and colours stay: all but line ends, tabs and, where there are colours, what begins them.
pub(crate) fn lines(text: &str, colours: bool) -> Cow<'_, str> {
    let steers = |character| {
        steers(character)
            && !matches!(character, '\n' | '\t')
            && !(colours && character == '\u{1b}')
    };
    escaped(text, steers, |escaped, character| {
        escaped.extend(character.escape_default());
    })
}

/// JSON, which stays the same JSON. Within its strings there are no other controls than these (RFC 8259, section 7), and outside of
/// them only line ends and tabs.
pub(crate) fn json(json: &str) -> Cow<'_, str> {
    let steers = |character: char| steers(character) && character >= '\u{7f}';
    escaped(json, steers, |escaped, character| {
        // All of them are in the basic plane.
        let _ = write!(escaped, "\\u{:04x}", u32::from(character));
    })
}

fn escaped(
    text: &str,
    steers: impl Fn(char) -> bool,
    escape: impl Fn(&mut String, char),
) -> Cow<'_, str> {
    if !text.chars().any(&steers) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if steers(character) {
            escape(&mut escaped, character);
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
    fn controls_are_shown_and_not_obeyed() {
        assert_eq!(
            text("a\u{1b}[2J\u{9b}1m\u{7f}\r\n\u{202e}b"),
            r"a\u{1b}[2J\u{9b}1m\u{7f}\r\n\u{202e}b"
        );
        assert!(matches!(text("Zoë 日本 👩‍💻"), Cow::Borrowed(_)));
    }

    #[test]
    fn lines_keep_their_ends_and_our_colours() {
        assert_eq!(
            lines("a\n\tb\u{1b}[0m\u{9b}", true),
            "a\n\tb\u{1b}[0m\\u{9b}"
        );
        assert_eq!(lines("a\u{1b}[0m", false), r"a\u{1b}[0m");
    }

    #[test]
    fn json_stays_the_same() {
        let given = "{\n\t\"a\": \"\u{9b}2J\u{7f}\u{2066}\u{2028}é\"}";
        let shown = json(given);
        assert_eq!(shown, "{\n\t\"a\": \"\\u009b2J\\u007f\\u2066\\u2028é\"}");
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(parsed(&shown), parsed(given));
    }
}
