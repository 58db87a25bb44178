//! A store that kills its own process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use unified_ticketing::store::{
    Claim, ClaimRequest, Claimed, KeptOutcome, RecordKey, Store, StoreFuture, UnknownEcho,
};

use super::{Kill, LEASE, kill};

/// A method of the store that writes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(super) enum Method {
    Claim,
    Keep,
    GiveBack,
    Release,
    PutUnknown,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(super) enum When {
    Before,
    After,
}

/// Kills its process when every call has come to a point. A call that has come there goes no further.
pub(super) struct DyingStore {
    store: Arc<dyn Store>,
    kill: Kill,
    /// How many calls have not come to the point.
    missing: AtomicUsize,
}

impl DyingStore {
    pub(super) const fn new(store: Arc<dyn Store>, kill: Kill, calls: usize) -> Self {
        Self {
            store,
            kill,
            missing: AtomicUsize::new(calls),
        }
    }

    async fn pass(&self, when: When, method: Method) {
        if self.kill != Kill::Store(when, method) {
            return;
        }
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            kill(std::process::id());
        }
        std::future::pending().await
    }

    /// Runs a method between its two points.
    fn run<'a, T>(&'a self, method: Method, running: StoreFuture<'a, T>) -> StoreFuture<'a, T>
    where
        T: Send + 'a,
    {
        Box::pin(async move {
            self.pass(When::Before, method).await;
            let result = running.await;
            self.pass(When::After, method).await;
            result
        })
    }
}

impl Store for DyingStore {
    fn claim(&self, mut request: ClaimRequest) -> StoreFuture<'_, Claimed> {
        // So that the test does not wait for half a minute.
        request.lease = LEASE;
        self.run(Method::Claim, self.store.claim(request))
    }

    fn keep(
        &self,
        claim: Claim,
        outcome: KeptOutcome,
        sealed: Vec<u8>,
        lifetime: Option<Duration>,
    ) -> StoreFuture<'_, bool> {
        let keep = self.store.keep(claim, outcome, sealed, lifetime);
        self.run(Method::Keep, keep)
    }

    fn give_back(&self, claim: Claim) -> StoreFuture<'_, bool> {
        self.run(Method::GiveBack, self.store.give_back(claim))
    }

    fn release(&self, claim: Claim) -> StoreFuture<'_, bool> {
        self.run(Method::Release, self.store.release(claim))
    }

    fn find_unknown(&self, key: RecordKey) -> StoreFuture<'_, Option<UnknownEcho>> {
        self.store.find_unknown(key)
    }

    fn put_unknown(
        &self,
        key: RecordKey,
        echo: UnknownEcho,
        lifetime: Duration,
    ) -> StoreFuture<'_, ()> {
        let put = self.store.put_unknown(key, echo, lifetime);
        self.run(Method::PutUnknown, put)
    }

    fn forget_unknown(&self, key: RecordKey) -> StoreFuture<'_, ()> {
        self.store.forget_unknown(key)
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        self.store.sweep()
    }
}
