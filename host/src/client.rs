//! The client: one request to a provider, one response, never a second request.
//!
//! Connections are kept alive for the next call of the same account. A request goes out on one that
//! is open at that moment (see [`Connection`]), or on a new one. A request that no connection has
//! started may go to another connection; a started one is never sent again, and it is known exactly
//! whether a request has started (see [`SendState`]).

mod addresses;
mod connect;
mod connection;
mod error;
mod pool;
mod proxy;
mod send_state;
mod socket;
#[cfg(test)]
mod tests;

use std::time::Instant;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::Service as _;

#[cfg(feature = "postgres")]
pub(crate) use self::connect::tls;
use self::connect::{Connector, Resolver};
use self::connection::Connection;
pub(crate) use self::error::ClientError;
#[cfg(feature = "component-sender")]
pub(crate) use self::error::{ConnectErrorKind, LostKind};
use self::pool::ConnectionPool;
pub use self::proxy::{InvalidProxy, Proxy};
pub use self::send_state::SendState;
use crate::accounts::{Account, Origin};
use crate::bindings::types::ProviderResponse;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::telemetry;

/// How large a response may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResponseLimits {
    /// The status line and the headers.
    pub(crate) headers: usize,
    pub(crate) body: usize,
}

/// Cheap to clone; clones share connections.
#[derive(Clone)]
pub(crate) struct Client {
    /// For the integrations' own names, which must lead to public addresses.
    public: Connector,
    /// For base URLs that an account gives.
    any: Connector,
    pool: ConnectionPool,
    limits: ResponseLimits,
    /// Where requests are measured.
    metrics: Option<Metrics>,
}

impl Client {
    /// `certificates` are root certificates in PEM, trusted besides the public ones. With a proxy, connections go through it alone,
    /// and which addresses names lead to is the proxy's to decide.
    pub(crate) fn new(
        certificates: Option<&[u8]>,
        limits: ResponseLimits,
        proxy: Option<&Proxy>,
    ) -> Result<Self, Error> {
        let public = if proxy.is_some() {
            Resolver::any()
        } else {
            Resolver::public()
        };
        Self::with_resolvers(certificates, limits, proxy, public, Resolver::any())
    }

    fn with_resolvers(
        certificates: Option<&[u8]>,
        limits: ResponseLimits,
        proxy: Option<&Proxy>,
        public: Resolver,
        any: Resolver,
    ) -> Result<Self, Error> {
        let tls = connect::tls(certificates)?;
        connection::keep_room_for_headers();
        Ok(Self {
            public: connect::connector(tls.clone(), public, proxy),
            any: connect::connector(tls, any, proxy),
            pool: ConnectionPool::default(),
            limits,
            metrics: None,
        })
    }

    /// The same client, with its requests measured.
    pub(crate) fn with_metrics(self, metrics: Option<Metrics>) -> Self {
        Self { metrics, ..self }
    }

    /// Sends a request, as it is, and reads the whole response. The account's secrets are redacted
    /// in the response.
    ///
    /// When the future is dropped before its end, the connection that has the request is closed.
    /// [`SendState::withdraw`] then says whether one has it.
    pub(crate) async fn send(
        &self,
        account: &Account,
        request: Request<Bytes>,
        state: &SendState,
    ) -> Result<ProviderResponse, ClientError> {
        if self.metrics.is_none() && !tracing::enabled!(tracing::Level::INFO) {
            return self.exchange(account, request, state).await;
        }
        let start = Instant::now();
        let method = telemetry::method_label(request.method().as_str());
        let metrics = self.metrics.as_ref();
        let measured = metrics.map(|metrics| metrics.client_request(account.integration(), method));
        let result = self.exchange(account, request, state).await;
        if let Some(measured) = measured {
            let response = result.as_ref().map(|response| response.status);
            measured.end(response.map_err(ClientError::label));
        }
        let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let request = telemetry::request_id();
        let (request, origin) = (request.as_deref(), account.origin());
        let (account, integration) = (telemetry::account_label(account), account.integration());
        // Never the path, in which there is a user's id; nor the query, a header or a body.
        match &result {
            Ok(response) => {
                let status = response.status;
                tracing::info!(request, account, integration, method, %origin, status, milliseconds, "provider answered");
            }
            Err(error) => {
                tracing::info!(request, account, integration, method, %origin, ?error, milliseconds, "no response from the provider");
            }
        }
        result
    }

    async fn exchange(
        &self,
        account: &Account,
        request: Request<Bytes>,
        state: &SendState,
    ) -> Result<ProviderResponse, ClientError> {
        let origin = account.origin();
        if account.explicit_base_url().is_none() && origin.is_address() {
            // An address is not looked up, so the resolver would not see it.
            return Err(ClientError::AddressDenied(format!(
                "{origin} is an address; only a `base_url` in the account can lead to one"
            )));
        }
        let target = request.uri().clone();
        let mut request = in_origin_form(request, origin)?.map(Full::new);
        let (connection, mut response) = loop {
            let kept = self.pool.take(account);
            let is_new = kept.is_none();
            let mut connection = match kept {
                Some(connection) => connection,
                // Boxed: it is rare, and would double the size of every call.
                None => Box::pin(self.connect(account, target.clone())).await?,
            };
            // From here to the first write there is no pause in which it could be withdrawn.
            if !state.start() {
                return Err(ClientError::withdrawn(origin));
            }
            match connection.send(request).await {
                Ok(response) => {
                    let response = connection.drive(self.read(response)).await?;
                    break (connection, response);
                }
                Err(mut error) => {
                    let Some(returned) = error.take_message() else {
                        return Err(ClientError::from_sending(error.error()));
                    };
                    state.give_back();
                    if is_new {
                        return Err(ClientError::given_back(origin));
                    }
                    request = returned;
                }
            }
        };
        self.keep(account, connection).await;
        redact(account, &mut response);
        Ok(response)
    }

    async fn connect(
        &self,
        account: &Account,
        target: Uri,
    ) -> Result<Box<Connection>, ClientError> {
        let connector = if account.explicit_base_url().is_some() {
            &self.any
        } else {
            &self.public
        };
        let stream = connector.call(target).await;
        let stream = stream
            .map_err(|error| ClientError::from_connecting(error.as_ref(), account.origin()))?;
        let connection = Connection::new(stream, self.limits).await;
        connection
            .map(Box::new)
            .map_err(|error| ClientError::from_connecting(&error, account.origin()))
    }

    async fn keep(&self, account: &Account, mut connection: Box<Connection>) {
        if connection.is_free().await {
            self.pool.keep(account, connection);
        }
    }

    async fn read(&self, response: Response<Incoming>) -> Result<ProviderResponse, ClientError> {
        let (head, body) = response.into_parts();
        let too_large = |status: StatusCode| ClientError::ResponseTooLarge(Some(status.as_u16()));
        let max = u64::try_from(self.limits.body).unwrap_or(u64::MAX);
        if length(&head.headers).is_some_and(|length| length > max) {
            return Err(too_large(head.status));
        }
        let body = match Limited::new(body, self.limits.body).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(too_large(head.status)),
            Err(error) => {
                return Err(ClientError::from_reading(
                    head.status.as_u16(),
                    error.as_ref(),
                ));
            }
        };
        let string = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(ProviderResponse {
            status: head.status.as_u16(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), string(value)))
                .collect(),
            body: body.into(),
        })
    }
}

/// Takes the account's secrets out of a response. Linear in its size, which is limited.
fn redact(account: &Account, response: &mut ProviderResponse) {
    for (_, value) in &mut response.headers {
        account.redactor().redact_text(value);
    }
    if let std::borrow::Cow::Owned(redacted) = account.redactor().redact(&response.body) {
        response.body = redacted;
        for (name, value) in &mut response.headers {
            if name == CONTENT_LENGTH.as_str() {
                *value = response.body.len().to_string();
            }
        }
    }
}

/// The request in origin form, with its host in a header (RFC 9112, 3.2.1).
fn in_origin_form(
    mut request: Request<Bytes>,
    origin: &Origin,
) -> Result<Request<Bytes>, ClientError> {
    let host = HeaderValue::try_from(origin.authority())
        .map_err(|_| ClientError::AddressDenied(format!("{origin} fits no header")))?;
    request.headers_mut().insert(HOST, host);
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
    Ok(request)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
