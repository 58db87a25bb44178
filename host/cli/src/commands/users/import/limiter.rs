//! The rate: one limiter for each account of the process, by what its provider documents.
//!
//! A call that looks after it has sent must not wait behind rows that have not begun. So rows queue for one place before the
//! limiter, and only who has it competes with such calls. A provider that says to wait stops its account until then.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{Mutex as Turn, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, sleep_until};
use unified_ticketing::http_api::HttpResponse;
use unified_ticketing::{Account, Pacer, Ready};
use unified_ticketing_guest::integration::{self, Rate};

use super::super::header;
use super::row::{AccountOfRows, RowAccounts};

/// How long the rows of an account may wait for their turn. More are not begun: a wait counts against the deadline of a call.
const MAX_WAIT: Duration = Duration::from_secs(4);

/// The longest pause that a provider's word is taken for.
const MAX_PAUSE: Duration = Duration::from_hours(1);

/// The limiters. Clones share them.
#[derive(Clone)]
pub(super) struct Limiter(Arc<Vec<AccountLimit>>);

struct AccountLimit {
    id: String,
    label: String,
    limiter: Option<DefaultDirectRateLimiter>,
    clock: DefaultClock,
    /// The place of the next row, and the turn of the next request.
    row: Turn<()>,
    turn: Turn<()>,
    /// How many rows are begun.
    slots: Semaphore,
    paused_until: Mutex<Option<Instant>>,
}

/// A pause of an account.
pub(super) struct Pause {
    pub(super) account: String,
    pub(super) until: SystemTime,
}

impl Limiter {
    /// The limiters of these accounts. `rate` takes the place of what providers document.
    pub(super) fn new(accounts: &RowAccounts, rate: Option<u32>, concurrency: u16) -> Self {
        let limits = accounts.iter().map(|account| {
            let quota = match rate.and_then(NonZeroU32::new) {
                Some(rate) => Some(per_second(rate)),
                None => integration::find(account.integration)
                    .and_then(|integration| integration.rate)
                    .and_then(documented),
            };
            AccountLimit {
                id: account.id.clone(),
                label: account.label.clone(),
                limiter: quota.map(RateLimiter::direct),
                clock: DefaultClock::default(),
                row: Turn::default(),
                turn: Turn::default(),
                slots: Semaphore::new(slots(quota, concurrency)),
                paused_until: Mutex::default(),
            }
        });
        Self(Arc::new(limits.collect()))
    }

    fn limit(&self, account: &AccountOfRows) -> Option<&AccountLimit> {
        self.0.get(account.position)
    }

    /// Waits until a row of this account may begin.
    pub(super) async fn begin(&self, account: &AccountOfRows) -> Option<SemaphorePermit<'_>> {
        let limit = self.limit(account)?;
        let slot = limit.slots.acquire().await.ok();
        limit.pause_is_over().await;
        slot
    }

    /// Stops an account for so long.
    pub(super) fn pause(&self, account: &AccountOfRows, pause: Duration) {
        if let Some(limit) = self.limit(account) {
            let until = Instant::now() + pause.min(MAX_PAUSE);
            let mut paused = limit.paused_until();
            *paused = Some(paused.map_or(until, |earlier| earlier.max(until)));
        }
    }

    /// Takes note of what a provider says of its rate.
    pub(super) fn observe(&self, account: &AccountOfRows, response: &HttpResponse) {
        // What is replayed was said long ago.
        if header(response, "idempotency-replayed").is_some() {
            return;
        }
        let seconds = |name: &str| header(response, name)?.parse::<u64>().ok();
        if seconds("ratelimit-remaining") == Some(0)
            && let Some(reset) = seconds("ratelimit-reset")
        {
            self.pause(account, Duration::from_secs(reset));
        }
    }

    /// The pause that is over first.
    pub(super) fn paused(&self) -> Option<Pause> {
        let now = Instant::now();
        let paused = self.0.iter().filter_map(|limit| {
            let until = (*limit.paused_until())?;
            let left = until.checked_duration_since(now)?;
            (!left.is_zero()).then_some((left, limit))
        });
        let (left, limit) = paused.min_by_key(|(left, _)| *left)?;
        Some(Pause {
            account: limit.label.clone(),
            until: SystemTime::now() + left,
        })
    }
}

impl Pacer for Limiter {
    fn ready<'a>(&'a self, account: &'a Account, is_first: bool) -> Ready<'a> {
        Box::pin(async move {
            let mut limits = self.0.iter();
            if let Some(limit) = limits.find(|limit| limit.id == account.id()) {
                limit.ready(is_first).await;
            }
        })
    }
}

impl AccountLimit {
    async fn ready(&self, is_first: bool) {
        let _row = if is_first {
            Some(self.row.lock().await)
        } else {
            None
        };
        let _turn = self.turn.lock().await;
        loop {
            self.pause_is_over().await;
            let Some(limiter) = &self.limiter else {
                return;
            };
            match limiter.check() {
                Ok(()) => return,
                Err(not_until) => sleep(not_until.wait_time_from(self.clock.now())).await,
            }
        }
    }

    fn paused_until(&self) -> MutexGuard<'_, Option<Instant>> {
        let paused = self.paused_until.lock();
        paused.unwrap_or_else(PoisonError::into_inner)
    }

    async fn pause_is_over(&self) {
        loop {
            let until = *self.paused_until();
            match until {
                Some(until) if until > Instant::now() => sleep_until(until).await,
                _ => return,
            }
        }
    }
}

/// The quota of a documented rate: its requests evenly, and its burst, where it has one, at once.
fn documented(rate: Rate) -> Option<Quota> {
    let requests = NonZeroU32::new(rate.requests)?;
    let window = Duration::from_secs(rate.seconds.into());
    let quota = Quota::with_period(window / requests.get())?;
    let burst = rate.burst.and_then(NonZeroU32::new);
    Some(burst.map_or(quota, |burst| quota.allow_burst(burst)))
}

/// The quota of so many requests in any second. A tenth of them may come at once, and the others evenly: more than one timer a
/// millisecond is not kept.
fn per_second(rate: NonZeroU32) -> Quota {
    let burst = NonZeroU32::new(rate.get() / 10).unwrap_or(NonZeroU32::MIN);
    let evenly = NonZeroU32::new(rate.get() - burst.get()).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(evenly).allow_burst(burst)
}

/// How many rows of an account may be begun, so that none waits too long.
fn slots(quota: Option<Quota>, concurrency: u16) -> usize {
    let concurrency = usize::from(concurrency);
    let Some(quota) = quota else {
        return concurrency;
    };
    let interval = quota.replenish_interval().as_nanos().max(1);
    let in_time = usize::try_from(MAX_WAIT.as_nanos() / interval).unwrap_or(usize::MAX);
    concurrency.min(in_time.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(requests: u32, seconds: u32, burst: Option<u32>) -> Rate {
        Rate {
            requests,
            seconds,
            burst,
        }
    }

    #[test]
    fn documented_rate_is_kept_evenly() {
        for (rate, interval, burst) in [
            (rate(10, 1, Some(4)), 100, 4),
            (rate(40, 20, None), 500, 1),
            (rate(200, 60, Some(50)), 300, 50),
        ] {
            let quota = documented(rate).expect("a quota");
            assert_eq!(quota.replenish_interval(), Duration::from_millis(interval));
            assert_eq!(quota.burst_size().get(), burst);
        }
    }

    #[test]
    fn rate_bounds_any_second() {
        for requests in [1, 2, 9, 10, 99, 1_000, 100_000] {
            let quota = per_second(NonZeroU32::new(requests).expect("a number"));
            let evenly = Duration::from_secs(1).as_nanos() / quota.replenish_interval().as_nanos();
            let most = evenly + u128::from(quota.burst_size().get());
            // The interval is in whole nanoseconds.
            assert!(
                most <= u128::from(requests.max(2)) + 1,
                "{requests}: {most}"
            );
        }
    }

    #[test]
    fn slow_accounts_begin_few_rows() {
        let of = |given: Rate| slots(documented(given), 8);
        assert_eq!(of(rate(10, 1, Some(4))), 8);
        assert_eq!(of(rate(1, 1, None)), 4);
        assert_eq!(of(rate(1, 60, None)), 1);
        assert_eq!(slots(None, 8), 8);
    }
}
