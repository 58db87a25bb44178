//! The settings of a server.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{Server, TokenSet, Tokens};
use crate::engine::Engine;

/// Settings of a server.
#[derive(Debug)]
#[must_use = "a server is made by `bind`"]
pub struct ServerBuilder {
    engine: Engine,
    tokens: Option<Tokens>,
    max_in_flight: usize,
    max_connections: usize,
    grace: Duration,
    progress_timeout: Duration,
}

/// Why a server cannot be bound to its address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Others can reach the address, and the server has no tokens.
    #[error("{0} can be reached by others: tokens are needed to listen there")]
    TokensNeeded(SocketAddr),
    /// The system does not give the address.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ServerBuilder {
    pub(super) fn new(engine: Engine) -> Self {
        Self {
            engine,
            tokens: None,
            max_in_flight: 256,
            max_connections: 1024,
            grace: Duration::from_secs(25),
            progress_timeout: Duration::from_secs(30),
        }
    }

    /// The tokens that clients need, for every request of the API. Without tokens, every client reaches every account, and the
    /// server responds only to requests for a name of this machine, and to none from a page of another origin.
    pub fn tokens(mut self, tokens: impl Into<Option<Tokens>>) -> Self {
        self.tokens = tokens.into();
        self
    }

    /// The most calls in flight; 256. The next one gets 503. One account has at most half of them, unless it is the only one.
    pub fn max_in_flight(mut self, calls: usize) -> Self {
        self.max_in_flight = calls;
        self
    }

    /// The most connections at a time; 1,024. A further one waits, and idle ones are closed for it.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// How long calls in flight may take to end once the server is asked to stop; 25 seconds.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How long a client may make no progress in sending the head of a request or its body, or in taking its response; 30 seconds.
    pub fn progress_timeout(mut self, timeout: Duration) -> Self {
        self.progress_timeout = timeout;
        self
    }

    /// Binds the server to an address; with port 0 the system chooses one.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound, or others could reach it and there are no tokens.
    pub async fn bind(self, address: SocketAddr) -> Result<Server, BindError> {
        let Self {
            engine,
            tokens,
            max_in_flight,
            max_connections,
            grace,
            progress_timeout,
        } = self;
        if !address.ip().is_loopback() && tokens.is_none() {
            return Err(BindError::TokensNeeded(address));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Server {
            listener,
            address,
            engine,
            tokens: tokens.map(TokenSet::new),
            max_in_flight,
            max_connections,
            grace,
            progress_timeout,
        })
    }
}
