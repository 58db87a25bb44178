//! The steps of a call: bind, plan, send, interpret; or all of them by the component.

use tokio::time::{Instant, timeout_at};
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, Lower};

use super::bound::Bound;
use super::handler::Handler;
use super::problem::{self, Doing};
use super::{Engine, SendState};
use crate::bindings::face::{HttpRequest, HttpResponse, Step};
use crate::bindings::types::{
    Context, Error as CallError, Plan, ProviderAnswer, ProviderRequest, Response, TransportError,
};
use crate::client::Begun;
use crate::egress::{self, Outgoing};

impl Engine {
    /// When a call that begins now must have ended. A deadline beyond the end of time is none.
    pub(super) fn deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.0.deadline)
    }

    /// Binds a call to its account, before the guest runs.
    pub(super) async fn bind(
        &self,
        account: &str,
        deadline: Option<Instant>,
    ) -> Result<Bound, CallError> {
        if account.is_empty() {
            return Ok(Bound::nothing());
        }
        let found = within(deadline, self.0.accounts.get(account)).await;
        found
            .map(|found| Bound::new(account, found))
            .ok_or_else(|| problem::deadline(false, &Doing::Either))
    }

    /// Calls one of the functions that plan.
    pub(super) async fn plan<P>(
        &self,
        bound: &Bound,
        function: &ComponentExportIndex,
        parameters: P,
    ) -> Result<Plan, CallError>
    where
        P: ComponentNamedList + Lower,
    {
        let planned = self
            .0
            .guest
            .run(bound.clone(), |running| running.call(function, parameters));
        match planned.await {
            Ok(planned) => planned,
            Err(cut) => Err(problem::cut(&cut, false, &Doing::Either)),
        }
    }

    /// Calls one of the functions that interpret.
    pub(super) async fn interpret(
        &self,
        bound: &Bound,
        function: &ComponentExportIndex,
        context: &Context,
        answer: Result<ProviderAnswer, TransportError>,
        doing: Doing<'_>,
    ) -> Result<Response, CallError> {
        let parameters = (context, answer.as_ref());
        let read = self
            .0
            .guest
            .run(bound.done(), |running| running.call(function, parameters));
        match read.await {
            Ok(read) => read,
            Err(cut) => Err(problem::cut(&cut, sent(&answer), &doing)),
        }
    }

    /// Answers a request of the HTTP face, unless the component does not come to its end.
    pub(super) async fn serve(
        &self,
        request: HttpRequest,
        state: &SendState,
    ) -> Result<HttpResponse, CallError> {
        let guest = &self.0.guest;
        let deadline = self.deadline();
        let id = unified_ticketing_guest::query::account_id(&request.target).unwrap_or_default();
        let bound = self.bind(&id, deadline).await?;
        if let Some(handler) = &self.0.handler {
            return self.served(handler, request, bound, deadline, state).await;
        }
        #[cfg(feature = "native")]
        if self.0.native {
            return Ok(self.natively(request, &id, bound, deadline, state).await);
        }
        let parameters = (id.as_str(), &request);
        let begun = guest.run(bound.clone(), |running| {
            running.call(&guest.exports.begin, parameters)
        });
        let (planned, context) = match begun.await {
            Ok(Step::Respond(response)) => return Ok(response),
            Ok(Step::Send(send)) => send,
            Err(cut) => return Err(problem::cut(&cut, false, &Doing::Either)),
        };
        let answer = self.send(&bound, planned, deadline, state).await;
        let parameters = (&context, answer.as_ref());
        let finished = guest.run(bound.done(), |running| {
            running.call(&guest.exports.finish, parameters)
        });
        finished
            .await
            .map_err(|cut| problem::cut(&cut, sent(&answer), &Doing::asked(&request)))
    }

    /// Sends a planned request with the account that the call is bound to.
    pub(super) async fn send(
        &self,
        bound: &Bound,
        request: ProviderRequest,
        deadline: Option<Instant>,
        state: &SendState,
    ) -> Result<ProviderAnswer, TransportError> {
        let Some(account) = bound.account() else {
            return Err(TransportError::EgressDenied(
                "the call is bound to no account".to_owned(),
            ));
        };
        let denied = |denied: egress::Denied| TransportError::EgressDenied(denied.0);
        let begun = &state.0;
        let prepared = egress::prepare(account, Outgoing::of(request).map_err(denied)?, begun)
            .map_err(denied)?;
        match within(deadline, self.0.client.send(prepared)).await {
            Some(answer) => answer.map_err(TransportError::from),
            None => Err(TransportError::Deadline(begun.withdraw())),
        }
    }

    /// Has the component answer a request of the HTTP API, whole.
    async fn served(
        &self,
        handler: &Handler,
        request: HttpRequest,
        bound: Bound,
        deadline: Option<Instant>,
        state: &SendState,
    ) -> Result<HttpResponse, CallError> {
        let begun = &state.0;
        // The component takes the request; what it asked for is told should nobody come to answer it.
        let asked = request.clone();
        let serving = handler.serve(&self.0.guest, &self.0.client, bound, begun, request);
        match within(deadline, serving).await {
            Some(Ok(response)) => Ok(response),
            Some(Err(cut)) => Err(problem::cut(&cut, begun.withdraw(), &Doing::asked(&asked))),
            None => Err(problem::deadline(begun.withdraw(), &Doing::asked(&asked))),
        }
    }

    /// Has the component make the whole call.
    pub(super) async fn handled<P>(
        &self,
        handler: &Handler,
        function: &ComponentExportIndex,
        parameters: P,
        bound: Bound,
        deadline: Option<Instant>,
        doing: Doing<'_>,
    ) -> Result<Response, CallError>
    where
        P: ComponentNamedList + Lower + Send + Sync,
    {
        let begun = Begun::default();
        let calling = handler.call(
            &self.0.guest,
            &self.0.client,
            bound,
            &begun,
            function,
            parameters,
        );
        match within(deadline, calling).await {
            Some(Ok(result)) => result,
            Some(Err(cut)) => Err(problem::cut(&cut, begun.withdraw(), &doing)),
            None => Err(problem::deadline(begun.withdraw(), &doing)),
        }
    }
}

/// What the future gives, unless the deadline comes first. The future is then gone.
async fn within<T>(deadline: Option<Instant>, future: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => timeout_at(deadline, future).await.ok(),
        None => Some(future.await),
    }
}

/// Whether a provider may have the request that this became of.
fn sent(answer: &Result<ProviderAnswer, TransportError>) -> bool {
    match answer {
        Ok(_)
        | Err(
            TransportError::ConnectionLost(_)
            | TransportError::AnswerCut(_)
            | TransportError::AnswerTooLarge(_)
            | TransportError::Deadline(true),
        ) => true,
        Err(
            TransportError::NoConnection(_)
            | TransportError::EgressDenied(_)
            | TransportError::Deadline(false),
        ) => false,
    }
}
