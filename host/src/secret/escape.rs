//! The escapes that can stand for a character of a secret.

use std::borrow::Cow;
use std::slice;

/// The length of the longest escape, in bytes: `&CounterClockwiseContourIntegral;` has HTML's longest name.
pub(super) const MAX_ESCAPE: usize = 33;

/// The bytes that an escape begins with.
pub(super) const INTRODUCERS: [u8; 3] = [b'%', b'\\', b'&'];

/// Calls `visit` with every reading of the text at `at`: the bytes that it means, and its end.
///
/// The first reading is the byte itself. The end of a reading does not depend on the bytes after it.
pub(super) fn readings(text: &[u8], at: usize, mut visit: impl FnMut(&[u8], usize)) {
    let Some((first, rest)) = text.get(at..).and_then(<[u8]>::split_first) else {
        return;
    };
    visit(slice::from_ref(first), at + 1);
    match first {
        // A space in a form: https://url.spec.whatwg.org/#urlencoded-serializing
        b'+' => visit(b" ", at + 1),
        b'%' => {
            let byte = rest.get(..2).and_then(hex).map(u8::try_from);
            if let Some(Ok(byte)) = byte {
                visit(&[byte], at + 3);
            }
        }
        b'\\' => {
            if let Some((character, length)) = json(rest) {
                let mut buffer = [0; 4];
                visit(character.encode_utf8(&mut buffer).as_bytes(), at + length);
            }
        }
        b'&' => {
            if let Some((meant, length)) = html(text.get(at..).unwrap_or_default()) {
                visit(meant.as_bytes(), at + length);
            }
        }
        _ => {}
    }
}

/// The character of an escape of JSON (RFC 8259, section 7) after its backslash, and the length of the whole escape.
fn json(rest: &[u8]) -> Option<(char, usize)> {
    let (kind, rest) = rest.split_first()?;
    let character = match kind {
        b'"' | b'\\' | b'/' => char::from(*kind),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(rest),
        _ => return None,
    };
    Some((character, 2))
}

/// The character of `\uXXXX`, or of two of them, after the first `\u`.
fn unicode(rest: &[u8]) -> Option<(char, usize)> {
    let unit = |digits: &[u8]| u16::try_from(hex(digits)?).ok();
    let first = unit(rest.get(..4)?)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return Some((character, 6));
    }
    let second = unit(rest.get(4..10)?.strip_prefix(b"\\u")?)?;
    let mut characters = char::decode_utf16([first, second]);
    Some((characters.next()?.ok()?, 12))
}

/// The meaning of a character reference of HTML, and its length. It must end in `;`, as every encoder writes it.
fn html(text: &[u8]) -> Option<(Cow<'_, str>, usize)> {
    let name = text
        .iter()
        .take(MAX_ESCAPE - 1)
        .skip(1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#')
        .count();
    let reference = text.get(..name + 2).filter(|text| text.ends_with(b";"))?;
    let reference = std::str::from_utf8(reference).ok()?;
    let meant = html_escape::decode_html_entities(reference);
    (meant != reference && meant.len() <= reference.len()).then_some((meant, reference.len()))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| {
        Some(value * 16 + char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escapes(text: &str) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        readings(text.as_bytes(), 0, |meant, end| {
            found.push((String::from_utf8_lossy(meant).into_owned(), end));
        });
        found.remove(0);
        found
    }

    #[test]
    fn every_escape_is_decoded() {
        for (text, meant) in [
            ("+", " "),
            ("%2F", "/"),
            ("%2f", "/"),
            ("\\/", "/"),
            ("\\n", "\n"),
            ("\\u002F", "/"),
            ("\\ud83d\\ude00", "😀"),
            ("&sol;", "/"),
            ("&quot;", "\""),
            ("&#47;", "/"),
            ("&#0047;", "/"),
            ("&#x2f;", "/"),
            ("&#X2F;", "/"),
            ("&#x0000002F;", "/"),
            ("&#128512;", "😀"),
            ("&CounterClockwiseContourIntegral;", "∳"),
        ] {
            let more = format!("{text}0;");
            assert_eq!(escapes(&more), [(meant.to_owned(), text.len())], "{text}");
        }
    }

    #[test]
    fn incomplete_escape_stays() {
        for text in [
            "a",
            "%",
            "%2",
            "%2g",
            "\\",
            "\\x",
            "\\u002",
            "\\ud83d",
            "\\ud83dx",
            "\\ud83d\\u0041",
            "&",
            "&;",
            "&sol",
            "&sol ;",
            "&nosuchname;",
            "&#;",
            "&#xg;",
            "&#x110000;",
        ] {
            assert_eq!(escapes(text), [], "{text}");
        }
    }
}
