//! A host-driven call: start, then send and resume as long as the component asks for it.
//!
//! Each call owns its data, so that it can continue in a task of its own when its caller leaves.

use std::sync::Arc;
use std::time::Duration;

use super::account::CallAccount;
use super::deadline::Deadline;
use super::entry::{Entry, Next, Sent, Subject};
use super::guest::{Calling, Guest};
use super::limits::GuestError;
use super::once::{Auditor, Caller, Memory, Receipt, Recorder};
use super::output::CallOutput;
use super::pace::Pacer;
use super::requests::{self, RequestError, Requests};
use super::{Engine, error};
use crate::bindings::accounts::ResolveError;
use crate::bindings::types::{
    Begun, Error as CallError, Outcome, ProviderRequest, Safety, Sending, TransportError,
};
use crate::client::{Client, ClientError, SendState};
use crate::egress;

/// The data of a call, from its start to its end.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) account: CallAccount,
    pub(super) begun: Begun,
    pub(super) deadline: Deadline,
    /// How long the call may take.
    pub(super) time: Duration,
    pub(super) state: SendState,
    /// Who makes it.
    pub(super) caller: Caller,
}

/// The side that carries out calls with the engine's own client. Its instances have no network.
pub(super) struct HostDriven {
    pub(super) guest: Arc<Guest>,
    pub(super) client: Client,
    pub(super) max_requests: u32,
    /// How long a call may look for a user after a creation whose outcome is unknown.
    pub(super) settle: Duration,
    /// Where calls that write are audited.
    pub(super) auditor: Option<Auditor>,
    /// What is remembered of calls that write; nothing where the component sends for itself.
    pub(super) memory: Option<Memory>,
    /// Says when a request may be sent.
    pub(super) pacer: Option<Arc<dyn Pacer>>,
}

impl Engine {
    /// Finds the account of a call.
    pub(super) async fn account(
        &self,
        id: &str,
        deadline: &Deadline,
    ) -> Result<CallAccount, CallError> {
        let Some(found) = deadline.within(self.0.accounts.get(id)).await else {
            return Err(error::deadline(Outcome::NotSent, &Subject::Either));
        };
        let found = found
            .map_err(|error| ResolveError::Unusable(error.to_string()))
            .and_then(|account| account.ok_or(ResolveError::Unknown));
        Ok(CallAccount::new(id.to_owned(), found))
    }
}

impl HostDriven {
    /// Carries out a call.
    pub(super) async fn call<E: Entry>(
        &self,
        entry: E,
        call: &Call,
    ) -> (E::Output, Option<Receipt>) {
        let entry = Arc::new(entry);
        let mut requests = Requests::new(self.max_requests, entry.safety());
        // A change may be repeated: without a key there is nothing to remember of it, but its audit.
        let is_guarded = match entry.safety() {
            Safety::Safe => false,
            Safety::Idempotent => call.caller.key.is_some() || self.auditor.is_some(),
            Safety::Once => true,
        };
        let result = match self.start(&entry, call, &call.begun).await {
            Ok(Next::Send(mut sending)) => match &self.memory {
                Some(memory) if is_guarded => {
                    // A component that plans nothing is taken at its first request.
                    let plan = sending.plan.take();
                    let plan = plan.unwrap_or_else(|| sending.request.clone());
                    return self.guarded(memory, &entry, call, sending, &plan).await;
                }
                _ => {
                    self.steps(&entry, call, Some(sending), &mut requests, None)
                        .await
                }
            },
            Ok(Next::Done(output)) => Ok(output),
            Err(stop) => Err(stop),
        };
        let output = conclude(result, call, &requests, || entry.subject());
        (output, None)
    }

    /// Sends and resumes until the call is over: from this request on, or from the start.
    pub(super) async fn steps<E: Entry>(
        &self,
        entry: &Arc<E>,
        call: &Call,
        first: Option<Sending>,
        requests: &mut Requests,
        mut recorder: Option<&mut Recorder<'_>>,
    ) -> Result<E::Output, Stop> {
        let mut next = match first {
            Some(sending) => Next::Send(sending),
            None => self.start(entry, call, &call.begun).await?,
        };
        // A creation that may have been sent before is settled from the start.
        let mut settling = match call.begun {
            Begun::Now(_) => None,
            Begun::Earlier(_) => Some(self.settling(call)),
        };
        loop {
            let sending = match next {
                Next::Send(sending) => sending,
                Next::Done(output) => return Ok(output),
            };
            let deadline = settling.as_ref().unwrap_or(&call.deadline);
            let noted = recorder.as_mut().map(|recorder| {
                let requested = recorder.send(&sending.request);
                (recorder, requested)
            });
            let (context, response) = self.send(call, sending, requests, deadline).await?;
            if let Some((recorder, requested)) = noted {
                recorder.push(&requested, &response);
            }
            if settling.is_none() && requests.is_to_be_settled() {
                settling = Some(self.settling(call));
            }
            // Without the deadline: the caller must learn what the provider did.
            next = self
                .run(call, move |account, calling| {
                    E::resume(account, &context, &response, calling)
                })
                .await?;
        }
    }

    /// The first step of a call.
    pub(super) async fn start<E: Entry>(
        &self,
        entry: &Arc<E>,
        call: &Call,
        begun: &Begun,
    ) -> Result<Next<E::Output>, Stop> {
        let entry = Arc::clone(entry);
        let begun = begun.clone();
        let start = self.run(call, move |account, calling| {
            entry.start(account, &begun, calling)
        });
        call.deadline.within(start).await.ok_or(Stop::Deadline)?
    }

    /// Calls the component for this call.
    pub(super) async fn run<R: Send + 'static>(
        &self,
        call: &Call,
        step: impl Fn(&str, &mut Calling<'_>) -> wasmtime::Result<R> + Send + 'static,
    ) -> Result<R, Stop> {
        let account = call.account.clone();
        let step = move |calling: &mut Calling<'_>| step(account.id(), calling);
        let result = self.guest.run(&call.account, step).await;
        result.map_err(Stop::Guest)
    }

    /// Sends the request of a step, if the call may.
    pub(super) async fn send(
        &self,
        call: &Call,
        sending: Sending,
        requests: &mut Requests,
        deadline: &Deadline,
    ) -> Result<(Vec<u8>, Sent), Stop> {
        let Sending {
            request,
            safety,
            wait_ms,
            plan: _,
            resend: _,
            warnings: _,
            context,
        } = sending;
        let safety = match call.account.account() {
            Some(account) => requests::safety(safety, account, &request.method),
            None => safety,
        };
        let is_first = requests.is_empty();
        requests.admit(safety).map_err(Stop::Request)?;
        let wait = async {
            if wait_ms > 0 {
                tokio::time::sleep(Duration::from_millis(wait_ms.into())).await;
            }
            if let (Some(pacer), Some(account)) = (&self.pacer, call.account.account()) {
                pacer.ready(account, is_first).await;
            }
        };
        let is_late = || requests.is_late() || safety != Safety::Safe && call.state.is_late();
        let is_allowed = !is_late() && deadline.allows(Duration::from_millis(wait_ms.into()));
        // It is the moment of sending that counts.
        if !is_allowed || deadline.within(wait).await.is_none() || is_late() {
            let kept_back = Err(TransportError::Deadline(false));
            requests.ended(safety, kept_back.as_ref());
            return Ok((context, kept_back));
        }
        // A read changes nothing: the call may end while one is under way.
        let state = match safety {
            Safety::Safe => SendState::default(),
            Safety::Idempotent | Safety::Once => call.state.clone(),
        };
        let response = self.exchange(call, request, &state, deadline).await;
        requests.ended(safety, response.as_ref());
        Ok((context, response))
    }

    /// The deadline of the look-ups that settle a creation: a budget of their own, so that a slow provider leaves them some.
    fn settling(&self, call: &Call) -> Deadline {
        Deadline::after(self.settle).or(call.deadline.stop())
    }

    async fn exchange(
        &self,
        call: &Call,
        request: ProviderRequest,
        state: &SendState,
        deadline: &Deadline,
    ) -> Sent {
        let Some(account) = call.account.account() else {
            let why = "the call has no account".to_owned();
            return Err(TransportError::EgressDenied(why));
        };
        let permitted = egress::from_provider_request(request)
            .and_then(|request| egress::permit(account, request))
            .map_err(|error| TransportError::EgressDenied(error.to_string()))?;
        let sending = self.client.send(account, permitted, state);
        match deadline.within(sending).await {
            // The process was suspended while it connected.
            Some(Err(ClientError::NoConnection(..))) if state.is_late() => {
                Err(TransportError::Deadline(false))
            }
            Some(response) => response.map_err(TransportError::from),
            None => Err(TransportError::Deadline(state.withdraw())),
        }
    }
}

/// The output of a call of either side. A component that reports less than its requests have done is not believed.
pub(super) fn conclude<'a, T: CallOutput>(
    result: Result<T, Stop>,
    call: &Call,
    requests: &Requests,
    subject: impl FnOnce() -> Subject<'a>,
) -> T {
    let outcome = || match requests.outcome() {
        // A request that was admitted may not have left.
        Outcome::Unknown if !requests.was_sent_earlier() && !call.state.withdraw() => {
            Outcome::NotSent
        }
        outcome => outcome,
    };
    match result {
        Ok(output) => match output.outcome() {
            // A look-up after the creation may have found a user who was there before.
            Some(Outcome::Rejected) if requests.looked() && output.is_conflict() => output,
            Some(Outcome::NotSent | Outcome::Rejected) if outcome() == Outcome::Unknown => {
                T::from_error(error::contradicted(&subject()))
            }
            _ => output,
        },
        Err(stop) => T::from_error(stop.into_error(outcome(), &subject())),
    }
}

/// Why a call ends without a result of the component.
#[derive(Debug)]
pub(super) enum Stop {
    /// The component was stopped.
    Guest(GuestError),
    /// The component asked for a request that the call may not send.
    Request(RequestError),
    /// The deadline passed.
    Deadline,
}

impl Stop {
    pub(super) fn into_error(self, outcome: Outcome, subject: &Subject<'_>) -> CallError {
        match self {
            Self::Guest(stopped) => error::stopped(&stopped, outcome, subject),
            Self::Request(denied) => error::not_admitted(denied, outcome, subject),
            Self::Deadline => error::deadline(outcome, subject),
        }
    }
}
