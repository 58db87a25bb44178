//! The limits of a call, and why one was stopped.

use std::time::Duration;

use http_body_util::LengthLimitError;
use wasmtime::component::ResourceTableError;
use wasmtime::{ResourceLimiter, Trap, format_err};

use crate::bindings::types::Limit;

/// How often the clock of the limit on CPU ticks.
pub(super) const TICK: Duration = Duration::from_millis(1);

/// How many elements a table of an instance can have.
pub(super) const TABLE_ELEMENTS: usize = 4096;

/// How many resources a call may have the host hold for it: header maps, bodies, streams. The component
/// needs about ten at a time, and each can be as large as the host's own limits let it.
pub(super) const RESOURCES: usize = 128;

/// The limits of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes of memory.
    pub(super) memory: usize,
    /// CPU time of a step.
    pub(super) cpu: Duration,
    /// Requests that a call may send.
    pub(super) requests: u32,
    /// Instances that run at a time.
    pub(super) instances: u32,
    /// Steps of calls that an instance serves.
    pub(super) reuse: u32,
}

impl Limits {
    pub(super) fn ticks(self) -> u64 {
        let ticks = self.cpu.as_millis().div_ceil(TICK.as_millis());
        // The first tick may come at once.
        u64::try_from(ticks)
            .unwrap_or(u64::MAX)
            .saturating_add(1)
            .min(u64::from(u32::MAX))
    }
}

/// Counts memory, and whether an instance asked for too much.
pub(super) struct Memory {
    max: usize,
    /// The memory of the instance, in bytes.
    pub(super) size: usize,
    exceeded: bool,
}

impl Memory {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            size: 0,
            exceeded: false,
        }
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired <= self.max {
            self.size = desired;
            return Ok(true);
        }
        self.exceeded = true;
        // Ends the call here, with a clear error: a guest that is denied memory traps anywhere.
        Err(format_err!("more than {} bytes of memory", self.max))
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}

/// Why an instance was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GuestError {
    /// It went over a limit of a call.
    Limit(Limit, String),
    /// It trapped.
    Trap(String),
}

impl GuestError {
    pub(super) fn over_cpu(limits: Limits) -> Self {
        let max = limits.cpu.as_millis();
        let why = format!("it needed more than {max} ms of CPU time");
        Self::Limit(Limit::Cpu, why)
    }

    pub(super) fn new(error: &wasmtime::Error, memory: &Memory, limits: Limits) -> Self {
        if memory.exceeded {
            let why = format!("it needed more than {} bytes of memory", limits.memory);
            return Self::Limit(Limit::Memory, why);
        }
        let held = || format!("it had the host hold more than {RESOURCES} things at a time");
        let too_large = || {
            format!(
                "it responded with more than its memory of {} bytes",
                limits.memory
            )
        };
        let cause = error.root_cause();
        if let Some(ResourceTableError::Full) = cause.downcast_ref() {
            return Self::Limit(Limit::Memory, held());
        }
        if cause.is::<LengthLimitError>() {
            return Self::Limit(Limit::Memory, too_large());
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Self::over_cpu(limits),
            Some(trap) => Self::Trap(trap.to_string()),
            None => Self::Trap(error.root_cause().to_string()),
        }
    }
}
