//! The access of a request.

use unified_ticketing_guest::account::is_uuid;
use unified_ticketing_guest::http_api::{Route, route};

use super::Engine;
use super::entry::Subject;
use super::once::Caller;
use crate::bindings::http_api::HttpRequest;
use crate::bindings::types::{Error, ErrorCode};

/// What the server lets a request of the HTTP API reach.
pub(crate) enum Access {
    /// No account: the request names none. For the component, any that it names is unknown.
    None,
    /// No account: the request names this one, which its token does not reach. For the component, it is unknown.
    Unreached(String),
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
            Self::None | Self::Unreached(_) => "",
            Self::Account(account) | Self::Denied { account, error: _ } => account,
        }
    }
}

impl Engine {
    /// Audits that a request is denied because of its token. What has no route is not the token's to allow.
    pub(super) async fn audit_denial(
        &self,
        request: &HttpRequest,
        account: &str,
        code: ErrorCode,
        caller: &Caller,
    ) {
        let path = request.target.split('?').next().unwrap_or_default();
        let (Some(auditor), Ok(Route { operation, id: _ })) =
            (&self.0.host.auditor, route(&request.method, path))
        else {
            return;
        };
        // What is no id of an account is rejected as that, and is a client's own text, which may be a name or an address.
        if !is_uuid(account) {
            return;
        }
        let account = account.to_ascii_lowercase();
        let subject = Subject::from_request(request);
        auditor
            .denied(caller, account, operation.verb(), code, &subject)
            .await;
    }
}
