//! The client: one request to a provider, one answer, never a second request.
//!
//! Connections are kept alive for the next call of the same account. A request goes out on one that
//! is open at that moment (see [`Connection`]), or on a new one. One that no connection has begun
//! may be given to another; one that a connection has begun is never sent again, and whether one
//! has begun it is known exactly (see [`Begun`]).

mod addresses;
mod body;
mod connect;
mod connection;
mod failure;
mod kept;
mod socket;
#[cfg(test)]
mod tests;

use std::time::Instant;

use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use tower::ServiceExt as _;

pub(crate) use self::body::{Begun, RequestBody};
use self::connect::{Connector, Resolver};
use self::connection::Connection;
pub(crate) use self::failure::{Break, Failure, Stage};
use self::kept::Kept;
use crate::accounts::{Account, Origin};
use crate::bindings::types::ProviderResponse;
use crate::egress::{Denied, Prepared};
use crate::error::Error;
use crate::telemetry;

/// How large an answer may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LargestAnswer {
    pub(crate) head: usize,
    pub(crate) body: usize,
}

/// Cheap to clone; clones share connections.
#[derive(Clone)]
pub(crate) struct Client {
    /// For the integrations' own names, which must lead to public addresses.
    public: Connector,
    /// For base URLs that an account gives.
    any: Connector,
    kept: Kept,
    largest: LargestAnswer,
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
        connection::keep_room_for_heads();
        Ok(Self {
            public: connect::connector(tls.clone(), public),
            any: connect::connector(tls, any),
            kept: Kept::default(),
            largest,
        })
    }

    /// Sends a request and reads the whole answer, without the account's secrets in it.
    ///
    /// When the future is dropped before its end, the connection that has the request is closed.
    /// Whether one has it is what [`Begun::withdraw`] then says.
    pub(crate) async fn send(&self, prepared: Prepared) -> Result<ProviderResponse, Failure> {
        if !tracing::enabled!(tracing::Level::INFO) {
            return self.exchange(prepared).await;
        }
        let begun = Instant::now();
        let account = prepared.account.clone();
        let method = telemetry::method_label(prepared.request.method().as_str());
        let answer = self.exchange(prepared).await;
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let request = telemetry::request_id();
        let (request, origin) = (request.as_deref(), account.origin());
        let (account, integration) = (telemetry::account_label(&account), account.integration());
        // Never the path, in which there is a user's id; nor the query, a header or a body.
        match &answer {
            Ok(answer) => {
                let status = answer.status;
                tracing::info!(request, account, integration, method, %origin, status, milliseconds, "provider answered");
            }
            Err(failure) => {
                tracing::info!(request, account, integration, method, %origin, ?failure, milliseconds, "no answer from the provider");
            }
        }
        answer
    }

    async fn exchange(&self, prepared: Prepared) -> Result<ProviderResponse, Failure> {
        let Prepared {
            request,
            account,
            begun,
        } = prepared;
        if account.explicit_base_url().is_none() && account.origin().is_address() {
            // An address is not looked up, so the resolver would not see it.
            return Err(Failure::Denied(format!(
                "{} is an address; only a `base_url` in the account can lead to one",
                account.origin()
            )));
        }
        let target = request.uri().clone();
        let mut request = addressed(request, account.origin())?;
        let (connection, mut answer) = loop {
            let kept = self.kept.take(&account);
            let is_new = kept.is_none();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.connect(&account, target.clone()).await?,
            };
            match connection.send(request).await {
                Ok(response) => {
                    let answer = connection.while_waiting_for(self.read(response)).await?;
                    break (connection, answer);
                }
                Err(mut error) => match error.take_message() {
                    Some(untaken) if !is_new => request = untaken,
                    Some(_) => return Err(failure::untaken(account.origin())),
                    None => {
                        let error = error.into_error();
                        return Err(failure::sending(&error, &begun, account.origin()));
                    }
                },
            }
        };
        self.keep(&account, connection).await;
        // Linear in the answer, of which there are at most the head's and the body's limit.
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

    async fn connect(&self, account: &Account, target: Uri) -> Result<Box<Connection>, Failure> {
        let connector = if account.explicit_base_url().is_some() {
            &self.any
        } else {
            &self.public
        };
        let stream = connector.clone().oneshot(target).await;
        let stream =
            stream.map_err(|error| failure::connecting(error.as_ref(), account.origin()))?;
        let connection = Connection::new(stream, self.largest).await;
        connection
            .map(Box::new)
            .map_err(|error| failure::connecting(&error, account.origin()))
    }

    async fn keep(&self, account: &Account, mut connection: Box<Connection>) {
        if connection.is_free().await {
            self.kept.keep(account, connection);
        }
    }

    async fn read(&self, response: Response<Incoming>) -> Result<ProviderResponse, Failure> {
        let (head, body) = response.into_parts();
        let too_large = |status: StatusCode| Failure::ResponseTooLarge(Some(status.as_u16()));
        let largest = u64::try_from(self.largest.body).unwrap_or(u64::MAX);
        if length(&head.headers).is_some_and(|length| length > largest) {
            return Err(too_large(head.status));
        }
        let body = match Limited::new(body, self.largest.body).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(too_large(head.status)),
            Err(error) => return Err(failure::cut(head.status.as_u16(), error.as_ref())),
        };
        let text =
            |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(ProviderResponse {
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

/// The request as a server reads it: where it goes is in a header (RFC 9112, 3.2.1).
fn addressed(
    mut request: Request<RequestBody>,
    origin: &Origin,
) -> Result<Request<RequestBody>, Failure> {
    let host = HeaderValue::try_from(origin.authority())
        .map_err(|_| Denied(format!("{origin} fits no header")))?;
    request.headers_mut().insert(HOST, host);
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
    Ok(request)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
