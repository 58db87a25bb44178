//! The responses: statuses, headers, errors.

use http::StatusCode;
use serde_json::{Map, Value, json};
use unified_ticketing_guest::bindings::types::{ErrorCode, FindingCode, Limit, Location, Outcome};
use unified_ticketing_guest::codes;
use unified_ticketing_guest::integration::OperationName;

use super::examples::{self, Example};
use super::schemas::reference;

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
    (ErrorCode::BodyTooLarge, &[413]),
    (ErrorCode::UriTooLong, &[414]),
    (ErrorCode::UnsupportedMediaType, &[415]),
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
fn statuses() -> Vec<u16> {
    let mut statuses: Vec<u16> = CODES
        .iter()
        .flat_map(|(_, statuses)| *statuses)
        .copied()
        .collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

/// The codes of a status.
fn codes_of(status: u16) -> Vec<&'static str> {
    let codes = CODES
        .iter()
        .filter(|(_, statuses)| statuses.contains(&status));
    codes.map(|(code, _)| codes::error(*code)).collect()
}

fn name(status: u16) -> String {
    format!("Error{status}")
}

/// The responses of an operation, by status.
pub(super) fn by_status(operation: OperationName, examples: &[Example]) -> Value {
    let mut responses = Map::new();
    responses.insert("200".to_owned(), success(operation, examples));
    for status in statuses() {
        let response = json!({ "$ref": format!("#/components/responses/{}", name(status)) });
        responses.insert(status.to_string(), response);
    }
    responses.insert(
        "4XX".to_owned(),
        json!({ "$ref": "#/components/responses/ProviderRejected" }),
    );
    Value::Object(responses)
}

fn success(operation: OperationName, examples: &[Example]) -> Value {
    let done = match operation {
        OperationName::Create => "The user has been created",
        _ => "The user has been changed",
    };
    json!({
        "description": format!("{done}; or, for a dry run, the plan. What was not taken over is in `Unified-Warning`."),
        "headers": references(&[
            "Unified-Warning",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "X-Request-Id",
        ]),
        "content": {
            "application/json": {
                "schema": { "anyOf": [reference("User"), reference("Plan"), reference("ProviderResponse")] },
                "examples": examples::successes(operation, examples),
            },
            "*/*": {
                "schema": { "description": "For `truto_response_format=raw`: the provider's body with its content type." },
            },
        },
    })
}

/// The responses that both operations share: one for each status of an error.
pub(super) fn components(examples: &[Example]) -> Value {
    let mut responses = Map::new();
    for status in statuses() {
        let codes = codes_of(status);
        let reason = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason());
        let error = json!({
            "allOf": [reference("Error")],
            "properties": { "statusCode": { "const": status }, "code": { "enum": codes } },
        });
        let mut response = json!({
            "description": format!("{}: `{}`.", reason.unwrap_or("Error"), codes.join("`, `")),
            "headers": error_headers(status),
            "content": { "application/json": { "schema": error } },
        });
        let examples = examples::errors(status, examples);
        if !examples.is_empty() {
            response["content"]["application/json"]["examples"] = Value::Object(examples);
        }
        responses.insert(name(status), response);
    }
    let rejected = json!({
        "allOf": [reference("Error")],
        "properties": { "code": { "const": codes::error(ErrorCode::ProviderRejected) } },
    });
    responses.insert("ProviderRejected".to_owned(), json!({
        "description": "Another rejection by the provider, which keeps its status: `provider-rejected`.",
        "headers": error_headers(400),
        "content": { "application/json": { "schema": rejected } },
    }));
    Value::Object(responses)
}

fn references(names: &[&str]) -> Value {
    let reference = |name: &&str| {
        (
            (*name).to_owned(),
            json!({ "$ref": format!("#/components/headers/{name}") }),
        )
    };
    Value::Object(names.iter().map(reference).collect())
}

/// The headers of an error: those of every error, and those of its status.
fn error_headers(status: u16) -> Value {
    references(&[&["Unified-Code", "Unified-Outcome"], headers_of(status)].concat())
}

fn headers_of(status: u16) -> &'static [&'static str] {
    match status {
        405 => &["Allow", "X-Request-Id"],
        429 | 502 => &[
            "Retry-After",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "X-Request-Id",
        ],
        503 => &["Retry-After", "X-Request-Id"],
        413 | 415 | 500 | 504 => &["X-Request-Id"],
        401 => &[
            "WWW-Authenticate",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "X-Request-Id",
        ],
        _ => &[
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "X-Request-Id",
        ],
    }
}

/// Every header of a response.
pub(super) fn headers() -> Value {
    let number = |description: &str| json!({ "description": description, "schema": { "type": "integer", "minimum": 0 } });
    let string =
        |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    json!({
        "Unified-Warning": {
            "description": "Once for each warning, at most 32 of them, then `more; count=N`. The path is a percent-encoded JSON \
                Pointer, or the name of a parameter or header.",
            "schema": { "type": "string" },
            "example": "unsupported-field; path=\"/nick_name\"",
        },
        "Unified-Code": string("The `code` of the error, for clients that drop its body."),
        "Unified-Outcome": string("The `outcome` of the error, for clients that drop its body."),
        "RateLimit-Limit": number("Requests that the provider allows in a window, if it says so."),
        "RateLimit-Remaining": number("Requests left in this window, if the provider says so."),
        "RateLimit-Reset": number("Seconds until the next window, if the provider says so."),
        "Retry-After": number("Seconds to wait before the next attempt."),
        "Allow": string("The method that the path has."),
        "WWW-Authenticate": string("Where the server asks for a token: `Bearer`."),
        "X-Request-Id": string("The name of this request in the server's log."),
    })
}

/// The schemas of errors.
pub(super) fn schemas() -> Map<String, Value> {
    let codes: Vec<&str> = CODES.iter().map(|(code, _)| codes::error(*code)).collect();
    let outcomes = [Outcome::NotSent, Outcome::Rejected, Outcome::Unknown].map(codes::outcome);
    let locations = [
        Location::Body,
        Location::Query,
        Location::Path,
        Location::Header,
    ]
    .map(codes::location);
    let missing = json!({
        "type": "object",
        "properties": {
            "description": { "type": "string" },
            "value": { "type": "array", "items": { "type": "string" }, "minItems": 1 },
        },
        "required": ["description", "value"],
    });
    let error = json!({
        "type": "object",
        "description": "Why a call failed. Programs match on `code` and `outcome`; `message` is for people.",
        "properties": {
            "statusCode": { "type": "integer", "description": "The status of the response." },
            "error": { "type": "string", "description": "The name of the status." },
            "message": { "type": "string" },
            "code": { "enum": codes },
            "outcome": {
                "enum": outcomes,
                "description": "What is known of the provider's state: it has not received the request, it rejected it and changed \
                    nothing, or it may have acted.",
            },
            "limit": {
                "enum": LIMITS.iter().copied().map(codes::limit).collect::<Vec<_>>(),
                "description": "The limit of the server that ended the call.",
            },
            "truto_is_remote_error": { "const": true, "description": "The provider rejected the request or failed." },
            "provider_status": { "type": "integer", "description": "The provider's status, if it responded." },
            "raw_response": { "description": "The provider's response: its JSON, or its text. What is over 64 KiB becomes a string, cut there." },
            "raw_response_truncated": { "const": true, "description": "`raw_response` was cut." },
            "violations": { "type": "array", "items": reference("Finding"), "minItems": 1 },
            "truto_error_insight": {
                "type": "object",
                "description": "What is missing, by name.",
                "properties": {
                    "missing_required_body_fields": missing,
                    "missing_required_query_parameters": missing,
                },
                "minProperties": 1,
            },
        },
        "required": ["statusCode", "error", "message", "code", "outcome"],
    });
    let finding = json!({
        "type": "object",
        "description": "A violation or a warning at one location of the request.",
        "properties": {
            "in": { "enum": locations },
            "path": {
                "type": "string",
                "description": "A JSON Pointer in the body, empty for the body as a whole; else the name of the parameter or header.",
            },
            "code": { "enum": FINDINGS.iter().copied().map(codes::finding).collect::<Vec<_>>() },
            "message": { "type": "string" },
        },
        "required": ["in", "path", "code", "message"],
    });
    Map::from_iter([("Error".to_owned(), error), ("Finding".to_owned(), finding)])
}
