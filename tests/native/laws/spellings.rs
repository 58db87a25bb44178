//! Laws of JSON that is only passed on: it keeps its spelling, size and depth.

use serde_json::{Value, json};
use unified_ticketing_guest::bindings::http_api::HttpStep;
use unified_ticketing_guest::integration::OperationName;

use super::{error_of, outcome_of};
use crate::support::{
    Operation, every_operation, http_request, json_of, operations, provider_response, start,
};

/// JSON that many readers reject or change.
fn odd_json() -> Vec<String> {
    let nested = |open: &str, close: &str, depth| {
        format!("{}1E5{}", open.repeat(depth), close.repeat(depth))
    };
    let mut json: Vec<String> = [
        r#""cut \ud83d""#,
        r#"{"\udc00": "\ud83d\ud83d"}"#,
        "[1E5, 1e+5, 2e400, -0.0, 0.10, 123456789012345678901234567890.1234567890]",
        r#"{"$serde_json::private::Number": "1"}"#,
        r#"{"$serde_json::private::RawValue": "1"}"#,
        r#"{"b": 1, "a": {"z": 2, "y": 3}}"#,
        "\"\\u0041\\/ \u{7f}\u{2028}\"",
        "[ ]",
        "\n{\t}\r",
    ]
    .map(|json| json.trim().to_owned())
    .to_vec();
    json.extend([
        nested("[", "]", 150),
        nested(r#"{"a":"#, "}", 1_000),
        nested("[", "]", 40_000),
        nested(r#"[{"a":"#, "}]", 2_000),
    ]);
    json
}

/// A response body in which every integration finds an id.
fn response_with(more: &str) -> String {
    let user = format!(r#""id": "1", "_id": "1", "more": {more}"#);
    format!(r#"{{{user}, "data": {{{user}}}, "user": {{{user}}}, "more": {more}}}"#)
}

fn assert_ends_with(body: &[u8], end: &str, name: &str) {
    let shown = String::from_utf8_lossy(body);
    let shown: String = shown.chars().take(300).collect();
    assert!(body.ends_with(end.as_bytes()), "{name}: {shown}");
}

#[test]
fn odd_spelling_in_response_is_kept() {
    for operation in every_operation() {
        let name = operation.name();
        for more in odd_json() {
            let user = response_with(&more);
            let text = operation.success(&user);
            for (before, after) in [("", ""), ("\u{feff}", "\r\n"), ("\u{feff} \n", " ")] {
                let sent = provider_response(200, &[], &format!("{before}{text}{after}"));
                let response = operation.resume("", Ok(&sent));
                assert_eq!(response.status, 200, "{name}");
                let own = format!(r#"{{"id":"{}""#, operation.id());
                let starts_with = |start: &str| response.body.starts_with(start.as_bytes());
                let (starts, end) = match operation.row.name {
                    OperationName::Create => (
                        starts_with(r#"{"id":"1""#),
                        format!(r#""remote_data":{user}}}"#),
                    ),
                    OperationName::Update | OperationName::Get => (
                        starts_with(r#"{"id":"1""#) || starts_with(&own),
                        format!(r#""remote_data":{user}}}"#),
                    ),
                    OperationName::List => (
                        starts_with(r#"{"result":[{"id":"1""#),
                        format!(
                            r#""remote_data":{user}}}],"next_cursor":null,"prev_cursor":null,"result_count":1}}"#
                        ),
                    ),
                    OperationName::Delete => (starts_with(&own), format!("{own}}}")),
                };
                assert!(starts, "{name}");
                assert_ends_with(&response.body, &end, &name);
            }
        }
    }
}

#[test]
fn blank_response_is_empty_object() {
    for operation in every_operation() {
        let name = operation.name();
        for body in ["", " \r\n", "\u{feff}", "\u{feff}\t"] {
            for headers in [vec![], vec![("content-encoding", "gzip")]] {
                let response = operation.resume("", Ok(&provider_response(201, &headers, body)));
                if operation.row.name == OperationName::List {
                    assert_eq!(response.status, 502, "{name} {body:?}");
                    continue;
                }
                assert_eq!(response.status, 200, "{name} {body:?}");
                let end = if operation.row.name == OperationName::Delete {
                    format!(r#"{{"id":"{}"}}"#, operation.id())
                } else {
                    r#""remote_data":{}}"#.to_owned()
                };
                assert_ends_with(&response.body, &end, &name);
            }
        }
    }
}

#[test]
fn null_content_coding_is_accepted() {
    let status = |operation: Operation, headers: &[(&str, &str)]| {
        let sent = provider_response(200, headers, &operation.success(&response_with("1")));
        operation.resume("", Ok(&sent)).status
    };
    for operation in every_operation() {
        for coding in [
            "identity",
            "None",
            "utf-8",
            "UTF-8",
            "",
            " ",
            ",",
            "identity , none",
            "utf-8,",
        ] {
            let found = status(operation, &[("Content-Encoding", coding)]);
            assert_eq!(found, 200, "{} {coding:?}", operation.name());
        }
        for coding in ["gzip", "identity, gzip", "br,identity", "utf-16", "utf"] {
            let found = status(operation, &[("content-encoding", coding)]);
            assert_eq!(found, 502, "{} {coding:?}", operation.name());
        }
        let twice = [
            ("content-encoding", "gzip"),
            ("content-encoding", "identity"),
        ];
        assert_eq!(status(operation, &twice), 502, "{}", operation.name());
    }
}

#[test]
fn lone_surrogate_keeps_mapped_field() {
    let dixa = operations()
        .into_iter()
        .find(|each| each.integration.name == "dixa");
    let dixa = dixa.expect("dixa");
    let body = r#"{"data": {"id": "a1", "displayName": "old", "displayName": "Ines \ud83d"}}"#;
    let response = dixa.resume("", Ok(&provider_response(201, &[], body)));
    let text = String::from_utf8(response.body).expect("UTF-8");
    assert!(text.contains("\"name\":\"Ines \u{fffd}\""), "{text}");
    assert_ends_with(
        text.as_bytes(),
        &format!(r#""remote_data":{body}}}"#),
        "dixa",
    );
}

#[test]
fn rejection_body_is_kept() {
    for operation in every_operation() {
        for json in odd_json() {
            let response = operation.resume(
                "",
                Ok(&provider_response(400, &[], &format!("\u{feff}{json}\n"))),
            );
            let text = String::from_utf8(response.body).expect("UTF-8");
            if json.len() <= 64 << 10 {
                assert!(
                    text.contains(&format!(r#""raw_response":{json}"#)),
                    "{text}"
                );
                assert!(!text.contains("raw_response_truncated"), "{text}");
            } else {
                assert!(
                    text.contains(r#""raw_response_truncated":true"#),
                    "{}",
                    operation.name()
                );
            }
        }
    }
}

#[test]
fn large_rejection_ends_between_characters() {
    for operation in every_operation() {
        let largest = format!("[\"{}\"]", "x".repeat((64 << 10) - 4));
        let shown = json_of(&operation.resume("", Ok(&provider_response(422, &[], &largest))));
        assert!(shown["raw_response"].is_array());
        assert_eq!(shown.get("raw_response_truncated"), None);
        for body in [
            format!("[\"{}\"]", "x".repeat((64 << 10) - 3)),
            "é☃😀".repeat(60_000),
        ] {
            let shown = json_of(&operation.resume("", Ok(&provider_response(422, &[], &body))));
            let text = shown["raw_response"].as_str().expect("a string");
            assert!(body.starts_with(text), "{}", operation.name());
            assert!(
                ((64 << 10) - 3..=64 << 10).contains(&text.len()),
                "{}",
                text.len()
            );
            assert_eq!(shown["raw_response_truncated"], true);
        }
        let body = [b"\xff".repeat(10), b"x".repeat(100_000)].concat();
        let mut sent = provider_response(500, &[], "");
        sent.body = body;
        let shown = json_of(&operation.resume("", Ok(&sent)));
        assert_eq!(
            shown["raw_response"]
                .as_str()
                .map(|text| text.chars().count()),
            Some(64 << 10)
        );
    }
}

#[test]
fn one_line_rejection_joins_message() {
    let message_of = |operation: Operation, status, headers: &[(&str, &str)], body: &str| {
        let response = operation.resume("", Ok(&provider_response(status, headers, body)));
        let message = json_of(&response)["message"].as_str().map(str::to_owned);
        message.expect("a message")
    };
    let (longest, longer) = ("é".repeat(200), "é".repeat(201));
    for operation in every_operation() {
        for status in [400, 422, 503] {
            for text in [
                "Seat limit reached",
                "  `x` is < y \r\n",
                &longest,
                "\u{feff}no",
            ] {
                let message =
                    message_of(operation, status, &[("content-type", "text/plain")], text);
                let sentence = format!(
                    "with status {status}: {}",
                    text.trim().trim_start_matches('\u{feff}')
                );
                assert!(
                    message.contains(&sentence),
                    "{} {message}",
                    operation.name()
                );
            }
            let message = message_of(operation, status, &[], r#""a \"text\" in JSON""#);
            assert!(
                message.contains(r#": a "text" in JSON"#),
                "{} {message}",
                operation.name()
            );
            for (media_type, text) in [
                ("text/plain", longer.as_str()),
                ("text/plain", "two\nlines"),
                ("text/plain", "red \u{1b}[31m"),
                ("text/plain", " <html>no</html>"),
                ("Text/HTML; charset=utf-8", "no"),
                ("text/plain", " "),
                ("text/plain", "[]"),
            ] {
                let message = message_of(operation, status, &[("content-type", media_type)], text);
                let bare = format!("with status {status}");
                let rest = message.split_once(&bare).map(|(_, rest)| rest.to_owned());
                let rest = rest.expect("the status");
                assert!(!rest.starts_with(':'), "{} {message}", operation.name());
            }
        }
    }
}

#[test]
fn odd_spelling_in_request_is_kept() {
    for operation in operations() {
        for json in odd_json() {
            let mut body = Value::Object(operation.body()).to_string();
            body.pop();
            body.push_str(r#", "remote_data": {"more": "#);
            body.push_str(&json);
            body.push_str("}}");
            let (method, target) = (operation.method(), operation.target(""));
            let request = http_request(method, &target, format!("\u{feff}{body}").as_bytes());
            let HttpStep::Send(sending) = start(&request, operation.account(true)) else {
                panic!("{}: valid", operation.name());
            };
            let sent = String::from_utf8(sending.request.body).expect("UTF-8");
            assert!(
                sent.contains(&format!(r#""more":{json}"#)),
                "{}",
                operation.name()
            );
            let dry = format!("{target}&unified_dry_run=true");
            let HttpStep::Respond(plan) = start(
                &http_request(method, &dry, body.as_bytes()),
                operation.account(true),
            ) else {
                panic!("{}: a dry run sends nothing", operation.name());
            };
            let plan = String::from_utf8(plan.body).expect("UTF-8");
            assert!(
                plan.contains(&format!(r#""body":{sent}"#)),
                "{}",
                operation.name()
            );
        }
    }
}

#[test]
fn partial_content_is_unusable() {
    for operation in every_operation() {
        let success = operation.success(&response_with("1"));
        let response = operation.resume("", Ok(&provider_response(206, &[], &success)));
        let outcome = outcome_of(operation, "unknown");
        let expected = (502, "invalid-response".to_owned(), outcome);
        assert_eq!(error_of(&response), expected, "{}", operation.name());
        assert_eq!(json_of(&response)["provider_status"], json!(206));
    }
}
