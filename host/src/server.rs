//! The published HTTP API as a server, in front of an engine.
//!
//! Each request is answered by the component; the server only reads it whole, checks the bearer token where tokens are asked
//! for, and bounds how many requests are in flight. `GET /healthz` is beside the API and needs no token.
//!
//! One line of log per request: a request id, the method, the path, the status and the time; never a query, a header or a body.
//! Requests that end in a status of 500 or more are warnings, the others information.

mod tokens;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

pub use self::tokens::Tokens;
use crate::bindings::face::{HttpRequest, HttpResponse};
use crate::bindings::types::{Error, ErrorCode, Outcome};
use crate::engine::{Engine, http_response};

/// How long a client may take to send the head of a request, and then its body.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bodies beyond this are not read to their end; the component refuses them for their size.
const LARGEST_BODY: usize = unified_ticketing_guest::face::LARGEST_BODY;

/// The header that names a request in the log and in its response.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A server, bound to an address and ready to serve.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    tokens: Option<Tokens>,
    in_flight: Semaphore,
    served: AtomicU64,
    /// Tells this process's request ids from another's.
    run: u32,
}

impl Server {
    /// Binds `address`; with port 0 the system chooses one. With `tokens`, every request but `GET /healthz` needs one of them;
    /// each token reaches every account. Beyond `max_in_flight` requests at a time, the next is answered with 503.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound, or others could reach it and there are no tokens.
    pub async fn bind(
        address: SocketAddr,
        engine: Engine,
        tokens: Option<Tokens>,
        max_in_flight: usize,
    ) -> io::Result<Self> {
        if !address.ip().is_loopback() && tokens.is_none() {
            let message =
                format!("{address} can be reached by others: tokens are needed to listen there");
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Shared {
            engine,
            tokens,
            in_flight: Semaphore::new(max_in_flight.min(Semaphore::MAX_PERMITS)),
            served: AtomicU64::new(0),
            run: uuid::Uuid::new_v4().as_fields().0,
        };
        Ok(Self {
            listener,
            address,
            shared: Arc::new(shared),
        })
    }

    /// The address bound, with the port that the system chose.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` resolves. Then no further connection is accepted, and what is in flight is finished.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = std::pin::pin!(shutdown);
        let connections = GracefulShutdown::new();
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        // Answers are one small write each.
                        let _ = stream.set_nodelay(true);
                        let shared = Arc::clone(&self.shared);
                        let service = service_fn(move |request| {
                            let shared = Arc::clone(&shared);
                            async move { shared.answer(request).await }
                        });
                        let connection = http.serve_connection(TokioIo::new(stream), service);
                        let connection = connections.watch(connection);
                        tokio::spawn(async move {
                            // A client that breaks off, or the protocol, has nobody left to tell.
                            let _ = connection.await;
                        });
                    }
                    Err(error) => {
                        // Out of file descriptors, most often: those in use have to come back first.
                        tracing::error!(%error, "a connection cannot be accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        drop(self.listener);
        connections.shutdown().await;
    }
}

impl Shared {
    /// Answers a request. An error closes the connection: the client broke off, or was too slow.
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let begun = Instant::now();
        let id = format!(
            "{:08x}-{}",
            self.run,
            self.served.fetch_add(1, Ordering::Relaxed)
        );
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let mut response = self.route(request).await?;
        let status = response.status().as_u16();
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        if status >= 500 {
            tracing::warn!(id, %method, path, status, milliseconds, "answered");
        } else {
            tracing::info!(id, %method, path, status, milliseconds, "answered");
        }
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        Ok(response)
    }

    async fn route(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        if request.uri().path() == "/healthz" {
            return Ok(health(request.method()));
        }
        if let Some(tokens) = &self.tokens
            && !tokens.accept(request.headers().get(AUTHORIZATION))
        {
            return Ok(unauthorized());
        }
        let Ok(_permit) = self.in_flight.try_acquire() else {
            return Ok(overloaded());
        };
        let request = tokio::time::timeout(PATIENCE, read(request))
            .await
            .map_err(io::Error::other)??;
        Ok(response(self.engine.http(request).await))
    }
}

/// Reads a request whole.
async fn read(request: Request<Incoming>) -> io::Result<HttpRequest> {
    let (head, mut body) = request.into_parts();
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut bytes = Vec::with_capacity(expected.min(LARGEST_BODY));
    while bytes.len() <= LARGEST_BODY {
        match body.frame().await {
            Some(Ok(frame)) => bytes.extend(frame.data_ref().into_iter().flatten()),
            Some(Err(error)) => return Err(io::Error::other(error)),
            None => break,
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

fn response(response: HttpResponse) -> Response<Full<Bytes>> {
    let HttpResponse {
        status,
        headers,
        body,
    } = response;
    let mut made = Response::new(Full::new(Bytes::from(body)));
    *made.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        // The content type of `raw` is the provider's word; one that is no header value is left out.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            made.headers_mut().append(name, value);
        }
    }
    made
}

fn health(method: &Method) -> Response<Full<Bytes>> {
    if matches!(*method, Method::GET | Method::HEAD) {
        let mut healthy = Response::new(Full::new(Bytes::from_static(br#"{"status":"ok"}"#)));
        healthy
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        return healthy;
    }
    let mut refused = own(ErrorCode::MethodNotAllowed, 405, "expected GET", None);
    refused
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    refused
}

fn unauthorized() -> Response<Full<Bytes>> {
    let message = "expected `authorization: Bearer TOKEN` with a token of this server";
    let mut refused = own(ErrorCode::Unauthorized, 401, message, None);
    refused
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    refused
}

fn overloaded() -> Response<Full<Bytes>> {
    own(
        ErrorCode::Overloaded,
        503,
        "too many requests are in flight here: try again later",
        Some(1),
    )
}

/// An error of the server itself.
fn own(
    code: ErrorCode,
    status: u16,
    message: &str,
    retry_after: Option<u64>,
) -> Response<Full<Bytes>> {
    response(http_response(&Error {
        code,
        message: message.to_owned(),
        status,
        violations: Vec::new(),
        provider: None,
        retry_after,
        rate_limit: None,
        limit: None,
        outcome: Outcome::NotSent,
    }))
}
