//! A component that tries everything.
//!
//! It has the world of the real component. What it tries in a call is a script that comes with the
//! call: as the `remote-data` of a user, or as the body of a request of the HTTP API. What it saw
//! and got is its response. `script.rs` has the vocabulary.

#![cfg(target_arch = "wasm32")]

mod bindings;
mod bombs;
mod exports;
mod memory;
mod script;
mod send;
