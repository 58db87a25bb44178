//! The store in a file: SQLite.

mod database;
mod schema;
mod tables;
#[cfg(test)]
mod tests;
mod worker;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use self::database::{Access, Database};
use self::worker::Worker;
use super::record::Millis;
use super::{
    Claim, ClaimRequest, Claimed, KeptOutcome, RecordKey, Secret, Store, StoreError, StoreFuture,
    UnknownEcho,
};

/// The records that one transaction sweeps, at most: other calls wait for it.
const SWEEP_BATCH: usize = 1_000;

/// What tells the time, in milliseconds since 1970.
type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// A store in a file. Several processes of one machine can share it; times are the machine's.
///
/// The file is a SQLite database with a write-ahead log, written with `synchronous=FULL`: what has been written outlives a loss of
/// power. One thread writes, and all who wait for it share a commit. A lock of another process is waited for, two seconds at most.
/// The database has to be on a local disk (<https://sqlite.org/wal.html>).
///
/// A file that is removed or replaced while it is in use makes the store unavailable: records would be lost, and a call sent twice.
/// It is looked for again at each call, and has to be one that was made with the same secret.
///
/// ```
/// use std::time::Duration;
///
/// use unified_ticketing::store::{ClaimRequest, Claimed, KeptOutcome, Secret, Sqlite, Store as _};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("calls.db");
/// let secret = Secret::create_beside(&path)?;
/// let store = Sqlite::open(&path, &secret)?;
///
/// let key = secret.record_key("cli", "62f44730", "create-user", None, "joiner 4711");
/// let fingerprint = secret.fingerprint("POST", "https://acme.gorgias.com/api/users", b"{}");
/// let [lease, lifetime] = [30, 7 * 86_400].map(Duration::from_secs);
/// let request = ClaimRequest::new(key, fingerprint, lease, lifetime);
///
/// let Claimed::New(claim) = store.claim(request.clone()).await? else { panic!() };
/// assert!(matches!(store.claim(request.clone()).await?, Claimed::InFlight { .. }));
///
/// let sealed = secret.seal("joiner 4711", &key, b"what the provider said")?;
/// store.keep(claim, KeptOutcome::Done, sealed, Some(Duration::from_secs(86_400))).await?;
/// let Claimed::Done(kept) = store.claim(request).await? else { panic!() };
/// assert_eq!(secret.open("joiner 4711", &key, &kept.sealed)?, b"what the provider said");
/// # Ok(())
/// # }
/// ```
pub struct Sqlite {
    writer: Worker,
    /// Looks up without waiting for the disk. It sees all that has been committed when it begins.
    reader: Worker,
}

impl Sqlite {
    /// Opens the store in this file, which is made (mode 0600) if it is not there. Blocks for up to two seconds if another process
    /// has locked it.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or written, is no store, or was made with another secret or by a newer version.
    pub fn open(path: impl AsRef<Path>, secret: &Secret) -> Result<Self, StoreError> {
        let clock = || super::record::millis(SystemTime::now());
        Self::with_clock(path.as_ref(), secret, Arc::new(clock))
    }

    fn with_clock(path: &Path, secret: &Secret, clock: Clock) -> Result<Self, StoreError> {
        let check = secret.check_value();
        let writer = Database::create(path, check)?;
        let reader = Database::open(path, check, Access::Read)?;
        Ok(Self {
            writer: Worker::start("store-writer", writer, Arc::clone(&clock))?,
            reader: Worker::start("store-reader", reader, clock)?,
        })
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}

impl Store for Sqlite {
    fn claim(&self, request: ClaimRequest) -> StoreFuture<'_, Claimed> {
        Box::pin(self.writer.claim(request))
    }

    fn keep(
        &self,
        claim: Claim,
        outcome: KeptOutcome,
        sealed: Vec<u8>,
        lifetime: Option<Duration>,
    ) -> StoreFuture<'_, bool> {
        Box::pin(
            self.writer
                .run(move |tables| tables.keep(&claim, outcome, &sealed, lifetime)),
        )
    }

    fn give_back(&self, claim: Claim) -> StoreFuture<'_, bool> {
        Box::pin(self.writer.run(move |tables| tables.give_back(&claim)))
    }

    fn release(&self, claim: Claim) -> StoreFuture<'_, bool> {
        Box::pin(self.writer.run(move |tables| tables.release(&claim)))
    }

    fn find_unknown(&self, key: RecordKey) -> StoreFuture<'_, Option<UnknownEcho>> {
        Box::pin(self.reader.run(move |tables| tables.find_unknown(key)))
    }

    fn put_unknown(
        &self,
        key: RecordKey,
        echo: UnknownEcho,
        lifetime: Duration,
    ) -> StoreFuture<'_, ()> {
        Box::pin(
            self.writer
                .run(move |tables| tables.put_unknown(key, &echo, lifetime)),
        )
    }

    fn forget_unknown(&self, key: RecordKey) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.run(move |tables| tables.forget_unknown(key)))
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let mut swept: u64 = 0;
            loop {
                let deleted = self.writer.run(|tables| tables.sweep(SWEEP_BATCH)).await?;
                swept = swept.saturating_add(u64::try_from(deleted).unwrap_or(u64::MAX));
                if deleted == 0 {
                    return Ok(swept);
                }
            }
        })
    }
}
