//! The claims of calls that have a key: what they find, and how they end.

use std::sync::Arc;
use std::time::Duration;

use super::super::call::Call;
use super::super::output::CallOutput;
use super::transcript::Transcript;
use super::{Memory, Target, Turn, not_sent, time, unavailable};
use crate::bindings::types::{Begun, Error as CallError, ErrorCode, Outcome};
use crate::store::{
    Claim, ClaimRequest, Claimed, Fingerprint, KeptOutcome, RecordKey, Store, StoreError,
};

/// How long the result of a call with a key is kept.
const DONE_LIFETIME: Duration = Duration::from_hours(24);

/// How long a creation with a key is kept whose outcome is unknown.
const UNKNOWN_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// A claim. One that is dropped is released: the record is as it was found.
pub(super) struct HeldClaim {
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
    /// The record is kept for this long; without a time, as long as it was to be.
    Keep(KeptOutcome, Option<Duration>),
}

impl Memory {
    /// Claims the record of a call, where it has a key, and finds what the call may do by it. An error is one before anything is sent.
    pub(super) async fn claim(
        &self,
        call: &Call,
        target: &Target,
        fingerprint: Fingerprint,
        lease: Duration,
        resend: bool,
    ) -> Result<(Turn, Option<HeldClaim>), CallError> {
        let (Some(key), Some(store)) = (&call.caller.key, &self.store) else {
            return Ok((Turn::Carry, None));
        };
        let record = self.record(call, target, key);
        // One that may be carried out again needs no looking for.
        let lifetime = if target.creates {
            UNKNOWN_LIFETIME
        } else {
            lease
        };
        let request = ClaimRequest::new(record, fingerprint, lease, lifetime).resend(resend);
        let claimed = store.claim(request).await.map_err(|it| unavailable(&it))?;
        let (turn, claim) = match claimed {
            Claimed::Unknown { claim, kept: _ } if target.creates => {
                (Turn::Settle(time(claim.begun)), claim)
            }
            Claimed::New(claim) | Claimed::Unknown { claim, kept: _ } => (Turn::Carry, claim),
            Claimed::InFlight { retry_after } => return Err(in_flight(retry_after)),
            Claimed::Mismatch => return Err(mismatch()),
            Claimed::Done(kept) => {
                let opened = self.secret.open(key, &record, &kept.sealed).ok();
                let transcript = opened.and_then(|bytes| Transcript::from_bytes(&bytes));
                let transcript = transcript.ok_or_else(|| {
                    unavailable(&StoreError::corrupt(
                        "what was kept of this call cannot be read",
                    ))
                })?;
                return Ok((Turn::Replay(transcript), None));
            }
        };
        let store = Arc::clone(store);
        let claim = Some(claim);
        Ok((turn, Some(HeldClaim { store, claim })))
    }

    /// Ends a claim by what came of its call. False where that could not be recorded.
    pub(super) async fn end_claim(
        &self,
        call: &Call,
        target: &Target,
        claim: Option<HeldClaim>,
        output: &impl CallOutput,
        transcript: &Transcript,
    ) -> bool {
        let (Some(held), Some(key)) = (claim, &call.caller.key) else {
            return true;
        };
        let outcome = match output.outcome() {
            Some(Outcome::NotSent) => Ending::Release,
            Some(Outcome::Unknown) if target.creates => {
                // What was unknown stays so for as long as it was to.
                let lifetime = match transcript.begun() {
                    Begun::Now(_) => Some(UNKNOWN_LIFETIME),
                    Begun::Earlier(_) => None,
                };
                Ending::Keep(KeptOutcome::Unknown, lifetime)
            }
            Some(Outcome::Unknown | Outcome::Rejected) => Ending::GiveBack,
            None => Ending::Keep(KeptOutcome::Done, Some(DONE_LIFETIME)),
        };
        let store = Arc::clone(&held.store);
        let Some(claim) = held.take() else {
            return true;
        };
        let record = self.record(call, target, key);
        let recorded = match outcome {
            Ending::Release => store.release(claim).await,
            Ending::GiveBack => store.give_back(claim).await,
            Ending::Keep(outcome, lifetime) => {
                let bytes = transcript.to_bytes().unwrap_or_default();
                match self.secret.seal(key, &record, &bytes) {
                    Ok(sealed) => store.keep(claim, outcome, sealed, lifetime).await,
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

    /// The record of a call with a key.
    fn record(&self, call: &Call, target: &Target, key: &str) -> RecordKey {
        let scope = call.caller.scope.as_deref().unwrap_or_default();
        let (account, id) = (call.account.id(), target.id.as_deref());
        self.secret
            .record_key(scope, account, target.operation, id, key)
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
