//! Tests across a boundary: the real component in the real host, and the real program.

#![allow(
    clippy::expect_used,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::print_stdout,
    clippy::single_match_else,
    clippy::type_complexity,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking, and documents itself"
)]

mod accounts;
mod canary;
#[path = "../case.rs"]
mod case;
mod cases;
mod cli;
mod client;
mod convert;
mod crash;
mod documents;
mod egress;
mod faults;
mod hostile;
mod http;
mod interface;
mod interleavings;
mod keys;
mod life;
mod openapi;
mod provider;
#[path = "../raw_provider.rs"]
#[allow(dead_code, reason = "the tests of the library use another part of it")]
mod raw_provider;
#[path = "../resident.rs"]
mod resident;
mod serve;
mod stores;
#[path = "../tls.rs"]
mod tls;
