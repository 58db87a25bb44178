//! A hostile component, compiled ahead of time, for tests of the library's walls alone.
//!
//! It has the world of the real component and runs the script of a test; `guest/` is its source.

/// The component.
pub static PRECOMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hostile.cwasm"));

/// The same component, with more imports than its world: clocks, random numbers, an environment.
pub static WITH_MORE_IMPORTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/more.cwasm"));
