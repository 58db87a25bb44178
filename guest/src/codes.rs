//! The words of the published API for the cases of the contract.

use crate::bindings::types::{
    CallResult, ErrorCode, FindingCode, Format, Limit, Location, Outcome, Safety,
};

/// The word of an error code.
#[must_use]
pub const fn error(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidRequest => "invalid-request",
        ErrorCode::Unauthorized => "unauthorized",
        ErrorCode::Forbidden => "forbidden",
        ErrorCode::UnknownAccount => "unknown-account",
        ErrorCode::RouteNotFound => "route-not-found",
        ErrorCode::MethodNotAllowed => "method-not-allowed",
        ErrorCode::UnsupportedOperation => "unsupported-operation",
        ErrorCode::BodyTooLarge => "body-too-large",
        ErrorCode::UnsupportedMediaType => "unsupported-media-type",
        ErrorCode::RequestTimeout => "request-timeout",
        ErrorCode::UriTooLong => "uri-too-long",
        ErrorCode::HeadersTooLarge => "headers-too-large",
        ErrorCode::MalformedRequest => "malformed-request",
        ErrorCode::AccountUnusable => "account-unusable",
        ErrorCode::ProviderInvalid => "provider-invalid",
        ErrorCode::ProviderUnauthorized => "provider-unauthorized",
        ErrorCode::ProviderForbidden => "provider-forbidden",
        ErrorCode::ProviderNotFound => "provider-not-found",
        ErrorCode::ProviderConflict => "provider-conflict",
        ErrorCode::ProviderRateLimited => "provider-rate-limited",
        ErrorCode::ProviderRejected => "provider-rejected",
        ErrorCode::ProviderFailed => "provider-failed",
        ErrorCode::InvalidResponse => "invalid-response",
        ErrorCode::ResponseTooLarge => "response-too-large",
        ErrorCode::NoConnection => "no-connection",
        ErrorCode::ConnectionLost => "connection-lost",
        ErrorCode::EgressDenied => "egress-denied",
        ErrorCode::Deadline => "deadline",
        ErrorCode::GuestTrap => "guest-trap",
        ErrorCode::LimitExceeded => "limit-exceeded",
        ErrorCode::Overloaded => "overloaded",
        ErrorCode::IdempotencyInFlight => "idempotency-in-flight",
        ErrorCode::IdempotencyMismatch => "idempotency-mismatch",
        ErrorCode::StoreUnavailable => "store-unavailable",
        ErrorCode::AuditUnavailable => "audit-unavailable",
    }
}

/// The word of a finding's code.
#[must_use]
pub const fn finding(code: FindingCode) -> &'static str {
    match code {
        FindingCode::Required => "required",
        FindingCode::Type => "type",
        FindingCode::Enum => "enum",
        FindingCode::Format => "format",
        FindingCode::TooMany => "too-many",
        FindingCode::UnknownField => "unknown-field",
        FindingCode::UnsupportedField => "unsupported-field",
        FindingCode::DuplicateMember => "duplicate-member",
        FindingCode::NotClearable => "not-clearable",
        FindingCode::EmptyUpdate => "empty-update",
        FindingCode::SurplusValue => "surplus-value",
        FindingCode::IdMissing => "id-missing",
        FindingCode::IdempotencyKeyIgnored => "idempotency-key-ignored",
        FindingCode::Settled => "settled",
        FindingCode::NotRecorded => "not-recorded",
        FindingCode::More => "more",
    }
}

/// The word of a location.
#[must_use]
pub const fn location(location: Location) -> &'static str {
    match location {
        Location::Body => "body",
        Location::Query => "query",
        Location::Path => "path",
        Location::Header => "header",
    }
}

/// The word of an outcome.
#[must_use]
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotSent => "not-sent",
        Outcome::Rejected => "rejected",
        Outcome::Unknown => "unknown",
    }
}

/// The word of a limit.
#[must_use]
pub const fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Deadline => "deadline",
        Limit::Cpu => "cpu",
        Limit::Memory => "memory",
        Limit::Requests => "requests",
        Limit::ResponseHeaders => "response-headers",
        Limit::ResponseBody => "response-body",
    }
}

/// The word of a format.
#[must_use]
pub const fn format(format: Format) -> &'static str {
    match format {
        Format::Unified => "unified",
        Format::Raw => "raw",
        Format::Normalized => "normalized",
    }
}

/// The word of a safety.
#[must_use]
pub const fn safety(safety: Safety) -> &'static str {
    match safety {
        Safety::Safe => "safe",
        Safety::Idempotent => "idempotent",
        Safety::Once => "once",
    }
}

/// The word of what a call did.
#[must_use]
pub const fn result(result: CallResult) -> &'static str {
    match result {
        CallResult::Read => "read",
        CallResult::Created => "created",
        CallResult::Updated => "updated",
        CallResult::Unchanged => "unchanged",
        CallResult::Found => "found",
        CallResult::Settled => "settled",
        CallResult::Deleted => "deleted",
    }
}
