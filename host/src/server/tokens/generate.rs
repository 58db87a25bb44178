//! A token of its own making.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use super::{MAX_NAME, TokenOperation, digest, hexadecimal, is_name};

/// The beginning of every token, by which people and scanners of secrets recognize one.
const PREFIX: &str = "ut_";

/// A new token. It may do everything with every account, unless it is limited.
pub struct NewToken {
    token: SecretString,
    name: String,
    /// `None` for all.
    accounts: Option<Vec<String>>,
    operations: Vec<TokenOperation>,
}

/// Why a token cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NewTokenError {
    /// The name cannot be one.
    #[error("expected a name of 1 to {MAX_NAME} characters in a line, without a space at an end")]
    InvalidName,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

impl NewToken {
    /// Makes a token of this name from 32 random bytes of the system.
    ///
    /// # Errors
    ///
    /// When the name is longer than a line of 40 characters, or the system gives no random numbers.
    pub fn generate(name: impl Into<String>) -> Result<Self, NewTokenError> {
        let name = name.into();
        if !is_name(&name) {
            return Err(NewTokenError::InvalidName);
        }
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).map_err(|error| NewTokenError::Random(error.to_string()))?;
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes));
        Ok(Self {
            token: SecretString::from(format!("{PREFIX}{}", *text)),
            name,
            accounts: None,
            operations: TokenOperation::ALL.to_vec(),
        })
    }

    /// Limits the token to the accounts of these ids.
    #[must_use]
    pub fn accounts(self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            accounts: Some(ids.into_iter().map(Into::into).collect()),
            ..self
        }
    }

    /// Limits the token to these operations.
    #[must_use]
    pub fn operations(self, operations: impl IntoIterator<Item = TokenOperation>) -> Self {
        Self {
            operations: operations.into_iter().collect(),
            ..self
        }
    }

    /// The token, for whoever is to use it. It is kept nowhere else.
    #[must_use]
    pub fn expose_token(&self) -> &str {
        self.token.expose_secret()
    }

    /// The token's entry in a TOML file of tokens, with its digest, as [`Tokens::parse_toml`](super::Tokens::parse_toml) reads it.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let Self {
            token,
            name,
            accounts,
            operations,
        } = self;
        let string = |text: &str| toml::Value::from(text).to_string();
        let array = |strings: Vec<String>| format!("[{}]", strings.join(", "));
        let digest = hexadecimal(&digest(token.expose_secret().as_bytes()));
        let accounts = match accounts {
            Some(ids) => array(ids.iter().map(|id| string(id)).collect()),
            None => string("all"),
        };
        let operations = operations
            .iter()
            .map(|operation| string(operation.as_str()));
        format!(
            "[[token]]\nname = {}\nsha256 = {}\naccounts = {accounts}\noperations = {}\n",
            string(name),
            string(&digest),
            array(operations.collect()),
        )
    }
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            token: _,
            name,
            accounts,
            operations,
        } = self;
        f.debug_struct("NewToken")
            .field("name", name)
            .field("accounts", accounts)
            .field("operations", operations)
            .finish_non_exhaustive()
    }
}
