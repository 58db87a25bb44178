//! For measuring only: the steps of the HTTP API by functions in the process, without the component.
//!
//! The same calls behind the same server, in front of the same client: the difference is the cost of the isolation.

use super::call::{Call, HostDriven, conclude};
use super::entry::{Entry as _, Http};
use super::requests::Requests;
use crate::bindings::accounts::{Account, Host as _, ResolveError};
use crate::bindings::http_api::{HttpRequest, HttpResponse, HttpStep};
use crate::bindings::types::{Begun, ProviderResponse, TransportError};

/// The steps of the HTTP API as functions.
pub trait Native: Send + Sync {
    /// Starts a call with a request, as `http-api.start` does.
    fn start(
        &self,
        account: &str,
        request: &HttpRequest,
        begun: &Begun,
        resolve: &mut dyn FnMut(String) -> Result<Account, ResolveError>,
    ) -> HttpStep;

    /// Resumes a call, as `http-api.resume` does.
    fn resume(
        &self,
        account: &str,
        context: &[u8],
        response: &Result<ProviderResponse, TransportError>,
        resolve: &mut dyn FnMut(String) -> Result<Account, ResolveError>,
    ) -> HttpStep;
}

impl HostDriven {
    /// Carries out a call without the component.
    pub(super) async fn native(
        &self,
        native: &dyn Native,
        http: Http,
        call: &Call,
    ) -> HttpResponse {
        let mut requests = Requests::new(self.max_requests);
        let mut account = call.account.clone();
        let mut resolve = |id| account.resolve(id);
        let mut step = native.start(call.account.id(), &http.0, &call.begun, &mut resolve);
        let result = loop {
            let sending = match step {
                HttpStep::Send(sending) => sending,
                HttpStep::Respond(response) => break Ok(response),
            };
            let (context, response) = match self
                .send(call, sending, &mut requests, &call.deadline)
                .await
            {
                Ok(sent) => sent,
                Err(error) => break Err(error),
            };
            step = native.resume(call.account.id(), &context, &response, &mut resolve);
        };
        conclude(result, call, &requests, || http.subject())
    }
}
