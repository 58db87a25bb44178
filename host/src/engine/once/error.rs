//! The errors of a call that may not be sent, or not yet.

use std::time::Duration;

use super::super::error::plain;
use crate::bindings::types::{Error as CallError, ErrorCode, Outcome};
use crate::store::StoreError;

/// The error of a store that does not answer.
pub(super) fn unavailable(error: &StoreError) -> CallError {
    let message =
        format!("nothing was sent, because it cannot be told whether it was sent before: {error}");
    CallError {
        retry_after: Some(1),
        ..not_sent(ErrorCode::StoreUnavailable, 503, message)
    }
}

/// The error of a call whose key is claimed by another one, for this long.
pub(super) fn in_flight(retry_after: Duration) -> CallError {
    let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
    let message = "a request with this idempotency key is in flight".to_owned();
    CallError {
        retry_after: Some(u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)),
        ..not_sent(ErrorCode::IdempotencyInFlight, 409, message)
    }
}

/// The error of a call whose key is that of another request.
pub(super) fn mismatch() -> CallError {
    let message = "this idempotency key was used for another request".to_owned();
    not_sent(ErrorCode::IdempotencyMismatch, 422, message)
}

/// The error of a creation that cannot be remembered.
pub(super) fn too_many() -> CallError {
    let message = "too many creations are in flight or of unknown outcome here";
    CallError {
        retry_after: Some(1),
        ..not_sent(ErrorCode::Overloaded, 503, message.to_owned())
    }
}

/// The error of an echo that does not wait any longer.
pub(super) fn still_in_flight() -> CallError {
    let message =
        "the deadline passed while the same creation was in flight; the user may exist now";
    plain(
        ErrorCode::Deadline,
        504,
        Outcome::Unknown,
        message.to_owned(),
    )
}

fn not_sent(code: ErrorCode, status: u16, message: String) -> CallError {
    plain(code, status, Outcome::NotSent, message)
}
