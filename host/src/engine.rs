//! The engine: the component, loaded once, and every call made through it.

mod bound;
mod builder;
mod call;
mod deadline;
mod detach;
mod exchange;
mod guest;
mod handler;
#[cfg(test)]
mod hostile;
mod limits;
#[cfg(feature = "native")]
mod native;
mod problem;
mod reuse;
#[cfg(test)]
mod tests;
mod ticker;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;

use self::bound::Bound;
pub use self::builder::{EngineBuilder, Sender};
use self::detach::Attached;
pub(crate) use self::detach::Ended;
use self::guest::Guest;
use self::handler::Handler;
use self::problem::Doing;
pub use self::problem::http_response;
pub(crate) use self::problem::{CODE, OUTCOME};
use crate::accounts::Accounts;
use crate::bindings::http_api::{HttpRequest, HttpResponse};
use crate::bindings::integrations::Integration;
use crate::bindings::types::{
    Context, Error as CallError, NewUser, Options, Plan, ProviderResponse, Response,
    TransportError, UserChanges,
};
use crate::client::{Client, SendState};
use crate::telemetry;

static COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/component.wasm"));
static STANDALONE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/standalone.wasm"));

/// The component and all that its calls need. Built once; cheap to clone; clones share everything.
///
/// Calls are made within a Tokio runtime.
///
/// Dropping the future of a call ends the call as long as no connection has begun its request: then nothing is sent. Once one has,
/// the provider may act on it, so the call goes on to its end in a task of its own, and that end is logged.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    guest: Arc<Guest>,
    /// There when calls are carried out by it.
    handler: Option<Handler>,
    #[cfg(feature = "native")]
    native: bool,
    client: Client,
    accounts: Arc<dyn Accounts>,
    deadline: Duration,
}

impl Engine {
    /// Begins an engine with no accounts and the usual limits.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::new()
    }

    /// The component that is embedded, for other runtimes.
    #[must_use]
    pub fn component() -> &'static [u8] {
        COMPONENT
    }

    /// The component composed with an adapter that takes the accounts from the environment variable
    /// `UNIFIED_TICKETING_ACCOUNTS_JSON`, for stock runtimes: it imports WASI alone.
    ///
    /// It discloses credentials to the component, and authenticates nobody.
    #[must_use]
    pub fn standalone() -> &'static [u8] {
        STANDALONE
    }

    /// Creates a user with the account of id `account`.
    ///
    /// Sends at most one request, and never a second one whatever happens.
    ///
    /// # Errors
    ///
    /// Every violation at once, before anything is sent; else what became of the call, with an
    /// `outcome` that says whether the user may exist now.
    pub async fn create_user(
        &self,
        account: &str,
        user: NewUser,
        options: Options,
    ) -> Result<Response, CallError> {
        let begun = SendState::default();
        let call = self
            .clone()
            .create(account.to_owned(), user, options, begun.clone());
        Attached::new(begun, call).await.result
    }

    /// Changes the user `id` with the account of id `account`.
    ///
    /// Sends at most one request.
    ///
    /// # Errors
    ///
    /// As [`Self::create_user`].
    pub async fn update_user(
        &self,
        account: &str,
        id: &str,
        changes: UserChanges,
        options: Options,
    ) -> Result<Response, CallError> {
        let begun = SendState::default();
        let (account, id) = (account.to_owned(), id.to_owned());
        let call = self
            .clone()
            .update(account, id, changes, options, begun.clone());
        Attached::new(begun, call).await.result
    }

    /// Gives the request that [`Self::create_user`] would send, its authentication as `***`. Opens
    /// no connection.
    ///
    /// # Errors
    ///
    /// As [`Self::create_user`] does before sending.
    pub async fn plan_create_user(
        &self,
        account: &str,
        user: NewUser,
        options: Options,
    ) -> Result<Plan, CallError> {
        let deadline = self.deadline();
        let bound = self.bind(account, &deadline).await?;
        let asked = Arc::new((account.to_owned(), user, options));
        self.plan_create(&bound, &asked, &deadline).await
    }

    /// Gives the request that [`Self::update_user`] would send, its authentication as `***`. Opens
    /// no connection.
    ///
    /// # Errors
    ///
    /// As [`Self::update_user`] does before sending.
    pub async fn plan_update_user(
        &self,
        account: &str,
        id: &str,
        changes: UserChanges,
        options: Options,
    ) -> Result<Plan, CallError> {
        let deadline = self.deadline();
        let bound = self.bind(account, &deadline).await?;
        let asked = Arc::new((account.to_owned(), id.to_owned(), changes, options));
        self.plan_update(&bound, &asked, &deadline).await
    }

    /// Reads what became of the request of a [`Self::plan_create_user`], sent by other means.
    ///
    /// # Errors
    ///
    /// As [`Self::create_user`] does after sending; `invalid-request` if `context` is not from such
    /// a plan of the same version.
    pub async fn interpret_create_user(
        &self,
        context: Context,
        answer: Result<ProviderResponse, TransportError>,
    ) -> Result<Response, CallError> {
        self.interpret_create(&Bound::nothing(), context, answer, || Doing::Either)
            .await
    }

    /// Reads what became of the request of a [`Self::plan_update_user`], sent by other means.
    ///
    /// # Errors
    ///
    /// As [`Self::interpret_create_user`].
    pub async fn interpret_update_user(
        &self,
        context: Context,
        answer: Result<ProviderResponse, TransportError>,
    ) -> Result<Response, CallError> {
        self.interpret_update(&Bound::nothing(), context, answer, || Doing::Either)
            .await
    }

    /// How many instances of the component have been made. By halves, a call takes two, unless they are reused.
    #[must_use]
    pub fn instances(&self) -> u64 {
        self.0.guest.made.load(Ordering::Relaxed)
    }

    /// Lists what is supported, by integration.
    ///
    /// # Errors
    ///
    /// `guest-trap` or `limit-exceeded`, should the component not come to its end.
    pub async fn integrations(&self) -> Result<Vec<Integration>, CallError> {
        let bound = Bound::nothing();
        let listed = self
            .0
            .guest
            .run(&bound, |calling| calling.call(&calling.exports.list, ()));
        listed
            .await
            .map_err(|cut| problem::cut(&cut, false, || Doing::Either))
    }

    /// Answers a request of the published HTTP API, read whole by a server. The server has dealt
    /// with authentication.
    ///
    /// There is always an answer: every failure is one. It has a final status, and no header that
    /// says where it ends. What authenticates the client to the server does not reach the component.
    pub async fn http(&self, request: HttpRequest) -> HttpResponse {
        self.http_observed(request, &SendState::default()).await
    }

    /// As [`Self::http`], for who may give the call up before its response is there: `state` then says whether the provider may
    /// have its request. A state is for one call.
    pub async fn http_observed(&self, request: HttpRequest, state: &SendState) -> HttpResponse {
        let ended = self.respond(request, state.clone(), None, None).await;
        ended.result
    }

    /// Answers a request as [`Self::http`] does, at the latest when `stop` says so. What is logged of it carries `request_id`.
    pub(crate) async fn respond(
        &self,
        mut request: HttpRequest,
        begun: SendState,
        request_id: Option<Arc<str>>,
        stop: Option<watch::Receiver<bool>>,
    ) -> Ended<HttpResponse> {
        exchange::clear_request(&mut request);
        let deadline = self.deadline().or(stop);
        let call = self.clone().respond_to(request, deadline, begun.clone());
        Attached::new(begun, telemetry::with_request_id(request_id, call)).await
    }

    /// Where the accounts of calls come from.
    pub(crate) fn accounts(&self) -> &dyn Accounts {
        &*self.0.accounts
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("deadline", &self.0.deadline)
            .field("limits", &self.0.guest.limits)
            .finish_non_exhaustive()
    }
}
