//! Invariants of any call, for the properties and the fuzz targets. A violated one panics.

#[path = "invariants/request.rs"]
mod request;
#[path = "invariants/response.rs"]
pub mod response;

use serde::de::IgnoredAny;
use serde_json::Value;
use unified_ticketing_guest::account::normalized;
use unified_ticketing_guest::bindings::accounts::{Account, Credentials};
use unified_ticketing_guest::bindings::types::{Finding, Location};
use unified_ticketing_guest::json;

pub use request::assert_sending;
pub use response::{assert_local_response, assert_response};

/// More than the size of any error body, whatever the caller or the provider wrote: 100 violations, and 64 KiB of the provider's
/// body, every character of which may need an escape of six bytes.
pub const MAX_ERROR: usize = 512 << 10;

/// More than the size of all headers of a response: half of Node's limit.
pub const MAX_HEADERS: usize = 8 << 10;

/// More than the size of a context without the caller's own strings.
pub const MAX_CONTEXT: usize = 256 << 10;

/// Checks the size of an error body.
pub fn assert_error_bounded(error: &[u8]) {
    assert!(error.len() < MAX_ERROR, "{} bytes", error.len());
}

/// Checks the size of a response's headers, which does not depend on the query, the body or the provider's response.
pub fn assert_headers_bounded(headers: &[(String, String)]) {
    // The content type of a response in the format `raw` is the provider's.
    let ours = headers.iter().filter(|(name, _)| name != "content-type");
    let size: usize = ours.map(|(name, value)| name.len() + value.len() + 4).sum();
    assert!(size < MAX_HEADERS, "{size} bytes of headers");
}

/// Checks that no credential of the account is in this text. The caller must rule out one that is there by chance.
pub fn assert_hidden(account: &Account, text: &str) {
    if let Credentials::Disclosed(pairs) = &account.credentials {
        for (_, value) in pairs {
            assert!(!text.contains(normalized(value)), "{text}");
        }
    }
}

fn printable(value: &str) -> bool {
    !value.contains(|character: char| character.is_control() && character != '\t')
}

/// Checks for JSON in UTF-8. Its depth has no limit: a value of the greatest readable depth may be inside another.
fn assert_json(body: &[u8]) {
    let shown = || String::from_utf8_lossy(body);
    assert!(std::str::from_utf8(body).is_ok(), "{}", shown());
    assert!(
        serde_json::from_slice::<IgnoredAny>(body).is_ok(),
        "{}",
        shown()
    );
}

/// Checks for a JSON object in UTF-8.
pub fn assert_json_object(body: &[u8]) {
    assert_json(body);
    assert!(body.starts_with(b"{"), "{}", String::from_utf8_lossy(body));
}

/// The part of a successful response's body that is passed on, if it is JSON.
pub fn usable_body(body: &[u8]) -> Option<&str> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body)
        .ok()?
        .trim_matches([' ', '\t', '\r', '\n']);
    if text.is_empty() {
        return Some("{}");
    }
    json::parse(text).ok().map(|_| text)
}

/// Checks that our reader accepts the same JSON as `serde_json`, with the same values.
pub fn assert_reads_as_serde(body: &[u8]) {
    let Ok(text) = std::str::from_utf8(body) else {
        return;
    };
    let ours = json::parse(text);
    let theirs = serde_json::from_str::<IgnoredAny>(text);
    assert_eq!(ours.is_ok(), theirs.is_ok(), "{text}");
    // `Value` rejects lone surrogates and more than 128 levels, and takes objects with its private name for numbers.
    if let (Ok(ours), Ok(theirs)) = (ours, serde_json::from_str::<Value>(text))
        && !text.contains("private::Number")
    {
        assert_same(&ours, &theirs);
    }
}

fn assert_same(ours: &json::Value<'_>, theirs: &Value) {
    match (ours, theirs) {
        (json::Value::Null, Value::Null) => {}
        (json::Value::Bool(ours), Value::Bool(theirs)) => assert_eq!(ours, theirs),
        (json::Value::String(ours), Value::String(theirs)) => assert_eq!(ours, theirs),
        // `Value` rewrites exponents.
        (json::Value::Number(ours), Value::Number(_)) => {
            assert_eq!(&serde_json::from_str::<Value>(ours).expect(ours), theirs);
        }
        (json::Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len());
            for (ours, theirs) in ours.iter().zip(theirs) {
                assert_same(&ours, theirs);
            }
        }
        (json::Value::Object(ours), Value::Object(theirs)) => {
            for (name, theirs) in theirs {
                assert_same(&ours.get(name).expect(name), theirs);
            }
            for (name, _) in ours.iter() {
                assert!(theirs.contains_key(&*name), "{name}");
            }
        }
        _ => panic!("{ours:?} is not {theirs:?}"),
    }
}

/// Checks that findings have a location and a message.
pub fn assert_findings(findings: &[Finding]) {
    for finding in findings {
        let Finding {
            code: _,
            in_,
            path,
            message,
        } = finding;
        assert_location(*in_, path);
        assert!(!message.is_empty(), "{finding:?}");
    }
}

fn assert_location(location: Location, path: &str) {
    let holds = match location {
        Location::Body => {
            let escapes = path.split('~').skip(1);
            (path.is_empty() || path.starts_with('/'))
                && escapes.into_iter().all(|rest| rest.starts_with(['0', '1']))
        }
        // The name of a parameter is the caller's.
        Location::Query => true,
        Location::Path => path == "id",
        Location::Header => path == "idempotency-key",
    };
    assert!(holds, "{location:?} `{path}`");
}
