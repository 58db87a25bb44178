//! A store with a hook before and after each of its methods.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use unified_ticketing::store::{
    Claim, ClaimRequest, Claimed, KeptOutcome, RecordKey, Store, StoreError, StoreFuture,
    UnknownEcho,
};

/// A method of a store.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum Method {
    Claim,
    Keep,
    GiveBack,
    Release,
    FindUnknown,
    PutUnknown,
    ForgetUnknown,
    Sweep,
}

/// What happens around the methods.
pub trait Hook: Send + Sync + 'static {
    /// Changes what is asked for.
    fn change(&self, _request: &mut ClaimRequest) {}

    /// Runs before a method, which fails with its error.
    fn before(&self, method: Method) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Runs after a method that has not failed.
    fn after(&self, _method: Method) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

pub struct Hooked<H> {
    store: Arc<dyn Store>,
    hook: H,
}

impl<H: Hook> Hooked<H> {
    pub const fn new(store: Arc<dyn Store>, hook: H) -> Self {
        Self { store, hook }
    }

    fn run<'a, T>(&'a self, method: Method, running: StoreFuture<'a, T>) -> StoreFuture<'a, T>
    where
        T: Send + 'a,
    {
        Box::pin(async move {
            self.hook.before(method).await?;
            let done = running.await?;
            self.hook.after(method).await;
            Ok(done)
        })
    }
}

impl<H: Hook> Store for Hooked<H> {
    fn claim(&self, mut request: ClaimRequest) -> StoreFuture<'_, Claimed> {
        self.hook.change(&mut request);
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
        self.run(Method::FindUnknown, self.store.find_unknown(key))
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
        self.run(Method::ForgetUnknown, self.store.forget_unknown(key))
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        self.run(Method::Sweep, self.store.sweep())
    }
}
