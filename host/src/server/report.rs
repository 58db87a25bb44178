//! The line of log that each request has.

use std::sync::Arc;
use std::time::Instant;

use super::places::Location;
use crate::accounts::Account;
use crate::telemetry;

/// What the log says of a request; and the place that it holds. Written when the response has been, or when there is nobody left to
/// write it to. It never holds a path, a query, a header or a body.
pub(super) struct Report {
    pub(super) request: Arc<str>,
    begun: Instant,
    method: &'static str,
    /// The pattern of its route.
    path: &'static str,
    pub(super) operation: Option<&'static str>,
    pub(super) account: Option<Account>,
    pub(super) status: Option<u16>,
    pub(super) code: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) place: Option<Location>,
    written: bool,
}

impl Report {
    pub(super) fn new(request: Arc<str>, method: &'static str, path: &'static str) -> Self {
        Self {
            request,
            begun: Instant::now(),
            method,
            path,
            operation: None,
            account: None,
            status: None,
            code: None,
            outcome: None,
            place: None,
            written: false,
        }
    }

    /// Writes the line of a request whose client has its response.
    pub(super) fn answered(mut self) {
        self.write(None);
    }

    fn write(&mut self, client: Option<&str>) {
        self.written = true;
        let account = self.account.as_ref().map(telemetry::account_label);
        let integration = self.account.as_ref().map(Account::integration);
        let milliseconds = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Self {
            request,
            method,
            path,
            operation,
            status,
            code,
            outcome,
            ..
        } = self;
        let (request, code, outcome) = (&**request, code.as_deref(), outcome.as_deref());
        // A macro, because the level of an event is a constant.
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    request,
                    account,
                    integration,
                    operation,
                    method,
                    path,
                    status,
                    code,
                    outcome,
                    client,
                    milliseconds,
                    "answered"
                )
            };
        }
        if client.is_some() || status.is_some_and(|status| status >= 500) {
            line!(warn);
        } else {
            line!(info);
        }
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        if !self.written {
            self.write(Some("gone"));
        }
    }
}
