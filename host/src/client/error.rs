//! Why there is no response, and where the request is then.

use std::error::Error as StdError;
use std::io;

use super::connect::NameError;
use super::proxy::TunnelError;
use crate::accounts::Origin;
use crate::bindings::types::TransportError;

/// Why there is no complete response. The messages are for people and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClientError {
    /// The account does not lead to that address. Nothing was sent.
    #[error("{0}")]
    AddressDenied(String),
    /// No connection has started the request.
    #[error("{1}")]
    NoConnection(ConnectErrorKind, String),
    /// A connection has started the request, and then broke before a response began.
    #[error("{1}")]
    ConnectionLost(LostKind, String),
    /// The response that began with this status is not whole.
    #[error("{1}")]
    ResponseTruncated(u16, String),
    /// The response is too large: its body, after headers with this status, or its headers.
    #[error("the response is too large")]
    ResponseTooLarge(Option<u16>),
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectErrorKind {
    /// The name has no address.
    Dns,
    /// The host refused the connection.
    ConnectionRefused,
    /// The host did not answer in time.
    Timeout,
    /// The host cannot be reached.
    Unreachable,
    /// The host's certificate is not trusted.
    Certificate,
    /// TLS failed otherwise.
    Tls,
}

/// How a connection broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LostKind {
    /// It ended.
    Closed,
    /// The provider sent something else than HTTP.
    NotHttp,
}

impl From<ClientError> for TransportError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::AddressDenied(why) => Self::EgressDenied(why),
            ClientError::NoConnection(_, why) => Self::NoConnection(why),
            ClientError::ConnectionLost(_, why) => Self::ConnectionLost(why),
            ClientError::ResponseTruncated(status, why) => Self::ResponseTruncated((status, why)),
            ClientError::ResponseTooLarge(status) => Self::ResponseTooLarge(status),
        }
    }
}

impl ClientError {
    /// The code that a call ends with because of this, for metrics.
    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::AddressDenied(_) => "egress-denied",
            Self::NoConnection(..) => "no-connection",
            Self::ConnectionLost(..) => "connection-lost",
            Self::ResponseTruncated(..) => "invalid-response",
            Self::ResponseTooLarge(_) => "response-too-large",
        }
    }

    /// The call was withdrawn before a connection took the request.
    pub(super) fn withdrawn(origin: &Origin) -> Self {
        Self::NoConnection(
            ConnectErrorKind::Unreachable,
            format!("{origin}: the request was withdrawn before a connection took it"),
        )
    }

    /// The connection gave the request back.
    pub(super) fn given_back(origin: &Origin) -> Self {
        Self::NoConnection(
            ConnectErrorKind::Unreachable,
            format!("{origin}: the connection closed before it took the request"),
        )
    }

    /// The connection took the request, and gave no response.
    pub(super) fn from_sending(error: &hyper::Error) -> Self {
        if error.is_parse_too_large() {
            Self::ResponseTooLarge(None)
        } else if error.is_parse() {
            Self::ConnectionLost(LostKind::NotHttp, "the response is not HTTP".to_owned())
        } else {
            Self::ConnectionLost(
                LostKind::Closed,
                "the connection closed before a response came".to_owned(),
            )
        }
    }

    /// The response of this status ended within its body.
    pub(super) fn from_reading(status: u16, error: &(dyn StdError + 'static)) -> Self {
        let why = match find::<hyper::Error>(error) {
            Some(error) if error.is_parse() => "the response's body is not HTTP",
            _ => "the connection closed within the response",
        };
        Self::ResponseTruncated(status, why.to_owned())
    }

    /// No connection could be made.
    pub(super) fn from_connecting(error: &(dyn StdError + 'static), origin: &Origin) -> Self {
        if let Some(name) = find::<NameError>(error) {
            return match name {
                NameError::NotPublic(address) => Self::AddressDenied(format!(
                    "{origin} leads to {address}, which is not a public address; a `base_url` in the account may lead anywhere"
                )),
                NameError::Lookup(why) => Self::NoConnection(
                    ConnectErrorKind::Dns,
                    format!("{origin}: the name cannot be looked up: {why}"),
                ),
            };
        }
        if let Some(tls) = find::<rustls::Error>(error) {
            let kind = if matches!(tls, rustls::Error::InvalidCertificate(_)) {
                ConnectErrorKind::Certificate
            } else {
                ConnectErrorKind::Tls
            };
            return Self::NoConnection(kind, format!("{origin}: TLS failed: {tls}"));
        }
        let (kind, why) = match find::<io::Error>(error) {
            Some(why) => match why.kind() {
                io::ErrorKind::ConnectionRefused => {
                    (ConnectErrorKind::ConnectionRefused, why.to_string())
                }
                io::ErrorKind::TimedOut => (
                    ConnectErrorKind::Timeout,
                    "it did not answer in time".to_owned(),
                ),
                _ => (ConnectErrorKind::Unreachable, why.to_string()),
            },
            None => (
                ConnectErrorKind::Unreachable,
                "the connection could not be made".to_owned(),
            ),
        };
        if let Some(TunnelError(cause)) = find(error) {
            let message = format!("{origin}: cannot connect through the proxy: {cause}");
            return Self::NoConnection(kind, message);
        }
        Self::NoConnection(kind, format!("{origin}: cannot connect: {why}"))
    }
}

/// The first cause of this type. An `io::Error` does not give the error inside it as its `source`.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = inner.map_or_else(|| error.source(), |inner| Some(inner));
    }
    None
}
