//! The exit code of the program.

use std::process::ExitCode;

use unified_ticketing::types::{ErrorCode, Outcome};

/// The exit status of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitStatus {
    /// Done.
    Done = 0,
    /// An error without a code of its own.
    Other = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// The request is invalid; nothing was sent.
    Invalid = 3,
    /// An account, or the configuration.
    Configuration = 4,
    /// The provider rejected the request; nothing was changed.
    Rejected = 5,
    /// The outcome is unknown, or the program itself failed after the provider had acted.
    Unknown = 6,
    /// Nothing was changed, and the same call may work later.
    Later = 7,
    /// Interrupted; nothing was changed.
    Interrupted = 130,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

impl ExitStatus {
    /// Returns the exit status for an error of a call.
    pub(crate) const fn from_error(code: ErrorCode, outcome: Outcome) -> Self {
        match (code, outcome) {
            (_, Outcome::Unknown) => Self::Unknown,
            // Where the outcome is `not-sent`, the provider's failure is that of a read.
            (
                ErrorCode::ProviderFailed | ErrorCode::InvalidResponse | ErrorCode::ConnectionLost,
                Outcome::NotSent,
            )
            | (
                ErrorCode::ProviderRateLimited
                | ErrorCode::NoConnection
                | ErrorCode::Deadline
                | ErrorCode::Overloaded
                | ErrorCode::IdempotencyInFlight
                | ErrorCode::StoreUnavailable
                | ErrorCode::AuditUnavailable,
                Outcome::NotSent | Outcome::Rejected,
            ) => Self::Later,
            (_, Outcome::Rejected)
            | (
                ErrorCode::ProviderInvalid
                | ErrorCode::ProviderUnauthorized
                | ErrorCode::ProviderForbidden
                | ErrorCode::ProviderNotFound
                | ErrorCode::ProviderConflict
                | ErrorCode::ProviderRejected,
                Outcome::NotSent,
            ) => Self::Rejected,
            (
                ErrorCode::InvalidRequest
                | ErrorCode::MethodNotAllowed
                | ErrorCode::RouteNotFound
                | ErrorCode::UnsupportedOperation
                | ErrorCode::BodyTooLarge
                | ErrorCode::IdempotencyMismatch
                | ErrorCode::UriTooLong
                | ErrorCode::UnsupportedMediaType,
                Outcome::NotSent,
            ) => Self::Invalid,
            (
                ErrorCode::UnknownAccount
                | ErrorCode::AccountUnusable
                | ErrorCode::Unauthorized
                | ErrorCode::Forbidden
                | ErrorCode::EgressDenied,
                Outcome::NotSent,
            ) => Self::Configuration,
            (
                ErrorCode::ResponseTooLarge
                | ErrorCode::RequestTimeout
                | ErrorCode::HeadersTooLarge
                | ErrorCode::MalformedRequest
                | ErrorCode::GuestTrap
                | ErrorCode::LimitExceeded,
                Outcome::NotSent,
            ) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_outcome_give_exit_status() {
        use ErrorCode as Code;
        use Outcome::{NotSent, Rejected, Unknown};
        for (code, outcome, status) in [
            (Code::ProviderRateLimited, Rejected, ExitStatus::Later),
            (Code::ProviderRateLimited, Unknown, ExitStatus::Unknown),
            (Code::NoConnection, NotSent, ExitStatus::Later),
            (Code::Deadline, NotSent, ExitStatus::Later),
            (Code::Deadline, Unknown, ExitStatus::Unknown),
            (Code::Overloaded, NotSent, ExitStatus::Later),
            (Code::ProviderConflict, Rejected, ExitStatus::Rejected),
            (Code::ProviderFailed, Unknown, ExitStatus::Unknown),
            (Code::ProviderFailed, NotSent, ExitStatus::Later),
            (Code::ConnectionLost, NotSent, ExitStatus::Later),
            (Code::InvalidResponse, Unknown, ExitStatus::Unknown),
            (Code::InvalidResponse, NotSent, ExitStatus::Later),
            (Code::ProviderNotFound, NotSent, ExitStatus::Rejected),
            (Code::InvalidRequest, NotSent, ExitStatus::Invalid),
            (Code::AccountUnusable, NotSent, ExitStatus::Configuration),
            (Code::EgressDenied, NotSent, ExitStatus::Configuration),
            (Code::LimitExceeded, NotSent, ExitStatus::Other),
            (Code::LimitExceeded, Rejected, ExitStatus::Rejected),
            (Code::GuestTrap, Unknown, ExitStatus::Unknown),
        ] {
            let found = ExitStatus::from_error(code, outcome);
            assert_eq!(found, status, "{code} {outcome}");
        }
    }
}
