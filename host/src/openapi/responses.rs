//! The responses: statuses and headers.

use http::StatusCode;
use serde_json::{Map, Value, json};
use unified_ticketing_guest::bindings::types::{CallResult, ErrorCode};
use unified_ticketing_guest::codes;
use unified_ticketing_guest::integration::OperationName;

use super::errors::{codes_of, statuses};
use super::examples::{self, Example};
use super::forms;
use super::schemas::reference;

/// Statuses of the HTTP protocol itself, before there is a path.
const PROTOCOL: &[u16] = &[400, 408, 414, 431];

/// Everything that a call may have done.
const RESULTS: &[CallResult] = &[
    CallResult::Read,
    CallResult::Created,
    CallResult::Updated,
    CallResult::Deleted,
    CallResult::Found,
    CallResult::Settled,
    CallResult::Unchanged,
];

fn name(status: u16) -> String {
    format!("Error{status}")
}

fn response(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

/// The responses of an operation, by status.
pub(super) fn by_status(operation: OperationName, examples: &[Example]) -> Value {
    let mut responses = Map::new();
    responses.insert("200".to_owned(), success(operation, examples));
    for status in statuses() {
        responses.insert(status.to_string(), response(&name(status)));
    }
    responses.insert("4XX".to_owned(), response("ProviderRejected"));
    Value::Object(responses)
}

/// The response of an error's status.
pub(super) fn of_status(status: u16) -> Value {
    response(&name(status))
}

/// The responses to what no HTTP server takes.
pub(super) fn of_protocol() -> Map<String, Value> {
    let statuses = PROTOCOL.iter();
    statuses
        .map(|status| (status.to_string(), response(&name(*status))))
        .collect()
}

fn success(operation: OperationName, examples: &[Example]) -> Value {
    let done = match operation {
        OperationName::Create => {
            "The user has been created, or was there; `Unified-Result` says which."
        }
        OperationName::Update => "The user has been changed.",
        OperationName::Get => "The user.",
        OperationName::List => "A page of users, or those that have the address.",
        OperationName::Delete => "The user has been deleted.",
    };
    let mut headers = vec![
        "Unified-Result",
        "Unified-Warning",
        "RateLimit-Limit",
        "RateLimit-Remaining",
        "RateLimit-Reset",
        "X-Request-Id",
    ];
    if operation == OperationName::List {
        headers.push("Unified-Next-Cursor");
    }
    if operation.result() != CallResult::Read {
        headers.push("Idempotency-Replayed");
    }
    json!({
        "description": format!(
            "{done} What was not taken over is in `Unified-Warning`. `x-unified-forms` has the forms that parameters ask for."
        ),
        "headers": references(&headers),
        "content": {
            "application/json": {
                "schema": reference(forms::success(operation)),
                "examples": examples::successes(operation, examples),
            },
        },
        "x-unified-forms": forms::others(operation),
    })
}

/// The responses that all operations share: one for each status of an error.
pub(super) fn components(examples: &[Example]) -> Value {
    let mut responses = Map::new();
    for status in statuses() {
        let codes = codes_of(status);
        let reason = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason());
        let mut content = Map::new();
        content.insert("schema".to_owned(), reference("Error"));
        let examples = examples::errors(status, examples);
        if !examples.is_empty() {
            content.insert("examples".to_owned(), Value::Object(examples));
        }
        let response = json!({
            "description": format!("{}: `{}`.", reason.unwrap_or("Error"), codes.join("`, `")),
            "headers": error_headers(status),
            "content": { "application/json": content },
            "x-unified-codes": codes,
        });
        responses.insert(name(status), response);
    }
    let rejected = codes::error(ErrorCode::ProviderRejected);
    responses.insert("ProviderRejected".to_owned(), json!({
        "description": format!("Another rejection by the provider, which keeps its status: `{rejected}`."),
        "headers": error_headers(400),
        "content": { "application/json": { "schema": reference("Error") } },
        "x-unified-codes": [rejected],
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
        "Unified-Result": {
            "description": "What the call did. A dry run has none.",
            "schema": { "type": "string", "enum": RESULTS.iter().copied().map(codes::result).collect::<Vec<_>>() },
        },
        "Idempotency-Replayed": {
            "description": "The call with the same `Idempotency-Key` had this result, and was not carried out again.",
            "schema": { "type": "boolean", "const": true },
        },
        "Unified-Next-Cursor": string("For `truto_response_format=raw`: the cursor of the next page, if there is one."),
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
        "Allow": string("The methods that the path has."),
        "WWW-Authenticate": string("Where the server asks for a token: `Bearer`."),
        "X-Request-Id": string("The name of this request in the server's log."),
    })
}
