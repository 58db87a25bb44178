//! Instances that have served a step and may serve another, where an engine is set to reuse them.
//!
//! The memory of an instance still holds what an earlier call has freed. The component does not read it; should it ever, it finds
//! data of the same account, because an instance never serves two. An instance that was stopped, or that has grown large, is not
//! kept.

use std::hash::{BuildHasher as _, RandomState};

use crossbeam_queue::ArrayQueue;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::limits::Limits;

/// Accounts with the same hash share a queue.
const QUEUES: u32 = 8;

/// An instance with more memory than this is not kept, in bytes.
const MAX_KEPT_MEMORY: usize = 2 << 20;

/// A store, and the instance in it.
pub(super) struct PooledInstance<T: 'static> {
    /// The account that it serves; `None` where it serves one step.
    owner: Option<String>,
    /// How many steps it has served.
    served: u32,
    pub(super) store: Store<T>,
    /// `None` until it is made in the store.
    pub(super) instance: Option<Instance>,
}

/// Instances that wait for their next step. There are no locks: of two calls at the same time, one makes an instance.
pub(super) struct InstancePool<T: 'static> {
    /// How many steps an instance may serve.
    max_served: u32,
    queues: Vec<ArrayQueue<PooledInstance<T>>>,
    hasher: RandomState,
}

impl<T> InstancePool<T> {
    /// A pool for as many instances as may run at a time; for none where an instance serves one step.
    pub(super) fn new(limits: Limits) -> Self {
        let capacity = usize::try_from(queue_capacity(limits)).unwrap_or(usize::MAX);
        let queues = if limits.reuse < 2 { 0 } else { QUEUES };
        Self {
            max_served: limits.reuse,
            queues: (0..queues).map(|_| ArrayQueue::new(capacity)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// How many instances can wait.
    pub(super) fn capacity(limits: Limits) -> u32 {
        if limits.reuse < 2 {
            return 0;
        }
        queue_capacity(limits).saturating_mul(QUEUES)
    }

    /// An instance that has served this account.
    pub(super) fn take(&self, account: Option<&str>) -> Option<PooledInstance<T>> {
        // Another account's is dropped: its next call makes one.
        self.queue(account?)?
            .pop()
            .filter(|pooled| pooled.owner.as_deref() == account)
    }

    /// A store for an instance that is to serve this account.
    pub(super) fn wrap(&self, account: Option<&str>, store: Store<T>) -> PooledInstance<T> {
        PooledInstance {
            owner: account
                .filter(|_| !self.queues.is_empty())
                .map(str::to_owned),
            served: 0,
            store,
            instance: None,
        }
    }

    /// Keeps an instance with so many bytes of memory for another step of its account, if it may serve one and there is room.
    pub(super) fn keep(&self, mut pooled: PooledInstance<T>, memory: usize) {
        pooled.served = pooled.served.saturating_add(1);
        if pooled.served < self.max_served
            && memory <= MAX_KEPT_MEMORY
            && let Some(owner) = &pooled.owner
            && let Some(queue) = self.queue(owner)
        {
            drop(queue.push(pooled));
        }
    }

    fn queue(&self, account: &str) -> Option<&ArrayQueue<PooledInstance<T>>> {
        if self.queues.is_empty() {
            return None;
        }
        let number = self.hasher.hash_one(account) % u64::from(QUEUES);
        self.queues.get(usize::try_from(number).ok()?)
    }
}

fn queue_capacity(limits: Limits) -> u32 {
    limits.instances.div_ceil(QUEUES).max(1)
}
