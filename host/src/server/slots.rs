//! The number of calls in flight at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots for calls in flight. One of several accounts holds at most half of them, so that a provider that hangs does not block
/// the other accounts.
pub(super) struct Slots {
    all: usize,
    free: Arc<Semaphore>,
    held: Mutex<HashMap<String, usize>>,
}

/// A slot, until it is dropped.
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
    account: Option<(Arc<Slots>, String)>,
}

impl Slots {
    pub(super) fn new(slots: usize) -> Self {
        let all = slots.min(Semaphore::MAX_PERMITS);
        Self {
            all,
            free: Arc::new(Semaphore::new(all)),
            held: Mutex::default(),
        }
    }

    /// Takes a slot for a call of this account, if one is free. An empty id stands for no account. `single` says that there is no
    /// other account.
    pub(super) fn take(self: &Arc<Self>, account: &str, single: bool) -> Option<Slot> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        if account.is_empty() || single {
            return Some(Slot {
                _permit: permit,
                account: None,
            });
        }
        // Ids are compared without regard to case.
        let account = account.to_ascii_lowercase();
        let mut held = self.held();
        let count = held.entry(account.clone()).or_default();
        if *count >= (self.all / 2).max(1) {
            return None;
        }
        *count += 1;
        drop(held);
        Some(Slot {
            _permit: permit,
            account: Some((Arc::clone(self), account)),
        })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some((slots, account)) = self.account.take() else {
            return;
        };
        let mut held = slots.held();
        if let Some(count) = held.get_mut(&account) {
            *count -= 1;
            if *count == 0 {
                held.remove(&account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_holds_at_most_half() {
        let slots = Arc::new(Slots::new(5));
        let take = |id| slots.take(id, false);
        let held: Vec<_> = ["a", "A"].map(|id| take(id).unwrap()).into();
        assert!(take("a").is_none());
        let other = take("b").unwrap();
        let anonymous = [take("").unwrap(), take("").unwrap()];
        assert!(take("").is_none() && take("b").is_none());
        drop((held, anonymous));
        assert!(take("a").is_some());
        drop(other);
        assert!(slots.held().is_empty());
    }

    #[test]
    fn only_account_holds_all() {
        let slots = Arc::new(Slots::new(2));
        let held = [slots.take("a", true), slots.take("a", true)];
        assert!(held.iter().all(Option::is_some) && slots.take("a", true).is_none());
        let one = Arc::new(Slots::new(1));
        assert!(one.take("a", false).is_some());
    }
}
