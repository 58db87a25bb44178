//! A request, from its head to its response.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use unified_ticketing_guest::http_api::{MAX_BODY, account_id};

use super::framing::Due;
use super::report::Report;
use super::socket::{Exchange, PROGRESS};
use super::{Phase, Shared, refuse};
use crate::bindings::http_api::HttpRequest;
use crate::bindings::types::ErrorCode;
use crate::client::SendState;
use crate::engine::{CODE, Ended, OUTCOME};
use crate::telemetry;

const HEALTH: &str = "/healthz";
const READY: &str = "/readyz";
const USERS: &str = "/unified/ticketing/users";

/// How much memory the head of a request may have reserved for its body.
const RESERVED: usize = 64 << 10;

impl Shared {
    /// Answers a request.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        exchange: &Exchange,
    ) -> io::Result<Response<Full<Bytes>>> {
        let method = request.method().clone();
        let (path, operation) = route(&method, request.uri().path());
        let label = telemetry::method_label(method.as_str());
        let mut report = Report::new(self.next_id(), label, path);
        report.operation = operation;
        // Where a body's end is hyper's knowledge alone, so is where the next head begins.
        let close = request.body().size_hint().exact().is_none();
        let response = self.route(request, &mut report).await;
        let mut response = Self::complete(response, &mut report);
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
        exchange.lock().responds(Due {
            body: length.unwrap_or_default(),
            report,
        });
        Ok(response)
    }

    /// Makes a response whole, and notes what the log says of it.
    pub(super) fn complete(
        mut response: Response<Full<Bytes>>,
        report: &mut Report,
    ) -> Response<Full<Bytes>> {
        report.status = Some(response.status().as_u16());
        let word = |name| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        (report.code, report.outcome) = (word(CODE), word(OUTCOME));
        refuse::guard(response.headers_mut(), &report.request);
        response
    }

    async fn route(
        &self,
        request: Request<Incoming>,
        report: &mut Report,
    ) -> Response<Full<Bytes>> {
        if let Some(why) = refuse::malformed(&request) {
            return closing(refuse::response(ErrorCode::MalformedRequest, why, None));
        }
        match request.uri().path() {
            HEALTH => return told(request.method(), "ok"),
            READY if *self.phase.borrow() == Phase::Serving => {
                return told(request.method(), "ready");
            }
            READY => {
                let message = "the server is stopping";
                return refuse::response(ErrorCode::Overloaded, message, Some(1));
            }
            _ => {}
        }
        if let Some(tokens) = &self.tokens {
            if !tokens
                .current()
                .accept(request.headers().get(AUTHORIZATION))
            {
                let message = "expected `authorization: Bearer TOKEN` with a token of this server";
                let mut response = refuse::response(ErrorCode::Unauthorized, message, None);
                let challenge = HeaderValue::from_static("Bearer");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                return response;
            }
        } else if let Some(why) = refuse::foreign(&request) {
            return refuse::response(ErrorCode::Forbidden, why, None);
        }
        let request = match self.read(request).await {
            Ok(request) => request,
            Err(Unread::Slow) => {
                let message = "the body of the request did not come in time";
                return closing(refuse::response(ErrorCode::RequestTimeout, message, None));
            }
            Err(Unread::Broken) => {
                let message = "expected a whole body, but it ended early or is not HTTP";
                return closing(refuse::response(ErrorCode::MalformedRequest, message, None));
            }
            Err(Unread::TooMuch) => {
                let message = "too much is being read here: try again later";
                return closing(refuse::response(ErrorCode::Overloaded, message, Some(1)));
            }
        };
        let account = account_id(&request.target).unwrap_or_default();
        let single = self.engine.accounts().is_single();
        let Some(place) = self.places.take(&account, single) else {
            let message = "too many requests are in flight here: try again later";
            return refuse::response(ErrorCode::Overloaded, message, Some(1));
        };
        report.place = Some(place);
        let id = Some(Arc::clone(&report.request));
        let cut = Some(self.cut.subscribe());
        let Ended { output, account } = self
            .engine
            .respond(request, SendState::default(), id, cut)
            .await;
        report.account = account;
        refuse::made(output)
    }

    /// Reads a request whole.
    async fn read(&self, request: Request<Incoming>) -> Result<HttpRequest, Unread> {
        let (head, mut body) = request.into_parts();
        let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(expected.min(RESERVED));
        let mut reserved: Option<OwnedSemaphorePermit> = None;
        let mut deadline = Instant::now() + self.times.body;
        let mut progress = 0;
        // Bodies beyond this are not read to their end; the component refuses them for their size.
        while bytes.len() <= MAX_BODY {
            let frame = match timeout_at(deadline, body.frame()).await {
                Err(_) => return Err(Unread::Slow),
                Ok(None) => break,
                Ok(Some(Err(_))) => return Err(Unread::Broken),
                Ok(Some(Ok(frame))) => frame,
            };
            let Some(data) = frame.data_ref() else {
                continue;
            };
            let length = u32::try_from(data.len()).map_err(|_| Unread::TooMuch)?;
            let more = Arc::clone(&self.reading).try_acquire_many_owned(length);
            let more = more.map_err(|_| Unread::TooMuch)?;
            match &mut reserved {
                Some(reserved) => reserved.merge(more),
                None => reserved = Some(more),
            }
            bytes.extend_from_slice(data);
            if bytes.len() - progress >= PROGRESS {
                progress = bytes.len();
                deadline = Instant::now() + self.times.body;
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

/// Why a request is not there whole.
enum Unread {
    /// Its client is too slow.
    Slow,
    /// It ended, or is not HTTP.
    Broken,
    /// There is no more memory for bodies.
    TooMuch,
}

/// How the log names a path, and what is asked for there.
fn route(method: &Method, path: &str) -> (&'static str, Option<&'static str>) {
    if path == HEALTH {
        return (HEALTH, None);
    }
    if path == READY {
        return (READY, None);
    }
    match path.strip_prefix(USERS) {
        Some("") => (USERS, (method == Method::POST).then_some("create")),
        Some(rest) if rest.len() > 1 && rest.rfind('/') == Some(0) => (
            "/unified/ticketing/users/{id}",
            (method == Method::PATCH).then_some("update"),
        ),
        _ => ("other", None),
    }
}

/// That all is well.
fn told(method: &Method, status: &'static str) -> Response<Full<Bytes>> {
    if matches!(*method, Method::GET | Method::HEAD) {
        let body = Bytes::from(format!(r#"{{"status":"{status}"}}"#));
        let mut response = Response::new(Full::new(body));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        return response;
    }
    let mut refused = refuse::response(ErrorCode::MethodNotAllowed, "expected GET", None);
    let allow = HeaderValue::from_static("GET, HEAD");
    refused.headers_mut().insert(ALLOW, allow);
    refused
}

/// After this, the rest of the request would be taken for the next one.
fn closing(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}
