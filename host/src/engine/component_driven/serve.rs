//! The component's own HTTP handler, as a stock runtime calls it.

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use tokio::sync::oneshot;
use wasmtime::component::Resource;
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::p2::types::{HostIncomingRequest, HostResponseOutparam};

use super::{ComponentDriven, SharedRequests};
use crate::bindings::http_api::{HttpError, HttpRequest, HttpResponse};
use crate::engine::call::{Call, Stop};
use crate::engine::error;

type Parameters = (
    Resource<HostIncomingRequest>,
    Resource<HostResponseOutparam>,
);
type Outgoing = Result<Response<HyperOutgoingBody>, ErrorCode>;

impl ComponentDriven {
    /// Has the component's handler respond to a request of the HTTP API.
    pub(super) async fn serve(
        &self,
        request: HttpRequest,
        call: &Call,
        requests: &SharedRequests,
    ) -> Result<HttpResponse, Stop> {
        let _permit = self.guest.permits.acquire().await;
        let _running = self.guest.running();
        let mut pooled = self.pooled(call, requests);
        let result = async {
            let (sender, receiver) = oneshot::channel();
            let instance = self.instance(&mut pooled).await?;
            let store = &mut pooled.store;
            let mut view = store.data_mut().http();
            let request = view.new_incoming_request(Scheme::Http, incoming(request)?)?;
            let out = view.new_response_outparam(sender)?;
            let function = instance.get_typed_func::<Parameters, ()>(&mut *store, &self.handle)?;
            // The handler writes the body while it is read here; a trap ends both.
            let handled = function.call_async(store, (request, out));
            let max = self.guest.limits.memory;
            let ((), response) = tokio::try_join!(handled, outgoing(receiver, max))?;
            Ok::<_, wasmtime::Error>(response)
        }
        .await;
        self.ended(pooled, result)
    }
}

/// The request as the handler reads it.
fn incoming(request: HttpRequest) -> Result<Request<Full<Bytes>>, wasmtime::Error> {
    let HttpRequest {
        method,
        target,
        headers,
        body,
    } = request;
    let mut incoming = Request::builder()
        .method(method.as_str())
        .uri(target)
        .body(Full::new(Bytes::from(body)))?;
    let fields = incoming.headers_mut();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            fields.append(name, value);
        }
    }
    // wasi:http has no request without an authority; HTTP/1.0 has.
    fields
        .entry(HOST)
        .or_insert(HeaderValue::from_static("localhost"));
    Ok(incoming)
}

/// The response that the handler sets, read whole. It may be as large as one that the component has
/// in its memory; it is the host that has it here.
async fn outgoing(
    receiver: oneshot::Receiver<Outgoing>,
    max: usize,
) -> Result<HttpResponse, wasmtime::Error> {
    let (head, body) = receiver.await??.into_parts();
    let body = Limited::new(body, max)
        .collect()
        .await
        .map_err(wasmtime::Error::from_boxed)?
        .to_bytes()
        .to_vec();
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    Ok(HttpResponse {
        status: head.status.as_u16(),
        error: error_of(&headers),
        // Their messages do not pass `wasi:http`; the headers name them.
        warnings: Vec::new(),
        headers,
        body,
    })
}

/// Code and outcome of an error, from its headers.
fn error_of(headers: &[(String, String)]) -> Option<HttpError> {
    let header = |name| {
        let mut headers = headers.iter();
        headers.find_map(|(given, value)| (given == name).then_some(value.as_str()))
    };
    Some(HttpError {
        code: error::from_word(header(error::CODE)?)?,
        outcome: error::from_word(header(error::OUTCOME)?)?,
    })
}
