//! What holds for any call, whoever made it up: the properties, or the fuzz targets. What does not hold panics.

#[path = "holds/request.rs"]
mod request;
#[path = "holds/response.rs"]
pub mod response;

use serde::de::IgnoredAny;
use serde_json::Value;
use unified_ticketing_guest::bindings::accounts::{Account, Credentials};
use unified_ticketing_guest::bindings::types::{Finding, Place};
use unified_ticketing_guest::json;

pub use request::sent;
pub use response::{responded, told};

/// No credential of the account is in this text. What is asked for cannot have it but by chance, so whoever asks sees to that.
pub fn hidden(account: &Account, text: &str) {
    if let Credentials::Disclosed(pairs) = &account.credentials {
        for (_, value) in pairs {
            assert!(!text.contains(value), "{text}");
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
    let text = std::str::from_utf8(body)
        .ok()?
        .trim_matches([' ', '\t', '\r', '\n']);
    if text.is_empty() {
        return Some("{}");
    }
    let read = json::parse(text.as_bytes()).ok()?;
    read.as_object().map(|_| text)
}

/// Our JSON is what `serde_json` takes for JSON, and is written again in the same way.
pub fn reads_as_any_other(body: &[u8]) {
    // What `Value` takes for a number, though it is none.
    if body.windows(15).any(|name| name == b"private::Number") {
        return;
    }
    match (json::parse(body), serde_json::from_slice::<Value>(body)) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours.to_text(), theirs.to_string()),
        (Err(ours), Err(theirs)) => assert_eq!(ours.to_string(), theirs.to_string()),
        (ours, theirs) => panic!("{ours:?} is not {theirs:?}"),
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

fn place(place: Place, path: &str) {
    let holds = match place {
        Place::Body => {
            let escapes = path.split('~').skip(1);
            (path.is_empty() || path.starts_with('/'))
                && escapes.into_iter().all(|rest| rest.starts_with(['0', '1']))
        }
        // The name of a parameter is the caller's.
        Place::Query => true,
        Place::Path => path == "id",
        Place::Header => path == "idempotency-key",
    };
    assert!(holds, "{place:?} `{path}`");
}
