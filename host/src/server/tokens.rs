//! The bearer tokens that a server accepts (RFC 6750).

use std::fmt;
use std::path::Path;

use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::{Choice, ConstantTimeEq as _};

use crate::files::{FileError, SecretFile};

/// The largest file of tokens, in bytes.
const MAX_FILE: usize = 1024 * 1024;

/// The tokens that a server accepts. Each reaches every account.
pub struct Tokens {
    tokens: Vec<SecretString>,
    warning: Option<String>,
}

/// Why there are no tokens. No message holds a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokensError {
    /// The file cannot be read. The message is the rest of a sentence that begins with the file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line's token is too short, or cannot be in a header.
    #[error("line {line}: expected a token of 16 or more printable ASCII characters")]
    InvalidToken {
        /// The line, from 1.
        line: usize,
    },
    /// There is no token.
    #[error("expected a token on a line, but found none")]
    NoToken,
}

impl Tokens {
    /// Reads a file of tokens, and parses its text as [`Self::parse`] does. It must be a regular file.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`], or when the file cannot be read.
    pub fn from_file(file: impl AsRef<Path>) -> Result<Self, TokensError> {
        let file = SecretFile::from_path(file.as_ref(), MAX_FILE)?;
        Ok(Self {
            warning: file.exposed,
            ..Self::parse(&file.text)?
        })
    }

    /// The warning if others than its owner can read the tokens' file.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Parses tokens, one a line. Blank lines, lines that begin with `#`, and a byte order mark do not count.
    ///
    /// # Errors
    ///
    /// When a token is too short or cannot be in a header, or there is none.
    pub fn parse(text: &str) -> Result<Self, TokensError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut tokens = Vec::new();
        for (position, line) in text.lines().enumerate() {
            let token = line.trim();
            if token.is_empty() || token.starts_with('#') {
                continue;
            }
            if token.len() < 16 || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(TokensError::InvalidToken { line: position + 1 });
            }
            tokens.push(SecretString::from(token));
        }
        if tokens.is_empty() {
            Err(TokensError::NoToken)
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
            error.to_string().starts_with("line 2: expected a token"),
            "{error}"
        );
        assert!(Tokens::parse("# nothing\n").is_err());
        assert_eq!(
            format!("{:?}", Tokens::parse("0123456789abcdef").unwrap()),
            "1 tokens"
        );
    }
}
