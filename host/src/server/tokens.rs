//! The bearer tokens that a server accepts (RFC 6750), and what each of them reaches.

mod file;
mod generate;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use http::HeaderValue;
use unified_ticketing_guest::http_api::gate::{self, Digest, Permissions, digest};
pub use unified_ticketing_guest::http_api::gate::{TokenOperation, TokenOperationError};

pub use self::generate::{NewToken, NewTokenError};
use crate::files::{FileError, FileFinding, SecretFile, TomlFileError};
use crate::hexadecimal::hexadecimal;

/// The largest file of tokens, in bytes.
const MAX_FILE: usize = 1024 * 1024;

/// The longest name of a token, in characters. A token and its digest are longer.
const MAX_NAME: usize = 40;

/// The tokens that a server accepts. It holds their digests, not the tokens.
///
/// ```
/// use unified_ticketing::server::{NewToken, TokenOperation, Tokens};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let account = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";
/// let new = NewToken::generate("shop")?.accounts([account]).operations([TokenOperation::Read]);
/// assert!(new.expose_token().starts_with("ut_"));
///
/// // The file has the digest alone.
/// let file = new.to_toml();
/// assert!(!file.contains(new.expose_token()));
/// let tokens = Tokens::parse_toml("tokens.toml".as_ref(), &file, |id| id == account)?;
///
/// let token = tokens.iter().next().ok_or("a token")?;
/// assert!(token.reaches(account) && token.permits(TokenOperation::Read));
/// assert!(!token.permits(TokenOperation::Create));
/// # Ok(())
/// # }
/// ```
pub struct Tokens {
    tokens: Vec<Arc<Token>>,
    warning: Option<String>,
}

/// A token: which accounts it reaches, and what it may do there.
pub struct Token {
    name: Option<String>,
    scope: String,
    digest: Digest,
    permissions: Permissions,
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

    /// Parses tokens, one a line. Blank lines, lines that begin with `#`, and a byte order mark do not count. Each token reaches every
    /// account.
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
            tokens.push(Token::unlimited(token));
        }
        if tokens.is_empty() {
            Err(TokensError::NoToken)
        } else {
            Ok(Self::new(tokens))
        }
    }

    /// Reads a TOML file of tokens, and parses its text as [`Self::parse_toml`] does. It must be a regular file.
    ///
    /// # Errors
    ///
    /// As [`Self::parse_toml`], or when the file cannot be read.
    pub fn from_toml_file(
        file: impl AsRef<Path>,
        has_account: impl Fn(&str) -> bool,
    ) -> Result<Self, TomlFileError> {
        let file = file.as_ref();
        let read = SecretFile::from_path(file, MAX_FILE).map_err(|error| {
            TomlFileError::new(vec![FileFinding::whole(file, error.to_string())])
        })?;
        Self::parse_toml(file, &read.text, has_account)
    }

    /// Parses tokens from the text of a TOML file, whose path is for messages alone. `has_account` says whether there is an account
    /// of an id.
    ///
    /// ```toml
    /// [[token]]
    /// name = "shop-2"
    /// scope = "shop"        # optional; the name of the token that this one takes the place of
    /// sha256 = "…"          # the token's SHA-256 digest, 64 hexadecimal digits
    /// accounts = ["62f44730-dd91-461e-bd6a-aedd9e0ad79d"]    # or "all"
    /// operations = ["read", "create", "update", "delete"]
    /// ```
    ///
    /// # Errors
    ///
    /// Every violation of every token at once, in the order of the file. None holds a token or a digest.
    pub fn parse_toml(
        file: &Path,
        text: &str,
        has_account: impl Fn(&str) -> bool,
    ) -> Result<Self, TomlFileError> {
        file::parse(file, text, &has_account).map(Self::new)
    }

    fn new(tokens: Vec<Token>) -> Self {
        Self {
            tokens: tokens.into_iter().map(Arc::new).collect(),
            warning: None,
        }
    }

    /// Every token, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter().map(|token| &**token)
    }

    /// The token of an `authorization` header.
    pub(crate) fn find(&self, authorization: Option<&HeaderValue>) -> Option<Arc<Token>> {
        let digests = self.tokens.iter().map(|token| &token.digest);
        let found = gate::find(authorization?.as_bytes(), digests)?;
        self.tokens.get(found).cloned()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.tokens.len())
    }
}

impl Token {
    /// A token that may do everything with every account.
    fn unlimited(token: &str) -> Self {
        let digest = digest(token.as_bytes());
        Self {
            name: None,
            scope: hexadecimal(&digest),
            digest,
            permissions: Permissions::all(),
        }
    }

    /// The name, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The name that the token acts under: its own, or that of the token whose place it takes. For a token without a name, the
    /// digest in hexadecimal.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The name, or the beginning of the digest of a token that has none.
    pub(crate) fn label(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => format!("sha256:{}", self.scope.chars().take(16).collect::<String>()),
        }
    }

    /// Whether the token reaches the account of this id.
    #[must_use]
    pub fn reaches(&self, account: &str) -> bool {
        self.permissions.reaches(account)
    }

    /// The id of the account, if the token is for one alone.
    #[must_use]
    pub fn only_account(&self) -> Option<&str> {
        self.permissions.only_account()
    }

    /// Whether the token is for this operation.
    #[must_use]
    pub fn permits(&self, operation: TokenOperation) -> bool {
        self.permissions.permits(operation)
    }

    pub(super) const fn permissions(&self) -> &Permissions {
        &self.permissions
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            scope: _,
            digest: _,
            permissions,
        } = self;
        f.debug_struct("Token")
            .field("name", name)
            .field("permissions", permissions)
            .finish_non_exhaustive()
    }
}

/// Whether this can be the name of a token: a few characters in a line.
fn is_name(name: &str) -> bool {
    let length = name.chars().count();
    (1..=MAX_NAME).contains(&length) && name.trim() == name && !name.contains(char::is_control)
}
