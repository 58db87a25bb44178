//! Connections that are kept for the next call of the same account.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::connection::Connection;
use crate::accounts::Account;

/// Shorter than the shortest idle time of the servers that providers run behind, so that a kept
/// connection is seldom a dead one.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How many are kept, of all accounts together: each holds a file descriptor.
pub(super) const MAX_IDLE: usize = 256;

/// The idle connections. Clones share them.
#[derive(Clone, Default)]
pub(super) struct ConnectionPool(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Ordered by the time that they have been idle, the longest first. An account has nothing else
    /// in the pool, so accounts that are not used leave nothing behind.
    idle: VecDeque<Idle>,
    sweeper: Option<AbortHandle>,
}

struct Idle {
    account: Account,
    connection: Box<Connection>,
    until: Instant,
}

impl ConnectionPool {
    /// Takes the connection of this account that was used last.
    pub(super) fn take(&self, account: &Account) -> Option<Box<Connection>> {
        let mut state = lock(&self.0);
        let now = Instant::now();
        let found = state
            .idle
            .iter()
            .rposition(|idle| idle.until > now && is_same(&idle.account, account))?;
        state.idle.remove(found).map(|idle| idle.connection)
    }

    /// Keeps a connection for this account, and closes the oldest of all if there are too many.
    pub(super) fn keep(&self, account: &Account, connection: Box<Connection>) {
        let idle = Idle {
            account: account.clone(),
            connection,
            until: Instant::now() + IDLE_TIMEOUT,
        };
        let mut state = lock(&self.0);
        let surplus = if state.idle.len() < MAX_IDLE {
            None
        } else {
            state.idle.pop_front()
        };
        state.idle.push_back(idle);
        // A sweeper ends with its runtime, too.
        if state.sweeper.as_ref().is_none_or(AbortHandle::is_finished) {
            let sweeper = tokio::spawn(sweep(Arc::downgrade(&self.0)));
            state.sweeper = Some(sweeper.abort_handle());
        }
        drop(state);
        drop(surplus);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        lock(&self.0).idle.len()
    }
}

/// Whether calls of these two accounts may use one connection.
///
/// hyper takes a late response that answers no request for the response to the next request on its
/// connection; so only calls share one that authenticate alike, to the same host. An account that
/// was loaded anew, or is made anew for each call, is the same for as long as that holds.
fn is_same(one: &Account, other: &Account) -> bool {
    let ((header, secret), (other_header, other_secret)) =
        (one.authentication(), other.authentication());
    one.id().eq_ignore_ascii_case(other.id())
        && one.origin() == other.origin()
        && one.integration() == other.integration()
        // Only an address that the account gives may be a private one.
        && one.explicit_base_url().is_some() == other.explicit_base_url().is_some()
        && header == other_header
        && secret.expose_secret() == other_secret.expose_secret()
}

/// Closes connections that have been idle for too long, until none is left.
async fn sweep(pool: Weak<Mutex<State>>) {
    loop {
        let (due, next) = {
            let Some(pool) = pool.upgrade() else { return };
            let mut state = lock(&pool);
            let now = Instant::now();
            let due = state.idle.partition_point(|idle| idle.until <= now);
            let due: Vec<Idle> = state.idle.drain(..due).collect();
            let next = state.idle.front().map(|idle| idle.until);
            if next.is_none() {
                state.sweeper = None;
            }
            (due, next)
        };
        drop(due);
        let Some(next) = next else { return };
        sleep_until(next).await;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing panics while it is held.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
