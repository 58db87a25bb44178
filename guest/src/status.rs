//! The meaning of a status, the same for every provider.

use crate::bindings::types::{ErrorCode, Outcome};

/// The outcome of a complete response with this status.
///
/// A 4xx says that the provider did not act, but 408: it says that the provider did not get the request in time, not what it
/// did with what it had (RFC 9110, section 15.5.9).
#[must_use]
pub(crate) const fn outcome(status: u16) -> Outcome {
    match status {
        408 => Outcome::Unknown,
        400..=499 => Outcome::Rejected,
        _ => Outcome::Unknown,
    }
}

/// The code of a rejection whose body says no more.
#[must_use]
pub(crate) const fn rejection(status: u16) -> ErrorCode {
    match status {
        400 | 422 => ErrorCode::ProviderInvalid,
        401 => ErrorCode::ProviderUnauthorized,
        403 => ErrorCode::ProviderForbidden,
        404 => ErrorCode::ProviderNotFound,
        409 => ErrorCode::ProviderConflict,
        429 => ErrorCode::ProviderRateLimited,
        _ => ErrorCode::ProviderRejected,
    }
}

/// The status that a rejection has towards the caller: the code's own where the provider says another than it means.
#[must_use]
pub(crate) const fn for_caller(code: ErrorCode, status: u16) -> u16 {
    match code {
        ErrorCode::ProviderUnauthorized => 401,
        ErrorCode::ProviderForbidden => 403,
        ErrorCode::ProviderNotFound => 404,
        ErrorCode::ProviderConflict => 409,
        ErrorCode::ProviderRateLimited => 429,
        // The Fetch standard has a client send a request again, a POST too, when it reads 421.
        _ if status == 421 => 400,
        _ => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meaning_wins_over_status() {
        for (code, status) in [
            (ErrorCode::ProviderUnauthorized, 401),
            (ErrorCode::ProviderForbidden, 403),
            (ErrorCode::ProviderNotFound, 404),
            (ErrorCode::ProviderConflict, 409),
            (ErrorCode::ProviderRateLimited, 429),
            (ErrorCode::ProviderInvalid, 400),
            (ErrorCode::ProviderRejected, 400),
        ] {
            assert_eq!(for_caller(code, 400), status, "{code:?}");
        }
        for status in [402, 408, 410, 418, 425, 451, 499] {
            assert_eq!(for_caller(rejection(status), status), status);
        }
        assert_eq!(for_caller(rejection(421), 421), 400);
    }
}
