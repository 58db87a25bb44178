//! Accounts that can be replaced while calls are made.

use std::sync::{Arc, PoisonError, RwLock};

use super::{Accounts, Lookup};

/// Accounts that can be replaced as a whole, at any time. Calls in flight keep the account that they started with.
///
/// Clones share their accounts: give one to the engine, and keep another to replace them.
///
/// ```
/// use unified_ticketing::{Account, Accounts, MemoryAccounts, ReloadableAccounts};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let id = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";
/// let accounts = ReloadableAccounts::new(MemoryAccounts::new());
/// let shared = accounts.clone();
/// assert!(shared.get(id).await?.is_none());
///
/// let account = Account::builder(id, "dixa").credential("api_token", "the token of dixa").build()?;
/// accounts.replace(MemoryAccounts::from_iter([account]));
/// assert!(shared.get(id).await?.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ReloadableAccounts<A>(Arc<RwLock<Arc<A>>>);

impl<A> Clone for ReloadableAccounts<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A> ReloadableAccounts<A> {
    /// Starts with these accounts.
    #[must_use]
    pub fn new(accounts: A) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(accounts))))
    }

    /// Replaces all accounts, for every call that starts from now on.
    pub fn replace(&self, accounts: A) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(accounts);
    }

    /// The accounts as they are now.
    #[must_use]
    pub fn current(&self) -> Arc<A> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<A: Accounts> Accounts for ReloadableAccounts<A> {
    fn get<'a>(&'a self, id: &'a str) -> Lookup<'a> {
        let current = self.current();
        Box::pin(async move { current.get(id).await })
    }

    fn is_single(&self) -> bool {
        self.current().is_single()
    }
}
