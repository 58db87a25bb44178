//! A file of bearer tokens: the text, and after it what a client gives as its header.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::host::Tokens;
use unified_ticketing_fuzz::input::{Input, text};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let file = input.text();
    let given = input.0;
    let unmarked = file.strip_prefix('\u{feff}').unwrap_or(&file);
    let lines = || {
        unmarked
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
    };
    match Tokens::parse(&file) {
        Err(why) => {
            let shown = lines().find(|line| line.len() > 8 && why.contains(line));
            // The sentences have words of their own, and the number of a line.
            let plain = |text: &str| text.replace(|digit: char| digit.is_ascii_digit(), "0");
            let known = plain(
                "line 1: expected a token of 16 or more printable ASCII characters; expected a token on a line, but found none",
            );
            let is_known = |line: &str| {
                let words = plain(line);
                known.contains(&words) || known.contains(&words.replace("00", "0"))
            };
            assert!(shown.is_none_or(is_known), "{why}");
        }
        Ok(tokens) => {
            assert_eq!(tokens.debug(), format!("{} tokens", lines().count()));
            for line in lines() {
                assert!(tokens.accept(format!("Bearer {line}").as_bytes()), "{line}");
                assert!(!tokens.accept(line.as_bytes()));
                assert!(!tokens.accept(b"Bearer "));
            }
            let scheme = given.get(..7).unwrap_or_default().to_ascii_lowercase();
            let token = text(given.get(7..).unwrap_or_default());
            let token = token.trim_matches([' ', '\t']);
            let expected = scheme == b"bearer " && lines().any(|line| line == token);
            assert_eq!(tokens.accept(given), expected);
        }
    }
});
