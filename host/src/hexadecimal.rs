//! Bytes as text.

use std::fmt::Write as _;

/// Bytes in hexadecimal digits, two for each.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // A string can always be written to.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
