//! What can go wrong on our side of the boundary, before any call is made.

use std::error::Error as StdError;

/// The cause of an error, of a type that may change with the libraries behind it.
type Cause = Box<dyn StdError + Send + Sync>;

/// Why an engine cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// wasmtime rejects the component or its settings.
    #[error("the component cannot be loaded: {0}")]
    Component(Cause),
    /// The bytes given as root certificates have no certificate, or one that cannot be read.
    #[error("root certificates: {0}")]
    RootCertificates(Cause),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(Cause),
    /// The thread that counts time for the limit on CPU cannot be started.
    #[error("the thread that limits CPU time cannot be started: {0}")]
    Ticker(std::io::Error),
    /// There is no secret for what is remembered of calls.
    #[error("{0}")]
    Secret(Cause),
    /// A store was given, and the component sends for itself.
    #[error(
        "a store needs an engine that sends the requests of the component: nothing is kept where the component sends"
    )]
    StoreWithoutHost,
    /// An audit was given, and the component sends for itself.
    #[error(
        "an audit needs an engine that sends the requests of the component: nothing is audited where the component sends"
    )]
    AuditWithoutHost,
}

impl Error {
    pub(crate) fn component(error: wasmtime::Error) -> Self {
        Self::Component(error.into_boxed_dyn_error())
    }

    pub(crate) fn root_certificates(cause: impl Into<Cause>) -> Self {
        Self::RootCertificates(cause.into())
    }

    pub(crate) fn secret(cause: impl Into<Cause>) -> Self {
        Self::Secret(cause.into())
    }

    pub(crate) fn tls(cause: impl Into<Cause>) -> Self {
        Self::Tls(cause.into())
    }
}
