//! What is remembered of calls that write, for as long as the engine lives; and in its store, beyond that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::Instant;

use super::super::call::Call;
use super::super::output::CallOutput;
use super::Write;
use super::claim::time;
use super::echo::{Echoes, End, InFlight, MAX_ECHOES, Receipt, SETTLED_LIFETIME, UNKNOWN_LIFETIME};
use super::transcript::Transcript;
use crate::bindings::types::{Begun, Outcome};
use crate::error::Error;
use crate::store::{RecordKey, Secret, Store, StoreError, UnknownEcho};

/// How often what has expired is deleted, at most.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

/// What is remembered of calls that write.
pub(in super::super) struct Memory {
    pub(super) secret: Secret,
    pub(super) store: Option<Arc<dyn Store>>,
    pub(super) echoes: Arc<Echoes>,
    /// How many claims of calls that were dropped are being released.
    pub(super) releasing: watch::Sender<usize>,
    swept: Mutex<Option<Instant>>,
}

impl Memory {
    /// # Errors
    ///
    /// When the system has no random bytes for a secret.
    pub(in super::super) fn new(store: Option<(Arc<dyn Store>, Secret)>) -> Result<Self, Error> {
        let (store, secret) = match store {
            Some((store, secret)) => (Some(store), secret),
            None => (None, Secret::random().map_err(Error::secret)?),
        };
        Ok(Self {
            secret,
            store,
            echoes: Echoes::new(MAX_ECHOES),
            releasing: watch::Sender::new(0),
            swept: Mutex::default(),
        })
    }

    /// The secret of the store, or this memory's own.
    pub(in super::super) const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Whether keys are honoured.
    pub(in super::super) const fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// Waits until the claims of calls that were dropped are released.
    pub(in super::super) async fn released(&self) {
        let mut releasing = self.releasing.subscribe();
        // The sender is here.
        let _ = releasing.wait_for(|releasing| *releasing == 0).await;
    }

    /// The name of the record of a call with a key.
    pub(super) fn record(&self, call: &Call, write: &Write<'_>, key: &str) -> RecordKey {
        let (scope, account) = (call.caller.scope(), call.account.id());
        let (operation, id) = (write.target.operation, write.target.id.as_deref());
        self.secret.record_key(scope, account, operation, id, key)
    }

    /// The name of what is remembered of a creation.
    pub(super) fn echo_key(&self, call: &Call, write: &Write<'_>) -> RecordKey {
        let (scope, account) = (call.caller.scope(), call.account.id());
        let operation = write.target.operation;
        let fingerprint = write.planned.fingerprint();
        self.secret
            .echo_key(scope, account, operation, &fingerprint)
    }

    /// When the creation began that the store remembers because its outcome is unknown.
    pub(super) async fn find_unknown(&self, key: RecordKey) -> Result<Option<String>, StoreError> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let found = store.find_unknown(key).await?;
        Ok(found.map(|echo| time(echo.begun)))
    }

    /// Has the store delete what has expired, now and then.
    pub(super) fn sweep(&self) {
        let Some(store) = &self.store else {
            return;
        };
        let now = Instant::now();
        {
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            if swept.is_some_and(|swept| now.duration_since(swept) < SWEEP_INTERVAL) {
                return;
            }
            *swept = Some(now);
        }
        let store = Arc::clone(store);
        tokio::spawn(async move {
            if let Err(error) = store.sweep().await {
                tracing::warn!(%error, "what has expired could not be deleted from the store");
            }
        });
    }

    /// Ends an echo by what came of its call. False where that could not be recorded.
    pub(super) async fn end_echo(
        &self,
        call: &Call,
        write: &Write<'_>,
        echo: InFlight,
        output: &impl CallOutput,
        transcript: Arc<Transcript>,
    ) -> (Option<Receipt>, bool) {
        let (begun, was_unknown) = match &call.begun {
            Begun::Now(begun) => (begun.clone(), output.is_settled()),
            Begun::Earlier(begun) => (begun.clone(), true),
        };
        let since = humantime::parse_rfc3339(&begun).unwrap_or_else(|_| SystemTime::now());
        let key = echo.key();
        let (end, lifetime) = match output.outcome() {
            // Dropped, it is as it was.
            Some(Outcome::NotSent) => return (None, true),
            Some(Outcome::Unknown) => {
                let age = since.elapsed().unwrap_or_default();
                let left = UNKNOWN_LIFETIME.saturating_sub(age);
                (End::Unknown(begun, left), Some(left))
            }
            Some(Outcome::Rejected) => (End::Nothing, None),
            None if was_unknown => (End::Settled(begun), Some(SETTLED_LIFETIME)),
            None => (End::Created, None),
        };
        // What the store remembers of an earlier one is resolved.
        let is_resolved = write.resend || matches!(call.begun, Begun::Earlier(_));
        // Those who wait get it after it is recorded.
        let recorded = match (&self.store, lifetime) {
            (Some(store), Some(lifetime)) => {
                let echo = UnknownEcho::new(since, Vec::new());
                store.put_unknown(key, echo, lifetime).await
            }
            (Some(store), None) if is_resolved => store.forget_unknown(key).await,
            _ => Ok(()),
        };
        if let Err(error) = &recorded {
            tracing::warn!(%error, "the end of a creation could not be recorded");
        }
        (echo.end(end, transcript), recorded.is_ok())
    }
}
