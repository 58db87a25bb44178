//! The published HTTP API as a server, in front of an engine.
//!
//! The component responds to each request; the server reads the request whole, checks its bearer token if it has tokens, and bounds
//! the calls in flight. `GET /healthz`, `GET /readyz` and `GET /openapi.json` are beside the API and need no token.
//!
//! Each request has one log line, also a request that is not valid HTTP: its id, account, integration, operation, method, the
//! pattern of its route, status, code, outcome and the time; never a path, a query, a header or a body. A request with a status of
//! 500 or more, or whose client has left, is a warning, any other is information.

mod access_log;
mod builder;
mod connection;
mod error;
mod framing;
mod respond;
mod route;
mod slots;
mod socket;
#[cfg(test)]
mod tests;
mod tokens;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hyper::server::conn::http1;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};

pub use self::builder::{BindError, ServerBuilder};
use self::slots::Slots;
pub use self::tokens::{
    NewToken, NewTokenError, Token, TokenOperation, TokenOperationError, Tokens, TokensError,
};
use crate::engine::Engine;

/// The most bytes of bodies that are being read, over all requests.
const MAX_READING: usize = 64 << 20;

/// How long a new connection waits for another one to close, before the next one is asked to.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(100);

/// How long a server waits for the last responses after the grace period.
const LAST_RESPONSES_TIMEOUT: Duration = Duration::from_millis(1500);

/// The phases of a server's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    /// The server takes no more requests.
    Draining,
    /// The server ends the calls in flight.
    Stopped,
}

/// A server, bound to an address and ready to serve.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    engine: Engine,
    tokens: Option<TokenSet>,
    max_in_flight: usize,
    max_connections: usize,
    grace: Duration,
    progress_timeout: Duration,
}

/// The tokens that a server accepts. They can be replaced while it serves. Clones belong to the same server.
#[derive(Clone, Debug)]
pub struct TokenSet(Arc<RwLock<Arc<Tokens>>>);

impl TokenSet {
    fn new(tokens: Tokens) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(tokens))))
    }

    /// Accepts only these tokens from the next request on.
    pub fn replace(&self, tokens: Tokens) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tokens);
    }

    fn current(&self) -> Arc<Tokens> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Shared {
    engine: Engine,
    tokens: Option<TokenSet>,
    http: http1::Builder,
    progress_timeout: Duration,
    slots: Arc<Slots>,
    /// The bytes that are free for bodies.
    reading: Arc<Semaphore>,
    /// Asks one connection after the other to close.
    full: Notify,
    phase: watch::Sender<Phase>,
    /// True when the calls in flight must end.
    stop_calls: watch::Sender<bool>,
    served: AtomicU64,
    /// Distinguishes this process's request ids from another's.
    run: u32,
}

impl Server {
    /// Returns a builder of a server in front of this engine.
    ///
    /// ```
    /// use unified_ticketing::Engine;
    /// use unified_ticketing::server::Server;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = Engine::builder().build()?;
    /// let server = Server::builder(engine).max_in_flight(64).bind(([127, 0, 0, 1], 0).into()).await?;
    /// assert_ne!(server.address().port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(engine: Engine) -> ServerBuilder {
        ServerBuilder::new(engine)
    }

    /// The address bound, with the port that the system chose.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The tokens, to replace them while the server serves; `None` if the server was bound without. Whether a server needs tokens
    /// cannot change.
    #[must_use]
    pub fn tokens(&self) -> Option<TokenSet> {
        self.tokens.clone()
    }

    /// Serves until `shutdown` resolves. Then the server accepts no further connection, closes idle ones, and waits for the calls in
    /// flight, as long as [`ServerBuilder::grace`] says. It ends the remaining calls: their responses say whether the provider may have
    /// acted.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) {
        self.serve_until(shutdown, std::future::pending()).await;
    }

    /// Serves as [`Self::serve`] does, and ends its grace at the latest when `over` resolves.
    pub async fn serve_until(
        self,
        shutdown: impl Future<Output = ()> + Send,
        over: impl Future<Output = ()> + Send,
    ) {
        let shared = Arc::new(Shared {
            engine: self.engine,
            tokens: self.tokens,
            http: connection::http(self.progress_timeout),
            progress_timeout: self.progress_timeout,
            slots: Arc::new(Slots::new(self.max_in_flight)),
            reading: Arc::new(Semaphore::new(MAX_READING)),
            full: Notify::new(),
            phase: watch::Sender::new(Phase::Serving),
            stop_calls: watch::Sender::new(false),
            served: AtomicU64::new(0),
            run: uuid::Uuid::new_v4().as_fields().0,
        });
        let room = Arc::new(Semaphore::new(self.max_connections));
        // Each connection has a sender; the channel ends with the last connection.
        let (open, mut closed) = mpsc::channel::<()>(1);
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let (stream, permit) = tokio::select! {
                biased;
                () = &mut shutdown => break,
                accepted = accept(&self.listener, &room, &shared.full) => accepted,
            };
            let (shared, open) = (Arc::clone(&shared), open.clone());
            let phase = shared.phase.subscribe();
            tokio::spawn(async move {
                connection::serve(stream, shared, phase).await;
                drop((permit, open));
            });
        }
        drop((self.listener, open));
        shared.phase.send_replace(Phase::Draining);
        tokio::select! {
            biased;
            _ = closed.recv() => return,
            () = sleep(self.grace) => {}
            () = over => {}
        }
        shared.stop_calls.send_replace(true);
        shared.phase.send_replace(Phase::Stopped);
        let _ = timeout(LAST_RESPONSES_TIMEOUT, closed.recv()).await;
    }
}

/// Accepts a connection, and waits until there is room for it.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    full: &Notify,
) -> (TcpStream, OwnedSemaphorePermit) {
    let stream = loop {
        match listener.accept().await {
            Ok((stream, _)) => break stream,
            Err(error) => {
                // Mostly a lack of file descriptors: some in use must be closed first.
                tracing::error!(%error, "a connection cannot be accepted");
                full.notify_one();
                sleep(CLOSE_TIMEOUT).await;
            }
        }
    };
    // Responses are one small write each.
    let _ = stream.set_nodelay(true);
    if let Ok(permit) = Arc::clone(room).try_acquire_owned() {
        return (stream, permit);
    }
    let permit = loop {
        full.notify_one();
        // A connection that closes in time makes room; otherwise the next one is asked.
        if let Ok(Ok(permit)) = timeout(CLOSE_TIMEOUT, Arc::clone(room).acquire_owned()).await {
            break permit;
        }
    };
    // Where no connection was there to be asked, the next one would close without a reason.
    let _ = std::pin::pin!(full.notified()).enable();
    (stream, permit)
}

impl Shared {
    fn next_id(&self) -> Arc<str> {
        let number = self.served.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}-{number}", self.run).into()
    }
}
