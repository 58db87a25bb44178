//! Never twice: what a call that writes may do, by its key and by what is remembered of the same request.
//!
//! A call with a key claims its record before the first byte is sent, and keeps what came of it, or gives the record back. A
//! creation without a key is remembered by what it sends ([`echo`]). Both are known by the request that the component plans, not by
//! the caller's spelling of it.
//!
//! The order of writes is what the promise stands on: the claim is durable before anything is sent; what the provider sent is kept
//! before the caller gets it. A process that ends in between leaves a claim whose lease runs out, and the next call with the key
//! looks for the user, and creates nobody.

mod echo;
mod transcript;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub(crate) use self::echo::Receipt;
use self::echo::{Echo, Echoes, End, InFlight, MAX_ECHOES, SETTLED_LIFETIME, UNKNOWN_LIFETIME};
pub(super) use self::transcript::Transcript;
use super::call::{Call, HostDriven, conclude};
use super::entry::Entry;
use super::error::plain;
use super::output::CallOutput;
use super::requests::Requests;
use crate::bindings::types::{
    Begun, Error as CallError, ErrorCode, Outcome, ProviderRequest, Safety, Sending,
};
use crate::error::Error;
use crate::store::{
    Claim, ClaimRequest, Claimed, KeptOutcome, RecordKey, Secret, Store, StoreError, UnknownEcho,
};

/// How long the result of a call with a key is kept.
const DONE_LIFETIME: Duration = Duration::from_hours(24);

/// How long a creation with a key is kept whose outcome is unknown.
const KEYED_UNKNOWN_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// How long a record is kept that never expires: a time that every store can write down.
const FOREVER: Duration = Duration::from_hours(100 * 366 * 24);

/// How much longer than its call a claim lasts: what comes of the call is kept then.
const LEASE_RESERVE: Duration = Duration::from_secs(5);

/// Who makes a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    /// The scope of keys and echoes: callers of different ones never meet.
    pub(crate) scope: Option<Arc<str>>,
    /// The idempotency key.
    pub(crate) key: Option<String>,
    /// Whether what is kept under the key never expires.
    pub(crate) is_forever: bool,
    /// Whether a change may replace another one under the same key.
    pub(crate) replaces: bool,
    /// The most that the call may do; none where its operation says it.
    pub(crate) at_most: Option<Safety>,
}

impl Caller {
    /// How long a result is kept that is usually kept for so long.
    fn lifetime(&self, usual: Duration) -> Duration {
        if self.is_forever { FOREVER } else { usual }
    }
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
        })
    }

    /// Whether keys are honoured.
    pub(super) const fn has_store(&self) -> bool {
        self.store.is_some()
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

/// A claim. One that is dropped is released: the record is as it was found.
struct HeldClaim {
    store: Arc<dyn Store>,
    claim: Option<Claim>,
}

impl HeldClaim {
    /// Takes the claim, to end it.
    fn take(mut self) -> Option<Claim> {
        self.claim.take()
    }
}

impl Drop for HeldClaim {
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let store = Arc::clone(&self.store);
            runtime.spawn(async move {
                if let Err(error) = store.release(claim).await {
                    tracing::warn!(%error, "a claim could not be released");
                }
            });
        }
    }
}

/// How a claim ends.
enum Ending {
    /// The record is as it was found.
    Release,
    /// The record is forgotten.
    GiveBack,
    /// The record is kept.
    Keep(KeptOutcome),
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
        let at_most = call.caller.at_most.unwrap_or(Safety::Once);
        let mut target = entry.target();
        target.creates &= at_most == Safety::Once;
        let turn = self.turn(memory, call, &target, plan, sending.resend);
        let (turn, held) = match turn.await {
            Ok(turn) => turn,
            Err(error) => return (E::Output::from_error(error), None),
        };
        let (begun, first) = match turn {
            Turn::Carry => (call.begun.clone(), Some(sending)),
            Turn::Settle(begun) => {
                if let Ok(begun) = humantime::parse_rfc3339(&begun) {
                    call.state.set_earlier(begun);
                }
                (Begun::Earlier(begun), None)
            }
            Turn::Replay(transcript) => {
                let mut output = self.output_of(entry, call, &transcript).await;
                if output.outcome().is_some() {
                    // The call has succeeded. With other options, its responses mean something else.
                    output = E::Output::from_id(transcript.id());
                }
                output.mark_replayed();
                return (output, None);
            }
            Turn::Echo(transcript) => {
                let mut output = self.output_of(entry, call, &transcript).await;
                let ended = self.end_claim(memory, call, &target, held.claim, &output, &transcript);
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
        let mut requests = Requests::new(self.max_requests, entry.safety()).at_most(at_most);
        let result = self
            .steps(entry, call, first, &mut requests, Some(&mut transcript))
            .await;
        let mut output = conclude(result, call, &requests, || entry.subject());
        if held.claim.is_some() {
            transcript.set_id(output.user_id());
        }
        let Held { claim, echo } = held;
        let transcript = Arc::new(transcript);
        let claimed = self.end_claim(memory, call, &target, claim, &output, &transcript);
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
        let fingerprint = memory
            .secret
            .fingerprint(&plan.method, &plan.url, &plan.body);
        let scope = call.caller.scope.as_deref().unwrap_or_default();
        let account = call.account.id();
        let mut held = Held::default();
        let mut turn = Turn::Carry;
        if let (Some(key), Some(store)) = (&call.caller.key, &memory.store) {
            let record = memory.record(call, target, key);
            let lease = self.lease(call);
            let lifetime = if target.creates {
                call.caller.lifetime(KEYED_UNKNOWN_LIFETIME)
            } else {
                lease
            };
            let request = ClaimRequest::new(record, fingerprint, lease, lifetime)
                .resend(resend)
                .replace(call.caller.replaces && !target.creates);
            let claimed = store.claim(request).await.map_err(|it| unavailable(&it))?;
            let claim = match claimed {
                Claimed::New(claim) => claim,
                Claimed::Unknown { claim, kept: _ } if target.creates => {
                    turn = Turn::Settle(time(claim.begun));
                    claim
                }
                Claimed::Unknown { claim, kept: _ } => claim,
                Claimed::InFlight { retry_after } => return Err(in_flight(retry_after)),
                Claimed::Mismatch => return Err(mismatch()),
                Claimed::Done(kept) => {
                    let opened = memory.secret.open(key, &record, &kept.sealed).ok();
                    let transcript = opened.and_then(|bytes| Transcript::from_bytes(&bytes));
                    let transcript = transcript.ok_or_else(|| {
                        unavailable(&StoreError::corrupt(
                            "what was kept of this call cannot be read",
                        ))
                    })?;
                    return Ok((Turn::Replay(transcript), held));
                }
            };
            held.claim = Some(HeldClaim {
                store: Arc::clone(store),
                claim: Some(claim),
            });
        }
        if !target.creates {
            return Ok((turn, held));
        }
        let key = memory
            .secret
            .echo_key(scope, account, target.operation, &fingerprint);
        loop {
            match memory.echoes.enter(key, resend) {
                Echo::First(in_flight) => {
                    held.echo = Some(in_flight);
                    if let (Turn::Carry, Some(store), false) = (&turn, &memory.store, resend) {
                        let found = store.find_unknown(key).await;
                        if let Some(echo) = found.map_err(|it| unavailable(&it))? {
                            turn = Turn::Settle(time(echo.begun));
                        }
                    }
                    return Ok((turn, held));
                }
                Echo::AfterUnknown(in_flight, begun) => {
                    held.echo = Some(in_flight);
                    if matches!(turn, Turn::Carry) {
                        turn = Turn::Settle(begun);
                    }
                    return Ok((turn, held));
                }
                Echo::OfInFlight(mut end) => {
                    let ended = call.deadline.within(end.wait_for(Option::is_some)).await;
                    match ended {
                        None => return Err(still_in_flight()),
                        // The first one has sent nothing.
                        Some(Err(_)) => {}
                        Some(Ok(transcript)) => {
                            if let Some(transcript) = transcript.clone() {
                                return Ok((Turn::Echo(transcript), held));
                            }
                        }
                    }
                }
                Echo::OfUndelivered(transcript) => return Ok((Turn::Echo(transcript), held)),
                Echo::TooMany => {
                    let message = "too many creations are in flight or of unknown outcome here";
                    return Err(not_sent(ErrorCode::Overloaded, 503, message.to_owned()));
                }
            }
        }
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

    /// Ends a claim by what came of its call. False where that could not be recorded.
    async fn end_claim(
        &self,
        memory: &Memory,
        call: &Call,
        target: &Target,
        claim: Option<HeldClaim>,
        output: &impl CallOutput,
        transcript: &Transcript,
    ) -> bool {
        let (Some(held), Some(key)) = (claim, &call.caller.key) else {
            return true;
        };
        let (outcome, lifetime) = match output.outcome() {
            Some(Outcome::NotSent) => (Ending::Release, Duration::ZERO),
            Some(Outcome::Unknown) if target.creates => {
                let lifetime = call.caller.lifetime(KEYED_UNKNOWN_LIFETIME);
                (Ending::Keep(KeptOutcome::Unknown), lifetime)
            }
            Some(Outcome::Unknown | Outcome::Rejected) => (Ending::GiveBack, Duration::ZERO),
            None => {
                let lifetime = call.caller.lifetime(DONE_LIFETIME);
                (Ending::Keep(KeptOutcome::Done), lifetime)
            }
        };
        let store = Arc::clone(&held.store);
        let Some(claim) = held.take() else {
            return true;
        };
        let record = memory.record(call, target, key);
        let recorded = match outcome {
            Ending::Release => store.release(claim).await,
            Ending::GiveBack => store.give_back(claim).await,
            Ending::Keep(outcome) => {
                let bytes = transcript.to_bytes().unwrap_or_default();
                match memory.secret.seal(key, &record, &bytes) {
                    Ok(sealed) => store.keep(claim, outcome, sealed, Some(lifetime)).await,
                    Err(error) => Err(StoreError::unavailable(error.to_string())),
                }
            }
        };
        match recorded {
            Ok(true) => true,
            Ok(false) => {
                tracing::warn!("the lease of a claim ran out before its call ended");
                false
            }
            Err(error) => {
                tracing::warn!(%error, "the end of a call could not be recorded");
                false
            }
        }
    }
}

impl Memory {
    /// The record of a call with a key.
    fn record(&self, call: &Call, target: &Target, key: &str) -> RecordKey {
        let scope = call.caller.scope.as_deref().unwrap_or_default();
        let (account, id) = (call.account.id(), target.id.as_deref());
        self.secret
            .record_key(scope, account, target.operation, id, key)
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
    let message = format!("nothing was sent, because the key cannot be claimed: {error}");
    CallError {
        retry_after: Some(1),
        ..not_sent(ErrorCode::StoreUnavailable, 503, message)
    }
}

fn in_flight(retry_after: Duration) -> CallError {
    let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
    let message = "a request with this idempotency key is in flight".to_owned();
    CallError {
        retry_after: Some(u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)),
        ..not_sent(ErrorCode::IdempotencyInFlight, 409, message)
    }
}

fn mismatch() -> CallError {
    let message = "this idempotency key was used for another request".to_owned();
    not_sent(ErrorCode::IdempotencyMismatch, 422, message)
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
