//! The steps of a call: bind, plan, send, interpret; or all of them by the component.
//!
//! Each call owns what it works on, so that it can go on in a task of its own when its caller leaves.

use std::sync::Arc;

use wasmtime::component::{ComponentExportIndex, ComponentNamedList, Lower};

use super::bound::Bound;
use super::deadline::Deadline;
use super::detach::Ended;
use super::guest::Calling;
use super::handler::Handler;
use super::problem::{self, Doing};
use super::{Engine, exchange, http_response};
use crate::bindings::http_api::{HttpRequest, HttpResponse, HttpStep};
use crate::bindings::types::{
    Context, Error as CallError, NewUser, Options, Plan, ProviderRequest, ProviderResponse,
    Response, TransportError, UserChanges,
};
use crate::client::SendState;
use crate::egress::{self, EgressError};

type Answer = Result<ProviderResponse, TransportError>;

impl Engine {
    /// When a call that begins now must have ended.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(self.0.deadline)
    }

    /// Creates a user.
    pub(super) async fn create(
        self,
        account: String,
        user: NewUser,
        options: Options,
        begun: SendState,
    ) -> Ended<Result<Response, CallError>> {
        let deadline = self.deadline();
        let bound = match self.bind(&account, &deadline).await {
            Ok(bound) => bound,
            Err(error) => return Ended::unbound(Err(error)),
        };
        let asked = Arc::new((account, user, options));
        let result = self.create_bound(&bound, &asked, &deadline, begun).await;
        Ended::of(&bound, result)
    }

    async fn create_bound(
        &self,
        bound: &Bound,
        asked: &Arc<(String, NewUser, Options)>,
        deadline: &Deadline,
        begun: SendState,
    ) -> Result<Response, CallError> {
        let (account, user, options) = &**asked;
        let doing = || Doing::create(user);
        if let Some(handler) = &self.0.handler {
            let function = &self.0.guest.exports.create;
            let parameters = (account.as_str(), user, options);
            let call = Whole {
                bound,
                deadline,
                begun,
            };
            return self
                .handled(handler, function, parameters, call, doing)
                .await;
        }
        let plan = self.plan_create(bound, asked, deadline).await?;
        let answer = self.send(bound, plan.request, deadline, begun).await;
        self.interpret_create(bound, plan.context, answer, doing)
            .await
    }

    /// Changes a user.
    pub(super) async fn update(
        self,
        account: String,
        id: String,
        changes: UserChanges,
        options: Options,
        begun: SendState,
    ) -> Ended<Result<Response, CallError>> {
        let deadline = self.deadline();
        let bound = match self.bind(&account, &deadline).await {
            Ok(bound) => bound,
            Err(error) => return Ended::unbound(Err(error)),
        };
        let asked = Arc::new((account, id, changes, options));
        let result = self.update_bound(&bound, &asked, &deadline, begun).await;
        Ended::of(&bound, result)
    }

    async fn update_bound(
        &self,
        bound: &Bound,
        asked: &Arc<(String, String, UserChanges, Options)>,
        deadline: &Deadline,
        begun: SendState,
    ) -> Result<Response, CallError> {
        let (account, id, changes, options) = &**asked;
        let doing = || Doing::Update(id.into());
        if let Some(handler) = &self.0.handler {
            let function = &self.0.guest.exports.update;
            let parameters = (account.as_str(), id.as_str(), changes, options);
            let call = Whole {
                bound,
                deadline,
                begun,
            };
            return self
                .handled(handler, function, parameters, call, doing)
                .await;
        }
        let plan = self.plan_update(bound, asked, deadline).await?;
        let answer = self.send(bound, plan.request, deadline, begun).await;
        self.interpret_update(bound, plan.context, answer, doing)
            .await
    }

    /// Binds a call to its account, before the guest runs.
    pub(super) async fn bind(
        &self,
        account: &str,
        deadline: &Deadline,
    ) -> Result<Bound, CallError> {
        if account.is_empty() {
            return Ok(Bound::nothing());
        }
        let found = deadline.within(self.0.accounts.get(account)).await;
        found
            .map(|found| Bound::new(account, found))
            .ok_or_else(|| problem::deadline(false, || Doing::Either))
    }

    pub(super) async fn plan_create(
        &self,
        bound: &Bound,
        asked: &Arc<(String, NewUser, Options)>,
        deadline: &Deadline,
    ) -> Result<Plan, CallError> {
        let asked = Arc::clone(asked);
        self.plan(bound, deadline, move |calling| {
            let (account, user, options) = &*asked;
            calling.call(
                &calling.exports.plan_create,
                (account.as_str(), user, options),
            )
        })
        .await
    }

    pub(super) async fn plan_update(
        &self,
        bound: &Bound,
        asked: &Arc<(String, String, UserChanges, Options)>,
        deadline: &Deadline,
    ) -> Result<Plan, CallError> {
        let asked = Arc::clone(asked);
        self.plan(bound, deadline, move |calling| {
            let (account, id, changes, options) = &*asked;
            let parameters = (account.as_str(), id.as_str(), changes, options);
            calling.call(&calling.exports.plan_update, parameters)
        })
        .await
    }

    /// Calls one of the functions that plan.
    async fn plan(
        &self,
        bound: &Bound,
        deadline: &Deadline,
        call: impl Fn(&mut Calling<'_>) -> wasmtime::Result<Result<Plan, CallError>> + Send + 'static,
    ) -> Result<Plan, CallError> {
        match deadline.within(self.0.guest.run(bound, call)).await {
            Some(Ok(planned)) => planned,
            Some(Err(cut)) => Err(problem::cut(&cut, false, || Doing::Either)),
            None => Err(problem::deadline(false, || Doing::Either)),
        }
    }

    pub(super) async fn interpret_create<'a>(
        &self,
        bound: &Bound,
        context: Context,
        answer: Answer,
        doing: impl FnOnce() -> Doing<'a>,
    ) -> Result<Response, CallError> {
        let (sent, read) = (sent(&answer), (context, answer));
        let call = move |calling: &mut Calling<'_>| {
            calling.call(
                &calling.exports.interpret_create,
                (&read.0, read.1.as_ref()),
            )
        };
        self.interpret(bound, sent, call, doing).await
    }

    pub(super) async fn interpret_update<'a>(
        &self,
        bound: &Bound,
        context: Context,
        answer: Answer,
        doing: impl FnOnce() -> Doing<'a>,
    ) -> Result<Response, CallError> {
        let (sent, read) = (sent(&answer), (context, answer));
        let call = move |calling: &mut Calling<'_>| {
            calling.call(
                &calling.exports.interpret_update,
                (&read.0, read.1.as_ref()),
            )
        };
        self.interpret(bound, sent, call, doing).await
    }

    /// Calls one of the functions that interpret. There is no deadline: what the provider did must be told.
    async fn interpret<'a>(
        &self,
        bound: &Bound,
        sent: bool,
        call: impl Fn(&mut Calling<'_>) -> wasmtime::Result<Result<Response, CallError>>
        + Send
        + 'static,
        doing: impl FnOnce() -> Doing<'a>,
    ) -> Result<Response, CallError> {
        match self.0.guest.run(&bound.done(), call).await {
            Ok(read) => read,
            Err(cut) => Err(problem::cut(&cut, sent, doing)),
        }
    }

    /// Answers a request of the HTTP API, whatever becomes of it.
    pub(super) async fn respond_to(
        self,
        request: HttpRequest,
        deadline: Deadline,
        begun: SendState,
    ) -> Ended<HttpResponse> {
        let id = unified_ticketing_guest::query::account_id(&request.target).unwrap_or_default();
        let bound = match self.bind(&id, &deadline).await {
            Ok(bound) => bound,
            Err(error) => return Ended::unbound(http_response(&error)),
        };
        let result = match self.serve(&bound, id, request, &deadline, begun).await {
            Ok(mut response) => {
                exchange::clear_response(&mut response);
                response
            }
            Err(error) => http_response(&error),
        };
        Ended::of(&bound, result)
    }

    /// The response as the component words it.
    #[cfg(test)]
    pub(super) async fn at_its_word(
        &self,
        request: HttpRequest,
    ) -> Result<HttpResponse, CallError> {
        let deadline = self.deadline();
        let id = unified_ticketing_guest::query::account_id(&request.target).unwrap_or_default();
        let bound = self.bind(&id, &deadline).await?;
        self.serve(&bound, id, request, &deadline, SendState::default())
            .await
    }

    async fn serve(
        &self,
        bound: &Bound,
        id: String,
        request: HttpRequest,
        deadline: &Deadline,
        begun: SendState,
    ) -> Result<HttpResponse, CallError> {
        let guest = &self.0.guest;
        if let Some(handler) = &self.0.handler {
            let call = Whole {
                bound,
                deadline,
                begun,
            };
            return self.served(handler, request, call).await;
        }
        #[cfg(feature = "native")]
        if self.0.native {
            let call = Whole {
                bound,
                deadline,
                begun,
            };
            return Ok(self.natively(request, &id, call).await);
        }
        let asked = Arc::new((id, request));
        let first = {
            let asked = Arc::clone(&asked);
            move |calling: &mut Calling<'_>| {
                calling.call(&calling.exports.begin, (asked.0.as_str(), &asked.1))
            }
        };
        let (planned, context) = match deadline.within(guest.run(bound, first)).await {
            Some(Ok(HttpStep::Respond(response))) => return Ok(response),
            Some(Ok(HttpStep::Send(send))) => send,
            Some(Err(cut)) => return Err(problem::cut(&cut, false, || Doing::Either)),
            None => return Err(problem::deadline(false, || Doing::Either)),
        };
        let answer = self.send(bound, planned, deadline, begun).await;
        let (sent, read) = (sent(&answer), (context, answer));
        let finish = move |calling: &mut Calling<'_>| {
            calling.call(&calling.exports.finish, (&read.0, read.1.as_ref()))
        };
        let finished = guest.run(&bound.done(), finish).await;
        finished.map_err(|cut| problem::cut(&cut, sent, || Doing::asked(&asked.1)))
    }

    /// Sends a planned request with the account that the call is bound to.
    pub(super) async fn send(
        &self,
        bound: &Bound,
        request: ProviderRequest,
        deadline: &Deadline,
        begun: SendState,
    ) -> Answer {
        let Some(account) = bound.account() else {
            return Err(TransportError::EgressDenied(
                "the call is bound to no account".to_owned(),
            ));
        };
        let permitted = egress::from_provider_request(request)
            .and_then(|request| egress::permit(account, request))
            .map_err(|error: EgressError| TransportError::EgressDenied(error.to_string()))?;
        let sending = self.0.client.send(account, permitted, &begun);
        match deadline.within(sending).await {
            Some(answer) => answer.map_err(TransportError::from),
            None => Err(TransportError::Deadline(begun.withdraw())),
        }
    }

    /// Has the component answer a request of the HTTP API, whole.
    async fn served(
        &self,
        handler: &Handler,
        request: HttpRequest,
        call: Whole<'_>,
    ) -> Result<HttpResponse, CallError> {
        let Whole {
            bound,
            deadline,
            begun,
        } = call;
        // The component takes the request; what it asked for is told should nobody come to answer it.
        let asked = request.clone();
        let doing = || Doing::asked(&asked);
        let serving = handler.serve(
            &self.0.guest,
            &self.0.client,
            bound.clone(),
            &begun,
            request,
        );
        match deadline.within(serving).await {
            Some(Ok(response)) => Ok(response),
            Some(Err(cut)) => Err(problem::cut(&cut, begun.withdraw(), doing)),
            None => Err(problem::deadline(begun.withdraw(), doing)),
        }
    }

    /// Has the component make the whole call.
    async fn handled<'a, P>(
        &self,
        handler: &Handler,
        function: &ComponentExportIndex,
        parameters: P,
        call: Whole<'_>,
        doing: impl FnOnce() -> Doing<'a>,
    ) -> Result<Response, CallError>
    where
        P: ComponentNamedList + Lower + Send + Sync,
    {
        let Whole {
            bound,
            deadline,
            begun,
        } = call;
        let calling = handler.call(
            &self.0.guest,
            &self.0.client,
            bound.clone(),
            &begun,
            function,
            parameters,
        );
        match deadline.within(calling).await {
            Some(Ok(result)) => result,
            Some(Err(cut)) => Err(problem::cut(&cut, begun.withdraw(), doing)),
            None => Err(problem::deadline(begun.withdraw(), doing)),
        }
    }
}

/// What a call is bound to from its beginning to its end.
pub(super) struct Whole<'a> {
    pub(super) bound: &'a Bound,
    pub(super) deadline: &'a Deadline,
    pub(super) begun: SendState,
}

/// Whether a provider may have the request that this became of.
fn sent(answer: &Answer) -> bool {
    match answer {
        Ok(_)
        | Err(
            TransportError::ConnectionLost(_)
            | TransportError::ResponseTruncated(_)
            | TransportError::ResponseTooLarge(_)
            | TransportError::Deadline(true),
        ) => true,
        Err(
            TransportError::NoConnection(_)
            | TransportError::EgressDenied(_)
            | TransportError::Deadline(false),
        ) => false,
    }
}
