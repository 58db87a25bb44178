//! Each kind of fault: its effect on the client and on the state.

use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Provider, TestSandbox};

const RESET: (String, Option<ErrorKind>) = (String::new(), Some(ErrorKind::ConnectionReset));

/// Creates a user under the fault. Returns the bytes and the end of the connection, and the number
/// of users then.
fn create(sandbox: &TestSandbox, fault: &Value) -> (String, Option<ErrorKind>, u64) {
    let dixa = Provider::named("dixa");
    sandbox.control("PUT faults/dixa", fault);
    let headers = format!("{}content-type: application/json\r\n", dixa.key());
    let line = format!("POST {}", dixa.create);
    let (response, end) = sandbox.exchange(&line, &headers, &dixa.body.to_string());
    let users = sandbox.control("GET count", &json!({}))["users"]
        .as_u64()
        .unwrap();
    (response, end, users)
}

fn statuses(sandbox: &TestSandbox) -> Value {
    let entries = sandbox.control("GET requests", &json!({}));
    entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["status"].clone())
        .collect()
}

#[test]
fn latency_only_delays() {
    let sandbox = TestSandbox::new();
    let start = Instant::now();
    let (response, _, users) = create(&sandbox, &json!({ "kind": "latency", "milliseconds": 80 }));
    assert!(start.elapsed() >= Duration::from_millis(80));
    assert!(
        response.starts_with("HTTP/1.1 201 ") && users == 1,
        "{response}"
    );
}

#[test]
fn status_and_html_replace_response() {
    let sandbox = TestSandbox::new();
    let limited = json!({
        "kind": "status", "status": 429, "headers": [["retry-after", "7"]],
        "body": "slow down", "content_type": "text/plain",
    });
    let (response, _, users) = create(&sandbox, &limited);
    assert!(
        response.starts_with("HTTP/1.1 429 ") && users == 0,
        "{response}"
    );
    for part in [
        "retry-after: 7\r\n",
        "content-type: text/plain\r\n",
        "\r\n\r\nslow down",
    ] {
        assert!(response.contains(part), "{response}");
    }
    let (response, _, users) = create(&sandbox, &json!({ "kind": "html" }));
    assert!(
        response.contains("content-type: text/html") && users == 0,
        "{response}"
    );
    assert_eq!(statuses(&sandbox), json!([429, 200]));
}

#[test]
fn resets_differ_in_their_effect() {
    let sandbox = TestSandbox::new();
    let (response, end, users) = create(&sandbox, &json!({ "kind": "reset-before-body" }));
    assert_eq!(((response, end), users), (RESET, 0));
    let (response, end, users) = create(&sandbox, &json!({ "kind": "reset-after-body" }));
    assert_eq!(((response, end), users), (RESET, 1));
    assert_eq!(statuses(&sandbox), json!([null, null]));
    let bodies = sandbox.control("GET requests", &json!({}));
    assert_eq!(
        (&bodies[0]["body"], bodies[1]["body"] == ""),
        (&json!(""), false)
    );
}

#[test]
fn resets_are_reliable() {
    let sandbox = TestSandbox::new();
    sandbox.control(
        "PUT faults/hive",
        &json!({ "kind": "reset-before-body", "times": 40 }),
    );
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let ends = (0..5).map(|_| sandbox.exchange("POST /hive/x", "", "{}"));
                ends.for_each(|end| assert_eq!(end, RESET));
            });
        }
    });
    assert_eq!(sandbox.send("GET /hive/x", "", &json!({})).0, 400);
}

#[test]
fn truncated_announces_more_than_it_sends() {
    let sandbox = TestSandbox::new();
    let (response, end, users) = create(&sandbox, &json!({ "kind": "truncated" }));
    let (headers, body) = response.split_once("\r\n\r\n").unwrap();
    let length = headers
        .split_once("content-length: ")
        .unwrap()
        .1
        .lines()
        .next()
        .unwrap();
    assert!(
        headers.starts_with("HTTP/1.1 201 ") && end.is_none() && users == 1,
        "{response}"
    );
    assert!(
        !body.is_empty() && body.len() < length.parse().unwrap(),
        "{response}"
    );
    assert_eq!(statuses(&sandbox), json!([201]));
}

#[test]
fn empty_response_has_no_length() {
    let (sandbox, dixa) = (TestSandbox::new(), Provider::named("dixa"));
    for fault in [
        json!({ "kind": "truncated" }),
        json!({ "kind": "slow", "milliseconds": 0 }),
    ] {
        let id = &dixa.fill(&sandbox, &["a@example.org"])[0];
        sandbox.control("PUT faults/dixa", &fault);
        let deleted = dixa.delete(&sandbox, id);
        assert!(deleted.1.starts_with("HTTP/1.1 204 ") && !deleted.1.contains("length"));
    }
}

#[test]
fn oversized_has_requested_size() {
    let sandbox = TestSandbox::new();
    let (response, _, users) = create(
        &sandbox,
        &json!({ "kind": "oversized", "bytes": 5_000_000 }),
    );
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    assert_eq!((body.len(), users), (5_000_000, 1));
    assert!(serde_json::from_str::<Value>(body).unwrap().is_object());
}

#[test]
fn slow_pauses_before_each_byte() {
    let sandbox = TestSandbox::new();
    let start = Instant::now();
    let (response, _, users) = create(&sandbox, &json!({ "kind": "slow", "milliseconds": 1 }));
    assert!(
        response.starts_with("HTTP/1.1 201 ") && response.ends_with("}}"),
        "{response}"
    );
    assert!(start.elapsed() >= Duration::from_millis(response.len() as u64) && users == 1);
}

#[test]
fn raw_is_verbatim() {
    let sandbox = TestSandbox::new();
    let (response, end, users) = create(&sandbox, &json!({ "kind": "raw", "text": "HTTP/9 no\n" }));
    assert_eq!((response.as_str(), end, users), ("HTTP/9 no\n", None, 1));
    let (response, end, _) = create(&sandbox, &json!({ "kind": "raw", "base64": "AAEC" }));
    assert_eq!((response.as_str(), end), ("\0\u{1}\u{2}", None));
    assert_eq!(statuses(&sandbox), json!([null, null]));
}

#[test]
fn faults_apply_in_order() {
    let sandbox = TestSandbox::new();
    for (status, times) in [(500, 2), (302, 1), (503, 1)] {
        let fault = json!({ "kind": "status", "status": status, "times": times });
        sandbox.control("PUT faults/planhat", &fault);
    }
    let next = || sandbox.exchange("GET /planhat/users", "", "").0[9..12].to_owned();
    assert_eq!([next(), next(), next()], ["500", "500", "302"]);
    sandbox.control("DELETE faults/planhat", &json!({}));
    assert_eq!(next(), "401");
}

#[test]
fn invalid_fault_is_rejected() {
    let sandbox = TestSandbox::new();
    let framing = json!({ "kind": "status", "status": 200, "headers": [["Content-Length", "1"]] });
    for (body, part) in [
        (json!({ "kind": "flood" }), "`reset-before-body`"),
        (json!({ "kind": "latency" }), "missing field `milliseconds`"),
        (
            json!({ "kind": "html", "bytes": 7 }),
            "unknown field `bytes`",
        ),
        (json!({ "kind": "html", "times": 0 }), "`times`"),
        (json!({ "kind": "status", "status": 99 }), "200 to 999"),
        (framing, "framing"),
        (json!({ "kind": "raw" }), "`text` and `base64`"),
        (
            json!({ "kind": "oversized", "bytes": 7_000_000_000_u64 }),
            "at most",
        ),
    ] {
        let (status, _, response) = sandbox.send("PUT /_sandbox/faults/hive", "", &body);
        let message = response["message"].as_str().unwrap();
        assert!(status == 400 && message.contains(part), "{body}: {message}");
    }
}
