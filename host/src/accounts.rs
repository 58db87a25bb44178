//! Accounts: whose users are written, and with which credentials.
//!
//! The engine looks an account up on every call, so an implementation may rotate credentials or
//! refresh tokens between two calls. The library has two: [`MemoryAccounts`], and
//! [`FileAccounts`] for the TOML file of the command line.

mod account;
mod file;
mod reload;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

pub(crate) use self::account::Origin;
pub use self::account::{Account, AccountBuilder, AccountError, AccountLocation, AccountViolation};
pub use self::file::FileAccounts;
pub use self::reload::ReloadableAccounts;

/// What [`Accounts::get`] returns: a future of the account, or of `None` if there is none of that id.
pub type Lookup<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Account>, LookupError>> + Send + 'a>>;

/// Why an account cannot be used now. The message is for people and must hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LookupError {
    message: String,
}

impl LookupError {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl From<AccountError> for LookupError {
    fn from(error: AccountError) -> Self {
        Self::new(error.to_string())
    }
}

/// Where accounts come from.
///
/// ```
/// use unified_ticketing::{Account, Accounts, Lookup};
///
/// /// One account, its token fetched anew for every call.
/// struct Rotating;
///
/// impl Accounts for Rotating {
///     fn get<'a>(&'a self, id: &'a str) -> Lookup<'a> {
///         Box::pin(async move {
///             if id != "62f44730-dd91-461e-bd6a-aedd9e0ad79d" {
///                 return Ok(None);
///             }
///             let token = "fetched from a vault";
///             Ok(Some(Account::builder(id, "dixa").credential("api_token", token).build()?))
///         })
///     }
/// }
/// ```
pub trait Accounts: Send + Sync {
    /// The account of this id. Ids are compared without regard to case.
    ///
    /// On an error, the call fails with `account-unusable` and the error's message.
    fn get<'a>(&'a self, id: &'a str) -> Lookup<'a>;

    /// Whether it is known that there is no more than one account. Where there may be several, a server lets none of them have
    /// more than half of the calls in flight.
    fn is_single(&self) -> bool {
        false
    }
}

impl<T: Accounts + ?Sized> Accounts for Arc<T> {
    fn get<'a>(&'a self, id: &'a str) -> Lookup<'a> {
        (**self).get(id)
    }

    fn is_single(&self) -> bool {
        (**self).is_single()
    }
}

/// Accounts in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryAccounts(HashMap<String, Account>);

impl MemoryAccounts {
    /// No accounts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an account, and returns the one of the same id that it replaces.
    pub fn insert(&mut self, account: Account) -> Option<Account> {
        self.0.insert(account.id().to_ascii_lowercase(), account)
    }
}

impl FromIterator<Account> for MemoryAccounts {
    fn from_iter<I: IntoIterator<Item = Account>>(accounts: I) -> Self {
        let mut all = Self::new();
        for account in accounts {
            all.insert(account);
        }
        all
    }
}

impl Accounts for MemoryAccounts {
    fn get<'a>(&'a self, id: &'a str) -> Lookup<'a> {
        let account = self
            .0
            .get(id)
            .or_else(|| self.0.get(&id.to_ascii_lowercase()))
            .cloned();
        Box::pin(std::future::ready(Ok(account)))
    }

    fn is_single(&self) -> bool {
        self.0.len() < 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn id_is_found_in_any_case() {
        let account = Account::builder("A", "dixa").credential("api_token", "the-token-of-dixa");
        let accounts = MemoryAccounts::from_iter([account.build().unwrap()]);
        assert!(accounts.get("a").await.unwrap().is_some());
        assert!(accounts.get("A").await.unwrap().is_some());
        assert!(accounts.get("b").await.unwrap().is_none());
    }
}
