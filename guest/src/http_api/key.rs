//! The header `idempotency-key`.
//!
//! The draft has it as a string of Structured Fields (RFC 9651, section 3.3.3): `"a key"`. Many clients send it bare. Both are the
//! same key: <https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>

/// The name of the header.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The longest key, in bytes.
const MAX_KEY: usize = 255;

/// Whether a text can be a key: it has 1 to 255 characters of printable ASCII.
#[must_use]
pub fn is_idempotency_key(text: &str) -> bool {
    (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Why a header has no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// There is more than one.
    Several,
    /// It is not a key.
    Invalid,
}

/// The idempotency key of a request, where it has one.
///
/// # Errors
///
/// When there are several, or one that is none: a key has 1 to 255 characters of printable ASCII; bare, it has no space, quotation
/// mark or comma.
pub fn idempotency_key(headers: &[(String, String)]) -> Result<Option<String>, KeyError> {
    let mut values = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(IDEMPOTENCY_KEY))
        .map(|(_, value)| value.trim());
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(KeyError::Several);
    }
    parse(value).ok_or(KeyError::Invalid).map(Some)
}

fn parse(value: &str) -> Option<String> {
    let key = match value.strip_prefix('"') {
        Some(rest) => unescaped(rest.strip_suffix('"')?)?,
        None if value.contains([' ', '"', ',']) => return None,
        None => value.to_owned(),
    };
    is_idempotency_key(&key).then_some(key)
}

/// The string between the quotation marks. A backslash is before a quotation mark or a backslash only.
fn unescaped(string: &str) -> Option<String> {
    let mut unescaped = String::with_capacity(string.len());
    let mut characters = string.chars();
    while let Some(character) = characters.next() {
        unescaped.push(match character {
            '"' => return None,
            '\\' => characters.next().filter(|it| matches!(it, '"' | '\\'))?,
            other => other,
        });
    }
    Some(unescaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(values: &[&str]) -> Result<Option<String>, KeyError> {
        let header = |value: &&str| ("Idempotency-Key".to_owned(), (*value).to_owned());
        idempotency_key(&values.iter().map(header).collect::<Vec<_>>())
    }

    #[test]
    fn both_spellings_are_one_key() {
        for value in ["8e03978e-40d5", "\"8e03978e-40d5\"", " \"8e03978e-40d5\" "] {
            assert_eq!(
                key(&[value]),
                Ok(Some("8e03978e-40d5".to_owned())),
                "{value}"
            );
        }
        let spaced = key(&[r#""joiner of \"May\", \\ 1""#]);
        assert_eq!(spaced, Ok(Some(r#"joiner of "May", \ 1"#.to_owned())));
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&[&"k".repeat(255)]), Ok(Some("k".repeat(255))));
    }

    #[test]
    fn anything_else_is_no_key() {
        let long = "k".repeat(256);
        for value in [
            "",
            "\"\"",
            "a b",
            "a,b",
            "a\"b",
            "\"a",
            "a\"",
            "\"a\\b\"",
            "\"a\"b\"",
            "é",
            "\"a\u{7f}\"",
            "\"a\";p=1",
            &long,
        ] {
            assert_eq!(key(&[value]), Err(KeyError::Invalid), "{value}");
        }
        assert_eq!(key(&["a", "a"]), Err(KeyError::Several));
    }
}
