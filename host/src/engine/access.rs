//! The access of a request.

use crate::bindings::types::Error;

/// What the server lets a request of the HTTP API reach.
pub(crate) enum Access {
    /// No account: the request names none, or none that it may reach. For the component, any that it names is unknown.
    None,
    /// The account of this id.
    Account(String),
    /// The account of this id, where there is one, but not the operation.
    Denied {
        /// The account's id.
        account: String,
        /// The error of a request for an account that there is.
        error: Error,
    },
}

impl Access {
    /// The id of the account; empty for none.
    pub(crate) fn account(&self) -> &str {
        match self {
            Self::None => "",
            Self::Account(account) | Self::Denied { account, error: _ } => account,
        }
    }
}
