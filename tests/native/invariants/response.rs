//! The response of the published API.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json as json_value};
use unified_ticketing_guest::bindings::accounts::Account;
use unified_ticketing_guest::bindings::http_api::HttpResponse;
use unified_ticketing_guest::bindings::types::{
    CallResult, Format, Location, ProviderResponse, TransportError,
};
use unified_ticketing_guest::codes;
use unified_ticketing_guest::context::Context;
use unified_ticketing_guest::field::ResponseField;
use unified_ticketing_guest::integration::OperationName;
use unified_ticketing_guest::json;

use super::{
    assert_error_bounded, assert_headers_bounded, assert_hidden, assert_json, assert_json_object,
    assert_location, printable, usable_body,
};

/// A violation in a body of the published API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Violation {
    #[serde(rename = "in")]
    location: String,
    path: String,
    code: String,
    message: String,
}

/// An error body of the published API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    #[serde(rename = "statusCode")]
    status: u16,
    error: String,
    pub message: String,
    pub code: String,
    pub outcome: String,
    limit: Option<String>,
    #[serde(default)]
    truto_is_remote_error: bool,
    provider_status: Option<u16>,
    #[serde(default)]
    raw_response: Raw,
    #[serde(default)]
    raw_response_truncated: bool,
    #[serde(default)]
    violations: Vec<Violation>,
    #[serde(default)]
    truto_error_insight: Option<Value>,
}

/// Whether there is a provider's body, `null` included. Its value is not read: it may have the greatest readable depth.
#[derive(Debug, Default)]
struct Raw(bool);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

/// The headers that a response may have. No other header of a provider is passed on.
const HEADERS: [&str; 11] = [
    "content-type",
    "allow",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "unified-code",
    "unified-next-cursor",
    "unified-outcome",
    "unified-result",
    "unified-warning",
];

/// Checks body and headers of an error of the published API. Returns its members.
pub fn assert_error(response: &HttpResponse) -> Failure {
    assert_json(&response.body);
    assert_error_bounded(&response.body);
    assert_headers_bounded(&response.headers);
    let shown = String::from_utf8_lossy(&response.body);
    let failure: Failure = serde_json::from_slice(&response.body).expect(&shown);
    let json = ("content-type".to_owned(), "application/json".to_owned());
    assert_eq!(response.headers.first(), Some(&json), "{shown}");
    for (name, value) in &response.headers {
        assert!(HEADERS.contains(&name.as_str()), "{name}: {value}");
        assert!(printable(value), "{name}: {value}");
    }
    assert_eq!(failure.status, response.status, "{shown}");
    let typed = response.error.as_ref().expect(&shown);
    assert_eq!(
        (codes::error(typed.code), codes::outcome(typed.outcome)),
        (failure.code.as_str(), failure.outcome.as_str()),
        "{shown}"
    );
    // These are for clients that drop the body.
    for (name, value) in [
        ("unified-code", &failure.code),
        ("unified-outcome", &failure.outcome),
    ] {
        let header = (name.to_owned(), value.clone());
        let here = response.headers.iter().filter(|(given, _)| given == name);
        assert_eq!(here.collect::<Vec<_>>(), [&header], "{shown}");
    }
    assert!(
        !failure.error.is_empty() && !failure.message.is_empty(),
        "{shown}"
    );
    let statuses = match failure.code.as_str() {
        "invalid-request" => 400..=400,
        "unknown-account" | "route-not-found" | "provider-not-found" => 404..=404,
        "method-not-allowed" | "unsupported-operation" => 405..=405,
        "body-too-large" => 413..=413,
        "unsupported-media-type" => 415..=415,
        "account-unusable" => 500..=500,
        "provider-unauthorized" => 401..=401,
        "provider-forbidden" => 403..=403,
        "provider-conflict" => 409..=409,
        "provider-rate-limited" => 429..=429,
        "provider-invalid" | "provider-rejected" => 400..=499,
        "provider-failed" | "invalid-response" | "response-too-large" | "no-connection"
        | "connection-lost" | "egress-denied" => 502..=502,
        "deadline" => 504..=504,
        other => panic!("the core has no code {other}"),
    };
    assert!(statuses.contains(&failure.status), "{shown}");
    let outcomes = ["not-sent", "rejected", "unknown"];
    assert!(outcomes.contains(&failure.outcome.as_str()), "{shown}");
    for Violation {
        location: in_,
        path,
        code,
        message,
    } in &failure.violations
    {
        let known = match in_.as_str() {
            "body" => Location::Body,
            "query" => Location::Query,
            "path" => Location::Path,
            other => panic!("no violation is in {other}"),
        };
        assert_location(known, path);
        assert!(!code.is_empty() && !message.is_empty(), "{shown}");
    }
    let rejected = failure
        .provider_status
        .is_some_and(|status| (400..600).contains(&status));
    assert_eq!(failure.truto_is_remote_error, rejected, "{shown}");
    failure
}

/// Checks the response to a call without a request: a dry run, or an error of ours.
pub fn assert_local_response(account: &Account, response: &HttpResponse) {
    assert_hidden(account, &String::from_utf8_lossy(&response.body));
    if response.status == 200 {
        assert!(response.error.is_none());
        assert_headers_bounded(&response.headers);
        return assert_json_object(&response.body);
    }
    let failure = assert_error(response);
    assert_eq!(failure.outcome, "not-sent");
    assert_eq!(
        failure.violations.is_empty(),
        failure.code != "invalid-request"
    );
    assert!(
        failure.provider_status.is_none() && !failure.raw_response.0 && failure.limit.is_none()
    );
}

/// Checks that the response to a call reports the provider's response, or the error of the transport, correctly.
pub fn assert_response(
    context: &Context,
    sent: Result<&ProviderResponse, &TransportError>,
    response: &HttpResponse,
) {
    let expected = match sent {
        Ok(sent) => match sent.status {
            200..=299 => match body(context, sent) {
                Some(text) => return assert_success(context, sent, text, response),
                None => ("invalid-response", "unknown", Some(sent.status), None),
            },
            408 => ("provider-", "unknown", Some(408), None),
            400..=499 => ("provider-", "rejected", Some(sent.status), None),
            500..=599 => ("provider-failed", "unknown", Some(sent.status), None),
            other => ("invalid-response", "unknown", Some(other), None),
        },
        Err(error) => match error {
            TransportError::NoConnection(_) => ("no-connection", "not-sent", None, None),
            TransportError::EgressDenied(_) => ("egress-denied", "not-sent", None, None),
            TransportError::ConnectionLost(_) => ("connection-lost", "unknown", None, None),
            TransportError::ResponseTruncated((status, _)) => {
                ("invalid-response", "unknown", Some(*status), None)
            }
            TransportError::Deadline(false) => ("deadline", "not-sent", None, Some("deadline")),
            TransportError::Deadline(true) => ("deadline", "unknown", None, Some("deadline")),
            TransportError::ResponseTooLarge(None) => (
                "response-too-large",
                "unknown",
                None,
                Some("response-headers"),
            ),
            TransportError::ResponseTooLarge(Some(status)) => {
                let (code, outcome) = match status {
                    408 => ("provider-", "unknown"),
                    400..=499 => ("provider-", "rejected"),
                    500..=599 => ("provider-failed", "unknown"),
                    _ => ("response-too-large", "unknown"),
                };
                (code, outcome, Some(*status), Some("response-body"))
            }
        },
    };
    let failure = assert_error(response);
    let (code, outcome, status, limit) = expected;
    let reads = context.operation.result() == CallResult::Read;
    let outcome = if reads { "not-sent" } else { outcome };
    assert!(failure.code.starts_with(code), "{failure:?}");
    assert_eq!(failure.outcome, outcome, "{failure:?}");
    assert_eq!(failure.provider_status, status, "{failure:?}");
    assert_eq!(failure.limit.as_deref(), limit, "{failure:?}");
    assert_eq!(failure.raw_response.0, sent.is_ok(), "{failure:?}");
    let large = sent.is_ok_and(|sent| sent.body.len() > (64 << 10) + 3);
    assert!(!large || failure.raw_response_truncated, "{failure:?}");
    assert!(
        failure.violations.is_empty() || code == "provider-",
        "{failure:?}"
    );
    assert!(failure.truto_error_insight.is_none(), "{failure:?}");
    let look = match context.operation {
        OperationName::Create => "; the user may exist now: ",
        OperationName::Update => "; the change may have been made: ",
        OperationName::Delete => "; the user may be deleted: ",
        OperationName::Get | OperationName::List => "",
    };
    assert!(
        outcome != "unknown" || failure.message.contains(look),
        "{failure:?}"
    );
    let waits = response
        .headers
        .iter()
        .any(|(name, _)| name == "retry-after");
    let may_wait = failure.code == "provider-rate-limited" || status == Some(503);
    assert!(!waits || may_wait, "{failure:?}");
}

/// The part of a successful response's body that is passed on, if the response is usable.
fn body<'a>(context: &Context, sent: &'a ProviderResponse) -> Option<&'a str> {
    let codings = sent
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"))
        .map(|(_, value)| value.to_ascii_lowercase());
    let codings: Vec<String> = codings.collect();
    let plain = codings
        .join(",")
        .split(',')
        .all(|coding| matches!(coding.trim(), "" | "identity" | "none" | "utf-8"));
    let text = usable_body(&sent.body)?;
    let value = json::parse(text).ok()?;
    let has_users = || {
        let row = context.integration.operation(OperationName::List);
        let users = row.and_then(|row| row.list).expect("a list").users;
        users
            .map_or_else(|| value.clone(), |name| value.get(name))
            .as_array()
            .is_some()
    };
    let fits = match context.operation {
        OperationName::Create | OperationName::Update | OperationName::Get => {
            value.as_object().is_some()
        }
        OperationName::List => has_users(),
        OperationName::Delete => true,
    };
    if !fits {
        return None;
    }
    let empty = usable_body(&[]) == Some(text) && !sent.body.contains(&b'{');
    ((plain || empty) && sent.status != 206).then_some(text)
}

/// Checks the response to a successful call, in the requested format.
fn assert_success(context: &Context, sent: &ProviderResponse, text: &str, response: &HttpResponse) {
    assert_eq!(
        response.status,
        200,
        "{}",
        String::from_utf8_lossy(&response.body)
    );
    assert!(response.error.is_none());
    assert_headers_bounded(&response.headers);
    let excluded = |name: &str| {
        context
            .form
            .exclude_fields
            .iter()
            .any(|field| field == name)
    };
    let result = (
        "unified-result".to_owned(),
        codes::result(context.operation.result()).to_owned(),
    );
    assert!(response.headers.contains(&result), "{:?}", response.headers);
    match (context.form.format, context.operation) {
        (Format::Raw, _) => assert_eq!(response.body, sent.body),
        (_, OperationName::Delete) => {
            let id = json_value!({ "id": context.id });
            assert_eq!(
                serde_json::from_slice::<Value>(&response.body).ok(),
                Some(id)
            );
        }
        (_, OperationName::List) => {
            let page: Value = serde_json::from_slice(&response.body).expect("an object");
            let page = page.as_object().expect("an object");
            let names: Vec<&str> = page.keys().map(String::as_str).collect();
            assert_eq!(
                names,
                ["result", "next_cursor", "prev_cursor", "result_count"]
            );
            let users = page["result"].as_array().expect("an array");
            assert_eq!(page["result_count"], users.len());
        }
        (Format::Unified, _) => {
            assert_json_object(&response.body);
            let data = format!("\"remote_data\":{text}}}");
            let whole = response.body.ends_with(data.as_bytes());
            assert_eq!(
                whole,
                !context.form.ignore_remote_data && !excluded("remote_data")
            );
        }
        (Format::Normalized, _) => {
            let user: serde_json::Map<String, Value> =
                serde_json::from_slice(&response.body).expect("an object");
            let names = ResponseField::ALL.iter().map(|field| field.name());
            let names: Vec<&str> = names.filter(|name| !excluded(name)).collect();
            assert_eq!(user.keys().collect::<Vec<_>>(), names);
        }
    }
    for (name, value) in &response.headers {
        assert!(HEADERS.contains(&name.as_str()), "{name}: {value}");
        assert!(
            name == "content-type" || printable(value),
            "{name}: {value}"
        );
    }
}
