//! The client: one request to a provider, one answer, never a second request.
//!
//! Connections are kept alive and shared by origin. What the pool may repeat by itself is a request
//! that no connection has begun; a request that one has begun is never sent again, and whether one
//! has begun it is known exactly (see [`Begun`]).

mod addresses;
mod body;
mod connect;
mod failure;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::time::{Duration, Instant};

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::rt::{Sleep, Timer};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

pub(crate) use self::body::{Begun, RequestBody};
use self::connect::Resolver;
pub(crate) use self::failure::{Break, Failure, Stage};
use crate::bindings::types::ProviderAnswer;
use crate::egress::Prepared;
use crate::error::Error;

/// Shorter than the shortest idle time of the servers that providers run behind, so that a kept
/// connection is seldom a dead one.
const IDLE: Duration = Duration::from_secs(4);

/// How much longer an idle connection may stay open.
const CLOSING: Duration = Duration::from_millis(250);

/// For each connection, of the deadline of the whole call.
const CONNECT: Duration = Duration::from_secs(10);

/// The least that hyper takes for the limit of a head.
const SMALLEST_HEAD_LIMIT: usize = 8 * 1024;

/// How large an answer may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LargestAnswer {
    pub(crate) head: usize,
    pub(crate) body: usize,
}

type Connections = Pool<HttpsConnector<HttpConnector<Resolver>>, RequestBody>;

/// Cheap to clone; clones share connections.
#[derive(Clone)]
pub(crate) struct Client {
    /// For the integrations' own names, which must lead to public addresses.
    public: Connections,
    /// For base URLs that an account gives. Apart from the others, so that no connection is shared
    /// that only these may make.
    any: Connections,
    largest_body: usize,
}

impl Client {
    /// `certificates` are root certificates in PEM, trusted besides the public ones.
    pub(crate) fn new(certificates: Option<&[u8]>, largest: LargestAnswer) -> Result<Self, Error> {
        Self::of(certificates, largest, Resolver::public(), Resolver::any())
    }

    fn of(
        certificates: Option<&[u8]>,
        largest: LargestAnswer,
        public: Resolver,
        any: Resolver,
    ) -> Result<Self, Error> {
        let tls = connect::tls(certificates)?;
        let connections = |resolver| {
            let mut tcp = HttpConnector::new_with_resolver(resolver);
            tcp.enforce_http(false);
            tcp.set_nodelay(true);
            tcp.set_connect_timeout(Some(CONNECT));
            let connector = HttpsConnectorBuilder::new()
                .with_tls_config(tls.clone())
                .https_or_http()
                .enable_http1()
                .wrap_connector(tcp);
            Pool::builder(TokioExecutor::new())
                .pool_timer(Often(TokioTimer::new()))
                .pool_idle_timeout(IDLE)
                .http1_max_buf_size(largest.head.max(SMALLEST_HEAD_LIMIT))
                .build(connector)
        };
        Ok(Self {
            public: connections(public),
            any: connections(any),
            largest_body: largest.body,
        })
    }

    /// Sends a request and reads the whole answer, without the account's secrets in it.
    ///
    /// When the future is dropped before its end, the connection that has the request is closed.
    /// Whether one has it is what [`Begun::withdraw`] then says.
    pub(crate) async fn send(&self, prepared: Prepared) -> Result<ProviderAnswer, Failure> {
        if !tracing::enabled!(tracing::Level::INFO) {
            return self.exchange(prepared).await;
        }
        let begun = Instant::now();
        let account = prepared.account.clone();
        let (method, path) = (
            prepared.request.method().clone(),
            prepared.request.uri().path().to_owned(),
        );
        let answer = self.exchange(prepared).await;
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (id, origin) = (account.id(), account.origin());
        // Never the query, a header or a body.
        match &answer {
            Ok(answer) => {
                let status = answer.status;
                tracing::info!(account = id, %method, %origin, path, status, milliseconds, "provider answered");
            }
            Err(failure) => {
                tracing::info!(account = id, %method, %origin, path, ?failure, milliseconds, "no answer from the provider");
            }
        }
        answer
    }

    async fn exchange(&self, prepared: Prepared) -> Result<ProviderAnswer, Failure> {
        let Prepared {
            request,
            account,
            begun,
        } = prepared;
        if account.explicit_base_url().is_none()
            && account.origin().host.parse::<std::net::IpAddr>().is_ok()
        {
            // An address is not looked up, so the resolver would not see it.
            return Err(Failure::Denied(format!(
                "{} is an address; only a `base_url` in the account can lead to one",
                account.origin()
            )));
        }
        let connections = if account.explicit_base_url().is_some() {
            &self.any
        } else {
            &self.public
        };
        let response = connections
            .request(request)
            .await
            .map_err(|error| failure::of(&error, &begun, account.origin()))?;
        let mut answer = self.read(response).await?;
        for (_, value) in &mut answer.headers {
            account.redactor().redact_text(value);
        }
        if let std::borrow::Cow::Owned(clean) = account.redactor().redact(&answer.body) {
            answer.body = clean;
            for (name, value) in &mut answer.headers {
                if name == CONTENT_LENGTH.as_str() {
                    *value = answer.body.len().to_string();
                }
            }
        }
        Ok(answer)
    }

    async fn read(&self, response: Response<Incoming>) -> Result<ProviderAnswer, Failure> {
        let (head, body) = response.into_parts();
        let too_large = |status: StatusCode| Failure::AnswerTooLarge(Some(status.as_u16()));
        let largest = u64::try_from(self.largest_body).unwrap_or(u64::MAX);
        if length(&head.headers).is_some_and(|length| length > largest) {
            return Err(too_large(head.status));
        }
        let body = match Limited::new(body, self.largest_body).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(too_large(head.status)),
            Err(error) => return Err(failure::cut(head.status.as_u16(), error.as_ref())),
        };
        let text =
            |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(ProviderAnswer {
            status: head.status.as_u16(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
            body: body.into(),
        })
    }
}

/// A timer that wakes early.
///
/// The pool closes idle connections when its timer fires, and sets it for the whole idle time: one that became idle just after
/// would stay open for almost twice as long. It looks each time for what is due, so being woken more often does no harm.
#[derive(Clone)]
struct Often(TokioTimer);

impl Timer for Often {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.0.sleep(duration.min(CLOSING))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.0.sleep_until(deadline.min(self.now() + CLOSING))
    }

    fn now(&self) -> Instant {
        self.0.now()
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
