//! What can go wrong on our side of the boundary, before any call is made.

/// Why an engine cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// wasmtime refuses the component or its settings.
    #[error("the component cannot be loaded: {0}")]
    Component(wasmtime::Error),
    /// The text given as root certificates holds none that can be read.
    #[error("root certificates: {0}")]
    RootCertificates(String),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The thread that counts time for the limit on CPU cannot be started.
    #[error("the thread that limits CPU time cannot be started: {0}")]
    Ticker(std::io::Error),
}

impl From<wasmtime::Error> for Error {
    fn from(error: wasmtime::Error) -> Self {
        Self::Component(error)
    }
}
