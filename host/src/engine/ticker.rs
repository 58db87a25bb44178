//! The clock of the limit on CPU: a thread that increments the epoch every [`TICK`] while guest code may run.
//!
//! It rests while nothing runs, so an idle engine costs nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;

use super::limits::TICK;
use crate::error::Error;

/// The ticks without a call after which the thread rests: few enough to cost nothing, enough that a server under load never has to
/// wake it.
const IDLE_TICKS: u32 = 64;

pub(super) struct Ticker {
    state: Arc<State>,
    thread: Thread,
}

#[derive(Default)]
struct State {
    started: AtomicU64,
    ended: AtomicU64,
    resting: AtomicBool,
    /// The engine is gone.
    over: AtomicBool,
}

/// Guest code may run for as long as this lives.
pub(super) struct Running<'a>(&'a State);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Release);
    }
}

impl Ticker {
    pub(super) fn start(engine: &wasmtime::Engine) -> Result<Self, Error> {
        let state = Arc::new(State::default());
        let (engine, shared) = (engine.weak(), Arc::clone(&state));
        let tick = move || {
            let engine = engine.upgrade();
            engine.inspect(wasmtime::Engine::increment_epoch).is_some()
        };
        let thread = std::thread::Builder::new()
            .name("unified-ticketing-cpu".to_owned())
            .spawn(move || shared.count(tick))
            .map_err(Error::Ticker)?;
        Ok(Self {
            state,
            thread: thread.thread().clone(),
        })
    }

    /// Ticks while the guard lives.
    pub(super) fn run(&self) -> Running<'_> {
        self.state.started.fetch_add(1, Ordering::SeqCst);
        // Either this sees that the thread rests, or the thread sees the call that has started: both sides write before they
        // read, in one order for all.
        if self.state.resting.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Running(&self.state)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl State {
    fn count(&self, tick: impl Fn() -> bool) {
        let (mut seen, mut idle) = (0, 0);
        while !self.over.load(Ordering::SeqCst) && tick() {
            std::thread::sleep(TICK);
            let started = self.started.load(Ordering::SeqCst);
            if started != seen || self.ended.load(Ordering::Acquire) != started {
                (seen, idle) = (started, 0);
                continue;
            }
            idle += 1;
            if idle >= IDLE_TICKS {
                self.rest(seen);
                idle = 0;
            }
        }
    }

    /// Waits for a call.
    fn rest(&self, seen: u64) {
        self.resting.store(true, Ordering::SeqCst);
        while self.started.load(Ordering::SeqCst) == seen && !self.over.load(Ordering::SeqCst) {
            std::thread::park();
        }
        self.resting.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn ticker_rests_wakes_and_ends() {
        let state = Arc::new(State::default());
        let (sender, ticks) = mpsc::channel();
        let counting = Arc::clone(&state);
        let thread = std::thread::spawn(move || counting.count(|| sender.send(()).is_ok()));
        let ticker = Ticker {
            state: Arc::clone(&state),
            thread: thread.thread().clone(),
        };
        let rests = || {
            while !state.resting.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
        };
        rests();
        while ticks.try_recv().is_ok() {}
        let running = ticker.run();
        // More ticks than an idle ticker has: it does not rest while something runs.
        for _ in 0..IDLE_TICKS * 2 {
            ticks.recv().unwrap();
        }
        drop(running);
        rests();
        drop(ticker);
        thread.join().unwrap();
    }
}
