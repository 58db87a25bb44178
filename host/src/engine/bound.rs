//! The account that a call is bound to.

use wasmtime::component::HasData;

use crate::accounts::{Account, LookupError};
use crate::bindings::accounts::{self as wit, Credentials, ResolveError};

/// The account that a call is bound to: the only one that it can resolve.
#[derive(Clone)]
pub(crate) struct Bound {
    id: String,
    /// Whether there is such an account.
    known: bool,
    found: Result<Account, ResolveError>,
}

impl Bound {
    pub(super) fn new(id: &str, found: Result<Option<Account>, LookupError>) -> Self {
        let found = found
            .map_err(|error| ResolveError::Unusable(error.to_string()))
            .and_then(|account| account.ok_or(ResolveError::Unknown));
        Self {
            id: id.to_owned(),
            known: found.is_ok(),
            found,
        }
    }

    /// Bound to no account, for calls that need none.
    pub(super) fn nothing() -> Self {
        Self {
            id: String::new(),
            known: false,
            found: Err(ResolveError::Unknown),
        }
    }

    /// Of the same call, where no account is needed any more.
    pub(super) fn done(&self) -> Self {
        Self {
            id: self.id.clone(),
            known: self.known,
            found: Err(ResolveError::Unknown),
        }
    }

    /// The id of the account, if there is one: whom an instance serves.
    pub(super) fn owner(&self) -> Option<&str> {
        self.known.then_some(self.id.as_str())
    }

    pub(super) fn account(&self) -> Option<&Account> {
        self.found.as_ref().ok()
    }
}

impl wit::Host for Bound {
    fn resolve(&mut self, id: String) -> Result<wit::Account, ResolveError> {
        if !id.eq_ignore_ascii_case(&self.id) {
            return Err(ResolveError::Unknown);
        }
        self.found
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

/// For linking [`Bound`].
pub(super) struct HasBound;

impl HasData for HasBound {
    type Data<'a> = &'a mut Bound;
}
