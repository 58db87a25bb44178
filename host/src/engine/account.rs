//! The account of a call.

use std::sync::Arc;

use wasmtime::component::HasData;

use crate::accounts::Account;
use crate::bindings::accounts::{self as wit, Credentials, ResolveError};

/// The account of a call: the only one that the component can resolve. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CallAccount(Arc<Inner>);

struct Inner {
    id: String,
    found: Result<Account, ResolveError>,
}

impl CallAccount {
    pub(super) fn new(id: String, found: Result<Account, ResolveError>) -> Self {
        Self(Arc::new(Inner { id, found }))
    }

    /// The account of a call that needs none.
    pub(super) fn none() -> Self {
        Self::new(String::new(), Err(ResolveError::Unknown))
    }

    /// The id that the call names.
    pub(super) fn id(&self) -> &str {
        &self.0.id
    }

    /// Whether there is such an account, usable or not.
    pub(super) fn exists(&self) -> bool {
        !matches!(self.0.found, Err(ResolveError::Unknown))
    }

    /// The account, if there is one.
    pub(super) fn account(&self) -> Option<&Account> {
        self.0.found.as_ref().ok()
    }

    /// The id of the account, if there is one: an instance serves no other.
    pub(super) fn owner(&self) -> Option<&str> {
        self.0.found.is_ok().then_some(self.id())
    }
}

impl wit::Host for CallAccount {
    fn resolve(&mut self, id: String) -> Result<wit::Account, ResolveError> {
        if !id.eq_ignore_ascii_case(self.id()) {
            return Err(ResolveError::Unknown);
        }
        self.0
            .found
            .as_ref()
            .map_err(Clone::clone)
            .map(|account| wit::Account {
                integration: account.integration().to_owned(),
                base_url: account.explicit_base_url().map(str::to_owned),
                settings: account.settings().to_vec(),
                credentials: Credentials::Injected(
                    account.credential_names().map(str::to_owned).collect(),
                ),
            })
    }
}

/// For linking [`CallAccount`].
pub(super) struct HasAccount;

impl HasData for HasAccount {
    type Data<'a> = &'a mut CallAccount;
}
