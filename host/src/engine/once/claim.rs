//! The claim of a call with a key: taken before anything is sent, ended by what came of the call.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::super::call::{Call, HostDriven};
use super::super::output::CallOutput;
use super::error::{in_flight, mismatch, unavailable};
use super::memory::Memory;
use super::transcript::Transcript;
use super::{Caller, Turn, Write};
use crate::bindings::types::{Begun, Error as CallError, Outcome};
use crate::client::SendState;
use crate::store::{Claim, ClaimRequest, Claimed, KeptOutcome, Store, StoreError};

/// How long the result of a call with a key is kept.
const DONE_LIFETIME: Duration = Duration::from_hours(24);

/// How long a creation with a key is kept whose outcome is unknown.
const UNKNOWN_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// How long a record is kept that never expires: a time that every store can write down.
const FOREVER: Duration = Duration::from_hours(100 * 366 * 24);

/// How much longer than its call a claim lasts: what comes of the call is kept then.
const LEASE_RESERVE: Duration = Duration::from_secs(5);

/// What a call may do by its key.
pub(super) enum Claiming {
    /// This, and it has to end the claim, if it has one.
    Turn(Turn, Option<HeldClaim>),
    /// Nothing: this came of the call with the same key.
    Replay(Transcript),
}

/// A claim. One that is dropped before anything was sent is released: the record is as it was found. One that is dropped after that
/// lasts as long as its lease.
pub(super) struct HeldClaim {
    store: Arc<dyn Store>,
    claim: Option<Claim>,
    state: SendState,
    releasing: watch::Sender<usize>,
}

impl HeldClaim {
    /// Takes the claim, to end it.
    fn take(mut self) -> Option<Claim> {
        self.claim.take()
    }
}

impl Drop for HeldClaim {
    fn drop(&mut self) {
        let Some(claim) = self.claim.take() else {
            return;
        };
        // A request that is withdrawn cannot start any more.
        if self.state.withdraw() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let store = Arc::clone(&self.store);
            let releasing = Releasing::start(&self.releasing);
            runtime.spawn(async move {
                if let Err(error) = store.release(claim).await {
                    tracing::warn!(%error, "a claim could not be released");
                }
                drop(releasing);
            });
        }
    }
}

/// Counts a claim that is being released.
struct Releasing(watch::Sender<usize>);

impl Releasing {
    fn start(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for Releasing {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// How a claim ends.
enum Ending {
    /// The record is as it was found.
    Release,
    /// The record is forgotten.
    GiveBack,
    /// The record is kept for this long; without a time, as long as it was to be.
    Keep(KeptOutcome, Option<Duration>),
}

impl Ending {
    /// How the claim of a call of this outcome ends.
    fn new(outcome: Option<Outcome>, creates: bool, begun: &Begun, caller: &Caller) -> Self {
        match outcome {
            Some(Outcome::NotSent) => Self::Release,
            Some(Outcome::Unknown) if creates => {
                // What was unknown stays so for as long as it was to.
                let lifetime = match begun {
                    Begun::Now(_) => Some(lifetime(caller, UNKNOWN_LIFETIME)),
                    Begun::Earlier(_) => None,
                };
                Self::Keep(KeptOutcome::Unknown, lifetime)
            }
            Some(Outcome::Unknown | Outcome::Rejected) => Self::GiveBack,
            None => Self::Keep(KeptOutcome::Done, Some(lifetime(caller, DONE_LIFETIME))),
        }
    }
}

impl HostDriven {
    /// How long a claim lasts.
    fn lease(&self, call: &Call) -> Duration {
        call.time + self.settle + LEASE_RESERVE
    }

    /// Claims the record of a call, where it has a key. An error is one before anything is sent.
    pub(super) async fn claim(
        &self,
        memory: &Memory,
        call: &Call,
        write: &Write<'_>,
    ) -> Result<Claiming, CallError> {
        let (Some(key), Some(store)) = (&call.caller.key, &memory.store) else {
            return Ok(Claiming::Turn(Turn::Carry, None));
        };
        let record = memory.record(call, write, key);
        let lease = self.lease(call);
        let lifetime = if write.target.creates {
            lifetime(&call.caller, UNKNOWN_LIFETIME)
        } else {
            lease
        };
        let fingerprint = write.planned.fingerprint();
        let request = ClaimRequest::new(record, fingerprint, lease, lifetime)
            .resend(write.resend)
            .replace(call.caller.replaces && !write.target.creates);
        // From before the claim: this process may be suspended just after it.
        call.state.stop_after(SystemTime::now() + lease / 2);
        let claimed = store.claim(request).await.map_err(|it| unavailable(&it))?;
        let (turn, claim) = match claimed {
            Claimed::Unknown { claim, kept: _ } if write.target.creates => {
                (Turn::Settle(time(claim.begun)), claim)
            }
            Claimed::New(claim) | Claimed::Unknown { claim, kept: _ } => (Turn::Carry, claim),
            Claimed::InFlight { retry_after } => return Err(in_flight(retry_after)),
            Claimed::Mismatch => return Err(mismatch()),
            Claimed::Done(kept) => {
                let opened = memory.secret.open(key, &record, &kept.sealed).ok();
                let transcript = opened.and_then(|bytes| Transcript::from_bytes(&bytes));
                let unreadable = || {
                    let why = "what was kept of this call cannot be read";
                    unavailable(&StoreError::corrupt(why))
                };
                return transcript.map(Claiming::Replay).ok_or_else(unreadable);
            }
        };
        let held = HeldClaim {
            store: Arc::clone(store),
            claim: Some(claim),
            state: call.state.clone(),
            releasing: memory.releasing.clone(),
        };
        Ok(Claiming::Turn(turn, Some(held)))
    }

    /// Ends a claim by what came of its call. False where that could not be recorded.
    pub(super) async fn end_claim(
        &self,
        memory: &Memory,
        call: &Call,
        write: &Write<'_>,
        claim: Option<HeldClaim>,
        output: &impl CallOutput,
        transcript: &Transcript,
    ) -> bool {
        let (Some(held), Some(key)) = (claim, &call.caller.key) else {
            return true;
        };
        let (outcome, creates) = (output.outcome(), write.target.creates);
        let ending = Ending::new(outcome, creates, transcript.begun(), &call.caller);
        let store = Arc::clone(&held.store);
        let Some(claim) = held.take() else {
            return true;
        };
        let record = claim.key;
        let (recorded, has_result) = match ending {
            Ending::Release => (store.release(claim).await, false),
            Ending::GiveBack => (store.give_back(claim).await, false),
            Ending::Keep(outcome, lifetime) => {
                let bytes = transcript.to_bytes().unwrap_or_default();
                let recorded = match memory.secret.seal(key, &record, &bytes) {
                    Ok(sealed) => store.keep(claim, outcome, sealed, lifetime).await,
                    Err(error) => Err(StoreError::unavailable(error.to_string())),
                };
                (recorded, true)
            }
        };
        match recorded {
            Ok(true) => true,
            // Another call has taken the record over. It knows nothing of a result; and without one it needs to know nothing.
            Ok(false) => {
                tracing::warn!("the lease of a claim ran out before its call ended");
                !has_result
            }
            Err(error) => {
                tracing::warn!(%error, "the end of a call could not be recorded");
                output.outcome() == Some(Outcome::NotSent)
            }
        }
    }
}

/// How long is kept for a caller what is usually kept for so long.
const fn lifetime(caller: &Caller, usual: Duration) -> Duration {
    if caller.is_forever { FOREVER } else { usual }
}

/// A time in RFC 3339.
pub(super) fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}
