//! The record of requests that a token denies.

use unified_ticketing_guest::account::is_uuid;
use unified_ticketing_guest::http_api::{Route, route};

use super::Engine;
use super::entry::Subject;
use super::once::Caller;
use crate::bindings::http_api::HttpRequest;
use crate::bindings::types::ErrorCode;

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
