//! How much may be under way at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places for calls. One account holds at most half of them where there are several, so that a provider that hangs does not
/// keep the others' users from theirs.
pub(super) struct Places {
    all: usize,
    free: Arc<Semaphore>,
    held: Mutex<HashMap<String, usize>>,
}

/// A place, until it is dropped.
pub(super) struct Location {
    _permit: OwnedSemaphorePermit,
    of: Option<(Arc<Places>, String)>,
}

impl Places {
    pub(super) fn new(places: usize) -> Self {
        let all = places.min(Semaphore::MAX_PERMITS);
        Self {
            all,
            free: Arc::new(Semaphore::new(all)),
            held: Mutex::default(),
        }
    }

    /// Takes a place for a call of this account, if there is one; an empty id is no account. `single` says that there is no other
    /// account.
    pub(super) fn take(self: &Arc<Self>, account: &str, single: bool) -> Option<Location> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        if account.is_empty() || single {
            return Some(Location {
                _permit: permit,
                of: None,
            });
        }
        // As accounts compare them.
        let account = account.to_ascii_lowercase();
        let mut held = self.held();
        let count = held.entry(account.clone()).or_default();
        if *count >= (self.all / 2).max(1) {
            return None;
        }
        *count += 1;
        drop(held);
        Some(Location {
            _permit: permit,
            of: Some((Arc::clone(self), account)),
        })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Location {
    fn drop(&mut self) {
        let Some((places, account)) = self.of.take() else {
            return;
        };
        let mut held = places.held();
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
    fn one_of_several_accounts_holds_at_most_half() {
        let places = Arc::new(Places::new(5));
        let take = |id| places.take(id, false);
        let held: Vec<_> = ["a", "A"].map(|id| take(id).unwrap()).into();
        assert!(take("a").is_none());
        let other = take("b").unwrap();
        let nobody = [take("").unwrap(), take("").unwrap()];
        assert!(take("").is_none() && take("b").is_none());
        drop((held, nobody));
        assert!(take("a").is_some());
        drop(other);
        assert!(places.held().is_empty());
    }

    #[test]
    fn the_only_account_holds_all() {
        let places = Arc::new(Places::new(2));
        let held = [places.take("a", true), places.take("a", true)];
        assert!(held.iter().all(Option::is_some) && places.take("a", true).is_none());
        let one = Arc::new(Places::new(1));
        assert!(one.take("a", false).is_some());
    }
}
