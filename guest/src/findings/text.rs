//! Strings for messages, bounded: what they quote may be as long as a body.

use std::fmt::{self, Display, Write as _};

/// Takes no more than a number of bytes, and then fails, so that nothing beyond is made.
struct Bounded<'a> {
    text: &'a mut String,
    room: usize,
}

impl fmt::Write for Bounded<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let taken = part
            .get(..part.floor_char_boundary(self.room))
            .unwrap_or_default();
        self.text.push_str(taken);
        self.room -= taken.len();
        if taken.len() == part.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

/// Appends at most so many bytes of `value`. Returns whether that was all of it.
pub(super) fn write_bounded(text: &mut String, max: usize, value: &dyn Display) -> bool {
    write!(Bounded { text, room: max }, "{value}").is_ok()
}

/// A string of at most so many bytes, and an ellipsis where something is missing.
#[must_use]
pub(crate) fn shortened(value: &dyn Display, max: usize) -> String {
    let mut text = String::new();
    if !write_bounded(&mut text, max, value) {
        // An escape of a JSON Pointer (RFC 6901, section 3) is not cut in two.
        if text.ends_with('~') {
            text.pop();
        }
        text.push('…');
    }
    text
}

/// A string as a message quotes it: cut after 80 characters, control characters escaped.
#[must_use]
pub const fn quoted(text: &str) -> Quoted<'_> {
    Quoted { text, max: 80 }
}

/// An address as a message quotes it: whole, if it is one (RFC 5321, section 4.5.3.1.3).
#[must_use]
pub const fn quoted_address(text: &str) -> Quoted<'_> {
    Quoted { text, max: 254 }
}

/// What [`quoted`] returns. It is formatted only where it is read.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a> {
    text: &'a str,
    max: usize,
}

impl Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('`')?;
        for (position, character) in self.text.chars().enumerate() {
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
