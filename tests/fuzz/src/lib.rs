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
pub(crate) use host::sources::{accounts, files, hexadecimal, secret};

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use support::{Operation, every_operation};
use unified_ticketing_guest::bindings::accounts::{Account, Credentials};
use unified_ticketing_guest::bindings::http_api::HttpResponse;
use unified_ticketing_guest::bindings::types::{
    ErrorCode, Format, Outcome, ProviderResponse, Safety, Sending, TransportError,
};
use unified_ticketing_guest::context::Context;
use unified_ticketing_guest::integration::OperationName;

/// The operation that a byte chooses.
pub fn operation(choice: u8) -> Operation {
    let operations = every_operation();
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

/// Checks that the response to a call reports the provider's response, or the error of the transport, correctly.
pub fn assert_response(
    context: &Context,
    sent: Result<&ProviderResponse, &TransportError>,
    response: &HttpResponse,
) {
    let is_list = context.operation == OperationName::List;
    let unusable = response
        .error
        .as_ref()
        .is_some_and(|error| error.code == ErrorCode::InvalidResponse);
    if context.shown.is_some() && context.form.format != Format::Raw && response.status == 200 {
        let body: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&response.body).expect("an object");
        assert_eq!(body.keys().collect::<Vec<_>>(), ["result", "debug"]);
    } else if is_list && unusable {
        // Users that are there are of no use where the next page cannot be read, or more than ten would have to be.
        let failure = invariants::response::assert_error(response);
        assert_eq!((failure.outcome.as_str(), sent.is_ok()), ("not-sent", true));
    } else {
        invariants::assert_response(context, sent, response);
    }
}

/// Checks a further request: only a list has one, and it reads.
pub fn assert_next(context: &Context, sending: &Sending) {
    assert_eq!(context.operation, OperationName::List);
    assert_eq!((sending.safety, &sending.plan), (Safety::Safe, &None));
    assert_eq!(sending.request.method, "GET");
    assert!(sending.request.body.is_empty());
}

/// Checks that nothing but a write is more than `not-sent`.
pub fn assert_outcome(context: &Context, outcome: Outcome) {
    let reads = matches!(context.operation, OperationName::Get | OperationName::List);
    assert!(!reads || outcome == Outcome::NotSent);
}
