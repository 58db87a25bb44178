//! Strings of bounded length for messages: what they quote may be as long as a body.

use std::fmt::{self, Display, Write as _};

/// Takes at most `room` more bytes, then fails, so that the rest is not formatted.
struct Bounded<'a> {
    string: &'a mut String,
    room: usize,
}

impl fmt::Write for Bounded<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let taken = part
            .get(..part.floor_char_boundary(self.room))
            .unwrap_or_default();
        self.string.push_str(taken);
        self.room -= taken.len();
        if taken.len() == part.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

/// Appends at most `max` bytes of `value`. Returns whether that was all of it.
pub(super) fn write_bounded(string: &mut String, max: usize, value: &dyn Display) -> bool {
    write!(Bounded { string, room: max }, "{value}").is_ok()
}

/// A string of at most `max` bytes, and an ellipsis where something is missing.
#[must_use]
pub(crate) fn shortened(value: &dyn Display, max: usize) -> String {
    let mut string = String::new();
    if !write_bounded(&mut string, max, value) {
        // An escape of a JSON Pointer (RFC 6901, section 3) is not split.
        if string.ends_with('~') {
            string.pop();
        }
        string.push('…');
    }
    string
}

/// A string as a message quotes it: shortened to 80 characters, control characters escaped.
#[must_use]
pub const fn quoted(string: &str) -> Quoted<'_> {
    Quoted { string, max: 80 }
}

/// An address as a message quotes it: shortened only beyond the longest address (RFC 5321, section 4.5.3.1.3).
#[must_use]
pub const fn quoted_address(string: &str) -> Quoted<'_> {
    Quoted { string, max: 254 }
}

/// The value that [`quoted`] returns. It is formatted only where a message shows it.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a> {
    string: &'a str,
    max: usize,
}

impl Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('`')?;
        for (position, character) in self.string.chars().enumerate() {
            if position == self.max {
                formatter.write_char('…')?;
                break;
            }
            if character.is_control() {
                write!(formatter, "{}", character.escape_default())?;
            } else {
                formatter.write_char(character)?;
            }
        }
        formatter.write_char('`')
    }
}
