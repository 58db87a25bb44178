//! Never twice: what a call that writes may do, by its key and by what is remembered of the same request.
//!
//! A call with a key claims its record before the first byte is sent, and keeps what came of it, or gives the record back. A
//! creation without a key is remembered by what it sends ([`echo`]). Both are known by the request that the component plans, not by
//! the caller's spelling of it.
//!
//! The order of writes is what the promise stands on: the claim is durable before anything is sent; what the provider sent is kept
//! before the caller gets it. A process that ends in between leaves a claim whose lease runs out, and the next call with the key
//! looks for the user, and creates nobody.

mod claim;
mod echo;
mod transcript;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use self::claim::HeldClaim;
pub(crate) use self::echo::Receipt;
use self::echo::{Echo, Echoes, End, InFlight, MAX_ECHOES, SETTLED_LIFETIME, UNKNOWN_LIFETIME};
pub(super) use self::transcript::Transcript;
use super::call::{Call, HostDriven, conclude};
use super::entry::Entry;
use super::error::plain;
use super::output::CallOutput;
use super::requests::Requests;
use crate::bindings::types::{
    Begun, Error as CallError, ErrorCode, Outcome, ProviderRequest, Sending,
};
use crate::error::Error;
use crate::store::{RecordKey, Secret, Store, StoreError, UnknownEcho};

/// How often what has expired is deleted from the store, at most.
const SWEEP_INTERVAL: Duration = Duration::from_mins(10);

/// How much longer than its call a claim lasts: what comes of the call is kept then.
const LEASE_RESERVE: Duration = Duration::from_secs(5);

/// Who makes a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    /// The scope of keys and echoes: callers of different ones never meet.
    pub(crate) scope: Option<Arc<str>>,
    /// The idempotency key.
    pub(crate) key: Option<String>,
}

/// What an operation writes.
pub(super) struct Target {
    /// The operation.
    pub(super) operation: &'static str,
    /// The id of the user that it is for.
    pub(super) id: Option<String>,
    /// Whether it creates.
    pub(super) creates: bool,
}

/// What is remembered of calls that write.
pub(super) struct Memory {
    secret: Secret,
    store: Option<Arc<dyn Store>>,
    echoes: Arc<Echoes>,
    /// When the store was swept.
    swept: Mutex<Option<Instant>>,
}

impl Memory {
    /// # Errors
    ///
    /// When the system has no random bytes for a secret.
    pub(super) fn new(store: Option<(Arc<dyn Store>, Secret)>) -> Result<Self, Error> {
        let (store, secret) = match store {
            Some((store, secret)) => (Some(store), secret),
            None => (None, Secret::random().map_err(Error::secret)?),
        };
        Ok(Self {
            secret,
            store,
            echoes: Echoes::new(MAX_ECHOES),
            swept: Mutex::default(),
        })
    }

    /// Whether keys are honoured.
    pub(super) const fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// Has the store delete what has expired, if it has not for a while. No call waits for it.
    fn sweep(&self) {
        let Some(store) = &self.store else {
            return;
        };
        let now = Instant::now();
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.is_some_and(|swept| now.duration_since(swept) < SWEEP_INTERVAL) {
            return;
        }
        *swept = Some(now);
        drop(swept);
        let store = Arc::clone(store);
        tokio::spawn(async move {
            if let Err(error) = store.sweep().await {
                tracing::warn!(%error, "what has expired could not be deleted from the store");
            }
        });
    }
}

/// What a call may do.
enum Turn {
    /// Send.
    Carry,
    /// Look for the user whom a creation may have created that began then.
    Settle(String),
    /// Send nothing: this came of the call with the same key.
    Replay(Transcript),
    /// Send nothing: this came of the same creation.
    Echo(Arc<Transcript>),
}

/// What a call holds until its end.
#[derive(Default)]
struct Held {
    claim: Option<HeldClaim>,
    echo: Option<InFlight>,
}

impl HostDriven {
    /// Carries out a call that writes. Nothing is sent that may have been sent before.
    pub(super) async fn guarded<E: Entry>(
        &self,
        memory: &Memory,
        entry: &Arc<E>,
        call: &Call,
        sending: Sending,
        plan: &ProviderRequest,
    ) -> (E::Output, Option<Receipt>) {
        memory.sweep();
        let target = entry.target();
        let turn = self.turn(memory, call, &target, plan, sending.resend);
        let (turn, held) = match turn.await {
            Ok(turn) => turn,
            Err(error) => return (E::Output::from_error(error), None),
        };
        let (begun, first) = match turn {
            Turn::Carry => (call.begun.clone(), Some(sending)),
            Turn::Settle(begun) => (Begun::Earlier(begun), None),
            Turn::Replay(transcript) => {
                let mut output = self.output_of(entry, call, &transcript).await;
                output.mark_replayed();
                return (output, None);
            }
            Turn::Echo(transcript) => {
                let mut output = self.output_of(entry, call, &transcript).await;
                let ended = memory.end_claim(call, &target, held.claim, &output, &transcript);
                if !ended.await {
                    output.warn_not_recorded();
                }
                return (output, None);
            }
        };
        let call = &Call {
            send_until: held
                .claim
                .as_ref()
                .map(|_| SystemTime::now() + self.lease(call) / 2),
            begun,
            ..call.clone()
        };
        let mut transcript = Transcript::new(call.begun.clone());
        let mut requests = match call.begun {
            Begun::Now(_) => Requests::new(self.max_requests, entry.safety()),
            Begun::Earlier(_) => Requests::after_creation(self.max_requests),
        };
        let result = self
            .steps(entry, call, first, &mut requests, Some(&mut transcript))
            .await;
        let mut output = conclude(result, call, &requests, || entry.subject());
        if held.claim.is_some() {
            transcript.set_id(output.user_id());
        }
        let Held { claim, echo } = held;
        let transcript = Arc::new(transcript);
        let claimed = memory.end_claim(call, &target, claim, &output, &transcript);
        let mut is_recorded = claimed.await;
        let receipt = match echo {
            Some(echo) => {
                let (receipt, is_kept) = memory.end_echo(call, echo, &output, transcript).await;
                is_recorded &= is_kept;
                receipt
            }
            None => None,
        };
        if !is_recorded {
            output.warn_not_recorded();
        }
        (output, receipt)
    }

    /// How long a claim lasts.
    fn lease(&self, call: &Call) -> Duration {
        call.time + self.settle + LEASE_RESERVE
    }

    /// Finds what a call may do. An error is one before anything is sent.
    async fn turn(
        &self,
        memory: &Memory,
        call: &Call,
        target: &Target,
        plan: &ProviderRequest,
        resend: bool,
    ) -> Result<(Turn, Held), CallError> {
        let (method, url, body) = (&plan.method, &plan.url, &plan.body);
        let fingerprint = memory.secret.fingerprint(method, url, body);
        let lease = self.lease(call);
        let claimed = memory.claim(call, target, fingerprint, lease, resend);
        let (turn, claim) = claimed.await?;
        let mut held = Held { claim, echo: None };
        if !target.creates || matches!(turn, Turn::Replay(_)) {
            return Ok((turn, held));
        }
        let scope = call.caller.scope.as_deref().unwrap_or_default();
        let (account, operation) = (call.account.id(), target.operation);
        let key = memory
            .secret
            .echo_key(scope, account, operation, &fingerprint);
        let (turn, echo) = memory.enter(call, key, turn, resend).await?;
        held.echo = echo;
        Ok((turn, held))
    }

    /// The output that the responses of a transcript make.
    async fn output_of<E: Entry>(
        &self,
        entry: &Arc<E>,
        call: &Call,
        transcript: &Transcript,
    ) -> E::Output {
        match self.replay(entry, call, transcript).await {
            Ok(Some(output)) => output,
            // Another version wrote it, or the call has other options: the user's id is all that is certain.
            Ok(None) => E::Output::from_id(transcript.id()),
            Err(stop) => E::Output::from_error(stop.into_error(Outcome::NotSent, &entry.subject())),
        }
    }
}

impl Memory {
    /// Takes note of a creation, and finds what it may do by what is remembered of the same one.
    async fn enter(
        &self,
        call: &Call,
        key: RecordKey,
        turn: Turn,
        resend: bool,
    ) -> Result<(Turn, Option<InFlight>), CallError> {
        let settle = |turn: Turn, begun: String| match turn {
            Turn::Carry => Turn::Settle(begun),
            _ => turn,
        };
        loop {
            match self.echoes.enter(key, resend) {
                Echo::First(in_flight) => {
                    let begun = match (&turn, &self.store, resend) {
                        (Turn::Carry, Some(store), false) => {
                            let found = store.find_unknown(key).await;
                            found.map_err(|it| unavailable(&it))?
                        }
                        _ => None,
                    };
                    let turn = match begun {
                        Some(echo) => settle(turn, time(echo.begun)),
                        None => turn,
                    };
                    return Ok((turn, Some(in_flight)));
                }
                Echo::AfterUnknown(in_flight, begun) => {
                    return Ok((settle(turn, begun), Some(in_flight)));
                }
                Echo::OfInFlight(mut end) => {
                    let ended = call.deadline.within(end.wait_for(Option::is_some)).await;
                    // Without an end, the first one has sent nothing.
                    if let Ok(transcript) = ended.ok_or_else(still_in_flight)?
                        && let Some(transcript) = transcript.clone()
                    {
                        return Ok((Turn::Echo(transcript), None));
                    }
                }
                Echo::OfUndelivered(transcript) => return Ok((Turn::Echo(transcript), None)),
                Echo::TooMany => {
                    let message = "too many creations are in flight or of unknown outcome here";
                    return Err(not_sent(ErrorCode::Overloaded, 503, message.to_owned()));
                }
            }
        }
    }

    /// Ends an echo by what came of its call. False where that could not be recorded.
    async fn end_echo(
        &self,
        call: &Call,
        echo: InFlight,
        output: &impl CallOutput,
        transcript: Arc<Transcript>,
    ) -> (Option<Receipt>, bool) {
        let (begun, was_unknown) = match &call.begun {
            Begun::Now(begun) => (begun.clone(), output.is_settled()),
            Begun::Earlier(begun) => (begun.clone(), true),
        };
        let key = echo.key();
        let (end, lifetime) = match output.outcome() {
            // Dropped, it is as it was.
            Some(Outcome::NotSent) => return (None, true),
            Some(Outcome::Unknown) => (End::Unknown(begun.clone()), Some(UNKNOWN_LIFETIME)),
            Some(Outcome::Rejected) => (End::Nothing, None),
            None if was_unknown => {
                let settled = Some(begun.clone());
                (End::Created { settled }, Some(SETTLED_LIFETIME))
            }
            None => (End::Created { settled: None }, None),
        };
        // Those who wait get it after it is recorded.
        let recorded = match (&self.store, lifetime) {
            (Some(store), Some(lifetime)) => {
                let begun = humantime::parse_rfc3339(&begun).unwrap_or_else(|_| SystemTime::now());
                let echo = UnknownEcho::new(begun, Vec::new());
                store.put_unknown(key, echo, lifetime).await
            }
            (Some(store), None) if matches!(call.begun, Begun::Earlier(_)) => {
                store.forget_unknown(key).await
            }
            _ => Ok(()),
        };
        if let Err(error) = &recorded {
            tracing::warn!(%error, "the end of a creation could not be recorded");
        }
        (echo.end(end, transcript), recorded.is_ok())
    }
}

/// A time in RFC 3339.
fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

fn not_sent(code: ErrorCode, status: u16, message: String) -> CallError {
    plain(code, status, Outcome::NotSent, message)
}

fn unavailable(error: &StoreError) -> CallError {
    let message = format!("nothing was sent: {error}");
    CallError {
        retry_after: Some(1),
        ..not_sent(ErrorCode::StoreUnavailable, 503, message)
    }
}

/// The error of an echo that does not wait any longer.
fn still_in_flight() -> CallError {
    let message =
        "the deadline passed while the same creation was in flight; the user may exist now";
    plain(
        ErrorCode::Deadline,
        504,
        Outcome::Unknown,
        message.to_owned(),
    )
}
