//! The bearer tokens that a server accepts (RFC 6750).

use std::fmt;
use std::path::Path;

use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::{Choice, ConstantTimeEq as _};

use crate::files;

/// The largest file of tokens, in bytes.
const MAX_FILE: usize = 1024 * 1024;

/// The tokens that a server accepts. Each reaches every account.
pub struct Tokens {
    tokens: Vec<SecretString>,
    warning: Option<String>,
}

impl Tokens {
    /// Reads a file of tokens, as [`Self::parse`] reads its text. It must be a regular file.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`], or a sentence that says why the file cannot be read.
    pub fn read(file: &Path) -> Result<Self, String> {
        let read = files::read(file, MAX_FILE)?;
        Ok(Self {
            warning: read.exposed,
            ..Self::parse(&read.text)?
        })
    }

    /// The warning if others than its owner can read the tokens' file.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Reads tokens, one a line. Blank lines, lines that begin with `#`, and a byte order mark do not count.
    ///
    /// # Errors
    ///
    /// A sentence that names the line of a token that is too short to be one or cannot be in a header, or says that there is no
    /// token. It never holds a token.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut tokens = Vec::new();
        for (position, line) in text.lines().enumerate() {
            let token = line.trim();
            if token.is_empty() || token.starts_with('#') {
                continue;
            }
            if token.len() < 16 || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                let line = position + 1;
                return Err(format!(
                    "line {line}: expected a token of 16 or more printable ASCII characters"
                ));
            }
            tokens.push(SecretString::from(token));
        }
        if tokens.is_empty() {
            Err("expected a token on a line, but found none".to_owned())
        } else {
            Ok(Self {
                tokens,
                warning: None,
            })
        }
    }

    /// Whether an `authorization` header has one of the tokens. The time that this takes does not depend on the wrong part.
    pub(crate) fn accept(&self, authorization: Option<&HeaderValue>) -> bool {
        let given = authorization.and_then(|value| {
            let (scheme, token) = value.as_bytes().split_at_checked(7)?;
            scheme
                .eq_ignore_ascii_case(b"bearer ")
                .then_some(token.trim_ascii())
        });
        let Some(given) = given else { return false };
        let mut found = Choice::from(0);
        for token in &self.tokens {
            found |= token.expose_secret().as_bytes().ct_eq(given);
        }
        found.into()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.tokens.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_needs_its_scheme() {
        let tokens =
            Tokens::parse("\u{feff}# of the shop\n\n  0123456789abcdef\nfedcba9876543210\n")
                .unwrap();
        let accept = |value: &'static str| tokens.accept(Some(&HeaderValue::from_static(value)));
        assert!(accept("Bearer 0123456789abcdef") && accept("bearer fedcba9876543210"));
        for wrong in [
            "0123456789abcdef",
            "Basic 0123456789abcdef",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdef0",
            "Bearer ",
            "B",
        ] {
            assert!(!accept(wrong), "{wrong}");
        }
        assert!(!tokens.accept(None));
    }

    #[test]
    fn invalid_token_is_not_shown() {
        let error = Tokens::parse("0123456789abcdef\nshort\n").unwrap_err();
        assert!(
            error.contains("line 2") && !error.contains("short "),
            "{error}"
        );
        assert!(Tokens::parse("# nothing\n").is_err());
        assert_eq!(
            format!("{:?}", Tokens::parse("0123456789abcdef").unwrap()),
            "1 tokens"
        );
    }
}
