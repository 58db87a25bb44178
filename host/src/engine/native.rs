//! For measuring only: the same call without the component.
//!
//! What the isolation costs is what this saves: the core's own HTTP API, called in process, behind the same server and in front of
//! the same client.

use std::sync::Arc;

use unified_ticketing_guest::bindings::accounts as core_accounts;
use unified_ticketing_guest::bindings::http_api as core_api;
use unified_ticketing_guest::bindings::types as core;
use unified_ticketing_guest::http_api;

use super::Engine;
use super::call::Whole;
use super::problem::Doing;
use crate::bindings::accounts::{Credentials, Host as _, ResolveError};
use crate::bindings::http_api::{HttpRequest, HttpResponse};
use crate::bindings::types::{
    Error as CallError, NewUser, Options, ProviderRequest, ProviderResponse, Response,
    TransportError,
};

impl Engine {
    /// Creates a user at a provider that is this answer: all of a call but the sending.
    ///
    /// # Errors
    ///
    /// As [`Engine::create_user`].
    pub async fn create_user_in_memory(
        &self,
        account: &str,
        user: NewUser,
        options: Options,
        answer: ProviderResponse,
    ) -> Result<Response, CallError> {
        let deadline = self.deadline();
        let bound = self.bind(account, &deadline).await?;
        let asked = Arc::new((account.to_owned(), user, options));
        let plan = self.plan_create(&bound, &asked, &deadline).await?;
        let doing = || Doing::create(&asked.1);
        self.interpret_create(&bound, plan.context, Ok(answer), doing)
            .await
    }

    /// Answers a request of the HTTP API without the component.
    pub(super) async fn natively(
        &self,
        request: HttpRequest,
        id: &str,
        call: Whole<'_>,
    ) -> HttpResponse {
        let Whole {
            bound,
            deadline,
            begun,
        } = call;
        let mut resolver = bound.clone();
        let HttpRequest {
            method,
            target,
            headers,
            body,
        } = request;
        let request = core_api::HttpRequest {
            method,
            target,
            headers,
            body,
        };
        let step = http_api::start(id, &request, |id| {
            resolver.resolve(id.to_owned()).map_or_else(
                |why| {
                    Err(match why {
                        ResolveError::Unknown => core_accounts::ResolveError::Unknown,
                        ResolveError::Unusable(why) => core_accounts::ResolveError::Unusable(why),
                    })
                },
                |account| Ok(core_account(account)),
            )
        });
        let (planned, context) = match step {
            core_api::HttpStep::Respond(response) => return host_response(response),
            core_api::HttpStep::Send(send) => send,
        };
        let planned = ProviderRequest {
            method: planned.method,
            url: planned.url,
            headers: planned.headers,
            body: planned.body,
        };
        let answer = self.send(bound, planned, deadline, begun).await;
        let answer = match answer {
            Ok(answer) => Ok(core::ProviderResponse {
                status: answer.status,
                headers: answer.headers,
                body: answer.body,
            }),
            Err(fault) => Err(core_fault(fault)),
        };
        host_response(http_api::resume(&context, answer.as_ref()))
    }
}

fn core_account(account: crate::bindings::accounts::Account) -> core_accounts::Account {
    core_accounts::Account {
        integration: account.integration,
        base_url: account.base_url,
        settings: account.settings,
        credentials: match account.credentials {
            Credentials::Injected(names) => core_accounts::Credentials::Injected(names),
            Credentials::Disclosed(values) => core_accounts::Credentials::Disclosed(values),
        },
    }
}

fn core_fault(fault: TransportError) -> core::TransportError {
    match fault {
        TransportError::NoConnection(why) => core::TransportError::NoConnection(why),
        TransportError::EgressDenied(why) => core::TransportError::EgressDenied(why),
        TransportError::ConnectionLost(why) => core::TransportError::ConnectionLost(why),
        TransportError::ResponseTruncated(cut) => core::TransportError::ResponseTruncated(cut),
        TransportError::Deadline(begun) => core::TransportError::Deadline(begun),
        TransportError::ResponseTooLarge(status) => core::TransportError::ResponseTooLarge(status),
    }
}

fn host_response(response: core_api::HttpResponse) -> HttpResponse {
    HttpResponse {
        status: response.status,
        headers: response.headers,
        body: response.body,
    }
}
