//! Whether a request has left.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

/// The value after a withdrawal. Any other is the number of started requests.
const WITHDRAWN: u32 = u32::MAX;

/// Whether the request of a call has started on its way to the provider. Clones share it.
///
/// A request starts just before a connection takes it. Either a connection starts it or its sender
/// withdraws it; once one has happened, the other cannot. A request that its connection gives back
/// untouched has not started.
#[derive(Clone, Debug, Default)]
pub struct SendState(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    started: AtomicU32,
    /// By the wall clock, when no request may start any more.
    until: OnceLock<SystemTime>,
    /// When the creation began that the call looks for.
    earlier: OnceLock<SystemTime>,
}

impl SendState {
    /// Keeps the request from starting any more. True when it is too late: a connection has started it, and the provider may act.
    #[must_use]
    pub fn withdraw(&self) -> bool {
        self.0
            .started
            .compare_exchange(0, WITHDRAWN, Ordering::AcqRel, Ordering::Acquire)
            .is_err_and(|state| state != WITHDRAWN)
    }

    /// When the creation may have been sent before, where this call only looks what became of that.
    #[must_use]
    pub fn earlier(&self) -> Option<SystemTime> {
        self.0.earlier.get().copied()
    }

    /// Notes that the call looks what became of a creation that began then.
    pub(crate) fn set_earlier(&self, begun: SystemTime) {
        // A call looks at one creation.
        let _ = self.0.earlier.set(begun);
    }

    /// Keeps requests from starting after this time by the wall clock: a process that was suspended, for whatever reason, does not
    /// send what another may have sent meanwhile. The first time that is given counts.
    pub(crate) fn stop_after(&self, until: SystemTime) {
        let _ = self.0.until.set(until);
    }

    /// Whether the time of [`Self::stop_after`] has passed.
    pub(crate) fn is_late(&self) -> bool {
        let until = self.0.until.get();
        until.is_some_and(|until| SystemTime::now() > *until)
    }

    /// Notes that a connection takes a request now. False when the call is withdrawn or late: then nothing may be sent.
    pub(crate) fn start(&self) -> bool {
        if self.is_late() {
            return false;
        }
        self.update(|state| (state < WITHDRAWN - 1).then(|| state + 1))
    }

    /// Notes that the connection has given a started request back untouched.
    pub(super) fn give_back(&self) {
        self.update(|state| (1..WITHDRAWN).contains(&state).then(|| state - 1));
    }

    fn update(&self, next: impl FnMut(u32) -> Option<u32>) -> bool {
        self.0
            .started
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn withdrawn_request_never_starts() {
        let state = SendState::default();
        assert!(!state.withdraw());
        assert!(!state.clone().start());
        assert!(!state.withdraw());
    }

    #[test]
    fn started_request_cannot_be_withdrawn() {
        let state = SendState::default();
        assert!(state.clone().start());
        assert!(state.withdraw());
        assert!(state.start(), "a further request of the call");
    }

    #[test]
    fn late_request_never_starts() {
        let state = SendState::default();
        state.stop_after(SystemTime::now() - Duration::from_secs(1));
        state.stop_after(SystemTime::now() + Duration::from_secs(9));
        assert!(!state.start());
        assert!(!state.withdraw());
    }

    #[test]
    fn returned_request_has_not_started() {
        let state = SendState::default();
        assert!(state.start());
        assert!(state.start());
        state.give_back();
        assert!(state.withdraw(), "the first has started");
        state.give_back();
        assert!(!state.withdraw());
        state.give_back();
        assert!(!state.start());
    }
}
