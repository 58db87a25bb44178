//! What holds for any call, whoever made it up: the properties, or the fuzz targets. What does not hold panics.

#[path = "holds/request.rs"]
mod request;
#[path = "holds/response.rs"]
pub mod response;

use serde::de::IgnoredAny;
use serde_json::Value;
use unified_ticketing_guest::account::normalized;
use unified_ticketing_guest::bindings::accounts::{Account, Credentials};
use unified_ticketing_guest::bindings::types::{Finding, Location};
use unified_ticketing_guest::json;

pub use request::sent;
pub use response::{responded, told};

/// More than any error body has, whatever the caller or the provider wrote: 100 violations, and 64 KiB of the provider's body,
/// every character of which may need an escape of six bytes.
pub const MAX_ERROR: usize = 512 << 10;

/// More than all headers of a response have: half of what Node reads.
pub const MAX_HEADERS: usize = 8 << 10;

/// More than a context has besides the caller's own texts.
pub const MAX_CONTEXT: usize = 256 << 10;

/// An error body is no larger than it may be.
pub fn bounded(error: &[u8]) {
    assert!(error.len() < MAX_ERROR, "{} bytes", error.len());
}

/// The headers of a response are no larger than they may be, whatever is in the query, the body or the answer.
pub fn bounded_headers(headers: &[(String, String)]) {
    // The content type of a response in the format `raw` is the provider's.
    let ours = headers.iter().filter(|(name, _)| name != "content-type");
    let size: usize = ours.map(|(name, value)| name.len() + value.len() + 4).sum();
    assert!(size < MAX_HEADERS, "{size} bytes of headers");
}

/// No credential of the account is in this text. What is asked for cannot have it but by chance, so whoever asks sees to that.
pub fn hidden(account: &Account, text: &str) {
    if let Credentials::Disclosed(pairs) = &account.credentials {
        for (_, value) in pairs {
            assert!(!text.contains(normalized(value)), "{text}");
        }
    }
}

fn printable(value: &str) -> bool {
    !value.contains(|character: char| character.is_control() && character != '\t')
}

/// JSON in UTF-8. Nothing limits its depth: a value that was as deep as can be read may have been put into another.
fn valid(body: &[u8]) {
    let shown = || String::from_utf8_lossy(body);
    assert!(std::str::from_utf8(body).is_ok(), "{}", shown());
    assert!(
        serde_json::from_slice::<IgnoredAny>(body).is_ok(),
        "{}",
        shown()
    );
}

/// A JSON object in UTF-8.
pub fn object(body: &[u8]) {
    valid(body);
    assert!(body.starts_with(b"{"), "{}", String::from_utf8_lossy(body));
}

/// Whether a successful answer with this body can be used, and what of it is passed on.
pub fn usable(body: &[u8]) -> Option<&str> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body)
        .ok()?
        .trim_matches([' ', '\t', '\r', '\n']);
    if text.is_empty() {
        return Some("{}");
    }
    let read = json::parse(text).ok()?;
    read.as_object().map(|_| text)
}

/// Our JSON is what `serde_json` takes for JSON, and has the same in it.
pub fn reads_as_any_other(body: &[u8]) {
    let Ok(text) = std::str::from_utf8(body) else {
        return;
    };
    let ours = json::parse(text);
    let passed_on = serde_json::from_str::<IgnoredAny>(text);
    assert_eq!(ours.is_ok(), passed_on.is_ok(), "{text}");
    // `Value` takes no half of a surrogate pair and no more than 128 levels, and for a number what is none.
    if let (Ok(ours), Ok(theirs)) = (ours, serde_json::from_str::<Value>(text))
        && !text.contains("private::Number")
    {
        same(&ours, &theirs);
    }
}

fn same(ours: &json::Value<'_>, theirs: &Value) {
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
                same(&ours, theirs);
            }
        }
        (json::Value::Object(ours), Value::Object(theirs)) => {
            for (name, theirs) in theirs {
                same(&ours.get(name).expect(name), theirs);
            }
            for (name, _) in ours.iter() {
                assert!(theirs.contains_key(&*name), "{name}");
            }
        }
        _ => panic!("{ours:?} is not {theirs:?}"),
    }
}

/// Findings say where they are.
pub fn findings(findings: &[Finding]) {
    for finding in findings {
        let Finding {
            code: _,
            in_,
            path,
            message,
        } = finding;
        place(*in_, path);
        assert!(!message.is_empty(), "{finding:?}");
    }
}

fn place(place: Location, path: &str) {
    let holds = match place {
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
    assert!(holds, "{place:?} `{path}`");
}
