//! A file of bearer tokens, as lines and as TOML, and after it the value of a client's header.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::host::Tokens;
use unified_ticketing_fuzz::input::{Input, string};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let file = input.string();
    let header = input.0;
    let unmarked = file.strip_prefix('\u{feff}').unwrap_or(&file);
    let lines = || {
        unmarked
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
    };
    // Nothing as long as a token or a digest is shown.
    let is_word = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let words = file.split(|character| !is_word(character));
    let long: Vec<&str> = words.filter(|word| word.len() > 40).collect();
    for message in Tokens::toml_messages(&file) {
        assert!(!long.iter().any(|word| message.contains(word)), "{message}");
    }
    match Tokens::parse(&file) {
        Err(why) => {
            let shown = lines().find(|line| line.len() > 8 && why.contains(line));
            // A message has words of its own, and the number of a line.
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
            let scheme = header.get(..7).unwrap_or_default().to_ascii_lowercase();
            let token = string(header.get(7..).unwrap_or_default());
            let token = token.trim_matches([' ', '\t']);
            let expected = scheme == b"bearer " && lines().any(|line| line == token);
            assert_eq!(tokens.accept(header), expected);
        }
    }
});
