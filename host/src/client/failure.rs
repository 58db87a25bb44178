//! Why there is no answer, and what that says of where the request is.

use std::error::Error as StdError;
use std::io;

use super::body::Begun;
use super::connect::NameError;
use crate::accounts::Origin;
use crate::bindings::types::TransportError;
use crate::egress::Denied;

/// Why there is no complete answer. The texts are for people and hold no secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It may not leave.
    Denied(String),
    /// No connection has begun it.
    NoConnection(Stage, String),
    /// A connection has begun it, and then broke before an answer began.
    Lost(Break, String),
    /// The answer that began with this status is not whole.
    Cut(u16, String),
    /// The answer is too large: its body, after a head with this status, or its head.
    ResponseTooLarge(Option<u16>),
}

/// How far a connection came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The name has no address.
    Name,
    /// The host refused.
    Refused,
    /// The host did not answer in time.
    Timeout,
    /// The host cannot be reached.
    Unreachable,
    /// Its certificate is not trusted.
    Certificate,
    /// TLS failed otherwise.
    Tls,
}

/// How a connection broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// It ended.
    Terminated,
    /// What came was not HTTP.
    Protocol,
}

impl From<Denied> for Failure {
    fn from(Denied(why): Denied) -> Self {
        Self::Denied(why)
    }
}

impl From<Failure> for TransportError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Denied(why) => Self::EgressDenied(why),
            Failure::NoConnection(_, why) => Self::NoConnection(why),
            Failure::Lost(_, why) => Self::ConnectionLost(why),
            Failure::Cut(status, why) => Self::ResponseTruncated((status, why)),
            Failure::ResponseTooLarge(status) => Self::ResponseTooLarge(status),
        }
    }
}

/// Why a request had no answer's head, of which a connection may have begun it.
pub(super) fn sending(error: &hyper::Error, begun: &Begun, origin: &Origin) -> Failure {
    // Withdrawn, so that what is said now stays true.
    if begun.withdraw() {
        lost(error)
    } else {
        untaken(origin)
    }
}

/// The connection gave the request back.
pub(super) fn untaken(origin: &Origin) -> Failure {
    Failure::NoConnection(
        Stage::Unreachable,
        format!("{origin}: the connection closed before it took the request"),
    )
}

/// Why the answer of this status ended within its body.
pub(super) fn cut(status: u16, error: &(dyn StdError + 'static)) -> Failure {
    let why = match find::<hyper::Error>(error) {
        Some(error) if error.is_parse() => "the answer's body is not HTTP",
        _ => "the connection closed within the answer",
    };
    Failure::Cut(status, why.to_owned())
}

fn lost(error: &hyper::Error) -> Failure {
    if error.is_parse_too_large() {
        Failure::ResponseTooLarge(None)
    } else if error.is_parse() {
        Failure::Lost(Break::Protocol, "the answer is not HTTP".to_owned())
    } else {
        Failure::Lost(
            Break::Terminated,
            "the connection closed before an answer came".to_owned(),
        )
    }
}

/// Why no connection could be made.
pub(super) fn connecting(error: &(dyn StdError + 'static), origin: &Origin) -> Failure {
    if let Some(name) = find::<NameError>(error) {
        return match name {
            NameError::NotPublic(address) => Failure::Denied(format!(
                "{origin} leads to {address}, which is not a public address; a `base_url` in the account may lead anywhere"
            )),
            NameError::Lookup(why) => Failure::NoConnection(
                Stage::Name,
                format!("{origin}: the name cannot be looked up: {why}"),
            ),
        };
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        let stage = if matches!(tls, rustls::Error::InvalidCertificate(_)) {
            Stage::Certificate
        } else {
            Stage::Tls
        };
        return Failure::NoConnection(stage, format!("{origin}: TLS failed: {tls}"));
    }
    let (stage, why) = match find::<io::Error>(error) {
        Some(why) => match why.kind() {
            io::ErrorKind::ConnectionRefused => (Stage::Refused, why.to_string()),
            io::ErrorKind::TimedOut => (Stage::Timeout, "it did not answer in time".to_owned()),
            _ => (Stage::Unreachable, why.to_string()),
        },
        None => (
            Stage::Unreachable,
            "the connection could not be made".to_owned(),
        ),
    };
    Failure::NoConnection(stage, format!("{origin}: cannot connect: {why}"))
}

/// The first cause of this type. What an `io::Error` was made of is no `source` of it.
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
