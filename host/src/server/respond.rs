//! A request, from its head to its response.

use std::io;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use unified_ticketing_guest::http_api::MAX_BODY;
use unified_ticketing_guest::http_api::gate::{self, UNAUTHORIZED};
use unified_ticketing_guest::integration::OperationName;

use super::access_log::AccessLog;
use super::framing::PendingResponse;
use super::route::{HEALTH, OPENAPI, READY, route};
use super::socket::{Exchange, MIN_PROGRESS};
use super::tokens::Token;
use super::{Phase, Shared, error};
use crate::bindings::http_api::HttpRequest;
use crate::bindings::types::ErrorCode;
use crate::client::SendState;
use crate::engine::{CODE, Caller, Ended, OUTCOME, RESULT};
use crate::openapi::openapi;
use crate::telemetry;

/// The HTTP API in OpenAPI.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi().to_string().into());

/// The most memory that a request's head can reserve for its body, in bytes.
const MAX_RESERVED: usize = 64 << 10;

impl Shared {
    /// Responds to a request.
    pub(super) async fn respond(
        &self,
        request: Request<Incoming>,
        exchange: &Exchange,
    ) -> io::Result<Response<Full<Bytes>>> {
        let method = request.method().clone();
        let (path, operation) = route(method.as_str(), request.uri().path());
        let label = telemetry::method_label(method.as_str());
        let mut log = AccessLog::new(self.next_id(), label, path, self.engine.metrics());
        log.operation = operation.map(OperationName::verb);
        log.traceparent = telemetry::traceparent(request.headers()).map(Into::into);
        // If only hyper knows the body's end, only hyper knows where the next head begins.
        let close = request.body().size_hint().exact().is_none();
        let response = self.route(request, &mut log).await;
        let mut response = Self::complete(response, &mut log);
        if close {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let bodiless = method == Method::HEAD
            || (method == Method::CONNECT && response.status().is_success())
            || matches!(
                response.status(),
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        let length = response.body().size_hint().exact().filter(|_| !bodiless);
        exchange.lock().start_response(PendingResponse {
            body: length.unwrap_or_default(),
            log,
        });
        Ok(response)
    }

    /// Completes a response, and notes its status, code and outcome for the log.
    pub(super) fn complete(
        mut response: Response<Full<Bytes>>,
        log: &mut AccessLog,
    ) -> Response<Full<Bytes>> {
        log.status = Some(response.status().as_u16());
        let string = |name| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        (log.code, log.outcome) = (string(CODE), string(OUTCOME));
        log.result = string(RESULT);
        error::add_common_headers(response.headers_mut(), &log.request);
        response
    }

    async fn route(
        &self,
        request: Request<Incoming>,
        log: &mut AccessLog,
    ) -> Response<Full<Bytes>> {
        if let Some(why) = error::malformed(&request) {
            return with_close(error::response(ErrorCode::MalformedRequest, why, None));
        }
        match request.uri().path() {
            HEALTH => return json(request.method(), health("ok")),
            READY if *self.phase.borrow() == Phase::Serving => {
                return json(request.method(), health("ready"));
            }
            OPENAPI => return json(request.method(), DOCUMENT.clone()),
            READY => {
                let message = "the server is stopping";
                return error::response(ErrorCode::Overloaded, message, Some(1));
            }
            _ => {}
        }
        let token = if let Some(tokens) = &self.tokens {
            let tokens = tokens.current();
            let Some(token) = tokens.find(request.headers().get(AUTHORIZATION)) else {
                let mut response = error::response(ErrorCode::Unauthorized, UNAUTHORIZED, None);
                let challenge = HeaderValue::from_static("Bearer");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                return response;
            };
            Some(token)
        } else if let Some(why) = error::foreign(&request) {
            return error::response(ErrorCode::Forbidden, why, None);
        } else {
            None
        };
        let mut request = match self.read(request).await {
            Ok(request) => request,
            Err(ReadError::Timeout) => {
                let message = "the body of the request did not come in time";
                return with_close(error::response(ErrorCode::RequestTimeout, message, None));
            }
            Err(ReadError::Incomplete) => {
                let message = "expected a whole body, but it ended early or is not HTTP";
                return with_close(error::response(ErrorCode::MalformedRequest, message, None));
            }
            Err(ReadError::Overloaded) => {
                let message = "too much is being read here: try again later";
                return with_close(error::response(ErrorCode::Overloaded, message, Some(1)));
            }
        };
        let access = gate::decide(
            token.as_deref().map(Token::permissions),
            &request.method,
            &mut request.target,
            &request.headers,
            request.body.len(),
        );
        let single = self.engine.accounts().is_single();
        let Some(slot) = self.slots.take(access.account(), single) else {
            let message = "too many requests are in flight here: try again later";
            return error::response(ErrorCode::Overloaded, message, Some(1));
        };
        log.slot = Some(slot);
        let id = Some(Arc::clone(&log.request));
        let stop = Some(self.stop_calls.subscribe());
        let caller = Caller {
            // A token's name is the caller's to choose: no other kind of caller has a scope like it.
            scope: token
                .as_ref()
                .map(|token| format!("token:{}", token.scope()).into()),
            token: token.map(|token| token.label().into()),
            traceparent: log.traceparent.clone(),
            ..Caller::default()
        };
        let Ended {
            output,
            account,
            receipt,
        } = self
            .engine
            .respond(request, access, caller, SendState::default(), id, stop)
            .await;
        (log.account, log.receipt) = (account, receipt);
        error::from_http_response(output)
    }

    /// Reads a request whole.
    async fn read(&self, request: Request<Incoming>) -> Result<HttpRequest, ReadError> {
        let (head, mut body) = request.into_parts();
        let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(expected.min(MAX_RESERVED));
        let mut reserved: Option<OwnedSemaphorePermit> = None;
        let mut deadline = Instant::now() + self.progress_timeout;
        let mut progress = 0;
        // A larger body is not read to its end; the component rejects it for its size.
        while bytes.len() <= MAX_BODY {
            let frame = match timeout_at(deadline, body.frame()).await {
                Err(_) => return Err(ReadError::Timeout),
                Ok(None) => break,
                Ok(Some(Err(_))) => return Err(ReadError::Incomplete),
                Ok(Some(Ok(frame))) => frame,
            };
            let Some(data) = frame.data_ref() else {
                continue;
            };
            let length = u32::try_from(data.len()).map_err(|_| ReadError::Overloaded)?;
            let more = Arc::clone(&self.reading).try_acquire_many_owned(length);
            let more = more.map_err(|_| ReadError::Overloaded)?;
            match &mut reserved {
                Some(reserved) => reserved.merge(more),
                None => reserved = Some(more),
            }
            bytes.extend_from_slice(data);
            if bytes.len() - progress >= MIN_PROGRESS {
                progress = bytes.len();
                deadline = Instant::now() + self.progress_timeout;
            }
        }
        let target = head
            .uri
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str)
            .to_owned();
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        Ok(HttpRequest {
            method: head.method.as_str().to_owned(),
            target,
            headers,
            body: bytes,
        })
    }
}

/// Why a request cannot be read whole.
enum ReadError {
    /// The client is too slow.
    Timeout,
    /// The body ended early, or is not HTTP.
    Incomplete,
    /// There is no more memory for bodies.
    Overloaded,
}

/// The body of a health check's response.
fn health(status: &str) -> Bytes {
    format!(r#"{{"status":"{status}"}}"#).into()
}

/// The response to a request for a resource of the server itself, which is JSON.
fn json(method: &Method, body: Bytes) -> Response<Full<Bytes>> {
    if matches!(*method, Method::GET | Method::HEAD) {
        let mut response = Response::new(Full::new(body));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        return response;
    }
    let mut response = error::response(ErrorCode::MethodNotAllowed, "expected GET", None);
    let allow = HeaderValue::from_static("GET, HEAD");
    response.headers_mut().insert(ALLOW, allow);
    response
}

/// Closes the connection after this response: otherwise the rest of the request would count as the next one.
fn with_close(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}
