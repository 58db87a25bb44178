//! What comes back from a provider, cleared of secrets.
//!
//! The first part is the secret and the second another; each byte of the third chooses how a character of the first is written;
//! the rest is what stands around it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::host::redacted;
use unified_ticketing_fuzz::input::{Input, text};

const MASK: &[u8] = b"***";

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let [secret, other] = [input.text(), input.text()];
    let secrets = [secret.as_str(), &other];
    let choices = input.part();
    let around = input.0;

    // What is there by chance.
    let clean = redacted(&secrets, around);
    holds(&secrets, around, &clean);
    // What a provider writes, between what ends whatever begins before it.
    let written = written(&secret, choices);
    let (before, after) = around.split_at(around.len() / 2);
    let echo = [before, b"<", written.as_bytes(), b">", after].concat();
    let clean = redacted(&secrets, &echo);
    holds(&secrets, &echo, &clean);
    // A credential has no control characters, and what has the mask in it may need more than one look.
    if secret.len() >= 8 && !secret.contains(|character: char| character.is_control()) {
        assert!(
            around.contains(&b'*') || find(&clean, MASK) > 0,
            "{written}"
        );
        // Brackets could be part of what is found.
        if !secret.contains(['<', '>', '*']) {
            let echo = [b"<".as_slice(), written.as_bytes(), b">"].concat();
            assert_eq!(text(&redacted(&[&secret], &echo)), "<***>", "{written}");
        }
    }
});

/// No secret is left, nothing more is to be done, and everything else is as it was.
fn holds(secrets: &[&str], before: &[u8], after: &[u8]) {
    for secret in secrets.iter().filter(|secret| secret.len() >= 8) {
        assert_eq!(find(after, secret.as_bytes()), 0);
    }
    assert_eq!(redacted(secrets, after), after);
    if !before.contains(&b'*') {
        // What stands between the masks stood there before, in this order; the secrets were between.
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
            let at = at.expect("what is kept was there");
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

/// How often a text is in another.
fn find(text: &[u8], part: &[u8]) -> usize {
    text.windows(part.len())
        .filter(|window| *window == part)
        .count()
}

/// The secret as a provider could write it, each character in a way of its own.
fn written(secret: &str, choices: &[u8]) -> String {
    let mut written = String::new();
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
                    written.push_str(&format!("\\u{unit:04X}"));
                }
            }
            2 => {
                let mut units = [0; 4];
                for byte in character.encode_utf8(&mut units).bytes() {
                    written.push_str(&format!("%{byte:02x}"));
                }
            }
            3 => written.push_str(&format!("&#{code};")),
            4 => written.push_str(&format!("&#x{code:x};")),
            5 => match character {
                '"' => written.push_str("&quot;"),
                '&' => written.push_str("&amp;"),
                '<' => written.push_str("&lt;"),
                '/' => written.push_str("&sol;"),
                '+' => written.push_str("&plus;"),
                _ => written.push(character),
            },
            6 => match character {
                '"' | '\\' | '/' => written.extend(['\\', character]),
                '\n' => written.push_str("\\n"),
                '\t' => written.push_str("\\t"),
                _ => written.push(character),
            },
            7 if character == ' ' => written.push('+'),
            _ => written.push(character),
        }
    }
    written
}
