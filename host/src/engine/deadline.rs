//! The deadline of a call.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// The deadline of a call: a time, or a signal to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deadline {
    at: Option<Instant>,
    stop: Option<watch::Receiver<bool>>,
}

impl Deadline {
    /// A deadline that is this long from now; none where that is beyond the clock's range.
    pub(super) fn after(time: Duration) -> Self {
        Self {
            at: Instant::now().checked_add(time),
            stop: None,
        }
    }

    /// The same deadline, or `stop`, if that becomes true earlier.
    pub(super) fn or(self, stop: Option<watch::Receiver<bool>>) -> Self {
        Self { stop, ..self }
    }

    /// A deadline that is this much later.
    pub(super) fn later(&self, time: Duration) -> Self {
        Self {
            at: self.at.and_then(|at| at.checked_add(time)),
            stop: self.stop.clone(),
        }
    }

    /// Whether there is more time than this left.
    pub(super) fn allows(&self, time: Duration) -> bool {
        let until = Instant::now().checked_add(time);
        self.at
            .is_none_or(|at| until.is_some_and(|until| until < at))
    }

    /// The signal to stop.
    pub(super) fn stop(&self) -> Option<watch::Receiver<bool>> {
        self.stop.clone()
    }

    /// Returns the output of the future, or drops it at the deadline and returns `None`. After the deadline, the future does not
    /// start.
    pub(super) async fn within<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let in_time = async {
            match self.at {
                Some(at) if at <= Instant::now() => None,
                Some(at) => timeout_at(at, future).await.ok(),
                None => Some(future.await),
            }
        };
        let Some(mut stop) = self.stop.clone() else {
            return in_time.await;
        };
        tokio::select! {
            biased;
            output = in_time => output,
            // The sender is dropped only when no caller waits any more.
            _ = stop.wait_for(|stopped| *stopped) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn passed_deadline_begins_nothing() {
        let deadline = Deadline::after(Duration::from_secs(1));
        assert_eq!(deadline.within(std::future::ready(1)).await, Some(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(deadline.within(std::future::ready(1)).await, None);
    }
}
