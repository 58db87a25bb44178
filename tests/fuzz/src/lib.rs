//! Code shared by the fuzz targets.

#![allow(
    clippy::match_same_arms,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    missing_docs,
    reason = "a target fails by panicking, and the rest is shared with the tests, which document themselves"
)]

#[path = "../../case.rs"]
pub mod case;
pub mod host;
pub mod input;
#[path = "../../native/invariants.rs"]
pub mod invariants;
#[path = "../../native/support.rs"]
pub mod support;

// The host's sources name each other by `crate::`.
pub(crate) use host::sources::{accounts, files, secret};

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use support::{Operation, operations};
use unified_ticketing_guest::bindings::accounts::{Account, Credentials};

/// The operation that a byte chooses.
pub fn operation(choice: u8) -> Operation {
    let operations = operations();
    operations[usize::from(choice) % operations.len()]
}

/// A made-up account of an operation's integration, without a base URL.
///
/// Its credentials begin with this prefix and end with a secret that the input cannot contain: it is a hash of the whole input. With
/// the lowest bit of the choice they are injected.
pub fn account(operation: Operation, choice: u8, input: &[u8], prefix: &str) -> Account {
    let account = operation.account(false);
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let secret = format!("{prefix}{:016x}", hasher.finish());
    let credentials = match account.credentials {
        Credentials::Disclosed(pairs) if choice & 1 == 0 => {
            let pairs = pairs.into_iter().map(|(name, _)| (name, secret.clone()));
            Credentials::Disclosed(pairs.collect())
        }
        Credentials::Disclosed(pairs) => {
            Credentials::Injected(pairs.into_iter().map(|(name, _)| name).collect())
        }
        injected @ Credentials::Injected(_) => injected,
    };
    Account {
        credentials,
        ..account
    }
}
