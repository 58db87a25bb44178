//! The core alone: no component, no runtime, no network.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::match_same_arms,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking, and documents itself"
)]

#[path = "../case.rs"]
mod case;
mod cases;
mod costs;
mod directories;
mod invariants;
mod laws;
mod properties;
mod published;
mod support;
