//! The egress of a component that sends for itself.

use std::pin::Pin;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use wasmtime_wasi_http::{Error as WasiError, RequestOptions, WasiBody, WasiHttpHooks};

use super::SharedRequests;
use crate::bindings::types::{ProviderResponse, Safety, TransportError};
use crate::client::{Client, ClientError, ConnectErrorKind, LostKind, SendState};
use crate::egress;
use crate::engine::account::CallAccount;
use crate::engine::call::Call;
use crate::engine::requests::{self, RequestError};
use crate::telemetry;

/// The largest body of a request, in bytes. The guest cannot make a larger one within its memory;
/// this is a second limit.
const MAX_REQUEST: usize = 64 << 20;

/// Sends every request of a call.
pub(super) struct Egress {
    account: CallAccount,
    client: Client,
    state: SendState,
    requests: SharedRequests,
    /// The id of the request that the call responds to, for the log.
    request_id: Option<Arc<str>>,
    /// The error of a request that the call may not send.
    pub(super) denied: Option<RequestError>,
}

impl Egress {
    pub(super) fn new(call: &Call, client: Client, requests: SharedRequests) -> Self {
        Self {
            account: call.account.clone(),
            client,
            state: call.state.clone(),
            requests,
            request_id: telemetry::request_id(),
            denied: None,
        }
    }

    /// Admits a request of this method, and returns its safety.
    fn admit(&mut self, method: &str) -> Result<Safety, WasiError> {
        let account = self.account.account().ok_or(WasiError::HttpRequestDenied)?;
        let safety = requests::least(account, method);
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = requests.admit(safety) {
            self.denied = Some(error);
            return Err(WasiError::HttpRequestDenied);
        }
        Ok(safety)
    }
}

type Sending = Pin<Box<dyn Future<Output = Result<Sent, WasiError>> + Send>>;
type Sent = (
    Response<WasiBody>,
    Box<dyn Future<Output = Result<(), WasiError>> + Send>,
);

impl WasiHttpHooks for Egress {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), WasiError>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, WasiError>> + Send> {
        let safety = match self.admit(request.method().as_str()) {
            Ok(safety) => safety,
            Err(error) => return Box::new(std::future::ready(Err(error))),
        };
        let (account, client) = (self.account.clone(), self.client.clone());
        let requests = Arc::clone(&self.requests);
        // A read changes nothing: the call may end while one is under way.
        let state = match safety {
            Safety::Safe => SendState::default(),
            Safety::Idempotent | Safety::Once => self.state.clone(),
        };
        let request_id = self.request_id.clone();
        let sending: Sending = Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = Limited::new(body, MAX_REQUEST)
                .collect()
                .await
                .map_err(|_| WasiError::HttpRequestBodySize(None))?;
            let account = account.account().ok_or(WasiError::HttpRequestDenied)?;
            let request = Request::from_parts(head, body.to_bytes());
            let permitted =
                egress::permit(account, request).map_err(|_| WasiError::HttpRequestDenied)?;
            let sending = client.send(account, permitted, &state);
            let response = telemetry::with_request_id(request_id, sending).await;
            {
                let ended = response.as_ref();
                let ended = ended.map_err(|error| TransportError::from(error.clone()));
                let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
                requests.ended(safety, ended.as_ref().copied());
            }
            let response = response.map_or_else(failed, succeeded)?;
            Ok((
                response,
                Box::new(std::future::ready(Ok(()))) as Box<dyn Future<Output = _> + Send>,
            ))
        });
        Box::new(sending)
    }
}

/// The provider's response for the guest to read.
fn succeeded(response: ProviderResponse) -> Result<Response<WasiBody>, WasiError> {
    let ProviderResponse {
        status,
        headers,
        body,
    } = response;
    let body = Full::new(Bytes::from(body))
        .map_err(|never| match never {})
        .boxed_unsync();
    let mut response = with_status(status, body)?;
    for (name, value) in headers {
        // Each was such a header, and masks are printable ASCII.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    Ok(response)
}

/// The error code for the guest. It says whether the request has left.
fn failed(error: ClientError) -> Result<Response<WasiBody>, WasiError> {
    Err(match error {
        ClientError::AddressDenied(_) => WasiError::HttpRequestDenied,
        ClientError::NoConnection(kind, why) => match kind {
            ConnectErrorKind::Dns => WasiError::DnsError {
                rcode: Some(why),
                info_code: None,
            },
            ConnectErrorKind::ConnectionRefused => WasiError::ConnectionRefused,
            ConnectErrorKind::Timeout => WasiError::ConnectionTimeout,
            ConnectErrorKind::Unreachable => WasiError::DestinationUnavailable,
            ConnectErrorKind::Certificate => WasiError::TlsCertificateError,
            ConnectErrorKind::Tls => WasiError::TlsProtocolError,
        },
        ClientError::ConnectionLost(kind, _) => match kind {
            LostKind::Closed => WasiError::ConnectionTerminated,
            LostKind::NotHttp => WasiError::HttpProtocolError,
        },
        // The head is complete; the body ends with an error.
        ClientError::ResponseTruncated(status, _) => {
            return with_status(
                status,
                FailedBody(Some(WasiError::HttpResponseIncomplete)).boxed_unsync(),
            );
        }
        ClientError::ResponseTooLarge(Some(status)) => {
            let body = FailedBody(Some(WasiError::HttpResponseBodySize(None)));
            return with_status(status, body.boxed_unsync());
        }
        ClientError::ResponseTooLarge(None) => WasiError::HttpResponseHeaderSectionSize(None),
    })
}

fn with_status(status: u16, body: WasiBody) -> Result<Response<WasiBody>, WasiError> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).map_err(|_| WasiError::HttpProtocolError)?;
    Ok(response)
}

/// A body that is an error alone.
struct FailedBody(Option<WasiError>);

impl http_body::Body for FailedBody {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, WasiError>>> {
        std::task::Poll::Ready(self.0.take().map(Err))
    }
}
