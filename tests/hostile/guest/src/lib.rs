//! A hostile component.
//!
//! It has the world of the real component. The script of its attempts comes with the call: as the
//! `remote-data` of a user, or as the body of a request of the HTTP API. Its response is a report of
//! the results. `script.rs` has the vocabulary.

#![cfg(target_arch = "wasm32")]

mod bindings;
mod bombs;
mod exports;
mod memory;
mod script;
mod send;
