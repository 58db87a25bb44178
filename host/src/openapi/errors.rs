//! The errors: their codes, the statuses that these come with, and the schemas.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::bindings::types::{ErrorCode, FindingCode, Limit, Location, Outcome};
use unified_ticketing_guest::codes;

use super::schemas::{described, one_of, reference};

/// Every error code, with the statuses that it comes with.
const CODES: &[(ErrorCode, &[u16])] = &[
    (ErrorCode::InvalidRequest, &[400]),
    (ErrorCode::MalformedRequest, &[400]),
    (ErrorCode::ProviderInvalid, &[400, 422]),
    (ErrorCode::Unauthorized, &[401]),
    (ErrorCode::ProviderUnauthorized, &[401]),
    (ErrorCode::Forbidden, &[403]),
    (ErrorCode::ProviderForbidden, &[403]),
    (ErrorCode::UnknownAccount, &[404]),
    (ErrorCode::RouteNotFound, &[404]),
    (ErrorCode::ProviderNotFound, &[404]),
    (ErrorCode::MethodNotAllowed, &[405]),
    (ErrorCode::UnsupportedOperation, &[405]),
    (ErrorCode::RequestTimeout, &[408]),
    (ErrorCode::ProviderConflict, &[409]),
    (ErrorCode::IdempotencyInFlight, &[409]),
    (ErrorCode::BodyTooLarge, &[413]),
    (ErrorCode::UriTooLong, &[414]),
    (ErrorCode::UnsupportedMediaType, &[415]),
    (ErrorCode::IdempotencyMismatch, &[422]),
    (ErrorCode::ProviderRateLimited, &[429]),
    (ErrorCode::HeadersTooLarge, &[431]),
    // It keeps the provider's number, which can be one of ours; 421 becomes 400.
    (
        ErrorCode::ProviderRejected,
        &[400, 405, 408, 413, 414, 415, 431],
    ),
    (ErrorCode::AccountUnusable, &[500]),
    (ErrorCode::GuestTrap, &[500]),
    (ErrorCode::LimitExceeded, &[500]),
    (ErrorCode::ProviderFailed, &[502]),
    (ErrorCode::InvalidResponse, &[502]),
    (ErrorCode::ResponseTooLarge, &[502]),
    (ErrorCode::NoConnection, &[502]),
    (ErrorCode::ConnectionLost, &[502]),
    (ErrorCode::EgressDenied, &[502]),
    (ErrorCode::Overloaded, &[503]),
    (ErrorCode::StoreUnavailable, &[503]),
    (ErrorCode::AuditUnavailable, &[503]),
    (ErrorCode::Deadline, &[504]),
];

/// Every code of a finding: of a violation, which stops the call, and of a warning, which has the same form.
const FINDINGS: &[FindingCode] = &[
    FindingCode::Required,
    FindingCode::Type,
    FindingCode::Enum,
    FindingCode::Format,
    FindingCode::TooMany,
    FindingCode::UnknownField,
    FindingCode::UnsupportedField,
    FindingCode::DuplicateMember,
    FindingCode::NotClearable,
    FindingCode::EmptyUpdate,
    FindingCode::SurplusValue,
    FindingCode::IdMissing,
    FindingCode::IdempotencyKeyIgnored,
    FindingCode::Settled,
    FindingCode::NotRecorded,
    FindingCode::More,
];

/// Every limit of a server on one call.
const LIMITS: &[Limit] = &[
    Limit::Deadline,
    Limit::Cpu,
    Limit::Memory,
    Limit::Requests,
    Limit::ResponseHeaders,
    Limit::ResponseBody,
];

/// The statuses of errors that have a response of their own, in their order.
pub(super) fn statuses() -> Vec<u16> {
    let mut statuses: Vec<u16> = CODES
        .iter()
        .flat_map(|(_, statuses)| *statuses)
        .copied()
        .collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

/// Every error code.
pub(crate) fn error_codes() -> impl Iterator<Item = &'static str> {
    CODES.iter().map(|(code, _)| codes::error(*code))
}

/// The codes of a status.
pub(super) fn codes_of(status: u16) -> Vec<&'static str> {
    let codes = CODES
        .iter()
        .filter(|(_, statuses)| statuses.contains(&status));
    codes.map(|(code, _)| codes::error(*code)).collect()
}

/// The schemas of errors.
pub(super) fn schemas() -> Map<String, Value> {
    let codes = error_codes();
    let outcomes = [Outcome::NotSent, Outcome::Rejected, Outcome::Unknown].map(codes::outcome);
    let locations = [
        Location::Body,
        Location::Query,
        Location::Path,
        Location::Header,
    ]
    .map(codes::location);
    let limits = LIMITS.iter().copied().map(codes::limit);
    let findings = FINDINGS.iter().copied().map(codes::finding);
    Map::from_iter([
        ("Error".to_owned(), error()),
        (
            "ErrorInsight".to_owned(),
            json!({
                "type": "object",
                "description": "What is missing, by name.",
                "properties": {
                    "missing_required_body_fields": reference("Missing"),
                    "missing_required_query_parameters": reference("Missing"),
                },
                "minProperties": 1,
            }),
        ),
        (
            "Missing".to_owned(),
            json!({
                "type": "object",
                "properties": {
                    "description": { "type": "string" },
                    "value": { "type": "array", "items": { "type": "string" }, "minItems": 1 },
                },
                "required": ["description", "value"],
            }),
        ),
        (
            "Violation".to_owned(),
            finding("A fault of the request, at one location. It stopped the call."),
        ),
        (
            "Warning".to_owned(),
            finding("Something notable at one location of the request. It did not stop the call."),
        ),
        (
            "ErrorCode".to_owned(),
            one_of(codes, "What kind of error it is, for programs."),
        ),
        (
            "Outcome".to_owned(),
            one_of(
                outcomes,
                "What is known of the provider's state: it has not received the request, it rejected it and changed nothing, or it \
             may have acted.",
            ),
        ),
        (
            "Limit".to_owned(),
            one_of(limits, "A limit of the server on one call."),
        ),
        (
            "FindingCode".to_owned(),
            one_of(
                findings,
                "What kind of violation or warning it is, for programs.",
            ),
        ),
        (
            "Location".to_owned(),
            one_of(locations, "A part of the request."),
        ),
    ])
}

fn error() -> Value {
    json!({
        "type": "object",
        "description": "Why a call failed. Programs match on `code` and `outcome`; `message` is for people.",
        "properties": {
            "statusCode": { "type": "integer", "description": "The status of the response." },
            "error": { "type": "string", "description": "The name of the status." },
            "message": { "type": "string" },
            "code": reference("ErrorCode"),
            "outcome": reference("Outcome"),
            "limit": described("Limit", "The limit that ended the call."),
            "truto_is_remote_error": {
                "type": "boolean",
                "const": true,
                "description": "The provider rejected the request or failed.",
            },
            "provider_status": { "type": "integer", "description": "The provider's status, if it responded." },
            "raw_response": { "description": "The provider's response: its JSON, or its text. What is over 64 KiB becomes a string, cut there." },
            "raw_response_truncated": { "type": "boolean", "const": true, "description": "`raw_response` was cut." },
            "violations": { "type": "array", "items": reference("Violation"), "minItems": 1 },
            "existing_id": { "type": "string", "description": "The id of the user whom the provider has with the address." },
            "existing_ids": {
                "type": "array",
                "items": { "type": "string" },
                "minItems": 2,
                "description": "The ids of the users whom the provider has with the address, where they are several.",
            },
            "looked": {
                "type": "integer",
                "minimum": 1,
                "description": "How many look-ups after a creation of unknown outcome found nobody with the address.",
            },
            "truto_error_insight": reference("ErrorInsight"),
        },
        "required": ["statusCode", "error", "message", "code", "outcome"],
    })
}

fn finding(description: &str) -> Value {
    json!({
        "type": "object",
        "description": description,
        "properties": {
            "in": reference("Location"),
            "path": {
                "type": "string",
                "description": "A JSON Pointer in the body, empty for the body as a whole; else the name of the parameter or header.",
            },
            "code": reference("FindingCode"),
            "message": { "type": "string" },
        },
        "required": ["in", "path", "code", "message"],
    })
}
