//! The log line of each request.

use std::sync::Arc;
use std::time::Instant;

use super::slots::Slot;
use crate::accounts::Account;
use crate::engine::Receipt;
use crate::metrics::{CallLabels, Metrics, ServerLabels};
use crate::telemetry;

/// The log line of a request, and the slot that the request holds. The line is written once the response has been written, or its
/// client has left. It never holds a path, a query, a header or a body.
pub(super) struct AccessLog {
    pub(super) request: Arc<str>,
    start: Instant,
    method: &'static str,
    /// The pattern of the route.
    path: &'static str,
    pub(super) operation: Option<&'static str>,
    /// The trace that the request is part of.
    pub(super) traceparent: Option<Arc<str>>,
    pub(super) account: Option<Account>,
    pub(super) status: Option<u16>,
    pub(super) code: Option<String>,
    pub(super) outcome: Option<String>,
    /// What the call did.
    pub(super) result: Option<String>,
    metrics: Option<Metrics>,
    pub(super) slot: Option<Slot>,
    /// Dropped with the line, where the client did not get the response: then an echo of the request gets it.
    pub(super) receipt: Option<Receipt>,
    written: bool,
}

impl AccessLog {
    pub(super) fn new(
        request: Arc<str>,
        method: &'static str,
        path: &'static str,
        metrics: Option<&Metrics>,
    ) -> Self {
        Self {
            request,
            start: Instant::now(),
            method,
            path,
            operation: None,
            traceparent: None,
            account: None,
            status: None,
            code: None,
            outcome: None,
            result: None,
            metrics: metrics.cloned(),
            slot: None,
            receipt: None,
            written: false,
        }
    }

    /// Writes the line of a request whose client has its response.
    pub(super) fn responded(mut self) {
        if let Some(receipt) = self.receipt.take() {
            receipt.deliver();
        }
        self.write(None);
    }

    fn write(&mut self, client: Option<&str>) {
        self.written = true;
        self.measure();
        let account = self.account.as_ref().map(telemetry::account_label);
        let integration = self.account.as_ref().map(Account::integration);
        let milliseconds = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Self {
            request,
            method,
            path,
            operation,
            traceparent,
            status,
            code,
            outcome,
            ..
        } = self;
        let (request, code, outcome) = (&**request, code.as_deref(), outcome.as_deref());
        let traceparent = traceparent.as_deref();
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
                    traceparent,
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

impl AccessLog {
    fn measure(&self) {
        let Some(metrics) = &self.metrics else {
            return;
        };
        let code = self.code.as_deref();
        let labels = ServerLabels::new(self.method, self.path, self.status, code);
        metrics.server_responded(&labels, self.start.elapsed());
        if let Some(operation) = self.operation {
            let integration = self.account.as_ref().map(Account::integration);
            let (result, outcome) = (self.result.as_deref(), self.outcome.as_deref());
            let labels = CallLabels::new(integration, operation, result, outcome, code);
            metrics.called(&labels);
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        if !self.written {
            self.write(Some("gone"));
        }
    }
}
