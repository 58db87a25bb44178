//! The component: one unified way to create and update users of ticketing products.
//!
//! A call is a machine of steps ([`steps`]), and the machine touches nothing of the world:
//!
//! 1. *start*: operation, account and input become the provider's request ([`plan`]), or every violation at once;
//! 2. *send*: whoever can send it does, once: a host with its own client, or the component over `wasi:http`;
//! 3. *resume*: the provider's response becomes the unified response, or an error that says what is known ([`interpret`]).
//!
//! The rest serves these: [`integration`] has the providers' tables and mappings, one file each; [`http_api`] is the published HTTP
//! API around the same machine; [`bindings`] is the contract of `wit/` in Rust. Everything but the exports works natively too,
//! without a runtime.

pub mod account;
pub mod bindings;
mod body;
pub mod codes;
mod coding;
#[cfg(target_arch = "wasm32")]
mod component;
pub mod context;
pub mod describe;
pub mod field;
pub mod findings;
pub mod http_api;
pub mod integration;
pub mod interpret;
pub mod json;
mod member;
pub mod operation;
pub mod plan;
mod rate;
pub mod shape;
#[cfg(any(feature = "standalone", test))]
pub mod standalone;
mod status;
pub mod steps;
mod timestamp;

pub use body::{primary, set_emails};
