//! Never twice: what a call that writes may do, by its key and by what is remembered of the same request.
//!
//! A call with a key claims its record before the first byte is sent, and keeps what came of it, or gives the record back. A
//! creation without a key is remembered by what it sends ([`echo`]). Both are known by the request that the component plans, not by
//! the caller's spelling of it.
//!
//! The order of writes is what the promise stands on: the claim is durable before anything is sent, and so is the beginning of the
//! call in the audit; then its end is written there, and what the provider sent is kept, before the caller gets it. A process that
//! ends in between leaves a claim whose lease runs out, and the next call with the key looks for the user, and creates nobody.

mod audit;
mod claim;
mod echo;
mod error;
mod memory;
mod transcript;

use std::sync::Arc;

use self::audit::Audited;
pub(super) use self::audit::Auditor;
use self::claim::Claiming;
pub(crate) use self::echo::Receipt;
use self::echo::{Echo, Ended, InFlight};
use self::error::{still_in_flight, too_many, unavailable};
pub(super) use self::memory::Memory;
use self::transcript::Planned;
pub(super) use self::transcript::Recorder;
pub(crate) use self::transcript::Transcript;
use super::call::{Call, HostDriven, conclude};
use super::entry::{Entry, Subject};
use super::output::{CallOutput, NotRecorded};
use super::requests::Requests;
use crate::bindings::types::{Begun, Error as CallError, ProviderRequest, Safety, Sending};

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
    /// The name of the token, for the audit.
    pub(crate) token: Option<Arc<str>>,
    /// The trace that the call is part of.
    pub(crate) traceparent: Option<Arc<str>>,
}

impl Caller {
    fn scope(&self) -> &str {
        self.scope.as_deref().unwrap_or_default()
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

/// What a call wants to write.
struct Write<'a> {
    target: Target,
    planned: Planned<'a>,
    /// Whether to send it though it may have been sent before: the caller has looked.
    resend: bool,
}

/// What a call may do.
enum Turn {
    /// Send.
    Carry,
    /// Look for the user whom a creation may have created that began then.
    Settle(String),
}

/// What a creation is among the same ones.
enum Entered<T> {
    /// The first one. It may do this.
    First(Turn, InFlight),
    /// The call is over. This came of the one that it has waited for, or of waiting.
    Over(T, Arc<Transcript>),
}

impl<T: CallOutput> Entered<T> {
    fn failed(call: &Call, error: CallError) -> Self {
        let transcript = Transcript::new(&call.begun);
        Self::Over(T::from_error(error), Arc::new(transcript))
    }
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
        let at_most = call.caller.at_most.unwrap_or(Safety::Once);
        let mut target = entry.target();
        target.creates &= at_most == Safety::Once;
        let write = Write {
            target,
            planned: Planned::new(&memory.secret, plan),
            resend: sending.resend,
        };
        let (turn, claim) = match self.claim(memory, call, &write).await {
            Ok(Claiming::Turn(turn, claim)) => (turn, claim),
            Ok(Claiming::Replay(transcript)) => {
                let output = self.replay(entry, call, &write.planned, &transcript).await;
                // Another version wrote it, or the call has other options: the user's id is all that is certain.
                let mut output = output.unwrap_or_else(|| E::Output::from_id(transcript.id()));
                output.mark_replayed();
                return (output, None);
            }
            Err(error) => return (E::Output::from_error(error), None),
        };
        let entered = if write.target.creates {
            Some(self.enter(memory, entry, call, &write, turn).await)
        } else {
            None
        };
        let (turn, echo) = match entered {
            None => (Turn::Carry, None),
            Some(Entered::First(turn, in_flight)) => (turn, Some(in_flight)),
            Some(Entered::Over(mut output, mut transcript)) => {
                if claim.is_some() {
                    Arc::make_mut(&mut transcript).set_id(output.user_id());
                }
                let ended = self.end_claim(memory, call, &write, claim, &output, &transcript);
                if !ended.await {
                    output.warn_not_recorded(NotRecorded::Call);
                }
                return (output, None);
            }
        };
        let audited = match self.audit_begin(call, &entry.subject()).await {
            Ok(audited) => audited,
            Err(error) => {
                let output = E::Output::from_error(error);
                let transcript = Transcript::new(&call.begun);
                // Given back before the caller knows: it may try again at once.
                let ended = self.end_claim(memory, call, &write, claim, &output, &transcript);
                ended.await;
                return (output, None);
            }
        };
        let (begun, first) = match turn {
            Turn::Carry => (call.begun.clone(), Some(sending)),
            Turn::Settle(begun) => {
                if let Ok(begun) = humantime::parse_rfc3339(&begun) {
                    call.state.set_earlier(begun);
                }
                (Begun::Earlier(begun), None)
            }
        };
        let call = &Call {
            begun,
            ..call.clone()
        };
        let mut recorder = Recorder::new(&write.planned, &call.begun);
        let mut requests = match call.begun {
            Begun::Now(_) => Requests::new(self.max_requests, entry.safety()),
            Begun::Earlier(_) => Requests::after_creation(self.max_requests),
        };
        requests = requests.at_most(at_most);
        let result = self
            .steps(entry, call, first, &mut requests, Some(&mut recorder))
            .await;
        let mut output = conclude(result, call, &requests, || entry.subject());
        let mut transcript = recorder.into_transcript();
        if claim.is_some() {
            transcript.set_id(output.user_id());
        }
        let transcript = Arc::new(transcript);
        if let Some(audited) = audited
            && !audited.end(&output).await
        {
            output.warn_not_recorded(NotRecorded::Audit);
        }
        let claimed = self.end_claim(memory, call, &write, claim, &output, &transcript);
        let mut is_recorded = claimed.await;
        let receipt = match echo {
            Some(echo) => {
                let ended = memory.end_echo(call, &write, echo, &output, transcript);
                let (receipt, is_kept) = ended.await;
                is_recorded &= is_kept;
                receipt
            }
            None => None,
        };
        if !is_recorded {
            output.warn_not_recorded(NotRecorded::Call);
        }
        (output, receipt)
    }

    /// Writes that a call begins, where calls are audited.
    async fn audit_begin(
        &self,
        call: &Call,
        subject: &Subject<'_>,
    ) -> Result<Option<Audited>, CallError> {
        match &self.auditor {
            Some(auditor) => auditor.begin(call, subject).await.map(Some),
            None => Ok(None),
        }
    }

    /// Finds what a creation is among the same ones, and waits for one that is in flight.
    async fn enter<E: Entry>(
        &self,
        memory: &Memory,
        entry: &Arc<E>,
        call: &Call,
        write: &Write<'_>,
        mut turn: Turn,
    ) -> Entered<E::Output> {
        let key = memory.echo_key(call, write);
        let mut ignores_ended = write.resend;
        loop {
            let ended = match memory.echoes.enter(key, ignores_ended) {
                Echo::First(in_flight) => {
                    if matches!(turn, Turn::Carry) && !write.resend {
                        match memory.find_unknown(key).await {
                            Ok(Some(begun)) => turn = Turn::Settle(begun),
                            Ok(None) => {}
                            Err(error) => return Entered::failed(call, unavailable(&error)),
                        }
                    }
                    return Entered::First(turn, in_flight.of(call));
                }
                Echo::AfterUnknown(in_flight, begun) => {
                    if matches!(turn, Turn::Carry) {
                        turn = Turn::Settle(begun);
                    }
                    return Entered::First(turn, in_flight.of(call));
                }
                Echo::OfInFlight(mut end) => {
                    // The first one may settle after its deadline.
                    let until = call.deadline.later(self.settle);
                    match until.within(end.wait_for(Option::is_some)).await {
                        None => return Entered::failed(call, still_in_flight()),
                        // The first one has sent nothing.
                        Some(Err(_)) => continue,
                        Some(Ok(ended)) => ended.clone(),
                    }
                }
                Echo::OfUndelivered(transcript) => Some(Ended::undelivered(transcript)),
                Echo::TooMany => return Entered::failed(call, too_many()),
            };
            let Some(Ended {
                transcript,
                is_rejected,
            }) = ended
            else {
                continue;
            };
            let output = self.replay(entry, call, &write.planned, &transcript).await;
            if let Some(output) = output {
                return Entered::Over(output, transcript);
            }
            // This call has other options, and would have sent other requests. Where a user may have been created, it looks.
            if !is_rejected {
                ignores_ended = true;
                if matches!(turn, Turn::Carry) {
                    let (Begun::Now(begun) | Begun::Earlier(begun)) = transcript.begun();
                    turn = Turn::Settle(begun.clone());
                }
            }
        }
    }
}
