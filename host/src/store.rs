//! The store: remembers the calls that have a key, so that a retry is answered, settled or rejected, but never sent twice.
//!
//! A [`Store`] knows nothing of users and providers. It holds *records* under a [`RecordKey`]. A record is claimed before the first
//! byte goes to the provider, and after the call it is kept, or given back. One party at a time holds a claim, for as long as its
//! *lease* runs; a party that dies lets it run out, and no heartbeat is needed.
//!
//! | the record | [`Store::claim`] finds |
//! | --- | --- |
//! | is not there, has been given back, or has expired | [`Claimed::New`] |
//! | has another fingerprint, in whatever state | [`Claimed::Mismatch`] |
//! | is claimed, and the lease is not over | [`Claimed::InFlight`] with what is left of it |
//! | is kept as done | [`Claimed::Done`] with what was kept |
//! | is kept as unknown | [`Claimed::Unknown`] with what was kept, under a new lease |
//! | is claimed, and the lease is over: its holder has died | [`Claimed::Unknown`] with nothing kept, under a new lease |
//! | is one of the last two, and [`ClaimRequest::resend`] is set | [`Claimed::New`] |
//! | has another fingerprint, is not in flight, and [`ClaimRequest::replace`] is set | [`Claimed::New`] |
//!
//! What is kept is opaque to a store: it is sealed by a [`Secret`], which derives the keys of records, too. A store that is
//! stolen names no user. `Sqlite` (with the feature `sqlite`) keeps records in a file, `Postgres` (with the feature `postgres`) in a
//! database that any number of servers share, and a [`StoreUrl`] names either; an embedder can bring its own [`Store`].

mod canonical;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod record;
mod secret;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[cfg(test)]
mod suite;
mod url;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod version;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[cfg(feature = "postgres")]
pub use self::postgres::Postgres;
pub use self::secret::{SealError, Secret, SecretError};
#[cfg(feature = "sqlite")]
pub use self::sqlite::Sqlite;
pub use self::url::{StoreUrl, StoreUrlError};

/// What the methods of a [`Store`] return.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where records are kept.
///
/// Every method that writes returns after what it wrote is durable: it outlives the process, and the machine's power.
pub trait Store: Send + Sync {
    /// Claims a record, or says why not; the table of [this module](self) has what it finds.
    ///
    /// A claim whose future is dropped should be given up, as by [`Store::release`]. A store that cannot promise that leaves the
    /// lease to run out.
    fn claim(&self, request: ClaimRequest) -> StoreFuture<'_, Claimed>;

    /// Keeps what the call of a claim ended with, and ends the claim. The record expires after `lifetime`; without one, when it
    /// would have expired before.
    ///
    /// Returns `false` if the record is not this claim's any more, because its lease ran out and another took it over; nothing is
    /// changed then.
    fn keep(
        &self,
        claim: Claim,
        outcome: KeptOutcome,
        sealed: Vec<u8>,
        lifetime: Option<Duration>,
    ) -> StoreFuture<'_, bool>;

    /// Forgets a record: the provider has certainly not acted, neither on this claim's call nor on an earlier one. Whoever claims
    /// it next finds [`Claimed::New`].
    ///
    /// Returns `false` and changes nothing where [`Store::keep`] does.
    fn give_back(&self, claim: Claim) -> StoreFuture<'_, bool>;

    /// Ends a claim that has led to nothing, and leaves the record as the claim found it: a [`Claimed::New`] one is not there, a
    /// [`Claimed::Unknown`] one is unknown, and at once free to be claimed.
    ///
    /// Returns `false` and changes nothing where [`Store::keep`] does.
    fn release(&self, claim: Claim) -> StoreFuture<'_, bool>;

    /// Finds what [`Store::put_unknown`] has put, unless it has expired.
    fn find_unknown(&self, key: RecordKey) -> StoreFuture<'_, Option<UnknownEcho>>;

    /// Remembers a create without a key that has ended unknown, in place of what was remembered under the same key.
    fn put_unknown(
        &self,
        key: RecordKey,
        echo: UnknownEcho,
        lifetime: Duration,
    ) -> StoreFuture<'_, ()>;

    /// Forgets what [`Store::put_unknown`] has put.
    fn forget_unknown(&self, key: RecordKey) -> StoreFuture<'_, ()>;

    /// Deletes what has expired, and returns how many records that were. Other calls are not held up for long.
    fn sweep(&self) -> StoreFuture<'_, u64>;
}

impl<T: Store + ?Sized> Store for Arc<T> {
    fn claim(&self, request: ClaimRequest) -> StoreFuture<'_, Claimed> {
        (**self).claim(request)
    }

    fn keep(
        &self,
        claim: Claim,
        outcome: KeptOutcome,
        sealed: Vec<u8>,
        lifetime: Option<Duration>,
    ) -> StoreFuture<'_, bool> {
        (**self).keep(claim, outcome, sealed, lifetime)
    }

    fn give_back(&self, claim: Claim) -> StoreFuture<'_, bool> {
        (**self).give_back(claim)
    }

    fn release(&self, claim: Claim) -> StoreFuture<'_, bool> {
        (**self).release(claim)
    }

    fn find_unknown(&self, key: RecordKey) -> StoreFuture<'_, Option<UnknownEcho>> {
        (**self).find_unknown(key)
    }

    fn put_unknown(
        &self,
        key: RecordKey,
        echo: UnknownEcho,
        lifetime: Duration,
    ) -> StoreFuture<'_, ()> {
        (**self).put_unknown(key, echo, lifetime)
    }

    fn forget_unknown(&self, key: RecordKey) -> StoreFuture<'_, ()> {
        (**self).forget_unknown(key)
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        (**self).sweep()
    }
}

/// The name of a record: a MAC over who asks for what, with which key. It tells nothing of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey([u8; 32]);

/// A MAC over a request to a provider: two requests have the same one if they ask for the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl RecordKey {
    /// The key of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a store to look up.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Fingerprint {
    /// The fingerprint of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a store to compare.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Prints no byte: a log that has the name of a record says who has asked for the same twice.
impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordKey").finish_non_exhaustive()
    }
}

/// Prints no byte, as that of [`RecordKey`].
impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fingerprint").finish_non_exhaustive()
    }
}

/// What [`Store::claim`] is asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClaimRequest {
    /// The record.
    pub key: RecordKey,
    /// The request that the caller wants to send.
    pub fingerprint: Fingerprint,
    /// How long the caller needs at most.
    pub lease: Duration,
    /// How long the record stays if the caller dies, counted from now. A create has to be looked for until then. Of an operation
    /// that may be repeated it is the lease itself: a claim whose lease is over is then as good as given back.
    pub lifetime: Duration,
    /// Whether a record that is unknown is claimed as a new one: somebody has looked, and the user is not there.
    pub resend: bool,
    /// Whether a record of another request is claimed as a new one, unless a claim holds it: the request changes what there is, and
    /// the caller wants the latest.
    pub replace: bool,
}

impl ClaimRequest {
    /// A claim of this record for this long. The record stays for `lifetime`, and at least for the lease.
    #[must_use]
    pub fn new(
        key: RecordKey,
        fingerprint: Fingerprint,
        lease: Duration,
        lifetime: Duration,
    ) -> Self {
        Self {
            key,
            fingerprint,
            lease,
            lifetime: lifetime.max(lease),
            resend: false,
            replace: false,
        }
    }

    /// With a record that is unknown claimed as a new one, if `resend`.
    #[must_use]
    pub fn resend(mut self, resend: bool) -> Self {
        self.resend = resend;
        self
    }

    /// With a record of another request claimed as a new one, if `replace`.
    #[must_use]
    pub fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }
}

/// What [`Store::claim`] finds.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// The caller holds the record, and may send.
    New(Claim),
    /// Another caller holds the record.
    InFlight {
        /// What is left of its lease. It may end sooner.
        retry_after: Duration,
    },
    /// The record is of another request.
    Mismatch,
    /// The call is done.
    Done(Kept),
    /// An earlier call may have reached the provider. The caller holds the record now, and has to look before it sends.
    Unknown {
        /// The caller's claim. Its time is the first claim's.
        claim: Claim,
        /// What was kept; `None` if whoever sent has died.
        kept: Option<Kept>,
    },
}

/// The right to keep a record or to give it back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// The record.
    pub key: RecordKey,
    /// A number that this claim alone has.
    pub id: [u8; 16],
    /// When the record was first claimed, by the store's clock, to the millisecond.
    pub begun: SystemTime,
}

impl Claim {
    /// A claim with this number. Only stores make claims.
    #[must_use]
    pub fn new(key: RecordKey, id: [u8; 16], begun: SystemTime) -> Self {
        Self { key, id, begun }
    }
}

/// How the call ended whose record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptOutcome {
    /// It succeeded.
    Done,
    /// The provider may have acted.
    Unknown,
}

/// What was kept of a call.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kept {
    /// When the record was first claimed, by the store's clock.
    pub begun: SystemTime,
    /// The bytes that [`Store::keep`] was given.
    pub sealed: Vec<u8>,
}

impl Kept {
    /// These bytes of a call that began then.
    #[must_use]
    pub fn new(begun: SystemTime, sealed: Vec<u8>) -> Self {
        Self { begun, sealed }
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("begun", &self.begun)
            .finish_non_exhaustive()
    }
}

/// What is remembered of a create without a key that has ended unknown.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownEcho {
    /// When the create began, to the millisecond.
    pub begun: SystemTime,
    /// What is remembered of it, sealed.
    pub sealed: Vec<u8>,
}

impl UnknownEcho {
    /// These bytes of a create that began then.
    #[must_use]
    pub fn new(begun: SystemTime, sealed: Vec<u8>) -> Self {
        Self { begun, sealed }
    }
}

impl fmt::Debug for UnknownEcho {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnknownEcho")
            .field("begun", &self.begun)
            .finish_non_exhaustive()
    }
}

/// Why a store cannot do what it is asked for. Nothing of a record is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached, read or written now. The text is for people.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// It was made with another secret. A record that this secret names would not be found, and a call would be sent twice.
    #[error("the store was made with another secret; expected the secret that it was made with")]
    WrongSecret,
    /// A newer version of this program has changed it.
    #[error("the store has version {found}, but this program knows versions up to {known} only")]
    TooNew {
        /// The store's version.
        found: i64,
        /// The newest version that is known.
        known: i64,
    },
    /// What is in it was not written by this program, or is damaged. The text is for people.
    #[error("the store cannot be used: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// [`StoreError::Unavailable`] for this reason.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable(reason.into())
    }

    /// [`StoreError::Corrupt`] for this reason.
    pub fn corrupt(reason: impl Into<String>) -> Self {
        Self::Corrupt(reason.into())
    }
}
