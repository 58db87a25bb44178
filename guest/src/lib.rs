//! The component: one unified way to create and update users of ticketing products.
//!
//! A call is three steps, and only the middle one touches the world:
//!
//! 1. [`plan`]: operation, account and input become the provider's request, or every violation at once;
//! 2. the request is sent, once, by whoever can send: a host with its own client, or the component over `wasi:http`;
//! 3. [`interpret`]: the provider's answer becomes the unified answer, or an error that says what is known.
//!
//! The rest serves these: [`integration`] has the providers' tables and mappings, one file each; [`http_api`] is the published HTTP
//! API around the two halves; [`bindings`] is the contract of `wit/` in Rust. Everything but the exports works natively too,
//! without a runtime.

pub mod account;
mod answer;
pub mod bindings;
mod body;
pub mod codes;
mod coding;
#[cfg(target_arch = "wasm32")]
mod component;
pub mod describe;
pub mod field;
pub mod findings;
pub mod http_api;
pub mod input;
pub mod integration;
pub mod interpret;
pub mod json;
pub mod plan;
pub mod query;
mod rate;
pub mod shape;
mod status;

pub use body::primary;

use bindings::accounts::ResolveError;
use bindings::types::{Error, ErrorCode, Outcome};

/// The error for an account that the host does not give.
#[must_use]
pub fn resolve_error(id: &str, reason: ResolveError) -> Error {
    match reason {
        ResolveError::Unknown => {
            let message = format!("there is no account {}", findings::quoted(id));
            findings::error(ErrorCode::UnknownAccount, 404, Outcome::NotSent, message)
        }
        ResolveError::Unusable(why) => {
            let message = format!("account {} cannot be used: {why}", findings::quoted(id));
            findings::error(ErrorCode::AccountUnusable, 500, Outcome::NotSent, message)
        }
    }
}
