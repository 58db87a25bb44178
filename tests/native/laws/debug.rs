//! Laws of the format `debug`: the unified response, and what went over the wire, without the secret.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::bindings::types::Sending;
use unified_ticketing_guest::integration::OperationName;

use super::error_of;
use crate::invariants::assert_hidden;
use crate::support::{Operation, every_operation, json_of, provider_response, resume};

const DEBUG: &str = "&truto_response_format=debug";

/// The request of a call as `debug` shows it.
fn shown_request(operation: Operation, sending: &Sending) -> Value {
    let request = &sending.request;
    let auth = operation.integration.auth[0].header;
    let headers = request.headers.iter().map(|(name, value)| {
        let value = if name == auth { "***" } else { value };
        (name.clone(), json!(value))
    });
    let mut shown = Map::new();
    shown.insert("method".to_owned(), json!(request.method));
    shown.insert("headers".to_owned(), Value::Object(headers.collect()));
    if !request.body.is_empty() {
        let body = serde_json::from_slice(&request.body).expect("JSON");
        shown.insert("body".to_owned(), body);
    }
    Value::Object(shown)
}

#[test]
fn debug_shows_request_and_response() {
    for operation in every_operation() {
        let name = operation.name();
        let sending = operation.plan(DEBUG);
        let success = operation.success(r#"{"id": "1", "_id": "1", "n": 1.10}"#);
        let headers = [("X-A", "1"), ("x-a", "2"), ("Content-Type", "text/json")];
        let sent = provider_response(200, &headers, &success);
        let response = resume(&sending.context, Ok(&sent));
        assert_eq!(response.status, 200, "{name}");
        let found = json_of(&response);
        let debug = &found["debug"];
        assert_eq!(debug["requestUrl"], sending.request.url, "{name}");
        assert_eq!(
            debug["requestOptions"],
            shown_request(operation, &sending),
            "{name}"
        );
        assert_eq!(
            debug["data"].to_string(),
            success.replace(": ", ":").replace(", ", ","),
            "{name}"
        );
        let shown = json!({"content-type": "text/json", "x-a": "1, 2"});
        assert_eq!(debug["responseHeaders"], shown, "{name}");
        let unified = json_of(&operation.resume("", Ok(&sent)));
        if operation.row.name == OperationName::List {
            assert_eq!(found["result"], unified["result"], "{name}");
            assert_eq!(debug["nextCursor"], Value::Null, "{name}");
            assert_eq!(debug["isEmptyResult"], false, "{name}");
            assert_eq!(debug["resultCount"], 1, "{name}");
        } else {
            assert_eq!(found["result"], unified, "{name}");
            assert_eq!(debug.get("resultCount"), None, "{name}");
        }
    }
}

#[test]
fn debug_hides_secret() {
    for operation in every_operation() {
        let account = operation.account(true);
        let sending = operation.plan(DEBUG);
        let auth = operation.integration.auth[0].header;
        let mut headers = sending.request.headers.iter();
        let (_, value) = headers.find(|(name, _)| name == auth).expect(auth);
        let credential = value.rsplit(' ').next().expect("a value");
        let success = operation.success(r#"{"id": "1"}"#);
        for status in [200, 422, 500] {
            let response = resume(
                &sending.context,
                Ok(&provider_response(status, &[], &success)),
            );
            for output in [&sending.context, &response.body] {
                let text = String::from_utf8_lossy(output);
                assert_hidden(&account, &text);
                assert!(!text.contains(credential), "{}: {text}", operation.name());
            }
        }
    }
}

#[test]
fn debug_of_error_is_error() {
    for operation in every_operation() {
        for (status, body) in [(404, "{}"), (500, "no"), (200, "<html></html>")] {
            let sent = provider_response(status, &[], body);
            let [debug, unified] = [DEBUG, ""].map(|query| operation.resume(query, Ok(&sent)));
            assert_ne!(debug.status, 200, "{}", operation.name());
            assert_eq!(error_of(&debug), error_of(&unified), "{}", operation.name());
            assert_eq!(debug.body, unified.body, "{}", operation.name());
        }
    }
}

#[test]
fn debug_shows_empty_body_as_string() {
    for operation in every_operation() {
        if operation.row.name != OperationName::List {
            let response = operation.resume(DEBUG, Ok(&provider_response(204, &[], "")));
            let found = json_of(&response);
            assert_eq!(found["debug"]["data"], "", "{}", operation.name());
        }
    }
}
