//! Digests of what is known by several parts.

use sha2::{Digest as _, Sha256};

/// The digest of these parts. Each has its length before it, so that no two lists of parts have the same one.
pub(crate) fn digest<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// An idempotency key that is made of these parts: the prefix, and their digest in hexadecimal digits.
pub(crate) fn derived_key<T: AsRef<[u8]>>(
    prefix: &str,
    parts: impl IntoIterator<Item = T>,
) -> String {
    prefix.to_owned() + &hexadecimal(&digest(parts))
}

/// Bytes in hexadecimal digits, two for each.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digits = |text: String, byte: &u8| text + &format!("{byte:02x}");
    bytes.iter().fold(String::new(), digits)
}
