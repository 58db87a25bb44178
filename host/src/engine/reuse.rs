//! Instances that have served a call and may serve another, where an engine is set to reuse them.
//!
//! What an earlier call has freed is still in an instance's memory. The component does not look there; should it ever, it finds
//! what belongs to the same account, because an instance never serves two. One that was cut short, or that has grown large, is
//! not kept.

use std::hash::{BuildHasher as _, RandomState};

use crossbeam_queue::ArrayQueue;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::limits::Limits;

/// Accounts that fall on the same shelf take turns with it.
const SHELVES: u32 = 8;

/// An instance with more memory than this is not kept, in bytes.
const LARGEST: usize = 2 << 20;

/// An instance at work.
pub(super) struct Working<T: 'static> {
    /// The account that it serves; nothing where it serves one call.
    owner: Option<String>,
    /// How many calls it has served.
    served: u32,
    pub(super) store: Store<T>,
    /// Nothing until it is made in the store.
    pub(super) instance: Option<Instance>,
}

impl<T> Working<T> {
    pub(super) fn new(owner: Option<String>, store: Store<T>) -> Self {
        Self {
            owner,
            served: 0,
            store,
            instance: None,
        }
    }
}

/// Where instances wait for their next call. There are no locks: whoever comes at the same time makes an instance.
pub(super) struct Shelves<T: 'static> {
    /// How many calls an instance may serve.
    calls: u32,
    all: Vec<ArrayQueue<Working<T>>>,
    hasher: RandomState,
}

impl<T> Shelves<T> {
    /// Shelves for as many instances as may be at work; none where an instance serves one call.
    pub(super) fn new(limits: Limits) -> Self {
        let room = limits.instances.div_ceil(SHELVES).max(1);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let count = if limits.calls < 2 { 0 } else { SHELVES };
        Self {
            calls: limits.calls,
            all: (0..count).map(|_| ArrayQueue::new(room)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// How many instances can wait.
    pub(super) fn room(limits: Limits) -> u32 {
        if limits.calls < 2 {
            return 0;
        }
        limits
            .instances
            .div_ceil(SHELVES)
            .max(1)
            .saturating_mul(SHELVES)
    }

    /// Whom a new instance for this account is to serve.
    pub(super) fn owner(&self, account: Option<&str>) -> Option<String> {
        account.filter(|_| !self.all.is_empty()).map(str::to_owned)
    }

    fn shelf(&self, account: &str) -> Option<&ArrayQueue<Working<T>>> {
        if self.all.is_empty() {
            return None;
        }
        let number = self.hasher.hash_one(account) % u64::from(SHELVES);
        self.all.get(usize::try_from(number).ok()?)
    }

    /// An instance that has served this account.
    pub(super) fn take(&self, account: Option<&str>) -> Option<Working<T>> {
        // Another account's is dropped: its next call makes one.
        self.shelf(account?)?
            .pop()
            .filter(|working| working.owner.as_deref() == account)
    }

    /// Keeps an instance with so many bytes of memory for another call of its account, if it may serve one and there is room.
    pub(super) fn keep(&self, mut working: Working<T>, memory: usize) {
        working.served = working.served.saturating_add(1);
        if working.served < self.calls
            && memory <= LARGEST
            && let Some(owner) = &working.owner
            && let Some(shelf) = self.shelf(owner)
        {
            drop(shelf.push(working));
        }
    }
}
