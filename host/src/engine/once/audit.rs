//! The entries of a call in the audit: one before it sends anything, one with what came of it.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::runtime::Handle;

use super::super::account::CallAccount;
use super::super::call::Call;
use super::super::entry::Subject;
use super::super::error::plain;
use super::super::output::CallOutput;
use super::Caller;
use crate::accounts::Account;
use crate::audit::{AddressKey, Audit, AuditEntry, AuditError, AuditEvent};
use crate::bindings::types::{Error as CallError, ErrorCode, Outcome};
use crate::client::SendState;
use crate::telemetry;

/// Writes the entries of calls.
pub(in super::super) struct Auditor {
    audit: Arc<dyn Audit>,
    addresses: AddressKey,
}

impl Auditor {
    pub(in super::super) fn new(audit: Arc<dyn Audit>, addresses: AddressKey) -> Self {
        Self { audit, addresses }
    }

    /// Writes that a call begins. The error is that of a call that sends nothing.
    pub(super) async fn begin(
        &self,
        call: &Call,
        subject: &Subject<'_>,
    ) -> Result<Audited, CallError> {
        let mut entry = self.entry(AuditEvent::Begin, &call.caller, subject.verb(), subject);
        describe(&mut entry, &call.account);
        let appended = self.audit.append(entry.clone()).await;
        appended.map_err(|error| unavailable(&error))?;
        Ok(Audited {
            audit: Arc::clone(&self.audit),
            entry: Some(entry),
            state: call.state.clone(),
        })
    }

    /// Writes that a request was denied because of its token. It is denied all the same where that cannot be written.
    pub(in super::super) async fn denied(
        &self,
        caller: &Caller,
        account: String,
        operation: &'static str,
        code: ErrorCode,
        subject: &Subject<'_>,
    ) {
        let entry = AuditEntry {
            account: Some(account),
            code: Some(code.to_string()),
            ..self.entry(AuditEvent::Denied, caller, operation, subject)
        };
        if let Err(error) = self.audit.append(entry).await {
            tracing::error!(%error, "a denial could not be written to the audit");
        }
    }

    fn entry(
        &self,
        event: AuditEvent,
        caller: &Caller,
        operation: &'static str,
        subject: &Subject<'_>,
    ) -> AuditEntry {
        let (address, user) = match subject {
            Subject::NewUser(address) => (address.as_deref(), None),
            Subject::User(id) | Subject::Deleted(id) => (None, Some(id.clone().into_owned())),
            Subject::Reading | Subject::Either => (None, None),
        };
        let request = telemetry::request_id();
        AuditEntry {
            time: SystemTime::now(),
            event,
            request: match request {
                Some(request) => request.to_string(),
                None => uuid::Uuid::new_v4().to_string(),
            },
            traceparent: caller.traceparent.as_deref().map(str::to_owned),
            token: caller.token.as_deref().map(str::to_owned),
            account: None,
            integration: None,
            operation,
            address: address.map(|address| self.addresses.mac(address)),
            user,
            result: None,
            code: None,
            outcome: None,
        }
    }
}

fn describe(entry: &mut AuditEntry, account: &CallAccount) {
    entry.account = Some(account.id().to_ascii_lowercase());
    let integration = account.account().map(Account::integration);
    entry.integration = integration.map(str::to_owned);
}

/// A call whose beginning is written. One that is dropped before anything was sent ends with `not-sent`.
pub(super) struct Audited {
    audit: Arc<dyn Audit>,
    entry: Option<AuditEntry>,
    state: SendState,
}

impl Audited {
    /// Writes what came of the call. False where that could not be written.
    pub(super) async fn end(mut self, output: &impl CallOutput) -> bool {
        let Some(mut entry) = self.entry.take() else {
            return true;
        };
        entry.event = AuditEvent::End;
        entry.time = SystemTime::now();
        if let Some((code, outcome)) = output.log_fields() {
            (entry.code, entry.outcome) = (Some(code), Some(outcome));
        } else {
            entry.result = output.result();
            entry.user = output.user_id().or(entry.user);
        }
        let appended = self.audit.append(entry).await;
        if let Err(error) = &appended {
            tracing::error!(%error, "the end of a call could not be written to the audit");
        }
        appended.is_ok()
    }
}

impl Drop for Audited {
    fn drop(&mut self) {
        let Some(entry) = self.entry.take() else {
            return;
        };
        // A request that is withdrawn cannot start any more.
        if self.state.withdraw() {
            return;
        }
        let entry = AuditEntry {
            event: AuditEvent::End,
            time: SystemTime::now(),
            outcome: Some(Outcome::NotSent.to_string()),
            ..entry
        };
        if let Ok(runtime) = Handle::try_current() {
            let audit = Arc::clone(&self.audit);
            runtime.spawn(async move {
                if let Err(error) = audit.append(entry).await {
                    tracing::error!(%error, "the end of a call could not be written to the audit");
                }
            });
        }
    }
}

fn unavailable(error: &AuditError) -> CallError {
    // The message of a file's error has its path, which is for the operator.
    tracing::error!(%error, "the beginning of a call could not be written to the audit");
    let message = "nothing was sent, because the audit cannot be written".to_owned();
    CallError {
        retry_after: Some(1),
        ..plain(ErrorCode::AuditUnavailable, 503, Outcome::NotSent, message)
    }
}
