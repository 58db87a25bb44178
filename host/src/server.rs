//! The published HTTP API as a server, in front of an engine.
//!
//! Each request is answered by the component; the server reads it whole, checks the bearer token where tokens are asked for, and
//! bounds what is under way. `GET /healthz` and `GET /readyz` are beside the API and need no token.
//!
//! One line of log for each request, also for one that HTTP itself does not let through: its id, account, integration, operation,
//! method, the pattern of its sender, status, code, outcome and the time; never a path, a query, a header or a body. Requests that
//! end in a status of 500 or more, or whose client has left, are warnings, the others information.

mod answer;
mod connection;
mod framing;
mod places;
mod refuse;
mod report;
mod socket;
#[cfg(test)]
mod tests;
mod tokens;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hyper::server::conn::http1;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};

use self::places::Places;
pub use self::tokens::Tokens;
use crate::engine::Engine;

/// How long a client may make no progress in sending a head or a body, or in taking a response.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many bytes of bodies may be there that are not read whole yet.
const MAX_READING: usize = 64 << 20;

/// How long a new connection waits for one to close before the next is asked to.
const CROWDED: Duration = Duration::from_millis(100);

/// How long a server waits for connections to say their last words once the time for stopping is over.
const LAST_WORDS: Duration = Duration::from_millis(1500);

/// How long each part of an exchange may take without progress.
#[derive(Clone, Copy, Debug)]
struct Times {
    head: Duration,
    body: Duration,
    write: Duration,
}

/// Where a server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    /// No more requests are taken.
    Draining,
    /// What is still in flight is cut.
    Over,
}

/// A server, bound to an address and ready to serve.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    engine: Engine,
    tokens: Option<TokenSet>,
    max_in_flight: usize,
    max_connections: usize,
    grace: Duration,
    times: Times,
}

/// The tokens that a server accepts, which can be replaced while it serves. Clones are of the same server.
#[derive(Clone, Debug)]
pub struct TokenSet(Arc<RwLock<Arc<Tokens>>>);

impl TokenSet {
    fn new(tokens: Tokens) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(tokens))))
    }

    /// Accepts these tokens, and no others, from the next request on.
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
    times: Times,
    places: Arc<Places>,
    /// Bytes that bodies may have which are being read.
    reading: Arc<Semaphore>,
    /// Asks one connection after the other to make room.
    crowded: Notify,
    phase: watch::Sender<Phase>,
    /// Says that calls must end now.
    cut: watch::Sender<bool>,
    served: AtomicU64,
    /// Tells this process's request ids from another's.
    run: u32,
}

impl Server {
    /// Binds `address`; with port 0 the system chooses one. With `tokens`, every request but those for health needs one of them;
    /// each token reaches every account. Without, only requests to a name of this machine are answered, and none that a page of
    /// another origin makes. Beyond `max_in_flight` calls at a time, the next is answered with 503; one account has at most half
    /// of them, unless it is the only one.
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
        Ok(Self {
            listener,
            address,
            engine,
            tokens: tokens.map(TokenSet::new),
            max_in_flight,
            max_connections: 1024,
            grace: Duration::from_secs(25),
            times: Times {
                head: PATIENCE,
                body: PATIENCE,
                write: PATIENCE,
            },
        })
    }

    /// How many connections there may be; 1,024. A further one waits, and those that are idle are closed for it.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// How long what is in flight may take to end once the server is asked to stop; 25 seconds.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How long a client may make no progress in sending the head of a request or its body, or in taking its response; 30 seconds.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.times = Times {
            head: time,
            body: time,
            write: time,
        };
        self
    }

    /// The address bound, with the port that the system chose.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The tokens, to replace them while the server serves. Nothing where the server was bound without tokens: it cannot ask for
    /// them later, nor do without them.
    #[must_use]
    pub fn tokens(&self) -> Option<TokenSet> {
        self.tokens.clone()
    }

    /// Serves until `shutdown` resolves. Then no further connection is accepted, those that are idle are closed, and what is in
    /// flight is finished, for as long as [`Self::grace`] lets it. What remains is cut: its clients are told whether the provider
    /// may have acted.
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
            http: connection::http(self.times),
            times: self.times,
            places: Arc::new(Places::new(self.max_in_flight)),
            reading: Arc::new(Semaphore::new(MAX_READING)),
            crowded: Notify::new(),
            phase: watch::Sender::new(Phase::Serving),
            cut: watch::Sender::new(false),
            served: AtomicU64::new(0),
            run: uuid::Uuid::new_v4().as_fields().0,
        });
        let room = Arc::new(Semaphore::new(self.max_connections));
        // Each connection has a sender; when the last is gone, so are they.
        let (here, mut gone) = mpsc::channel::<()>(1);
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let (stream, permit) = tokio::select! {
                biased;
                () = &mut shutdown => break,
                accepted = accept(&self.listener, &room, &shared.crowded) => accepted,
            };
            let (shared, here) = (Arc::clone(&shared), here.clone());
            let phase = shared.phase.subscribe();
            tokio::spawn(async move {
                connection::serve(stream, shared, phase).await;
                drop((permit, here));
            });
        }
        drop((self.listener, here));
        shared.phase.send_replace(Phase::Draining);
        tokio::select! {
            biased;
            _ = gone.recv() => return,
            () = sleep(self.grace) => {}
            () = over => {}
        }
        shared.cut.send_replace(true);
        shared.phase.send_replace(Phase::Over);
        let _ = timeout(LAST_WORDS, gone.recv()).await;
    }
}

/// Accepts a connection, when there is room for one.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    crowded: &Notify,
) -> (TcpStream, OwnedSemaphorePermit) {
    let permit = loop {
        if let Ok(permit) = Arc::clone(room).try_acquire_owned() {
            break permit;
        }
        crowded.notify_one();
        // Whoever closes in time makes room; otherwise the next is asked.
        if let Ok(Ok(permit)) = timeout(CROWDED, Arc::clone(room).acquire_owned()).await {
            break permit;
        }
    };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are one small write each.
                let _ = stream.set_nodelay(true);
                return (stream, permit);
            }
            Err(error) => {
                // Out of file descriptors, most often: those in use have to come back first.
                tracing::error!(%error, "a connection cannot be accepted");
                crowded.notify_one();
                sleep(CROWDED).await;
            }
        }
    }
}

impl Shared {
    fn next_id(&self) -> Arc<str> {
        let number = self.served.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}-{number}", self.run).into()
    }
}
