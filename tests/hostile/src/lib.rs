//! A hostile component, compiled ahead of time: for tests of the library's walls, and for nothing
//! else.
//!
//! It has the same world as the real component and does whatever a test tells it to; `guest/` is
//! its source.

/// The component.
pub static PRECOMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hostile.cwasm"));

/// The same, importing more than its world has: clocks, random numbers, an environment.
pub static WITH_MORE_IMPORTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/more.cwasm"));
