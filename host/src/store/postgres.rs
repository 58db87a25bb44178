//! The store in a database: Postgres.

mod connection;
mod error;
mod schema;
mod session;
mod statements;
#[cfg(test)]
mod tests;
mod url;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Client, Pool};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Config;

use self::connection::{RESPONSE_TIMEOUT, STATEMENT_TIMEOUT};
use self::error::StepError;
use self::session::Session;
use self::statements::{CLOCK, Statements};
pub(super) use self::url::parse;
use super::record::new_claim_id;
use super::{
    Claim, ClaimRequest, Claimed, KeptOutcome, RecordKey, Secret, Store, StoreError, StoreFuture,
    UnknownEcho,
};

/// A store in a Postgres database (12 or newer), for any number of processes on any number of machines. Times are the database's.
///
/// The URL has libpq's form: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE`, with `postgresql` as another name of the
/// scheme, several hosts separated by commas, of which the one that takes writes is used, and a folder of a Unix socket,
/// percent-encoded, as a host. What URLs reserve has to be percent-encoded in a password. A host has to be named, and neither the
/// variables of libpq (`PGPASSWORD`, …) nor its files are read.
///
/// `sslmode` is `disable`, `prefer` (the default) or `require`. Wherever there is TLS, the certificate has to lead to a public root
/// or one of those given, and has to have the host's name: `require` is what libpq calls `verify-full`, which is another name for it
/// here. `prefer` goes without TLS where the server has none, so whoever can change what passes can read it; where the server has a
/// certificate that is not trusted, `prefer` fails, too.
///
/// The tables are named `unified_ticketing_…`, and made on first use in the schema that `search_path` begins with; another one can be
/// asked for by `?options=-csearch_path%3DNAME`. A pooler between has to leave a session to its connection (`pool_mode=session` of
/// `PgBouncer`): a store sets `synchronous_commit` and timeouts.
///
/// A server that is gone, or takes more than some seconds, makes the store unavailable, and it is found again when it is back. What
/// has been asked of a store is done even if the future is dropped; a claim that nobody waits for any more is released. So is one
/// whose answer is lost, as soon as the server is back; until then its lease runs.
///
/// ```no_run
/// use unified_ticketing::store::{Postgres, Secret};
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = Secret::from_file("/etc/unified-ticketing/store.secret")?;
/// let url = std::env::var("UNIFIED_TICKETING_STORE")?;
/// let store = Postgres::open(&url, &secret, None).await?;
/// # Ok(())
/// # }
/// ```
pub struct Postgres(Arc<Database>);

struct Database {
    pool: Pool,
    statements: Statements,
    check: [u8; 32],
}

/// A step of a session.
type Step<'a, T> = Pin<Box<dyn Future<Output = Result<T, StepError>> + Send + 'a>>;

impl Postgres {
    /// Opens the store of this database, or makes it, and upgrades it if it is older. `root_certificates`, in PEM, are trusted besides
    /// the public ones.
    ///
    /// Must be called within a Tokio runtime, as all methods of the store.
    ///
    /// # Errors
    ///
    /// When the URL is none, the database cannot be reached or written, or the store in it was made with another secret or by a newer
    /// version. No error holds anything of the URL.
    pub async fn open(
        url: &str,
        secret: &Secret,
        root_certificates: Option<&[u8]>,
    ) -> Result<Self, StoreError> {
        let config = parse(url).ok_or_else(|| {
            let expected = "expected a URL such as `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, percent-encoded";
            StoreError::unavailable(expected)
        })?;
        Self::with_clock(config, secret, root_certificates, CLOCK).await
    }

    /// A store by this clock, an expression that gives milliseconds since 1970.
    async fn with_clock(
        config: Config,
        secret: &Secret,
        root_certificates: Option<&[u8]>,
        clock: &str,
    ) -> Result<Self, StoreError> {
        let database = Database {
            pool: connection::pool(config, root_certificates)?,
            statements: Statements::new(clock),
            check: secret.check_value(),
        };
        let mut client = database.client().await?;
        let upgraded = schema::upgrade(&mut client, schema::MIGRATIONS, &database.check);
        upgraded.await?;
        drop(client);
        Ok(Self(Arc::new(database)))
    }

    /// Runs a step, to its end even if the future is dropped.
    fn run<T: Send + 'static>(
        &self,
        step: impl for<'a> FnOnce(Session<'a>) -> Step<'a, T> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(detached(Arc::clone(&self.0).run(step)))
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl Store for Postgres {
    fn claim(&self, request: ClaimRequest) -> StoreFuture<'_, Claimed> {
        let claim = Arc::clone(&self.0).claim(request);
        Box::pin(async move {
            let mut unclaimed = detached(claim).await?;
            unclaimed.claimed.take().ok_or_else(ended)
        })
    }

    fn keep(
        &self,
        claim: Claim,
        outcome: KeptOutcome,
        sealed: Vec<u8>,
        lifetime: Option<Duration>,
    ) -> StoreFuture<'_, bool> {
        self.run(move |session| Box::pin(session.keep(claim, outcome, sealed, lifetime)))
    }

    fn give_back(&self, claim: Claim) -> StoreFuture<'_, bool> {
        self.run(move |session| Box::pin(session.give_back(claim)))
    }

    fn release(&self, claim: Claim) -> StoreFuture<'_, bool> {
        self.run(move |session| Box::pin(session.release(claim)))
    }

    fn find_unknown(&self, key: RecordKey) -> StoreFuture<'_, Option<UnknownEcho>> {
        self.run(move |session| Box::pin(session.find_unknown(key)))
    }

    fn put_unknown(
        &self,
        key: RecordKey,
        echo: UnknownEcho,
        lifetime: Duration,
    ) -> StoreFuture<'_, ()> {
        self.run(move |session| Box::pin(session.put_unknown(key, echo, lifetime)))
    }

    fn forget_unknown(&self, key: RecordKey) -> StoreFuture<'_, ()> {
        self.run(move |session| Box::pin(session.forget_unknown(key)))
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let mut swept: u64 = 0;
            loop {
                let deleted = self.run(|session| Box::pin(session.sweep())).await?;
                swept = swept.saturating_add(deleted);
                if deleted == 0 {
                    return Ok(swept);
                }
            }
        })
    }
}

impl Database {
    async fn client(&self) -> Result<Client, StoreError> {
        Ok(self.pool.get().await.map_err(StepError::from)?)
    }

    async fn run<T>(
        self: Arc<Self>,
        step: impl for<'a> FnOnce(Session<'a>) -> Step<'a, T> + Send,
    ) -> Result<T, StoreError> {
        let client = self.client().await?;
        self.run_on(client, step).await
    }

    async fn run_on<T>(
        &self,
        mut client: Client,
        step: impl for<'a> FnOnce(Session<'a>) -> Step<'a, T> + Send,
    ) -> Result<T, StoreError> {
        let session = Session {
            client: &mut client,
            statements: &self.statements,
            check: &self.check,
        };
        let error = match timeout(RESPONSE_TIMEOUT, step(session)).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(StepError::Store(error))) => return Err(error),
            Ok(Err(error @ StepError::Postgres(_))) => error.into(),
            Err(_) => StoreError::unavailable(format!(
                "its server has not answered for {RESPONSE_TIMEOUT:?}"
            )),
        };
        // Whatever is wrong with the connection may be so for ever, and a statement that nobody waits for may still run on it.
        drop(Client::take(client));
        Err(error)
    }

    async fn claim(self: Arc<Self>, request: ClaimRequest) -> Result<Unclaimed, StoreError> {
        let id = new_claim_id()?;
        let (key, lease) = (request.key, request.lease);
        let client = self.client().await?;
        let claiming = self.run_on(client, move |session| Box::pin(session.claim(request, id)));
        let claimed = claiming.await;
        if let Err(StoreError::Unavailable(_)) = claimed {
            // It has been asked for, so it may have been made, and its answer lost.
            let claim = Claim::new(key, id, std::time::UNIX_EPOCH);
            tokio::spawn(Arc::clone(&self).abandon(claim, lease));
        }
        Ok(Unclaimed {
            claimed: Some(claimed?),
            database: self,
            runtime: Handle::current(),
        })
    }

    /// Releases a claim of which it is not known whether it has been made, as long as its lease may run. Left alone, it would have the
    /// next call look for what was never sent.
    async fn abandon(self: Arc<Self>, claim: Claim, lease: Duration) {
        let end = Instant::now() + lease;
        while Instant::now() < end {
            // The server ends a statement by itself before that; released earlier, the claim might be made afterwards.
            sleep(STATEMENT_TIMEOUT + STATEMENT_TIMEOUT / 2).await;
            let claim = claim.clone();
            let release = Arc::clone(&self).run(move |session| Box::pin(session.release(claim)));
            if release.await.is_ok() {
                return;
            }
        }
    }
}

/// A claim that is durable, on its way to whoever has asked for it. It is released where it does not arrive.
struct Unclaimed {
    claimed: Option<Claimed>,
    database: Arc<Database>,
    runtime: Handle,
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        let claim = match self.claimed.take() {
            Some(Claimed::New(claim) | Claimed::Unknown { claim, .. }) => claim,
            Some(Claimed::InFlight { .. } | Claimed::Mismatch | Claimed::Done(_)) | None => return,
        };
        let database = Arc::clone(&self.database);
        // Where that fails the lease runs out.
        self.runtime
            .spawn(database.run(move |session| Box::pin(session.release(claim))));
    }
}

/// Runs this in a task of its own: it ends even if whoever waits for it leaves.
async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::spawn(work).await.unwrap_or_else(|_| Err(ended()))
}

fn ended() -> StoreError {
    StoreError::unavailable("the program ends")
}
