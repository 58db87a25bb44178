//! A store in memory, written from the table of the trait's documentation. Its time stands still until it is moved.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use unified_ticketing::store::{
    Claim, ClaimRequest, Claimed, Fingerprint, Kept, KeptOutcome, RecordKey, Store, StoreError,
    StoreFuture, UnknownEcho,
};

/// Clones share everything.
#[derive(Clone)]
pub(super) struct Memory(Arc<Mutex<State>>);

struct State {
    now: SystemTime,
    records: HashMap<RecordKey, Record>,
    echoes: HashMap<RecordKey, (UnknownEcho, SystemTime)>,
    claims: u128,
}

struct Record {
    fingerprint: Fingerprint,
    /// What it was kept as; none if it was claimed only.
    kept: Option<KeptOutcome>,
    sealed: Vec<u8>,
    claim: Option<([u8; 16], SystemTime)>,
    begun: SystemTime,
    expires: SystemTime,
}

impl Memory {
    pub(super) fn new() -> Self {
        let state = State {
            now: SystemTime::now(),
            records: HashMap::new(),
            echoes: HashMap::new(),
            claims: 0,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(super) fn now(&self) -> SystemTime {
        self.lock().now
    }

    pub(super) fn pass(&self, time: Duration) {
        self.lock().now += time;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic inside")
    }

    /// Runs this when the future is polled.
    fn run<'a, T: Send + 'a>(
        &'a self,
        work: impl FnOnce(&mut State) -> T + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move { Ok::<_, StoreError>(work(&mut self.lock())) })
    }
}

impl State {
    fn claim(&mut self, request: &ClaimRequest) -> Claimed {
        let now = self.now;
        let known = self.records.remove(&request.key);
        let known = known.filter(|record| record.expires > now);
        self.claims += 1;
        let id = self.claims.to_le_bytes();
        let lease = (id, now + request.lease);
        let Some(mut record) = known else {
            return self.claim_anew(request, lease);
        };
        let is_held = record.claim.is_some_and(|(_, until)| until > now);
        let claimed = if record.fingerprint != request.fingerprint {
            Claimed::Mismatch
        } else if record.kept == Some(KeptOutcome::Done) {
            Claimed::Done(Kept::new(record.begun, record.sealed.clone()))
        } else if let (true, Some((_, until))) = (is_held, record.claim) {
            let retry_after = until.duration_since(now).expect("it is later");
            Claimed::InFlight { retry_after }
        } else if request.resend {
            return self.claim_anew(request, lease);
        } else {
            let is_kept = record.kept.is_some() && !record.sealed.is_empty();
            let kept = is_kept.then(|| Kept::new(record.begun, record.sealed.clone()));
            record.kept = Some(KeptOutcome::Unknown);
            record.claim = Some(lease);
            record.expires = record.expires.max(lease.1);
            Claimed::Unknown {
                claim: Claim::new(request.key, id, record.begun),
                kept,
            }
        };
        self.records.insert(request.key, record);
        claimed
    }

    fn claim_anew(&mut self, request: &ClaimRequest, lease: ([u8; 16], SystemTime)) -> Claimed {
        let record = Record {
            fingerprint: request.fingerprint,
            kept: None,
            sealed: Vec::new(),
            claim: Some(lease),
            begun: self.now,
            expires: self.now + request.lifetime,
        };
        self.records.insert(request.key, record);
        Claimed::New(Claim::new(request.key, lease.0, self.now))
    }

    /// The record, if it is this claim's.
    fn of(&mut self, claim: &Claim) -> Option<&mut Record> {
        let record = self.records.get_mut(&claim.key)?;
        let is_its = record.claim.is_some_and(|(id, _)| id == claim.id);
        is_its.then_some(record)
    }
}

impl Store for Memory {
    fn claim(&self, request: ClaimRequest) -> StoreFuture<'_, Claimed> {
        self.run(move |state| state.claim(&request))
    }

    fn keep(
        &self,
        claim: Claim,
        outcome: KeptOutcome,
        sealed: Vec<u8>,
        lifetime: Option<Duration>,
    ) -> StoreFuture<'_, bool> {
        self.run(move |state| {
            let now = state.now;
            let Some(record) = state.of(&claim) else {
                return false;
            };
            (record.kept, record.sealed, record.claim) = (Some(outcome), sealed, None);
            if let Some(lifetime) = lifetime {
                record.expires = now + lifetime;
            }
            true
        })
    }

    fn give_back(&self, claim: Claim) -> StoreFuture<'_, bool> {
        self.run(move |state| {
            let is_its = state.of(&claim).is_some();
            if is_its {
                state.records.remove(&claim.key);
            }
            is_its
        })
    }

    fn release(&self, claim: Claim) -> StoreFuture<'_, bool> {
        self.run(move |state| {
            let Some(record) = state.of(&claim) else {
                return false;
            };
            record.claim = None;
            if record.kept.is_none() {
                state.records.remove(&claim.key);
            }
            true
        })
    }

    fn find_unknown(&self, key: RecordKey) -> StoreFuture<'_, Option<UnknownEcho>> {
        self.run(move |state| {
            let (echo, expires) = state.echoes.get(&key)?;
            (*expires > state.now).then(|| echo.clone())
        })
    }

    fn put_unknown(
        &self,
        key: RecordKey,
        echo: UnknownEcho,
        lifetime: Duration,
    ) -> StoreFuture<'_, ()> {
        self.run(move |state| {
            let expires = state.now + lifetime;
            state.echoes.insert(key, (echo, expires));
        })
    }

    fn forget_unknown(&self, key: RecordKey) -> StoreFuture<'_, ()> {
        self.run(move |state| drop(state.echoes.remove(&key)))
    }

    fn sweep(&self) -> StoreFuture<'_, u64> {
        self.run(|state| {
            let before = state.records.len() + state.echoes.len();
            let now = state.now;
            state.records.retain(|_, record| record.expires > now);
            state.echoes.retain(|_, (_, expires)| *expires > now);
            let after = state.records.len() + state.echoes.len();
            u64::try_from(before - after).expect("fewer")
        })
    }
}
