//! Responses of the published HTTP API: JSON bodies, statuses, headers.

mod debug;

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::bindings::http_api::{HttpError, HttpResponse};
use crate::bindings::types::{Error, Finding, FindingCode, Format, Location, RateLimit, Safety};
use crate::findings::{JsonFinding, found};
use crate::json::{raw, without_mark, write};
use crate::operation::{Completed, Output};
use crate::plan::{Planned, mask};
use crate::{codes, shape};

/// The most warnings that are headers; the rest is counted.
const MAX_WARNINGS: usize = 32;

/// The longest path in a header, percent-encoded: with as many warnings as are reported it all stays well below the 16 KiB that Node
/// reads of a response's headers, and the user that was created is not lost on its way.
const MAX_HEADER_PATH: usize = 160;

/// The response to a call that the provider carried out.
pub(super) fn completed(completed: Completed<'_>) -> HttpResponse {
    let is_raw = completed.form.format == Format::Raw;
    let (content_type, body) = if is_raw {
        let (content_type, body) = completed.raw();
        (content_type.unwrap_or(JSON), body.to_vec())
    } else {
        let body = debug::json(&completed).unwrap_or_else(|| shape::json(&completed));
        (JSON, body)
    };
    let mut headers = Headers::new(content_type);
    headers.add("unified-result", codes::result(completed.result).to_owned());
    if let Output::Users {
        next_cursor: Some(cursor),
        ..
    } = &completed.output
        && is_raw
    {
        headers.add("unified-next-cursor", cursor.clone());
    }
    headers.rate_limit(completed.rate_limit.as_ref());
    headers.warnings(&completed.warnings);
    HttpResponse {
        status: 200,
        headers: headers.0,
        body,
        warnings: completed.warnings,
        error: None,
    }
}

/// The response to a dry run: the request that would be sent.
pub(super) fn plan(planned: Planned) -> HttpResponse {
    let Planned {
        mut request,
        operation: _,
        wait_ms: _,
        plan,
        resend: _,
        context,
    } = planned;
    if let Some(plan) = plan {
        request = plan;
    }
    mask(&mut request, context.integration);
    // The plan is the operation's own request, whichever comes first.
    let row = context.integration.operation(context.operation);
    let safety = row.map_or(Safety::Once, |row| row.safety);
    let body = write(&Plan {
        integration: context.integration.name,
        operation: context.operation.as_str(),
        method: &request.method,
        url: &request.url,
        headers: &request.headers,
        body: std::str::from_utf8(&request.body)
            .ok()
            .and_then(|body| raw(body).ok()),
        safety: codes::safety(safety),
        warnings: context.warnings.iter().map(JsonFinding::from).collect(),
    });
    let mut headers = Headers::new(JSON);
    headers.warnings(&context.warnings);
    HttpResponse {
        status: 200,
        headers: headers.0,
        body,
        warnings: context.warnings,
        error: None,
    }
}

/// The response to a call that failed.
pub(crate) fn error(error: &Error, more: &[(String, String)]) -> HttpResponse {
    let mut headers = Headers::new(JSON);
    headers.rate_limit(error.rate_limit.as_ref());
    if let Some(seconds) = error.retry_after {
        headers.add("retry-after", seconds.to_string());
    }
    headers.add("unified-code", codes::error(error.code).to_owned());
    headers.add("unified-outcome", codes::outcome(error.outcome).to_owned());
    headers.0.extend_from_slice(more);
    HttpResponse {
        status: error.status,
        headers: headers.0,
        body: write(&Failure::from(error)),
        warnings: Vec::new(),
        error: Some(HttpError {
            code: error.code,
            outcome: error.outcome,
        }),
    }
}

const JSON: &str = "application/json";

/// A pointer in a header keeps the unreserved characters of RFC 3986, and the slash, as in RFC 6901, section 6.
const POINTER: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

struct Headers(Vec<(String, String)>);

impl Headers {
    fn new(content_type: &str) -> Self {
        Self(vec![("content-type".to_owned(), content_type.to_owned())])
    }

    fn add(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    fn rate_limit(&mut self, figures: Option<&RateLimit>) {
        let Some(RateLimit {
            limit,
            remaining,
            reset,
        }) = figures
        else {
            return;
        };
        for (name, figure) in [
            ("ratelimit-limit", limit),
            ("ratelimit-remaining", remaining),
            ("ratelimit-reset", reset),
        ] {
            if let Some(figure) = figure {
                self.add(name, figure.to_string());
            }
        }
    }

    fn warnings(&mut self, warnings: &[Finding]) {
        let mut reported = 0;
        let named = warnings
            .iter()
            .filter(|warning| warning.code != FindingCode::More);
        for Finding {
            code,
            in_: _,
            path,
            message: _,
        } in named.take(MAX_WARNINGS)
        {
            let (code, path) = (codes::finding(*code), encoded(path));
            self.add("unified-warning", format!("{code}; path=\"{path}\""));
            reported += 1;
        }
        let left_out = found(warnings) - reported;
        if left_out > 0 {
            self.add("unified-warning", format!("more; count={left_out}"));
        }
    }
}

/// A path in a header.
fn encoded(path: &str) -> String {
    let mut encoded = String::new();
    for part in utf8_percent_encode(path, POINTER) {
        // A part is one encoded byte, or a run of bytes that are not encoded.
        let room = MAX_HEADER_PATH - encoded.len();
        if part.len() > room {
            let run = if part.starts_with('%') {
                ""
            } else {
                part.get(..room).unwrap_or_default()
            };
            encoded.push_str(run);
            encoded.extend(utf8_percent_encode("…", POINTER));
            break;
        }
        encoded.push_str(part);
    }
    encoded
}

#[derive(Serialize)]
struct Plan<'a> {
    integration: &'a str,
    operation: &'a str,
    method: &'a str,
    url: &'a str,
    headers: &'a [(String, String)],
    body: Option<&'a RawValue>,
    safety: &'static str,
    warnings: Vec<JsonFinding<'a>>,
}

/// An error body.
#[derive(Serialize)]
struct Failure<'a> {
    #[serde(rename = "statusCode")]
    status: u16,
    error: &'static str,
    message: &'a str,
    code: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truto_is_remote_error: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_response: Option<RawBody<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    raw_response_truncated: bool,
    /// Where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    existing_id: Option<&'a str>,
    /// Where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    existing_ids: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    looked: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<JsonFinding<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truto_error_insight: Option<Insight<'a>>,
}

/// The largest provider's body that an error has in full, in bytes.
const MAX_RAW: usize = 64 << 10;

/// A provider's body: its JSON, or a string.
#[derive(Serialize)]
#[serde(untagged)]
enum RawBody<'a> {
    Json(&'a RawValue),
    String(Cow<'a, str>),
}

impl<'a> RawBody<'a> {
    fn new(body: &'a [u8]) -> Self {
        let start = without_mark(body);
        match start.get(..MAX_RAW).filter(|_| start.len() > MAX_RAW) {
            Some(start) => Self::String(truncated(start)),
            None => Self::whole(body),
        }
    }

    fn whole(body: &'a [u8]) -> Self {
        let body = without_mark(body);
        let json = std::str::from_utf8(body)
            .ok()
            .and_then(|json| raw(json).ok());
        json.map_or_else(|| Self::String(String::from_utf8_lossy(body)), Self::Json)
    }
}

/// The string of a body's first bytes, without an incomplete character at the end.
fn truncated(start: &[u8]) -> Cow<'_, str> {
    let complete = match std::str::from_utf8(start) {
        // More bytes might have made a character of these.
        Err(error) if error.error_len().is_none() => start.get(..error.valid_up_to()),
        _ => None,
    };
    String::from_utf8_lossy(complete.unwrap_or(start))
}

#[derive(Serialize)]
struct Insight<'a> {
    #[serde(
        rename = "missing_required_body_fields",
        skip_serializing_if = "Option::is_none"
    )]
    body: Option<Missing<'a>>,
    #[serde(
        rename = "missing_required_query_parameters",
        skip_serializing_if = "Option::is_none"
    )]
    query: Option<Missing<'a>>,
}

#[derive(Serialize)]
struct Missing<'a> {
    description: &'static str,
    value: Vec<&'a str>,
}

impl<'a> Insight<'a> {
    /// The missing members of the body, and the missing parameters of the query.
    fn new(violations: &'a [Finding]) -> Option<Self> {
        let missing = |location, description| {
            let missing = violations
                .iter()
                .filter(|found| found.code == FindingCode::Required && found.in_ == location);
            let value: Vec<&str> = missing
                .map(|found| found.path.trim_start_matches('/'))
                .filter(|name| !name.contains('/'))
                .collect();
            (!value.is_empty()).then_some(Missing { description, value })
        };
        let body = missing(
            Location::Body,
            "Required fields that are missing from the request body",
        );
        let query = missing(
            Location::Query,
            "Required parameters that are missing from the query",
        );
        (body.is_some() || query.is_some()).then_some(Self { body, query })
    }
}

impl<'a> From<&'a Error> for Failure<'a> {
    fn from(error: &'a Error) -> Self {
        let Error {
            code,
            message,
            status,
            violations,
            provider,
            retry_after: _,
            rate_limit: _,
            limit,
            outcome,
            existing_ids,
            looked,
        } = error;
        let reason = http::StatusCode::from_u16(*status)
            .ok()
            .and_then(|status| status.canonical_reason());
        let body = provider
            .as_ref()
            .and_then(|provider| provider.body.as_deref());
        Self {
            status: *status,
            error: reason.unwrap_or("Error"),
            message,
            code: codes::error(*code),
            outcome: codes::outcome(*outcome),
            limit: limit.map(codes::limit),
            truto_is_remote_error: provider
                .as_ref()
                .is_some_and(|provider| (400..=599).contains(&provider.status)),
            provider_status: provider.as_ref().map(|provider| provider.status),
            raw_response: body.map(RawBody::new),
            raw_response_truncated: body.is_some_and(|body| without_mark(body).len() > MAX_RAW),
            existing_id: match existing_ids.as_slice() {
                [id] => Some(id),
                _ => None,
            },
            existing_ids: (existing_ids.len() > 1).then_some(existing_ids),
            looked: (*looked > 0).then_some(*looked),
            violations: violations.iter().map(JsonFinding::from).collect(),
            truto_error_insight: Insight::new(violations),
        }
    }
}
