//! Redaction: what a provider says back is cleared of the account's secrets before anyone sees it.
//!
//! A provider that echoes a request's headers into an error page would otherwise put a token into
//! every log along the way. A secret is found as it is, escaped as in JSON, percent-encoded, and
//! inside the value of a `Basic` header; any character may be escaped or not, so `a/b`, `a\/b`,
//! `a\u002fb` and `a%2Fb` are all the same secret. Each becomes `***`.

use std::borrow::Cow;

use secrecy::{ExposeSecret as _, SecretString};

/// What stands where a secret stood.
const MASK: &[u8] = b"***";

/// The shortest value that counts as a secret. A shorter one is no secret worth the name, and would
/// be found by chance.
const SHORTEST: usize = 8;

/// Finds the secrets of one account.
pub(crate) struct Redactor {
    /// Longest first, so that a secret that contains another is covered whole.
    secrets: Vec<SecretString>,
    /// The bytes that a secret's first character can begin with.
    starts: [bool; 256],
}

impl Redactor {
    /// A redactor of these values; those that are too short to be secrets are left out.
    pub(crate) fn new(values: impl IntoIterator<Item = SecretString>) -> Self {
        let mut secrets: Vec<SecretString> = values
            .into_iter()
            .filter(|value| value.expose_secret().len() >= SHORTEST)
            .collect();
        secrets.sort_by_key(|value| std::cmp::Reverse(value.expose_secret().len()));
        secrets.dedup_by(|one, other| one.expose_secret() == other.expose_secret());
        let mut starts = [false; 256];
        let mut mark = |byte: u8| {
            if let Some(start) = starts.get_mut(usize::from(byte)) {
                *start = true;
            }
        };
        for secret in &secrets {
            secret
                .expose_secret()
                .bytes()
                .next()
                .into_iter()
                .for_each(&mut mark);
            b"%\\".iter().copied().for_each(&mut mark);
            if secret.expose_secret().starts_with(' ') {
                mark(b'+');
            }
        }
        Self { secrets, starts }
    }

    /// The same bytes without secrets: borrowed where there is none.
    pub(crate) fn redact<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut clean: Option<Vec<u8>> = None;
        let (mut copied, mut at) = (0, 0);
        let mut positions = Positions::default();
        while let Some(start) = self.next_start(bytes, at) {
            let Some(end) = self.longest(bytes, start, &mut positions) else {
                at = start + 1;
                continue;
            };
            let clean = clean.get_or_insert_default();
            let before = bytes.get(copied..start).unwrap_or_default();
            // A backslash that escapes the first character found goes with it: alone it would
            // escape the mask.
            let backslashes = before
                .iter()
                .rev()
                .take_while(|byte| **byte == b'\\')
                .count();
            clean.extend_from_slice(
                before
                    .get(..before.len() - backslashes % 2)
                    .unwrap_or_default(),
            );
            clean.extend_from_slice(MASK);
            copied = end;
            at = end;
        }
        match clean {
            Some(mut clean) => {
                clean.extend_from_slice(bytes.get(copied..).unwrap_or_default());
                Cow::Owned(clean)
            }
            None => Cow::Borrowed(bytes),
        }
    }

    /// The same text without secrets.
    pub(crate) fn redact_text(&self, text: &mut String) {
        if let Cow::Owned(clean) = self.redact(text.as_bytes()) {
            // A secret is found by whole characters, so what is left is still text.
            *text = String::from_utf8_lossy(&clean).into_owned();
        }
    }

    fn next_start(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let rest = bytes.get(from..)?;
        let start = |byte: &u8| {
            self.starts
                .get(usize::from(*byte))
                .is_some_and(|start| *start)
        };
        rest.iter().position(start).map(|offset| from + offset)
    }

    fn longest(&self, bytes: &[u8], start: usize, positions: &mut Positions) -> Option<usize> {
        self.secrets
            .iter()
            .filter_map(|secret| positions.find(bytes, start, secret.expose_secret()))
            .max()
    }
}

/// The positions that a search can be at. There can be several: `\\` is one escaped backslash, or
/// two.
#[derive(Default)]
struct Positions {
    now: Vec<usize>,
    next: Vec<usize>,
}

impl Positions {
    /// Where the secret ends, if it is at `start` in any form.
    fn find(&mut self, bytes: &[u8], start: usize, secret: &str) -> Option<usize> {
        self.now.clear();
        self.now.push(start);
        for character in secret.chars() {
            self.next.clear();
            for position in &self.now {
                let ends = [
                    encoded(bytes, *position, character),
                    json_escaped(bytes, *position, character),
                ];
                for end in ends.into_iter().flatten() {
                    if !self.next.contains(&end) {
                        self.next.push(end);
                    }
                }
                if let Some(end) = percent_escaped(bytes, *position, character)
                    && !self.next.contains(&end)
                {
                    self.next.push(end);
                }
            }
            if self.next.is_empty() {
                return None;
            }
            std::mem::swap(&mut self.now, &mut self.next);
        }
        self.now.iter().copied().max()
    }
}

/// The end of a character that stands as it is, or as a space does in a form.
fn encoded(bytes: &[u8], at: usize, character: char) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let mut buffer = [0; 4];
    let literal = character.encode_utf8(&mut buffer).as_bytes();
    if rest.starts_with(literal) || (character == ' ' && rest.first() == Some(&b'+')) {
        return Some(at + literal.len());
    }
    None
}

/// The end of a character of which at least one byte is percent-encoded.
fn percent_escaped(bytes: &[u8], at: usize, character: char) -> Option<usize> {
    let mut buffer = [0; 4];
    let mut end = at;
    for byte in character.encode_utf8(&mut buffer).bytes() {
        let rest = bytes.get(end..)?;
        match rest {
            [b'%', high, low, ..] if hex(&[*high, *low]) == Some(u32::from(byte)) => end += 3,
            [first, ..] if *first == byte && !character.is_ascii() => end += 1,
            _ => return None,
        }
    }
    Some(end)
}

/// The end of a character that is escaped as JSON can.
fn json_escaped(bytes: &[u8], at: usize, character: char) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let [b'\\', kind, ..] = rest else {
        return None;
    };
    let short = match kind {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let mut buffer = [0; 2];
            let mut end = at;
            for unit in character.encode_utf16(&mut buffer) {
                let [b'\\', b'u', digits @ ..] = bytes.get(end..)? else {
                    return None;
                };
                if hex(digits.get(..4)?) != Some(u32::from(*unit)) {
                    return None;
                }
                end += 6;
            }
            return Some(end);
        }
        _ => return None,
    };
    (short == character).then_some(at + 2)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| {
        Some(value * 16 + char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redact(secrets: &[&str], text: &str) -> String {
        let redactor = Redactor::new(secrets.iter().map(|secret| SecretString::from(*secret)));
        String::from_utf8(redactor.redact(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn every_form_becomes_the_mask() {
        for form in [
            "ab/c+d=\"1",
            "ab\\/c+d=\\\"1",
            "ab\\u002fc\\u002Bd\\u003D\\u00221",
            "ab%2Fc%2Bd%3D%221",
            "ab%2fc%2bd=%221",
            "%61%62%2F%63%2B%64%3D%22%31",
            "ab\\/c%2bd=\\\"1",
        ] {
            assert_eq!(
                redact(&["ab/c+d=\"1"], &format!("<{form}>{form}")),
                "<***>***",
                "{form}"
            );
        }
    }

    #[test]
    fn what_only_begins_alike_stays() {
        for text in [
            "",
            "secret-valu",
            "secret-valu%",
            "secret-valu\\u00",
            "secret-valuE",
            "%",
            "\\",
            "\\u0073ecret",
            "{\"a\": 1}",
        ] {
            assert_eq!(redact(&["secret-value"], text), text);
        }
    }

    #[test]
    fn a_short_value_is_no_secret_and_a_longer_one_wins() {
        assert_eq!(
            redact(
                &["1234567", "12345678", "12345678-90"],
                "1234567 12345678 12345678-90"
            ),
            "1234567 *** ***"
        );
    }

    #[test]
    fn a_json_text_stays_a_json_text() {
        for (text, clean) in [
            (r#""\nabcdefgh""#, r#""***""#),
            (r#""\\nabcdefgh""#, r#""\\***""#),
            (r#""\\\u006eabcdefgh""#, r#""\\***""#),
            (r#""\\u006eabcdefgh""#, r#""***""#),
        ] {
            assert_eq!(redact(&["nabcdefgh"], text), clean);
            serde_json::from_str::<String>(clean).unwrap();
        }
    }

    #[test]
    fn ambiguous_escapes_are_followed_both_ways() {
        let backslashes = r"a\\\\\\\\b";
        assert_eq!(redact(&[backslashes], backslashes), "***");
        assert_eq!(
            redact(&[backslashes], &backslashes.replace('\\', r"\\")),
            "***"
        );
        assert_eq!(
            redact(&["100%25%25x"], "100%25%25x 100%2525%2525x"),
            "*** ***"
        );
    }

    #[test]
    fn other_scripts_are_found_too() {
        for form in [
            "geheim-ß😀",
            "geheim-\\u00df\\ud83d\\ude00",
            "geheim-%C3%9F%f0%9f%98%80",
        ] {
            assert_eq!(redact(&["geheim-ß😀"], form), "***", "{form}");
        }
    }

    proptest! {
        #[test]
        fn any_mix_of_escapes_is_found(secret in "[ -~]{8,40}", forms in proptest::collection::vec(0..4u8, 40), around in "[ -~]{0,20}") {
            let escape = |(character, form): (char, &u8)| match form {
                0 if character != '\\' && character != '"' => character.to_string(),
                1 => format!("%{:02X}", u32::from(character)),
                2 => format!("%{:02x}", u32::from(character)),
                _ => format!("\\u{:04x}", u32::from(character)),
            };
            let escaped: String = secret.chars().zip(&forms).map(escape).collect();
            let clean = redact(&[&secret], &format!("{around}{escaped}{around}"));
            prop_assert!(clean.contains("***"));
            prop_assert!(!clean.contains(&escaped));
        }

        #[test]
        fn json_strings_are_found_and_stay_json(secret in "\\PC{8,20}", before in "\\PC{0,10}") {
            let text = serde_json::to_string(&format!("{before}{secret}")).unwrap();
            let clean = redact(&[&secret], &text);
            let value: String = serde_json::from_str(&clean).unwrap();
            prop_assert!(value.contains("***"));
        }
    }
}
