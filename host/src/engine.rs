//! The engine: the component, loaded once, and the calls through it.

mod account;
mod builder;
mod call;
#[cfg(feature = "component-sender")]
mod component_driven;
mod deadline;
mod denial;
mod detach;
mod entry;
mod error;
mod exchange;
mod export;
mod guest;
mod limits;
#[cfg(feature = "native")]
mod native;
mod once;
mod output;
mod pace;
mod pool;
mod requests;
#[cfg(test)]
#[cfg(feature = "component-sender")]
mod tests;
mod ticker;
mod users;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use unified_ticketing_guest::http_api::gate::{Access, denial};
use unified_ticketing_guest::http_api::{account_id, idempotency_key};

use self::account::CallAccount;
pub use self::builder::{EngineBuilder, Sender};
use self::call::{Call, HostDriven};
#[cfg(feature = "component-sender")]
use self::component_driven::ComponentDriven;
use self::deadline::Deadline;
use self::detach::Attached;
pub(crate) use self::detach::Ended;
pub use self::entry::how_to_look;
use self::entry::{Entry as _, Http, Next, Steps, Subject};
pub use self::error::http_response;
pub(crate) use self::error::{CODE, OUTCOME, RESULT, plain};
use self::guest::Calling;
#[cfg(feature = "native")]
pub use self::native::Native;
use self::once::Memory;
pub(crate) use self::once::{Caller, Receipt};
use self::output::CallOutput as _;
pub use self::pace::{Pacer, Ready};
pub use self::users::{Once, Pages};
use crate::accounts::Accounts;
use crate::bindings::http_api::{HttpRequest, HttpResponse};
use crate::bindings::integrations::Integration;
use crate::bindings::steps::{Operation, Step};
use crate::bindings::types::{
    Begun, Context, Error as CallError, ErrorCode, Options, Outcome, ProviderRequest,
    ProviderResponse, Response, Safety, Sending, TransportError, Warning,
};
use crate::client::SendState;
use crate::metrics::Metrics;
use crate::telemetry;

static COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ticketing.wasm"));
static CORE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/core.wasm"));
static STANDALONE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/standalone.wasm"));

/// The component and everything that calls need. Built once; cheap to clone; clones share everything.
///
/// Calls are made within a Tokio runtime.
///
/// A call whose future is dropped ends as long as no request that writes has started: nothing was changed then. After that the
/// provider may act on the request, so the call continues to its end in a task of its own, and logs it.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    host: HostDriven,
    side: Side,
    #[cfg(feature = "native")]
    native: Option<Arc<dyn Native>>,
    accounts: Arc<dyn Accounts>,
    deadline: Duration,
    /// The scope of the keys of calls that name none.
    scope: Option<Arc<str>>,
    metrics: Option<Metrics>,
}

/// The side that drives calls.
enum Side {
    Host,
    #[cfg(feature = "component-sender")]
    Component(Box<ComponentDriven>),
}

/// A request that a call would send, its authentication as `***`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// The request.
    pub request: ProviderRequest,
    /// The effect of sending it twice.
    pub safety: Safety,
    /// The parts of the input that are not sent.
    pub warnings: Vec<Warning>,
}

impl Engine {
    /// Starts to build an engine. It has no accounts and the default limits.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::new()
    }

    /// The component of the world `ticketing`, for other runtimes.
    #[must_use]
    pub fn component() -> &'static [u8] {
        COMPONENT
    }

    /// The component of the world `core`, for hosts that bring their own HTTP client: it imports accounts alone.
    #[must_use]
    pub fn core() -> &'static [u8] {
        CORE
    }

    /// The standalone component, for stock runtimes: it imports WASI alone, and takes its accounts from the environment variable
    /// `UNIFIED_TICKETING_ACCOUNTS_JSON`.
    ///
    /// It has the credentials. With the variable `UNIFIED_TICKETING_TOKENS_JSON` it asks its clients for bearer tokens; without it, it
    /// authenticates nobody.
    #[must_use]
    pub fn standalone() -> &'static [u8] {
        STANDALONE
    }

    /// Starts an operation whose requests are sent by other means, their authentication as `***`.
    ///
    /// The caller sends them, and bounds them as `wit/steps.wit` says. `begun` is when the call began: [`Begun::now`], or, for a
    /// creation that may have been sent before, when that began.
    pub async fn start(
        &self,
        account: &str,
        operation: Operation,
        options: Options,
        begun: Begun,
    ) -> Step {
        let next = match self.first_step(account, operation, options, begun).await {
            Ok(next) => next,
            Err(error) => Next::Done(Err(error)),
        };
        into_step(next)
    }

    /// Resumes a call of [`Self::start`] with the provider's response to its request, or the reason why there is none. `account` is
    /// the one that the call was started with.
    pub async fn resume(
        &self,
        account: &str,
        context: Context,
        response: Result<ProviderResponse, TransportError>,
    ) -> Step {
        let call = match self.new_call(account).await {
            Ok(call) => call,
            Err(error) => return Step::Done(Err(error)),
        };
        let resume = self.0.host.run(&call, move |account, calling| {
            Steps::resume(account, &context, &response, calling)
        });
        into_step(resume.await.unwrap_or_else(|stop| {
            Next::Done(Err(stop.into_error(Outcome::Unknown, &Subject::Either)))
        }))
    }

    async fn first_step(
        &self,
        account: &str,
        operation: Operation,
        options: Options,
        begun: Begun,
    ) -> Result<Next<Result<Response, CallError>>, CallError> {
        let call = Call {
            begun,
            ..self.new_call(account).await?
        };
        let steps = Arc::new(Steps { operation, options });
        let started = self.0.host.start(&steps, &call, &call.begun).await;
        started.map_err(|stop| stop.into_error(Outcome::NotSent, &steps.subject()))
    }

    async fn plan(
        &self,
        account: &str,
        operation: Operation,
        options: Options,
    ) -> Result<Plan, CallError> {
        let first = self.first_step(account, operation, options, Begun::now());
        match first.await? {
            Next::Send(Sending {
                request,
                safety,
                wait_ms: _,
                plan,
                resend: _,
                warnings,
                context: _,
            }) => Ok(Plan {
                request: plan.unwrap_or(request),
                safety,
                warnings,
            }),
            Next::Done(Err(error)) => Err(error),
            // Nothing was sent, so there can be no response.
            Next::Done(Ok(_)) => Err(error::contradicted(&Subject::Either)),
        }
    }

    async fn carry_out(
        &self,
        account: &str,
        operation: Operation,
        options: Options,
        caller: Caller,
    ) -> Result<Response, CallError> {
        let state = SendState::default();
        let (engine, account) = (self.clone(), account.to_owned());
        let (deadline, shared) = (self.deadline(), state.clone());
        let call = async move {
            let steps = Steps { operation, options };
            let call = match engine.call(&account, deadline, shared, caller).await {
                Ok(call) => call,
                Err(error) => return Ended::without_account(Err(error)),
            };
            let (output, receipt) = match &engine.0.side {
                Side::Host => engine.0.host.call(steps, &call).await,
                #[cfg(feature = "component-sender")]
                Side::Component(component) => (component.steps(steps, &call).await, None),
            };
            Ended {
                receipt,
                ..Ended::new(&call.account, output)
            }
        };
        Attached::new(state, call).await.delivered()
    }

    /// Who makes a call of the library, with this key.
    fn caller(&self, key: Option<String>) -> Caller {
        Caller {
            scope: self.0.scope.clone(),
            key,
            ..Caller::default()
        }
    }

    /// Waits until the keys of calls that were dropped before anything was sent are given back. A program that ends without it leaves
    /// them to be in flight until their leases run out.
    pub async fn keys_given_back(&self) {
        if let Some(memory) = &self.0.host.memory {
            memory.released().await;
        }
    }

    /// The deadline of a call that starts now.
    fn deadline(&self) -> Deadline {
        Deadline::after(self.0.deadline)
    }

    async fn new_call(&self, account: &str) -> Result<Call, CallError> {
        let (state, caller) = (SendState::default(), Caller::default());
        self.call(account, self.deadline(), state, caller).await
    }

    async fn call(
        &self,
        account: &str,
        deadline: Deadline,
        state: SendState,
        caller: Caller,
    ) -> Result<Call, CallError> {
        let account = self.account(account, &deadline).await?;
        Ok(Call {
            account,
            begun: Begun::now(),
            deadline,
            time: self.0.deadline,
            state,
            caller,
        })
    }

    /// How many instances of the component have been made. A host-driven call takes one for each step, unless they are reused.
    #[must_use]
    pub fn instances(&self) -> u64 {
        self.0.host.guest.made.load(Ordering::Relaxed)
    }

    /// Lists what is supported, by integration.
    ///
    /// # Errors
    ///
    /// `guest-trap` or `limit-exceeded`, should the component not come to its end.
    pub async fn integrations(&self) -> Result<Vec<Integration>, CallError> {
        let account = CallAccount::none();
        let list = |calling: &mut Calling<'_>| calling.exports.list.call(calling, ());
        let listed = self.0.host.guest.run(&account, list).await;
        listed.map_err(|stopped| error::stopped(&stopped, Outcome::NotSent, &Subject::Either))
    }

    /// Responds to a request of the published HTTP API that a server has read and authenticated.
    ///
    /// There is always a response: every error is one. It has a final status, and no header that frames it. The credentials of the
    /// client do not reach the component.
    pub async fn http(&self, request: HttpRequest) -> HttpResponse {
        self.http_observed(request, &SendState::default()).await
    }

    /// As [`Self::http`], for a caller that may give up before there is a response: `state` then says whether the provider may have
    /// the request. A state is for one call.
    pub async fn http_observed(&self, request: HttpRequest, state: &SendState) -> HttpResponse {
        self.http_by(self.caller(None), request, state).await
    }

    /// As [`Self::http_observed`], for this caller.
    async fn http_by(
        &self,
        caller: Caller,
        request: HttpRequest,
        state: &SendState,
    ) -> HttpResponse {
        let access = account_id(&request.target).map_or(Access::None, Access::Account);
        let ended = self
            .respond(request, access, caller, state.clone(), None, None)
            .await;
        ended.delivered()
    }

    /// Responds to a request as [`Self::http`] does, with this access, at the latest when `stop` is true. Its log lines carry
    /// `request_id`.
    pub(crate) async fn respond(
        &self,
        mut request: HttpRequest,
        access: Access,
        mut caller: Caller,
        state: SendState,
        request_id: Option<Arc<str>>,
        stop: Option<watch::Receiver<bool>>,
    ) -> Ended<HttpResponse> {
        exchange::clear_request(&mut request);
        self.take_key(&mut request, &mut caller);
        let deadline = self.deadline().or(stop);
        let (engine, shared) = (self.clone(), state.clone());
        let call = async move {
            let responding = engine.respond_to(request, access, caller, deadline, shared);
            let mut ended = responding.await;
            exchange::clear_response(&mut ended.output);
            ended
        };
        Attached::new(state, telemetry::with_request_id(request_id, call)).await
    }

    /// Takes the idempotency key out of a request, where keys are honoured. One that is none is the component's to reject.
    fn take_key(&self, request: &mut HttpRequest, caller: &mut Caller) {
        let memory = self.0.host.memory.as_ref();
        if memory.is_some_and(Memory::has_store)
            && request.method != "GET"
            && let Ok(Some(key)) = idempotency_key(&request.headers)
        {
            exchange::clear_key(request);
            caller.key = Some(key);
        }
    }

    /// The response of the component.
    async fn respond_to(
        &self,
        request: HttpRequest,
        access: Access,
        caller: Caller,
        deadline: Deadline,
        state: SendState,
    ) -> Ended<HttpResponse> {
        let call = match self.call(access.account(), deadline, state, caller).await {
            Ok(call) => call,
            Err(error) => return Ended::without_account(HttpResponse::from_error(error)),
        };
        match access {
            // An unknown account comes before what may be done there.
            Access::Denied { account, needed } if call.account.exists() => {
                let code = ErrorCode::Forbidden;
                self.audit_denial(&request, &account, code, &call.caller)
                    .await;
                let error = plain(code, 403, Outcome::NotSent, denial(needed));
                return Ended::new(&call.account, HttpResponse::from_error(error));
            }
            Access::Unreached(account) => {
                let code = ErrorCode::UnknownAccount;
                self.audit_denial(&request, &account, code, &call.caller)
                    .await;
            }
            Access::None | Access::Account(_) | Access::Denied { .. } => {}
        }
        let http = Http(request);
        #[cfg(feature = "native")]
        if let Some(native) = &self.0.native {
            let output = self.0.host.native(&**native, http, &call).await;
            return Ended::new(&call.account, output);
        }
        let (output, receipt) = match &self.0.side {
            Side::Host => self.0.host.call(http, &call).await,
            #[cfg(feature = "component-sender")]
            Side::Component(component) => (component.http(http, &call).await, None),
        };
        Ended {
            receipt,
            ..Ended::new(&call.account, output)
        }
    }

    /// Where a server's requests are measured.
    pub(crate) fn metrics(&self) -> Option<&Metrics> {
        self.0.metrics.as_ref()
    }

    /// The accounts of calls.
    pub(crate) fn accounts(&self) -> &dyn Accounts {
        &*self.0.accounts
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("deadline", &self.0.deadline)
            .field("limits", &self.0.host.guest.limits)
            .finish_non_exhaustive()
    }
}

fn into_step(next: Next<Result<Response, CallError>>) -> Step {
    match next {
        Next::Send(sending) => Step::Send(sending),
        Next::Done(result) => Step::Done(result),
    }
}
