//! Create and update the users of ticketing products, through one WebAssembly component.
//!
//! The component validates a unified user, maps it to the provider's own API, and reads the
//! provider's answer back. This library embeds it: an [`Engine`] is built once, from [`Accounts`]
//! and limits, and shared. The component has no file system, clock or network; a call can reach the
//! one account that it names, and that account's credentials never enter the component.
//!
//! ```
//! use unified_ticketing::types::{Email, NewUser, Options};
//! use unified_ticketing::{Account, Engine, MemoryAccounts};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let account = Account::builder("62f44730-dd91-461e-bd6a-aedd9e0ad79d", "gorgias")
//!     .setting("subdomain", "acme")
//!     .credential("email", "ops@acme.example")
//!     .credential("api_key", "the key of acme's helpdesk")
//!     .build()?;
//! let engine = Engine::builder().accounts(MemoryAccounts::from_iter([account])).build()?;
//!
//! let user = NewUser {
//!     name: Some("Ines Duarte".to_owned()),
//!     emails: Some(vec![Email { address: "ines@acme.example".to_owned(), type_: None }]),
//!     ..NewUser::default()
//! };
//! let plan = engine
//!     .plan_create_user("62f44730-dd91-461e-bd6a-aedd9e0ad79d", user, Options::default())
//!     .await?;
//!
//! // Nothing has been sent. `create_user` with the same arguments sends this, and reads the answer.
//! assert_eq!(plan.request.method, "POST");
//! assert_eq!(plan.request.url, "https://acme.gorgias.com/api/users");
//! assert!(plan.request.headers.contains(&("authorization".to_owned(), "***".to_owned())));
//! # Ok(())
//! # }
//! ```
//!
//! A call that fails gives a [`types::Error`]: a code for programs, a sentence for people, the HTTP
//! status of the published API, and an `outcome` that says whether the provider may have acted.
//! [`Error`] is for what goes wrong before any call.

#![cfg_attr(
    not(feature = "server"),
    allow(
        dead_code,
        unused_imports,
        reason = "the server uses parts of the engine that calls do not"
    )
)]

mod accounts;
pub mod audit;
mod bindings;
mod client;
mod config;
mod egress;
mod engine;
mod error;
mod files;
mod hexadecimal;
pub mod metrics;
mod openapi;
#[cfg(feature = "postgres")]
#[cfg(test)]
#[path = "../../tests/postgres.rs"]
#[allow(
    dead_code,
    reason = "the tests that cross a boundary use another part of it"
)]
mod postgres;
#[cfg(test)]
#[path = "../../tests/raw_provider.rs"]
#[allow(
    dead_code,
    reason = "the tests that cross a boundary use another part of it"
)]
mod raw_provider;
#[cfg(test)]
#[path = "../../tests/resident.rs"]
mod resident;
mod secret;
#[cfg(feature = "server")]
pub mod server;
pub mod store;
mod telemetry;
#[cfg(test)]
mod testing;
#[cfg(test)]
#[path = "../../tests/tls.rs"]
mod tls;

pub use crate::accounts::{
    Account, AccountBuilder, AccountError, AccountLocation, AccountViolation, Accounts,
    FileAccounts, Lookup, LookupError, MemoryAccounts, ReloadableAccounts,
};
#[cfg(feature = "native")]
pub use crate::bindings::accounts as native_accounts;
pub use crate::bindings::{http_api, integrations, steps, types};
pub use crate::client::{InvalidProxy, Proxy, SendState};
#[cfg(feature = "native")]
pub use crate::engine::Native;
pub use crate::engine::{
    Engine, EngineBuilder, Once, Pacer, Pages, Plan, Ready, Sender, how_to_look, http_response,
};
pub use crate::error::Error;
pub use crate::files::{FileError, FileFinding, TomlFileError};
pub use crate::openapi::openapi;

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
