//! JSON that keeps its spelling, and the words for it in messages.

use std::fmt;

pub use unified_ticketing_json::*;

use crate::findings::quoted;

/// Values that a message can describe.
pub(crate) trait KindOf {
    /// The kind of value, for a message: "expected …, but found …". It is formatted only where a message shows it.
    fn kind(&self) -> Kind<'_>;
}

impl KindOf for Value<'_> {
    fn kind(&self) -> Kind<'_> {
        Kind(self)
    }
}

/// The value that [`KindOf::kind`] returns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind<'a>(&'a Value<'a>);

impl fmt::Display for Kind<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => formatter.write_str("`null`"),
            Value::Bool(value) => write!(formatter, "`{value}`"),
            Value::Number(number) => write!(formatter, "the number {number}"),
            Value::String(string) => write!(formatter, "the string {}", quoted(string)),
            Value::Unpaired(string) => write!(formatter, "the string {}", quoted(string)),
            Value::Array(_) => formatter.write_str("an array"),
            Value::Object(_) => formatter.write_str("an object"),
        }
    }
}
