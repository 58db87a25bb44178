//! The response of a provider, cleared of secrets.
//!
//! The first part is the secret and the second another; each byte of the third chooses the spelling of a character of the first; the
//! rest surrounds it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::host::redacted;
use unified_ticketing_fuzz::input::{Input, string};

const MASK: &[u8] = b"***";

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let [secret, other] = [input.string(), input.string()];
    let secrets = [secret.as_str(), &other];
    let choices = input.part();
    let around = input.0;

    // A secret that is there by chance.
    let clean = redacted(&secrets, around);
    assert_redacted(&secrets, around, &clean);
    // A secret that a provider writes, between characters that end any escape before it.
    let spelled = spelling(&secret, choices);
    let (before, after) = around.split_at(around.len() / 2);
    let echo = [before, b"<", spelled.as_bytes(), b">", after].concat();
    let clean = redacted(&secrets, &echo);
    assert_redacted(&secrets, &echo, &clean);
    // A credential has no control characters, and a response with the mask in it may need more than one pass.
    if secret.len() >= 8 && !secret.contains(|character: char| character.is_control()) {
        assert!(
            around.contains(&b'*') || find(&clean, MASK) > 0,
            "{spelled}"
        );
        // Brackets could be part of a secret.
        if !secret.contains(['<', '>', '*']) {
            let echo = [b"<".as_slice(), spelled.as_bytes(), b">"].concat();
            assert_eq!(string(&redacted(&[&secret], &echo)), "<***>", "{spelled}");
        }
    }
});

/// Checks that no secret is left, that a second pass changes nothing, and that all other bytes are unchanged.
fn assert_redacted(secrets: &[&str], before: &[u8], after: &[u8]) {
    for secret in secrets.iter().filter(|secret| secret.len() >= 8) {
        assert_eq!(find(after, secret.as_bytes()), 0);
    }
    assert_eq!(redacted(secrets, after), after);
    // A secret with a `*` in it can begin or end in the mask of another.
    if !before.contains(&b'*') && !secrets.iter().any(|secret| secret.contains('*')) {
        // The bytes between the masks were there before, in this order, with the secrets between them.
        let mut rest = before;
        let parts: Vec<&[u8]> = split(after);
        for (index, part) in parts.iter().enumerate() {
            let at = if index == 0 {
                rest.starts_with(part).then_some(0)
            } else {
                rest.windows(part.len().max(1))
                    .position(|window| part.is_empty() || window == *part)
                    .or_else(|| part.is_empty().then_some(0))
            };
            let at = at.expect("a kept part was there before");
            rest = &rest[at + part.len()..];
        }
        assert!(before.ends_with(parts.last().expect("a part")));
        if parts.len() == 1 {
            assert_eq!(before, after);
        }
    }
}

fn split(text: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with(MASK) {
            parts.push(&text[start..at]);
            at += MASK.len();
            start = at;
        } else {
            at += 1;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// How often a part occurs in a text.
fn find(text: &[u8], part: &[u8]) -> usize {
    text.windows(part.len())
        .filter(|window| *window == part)
        .count()
}

/// The secret as a provider could write it, each character in its own spelling.
fn spelling(secret: &str, choices: &[u8]) -> String {
    let mut spelled = String::new();
    for (index, character) in secret.chars().enumerate() {
        let code = u32::from(character);
        let choice = if choices.is_empty() {
            0
        } else {
            choices[index % choices.len()]
        };
        match choice % 9 {
            1 => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    spelled.push_str(&format!("\\u{unit:04X}"));
                }
            }
            2 => {
                let mut units = [0; 4];
                for byte in character.encode_utf8(&mut units).bytes() {
                    spelled.push_str(&format!("%{byte:02x}"));
                }
            }
            3 => spelled.push_str(&format!("&#{code};")),
            4 => spelled.push_str(&format!("&#x{code:x};")),
            5 => match character {
                '"' => spelled.push_str("&quot;"),
                '&' => spelled.push_str("&amp;"),
                '<' => spelled.push_str("&lt;"),
                '/' => spelled.push_str("&sol;"),
                '+' => spelled.push_str("&plus;"),
                _ => spelled.push(character),
            },
            6 => match character {
                '"' | '\\' | '/' => spelled.extend(['\\', character]),
                '\n' => spelled.push_str("\\n"),
                '\t' => spelled.push_str("\\t"),
                _ => spelled.push(character),
            },
            7 if character == ' ' => spelled.push('+'),
            _ => spelled.push(character),
        }
    }
    spelled
}
