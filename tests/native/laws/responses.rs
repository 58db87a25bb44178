//! Laws of responses: the result of a call for any response of the provider.

use serde_json::json;
use unified_ticketing_guest::bindings::http_api::HttpResponse;
use unified_ticketing_guest::bindings::types::TransportError;
use unified_ticketing_guest::field::{Field, ResponseField};
use unified_ticketing_guest::integration::OperationName;

use super::{error_of, outcome_of};
use crate::support::{Operation, every_operation, json_of, provider_response};

#[test]
fn rejecting_status_has_its_code() {
    for operation in every_operation() {
        for (status, code) in [
            (400, "provider-invalid"),
            (401, "provider-unauthorized"),
            (403, "provider-forbidden"),
            (404, "provider-not-found"),
            (409, "provider-conflict"),
            (418, "provider-rejected"),
            (422, "provider-invalid"),
            (429, "provider-rate-limited"),
        ] {
            for body in ["{}", "", "<html>no</html>", "[]", "null", r#""text""#] {
                let response = operation.resume("", Ok(&provider_response(status, &[], body)));
                let outcome = outcome_of(operation, "rejected");
                let expected = (status, code.to_owned(), outcome);
                assert_eq!(error_of(&response), expected, "{} {body}", operation.name());
                let shown = json_of(&response);
                assert_eq!(shown["truto_is_remote_error"], true, "{}", operation.name());
                assert_eq!(shown["provider_status"], status, "{}", operation.name());
                let raw = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
                assert_eq!(shown["raw_response"], raw, "{}", operation.name());
            }
        }
    }
}

#[test]
fn retry_after_is_passed_on() {
    for operation in every_operation() {
        let headers = [
            ("Retry-After", "17"),
            ("X-RateLimit-Limit", "40"),
            ("X-RateLimit-Remaining", "0"),
        ];
        let unusable = operation.resume("", Ok(&provider_response(200, &headers, "[]")));
        let limit = unusable
            .headers
            .iter()
            .find(|(name, _)| name == "ratelimit-limit");
        assert!(limit.is_some(), "{}", operation.name());
        let response = operation.resume("", Ok(&provider_response(429, &headers, "{}")));
        for (name, value) in [
            ("retry-after", "17"),
            ("ratelimit-limit", "40"),
            ("ratelimit-remaining", "0"),
        ] {
            let found = response
                .headers
                .iter()
                .find(|(found, _)| found == name)
                .map(|(_, value)| value.as_str());
            assert_eq!(found, Some(value), "{} {name}", operation.name());
        }
    }
}

#[test]
fn unclear_response_has_unknown_outcome() {
    for operation in every_operation() {
        let outcome = outcome_of(operation, "unknown");
        let mut responses = vec![
            (500, "{}", "provider-failed"),
            (503, "", "provider-failed"),
            (200, "<html></html>", "invalid-response"),
            (201, r#"{"id": "#, "invalid-response"),
            (206, "{}", "invalid-response"),
            (200, "\u{c}{}", "invalid-response"),
            (302, "{}", "invalid-response"),
            (304, "", "invalid-response"),
        ];
        // Any JSON says that the user is deleted.
        match operation.row.name {
            OperationName::Delete => {}
            OperationName::List => responses.push((200, r#"{"x": 1}"#, "invalid-response")),
            OperationName::Create | OperationName::Update | OperationName::Get => {
                responses.push((200, "[1]", "invalid-response"));
            }
        }
        for (status, body, code) in responses {
            let response = operation.resume("", Ok(&provider_response(status, &[], body)));
            assert_eq!(
                error_of(&response),
                (502, code.to_owned(), outcome.clone()),
                "{} {status} {body}",
                operation.name()
            );
            assert_says_how_to_look(operation, &response);
        }
        let response = operation.resume("", Ok(&provider_response(408, &[], "{}")));
        assert_eq!(
            error_of(&response),
            (408, "provider-rejected".to_owned(), outcome.clone()),
            "{}",
            operation.name()
        );
        let response = operation.resume(
            "",
            Ok(&provider_response(
                200,
                &[("content-encoding", "gzip")],
                "{}",
            )),
        );
        assert_eq!(
            error_of(&response),
            (502, "invalid-response".to_owned(), outcome),
            "{}",
            operation.name()
        );
    }
}

/// Checks that the message says how to look for the user where the outcome is unknown, and only there.
fn assert_says_how_to_look(operation: Operation, response: &HttpResponse) {
    let body = json_of(response);
    let message = body["message"].as_str().unwrap_or_default();
    let takes_email = operation.row.rule(Field::Emails).is_some();
    let way = match operation.row.name {
        OperationName::Create if takes_email => "by email `ines@duarte.example`",
        OperationName::Create => "by the user's name",
        OperationName::Update => "look at the user",
        OperationName::Delete => "look for the user",
        OperationName::Get | OperationName::List => {
            assert!(
                !message.contains("; the "),
                "{}: {message}",
                operation.name()
            );
            return;
        }
    };
    assert!(message.contains(way), "{}: {message}", operation.name());
}

#[test]
fn transport_error_has_its_outcome() {
    let why = || "why".to_owned();
    for operation in every_operation() {
        for (error, status, code, outcome) in [
            (
                TransportError::NoConnection(why()),
                502,
                "no-connection",
                "not-sent",
            ),
            (
                TransportError::EgressDenied(why()),
                502,
                "egress-denied",
                "not-sent",
            ),
            (
                TransportError::ConnectionLost(why()),
                502,
                "connection-lost",
                "unknown",
            ),
            (TransportError::Deadline(false), 504, "deadline", "not-sent"),
            (TransportError::Deadline(true), 504, "deadline", "unknown"),
            (
                TransportError::ResponseTooLarge(Some(200)),
                502,
                "response-too-large",
                "unknown",
            ),
            (
                TransportError::ResponseTooLarge(Some(302)),
                502,
                "response-too-large",
                "unknown",
            ),
            // A rejection keeps its code, whatever its size.
            (
                TransportError::ResponseTooLarge(Some(422)),
                422,
                "provider-invalid",
                "rejected",
            ),
            (
                TransportError::ResponseTooLarge(Some(408)),
                408,
                "provider-rejected",
                "unknown",
            ),
            (
                TransportError::ResponseTooLarge(Some(500)),
                502,
                "provider-failed",
                "unknown",
            ),
            (
                TransportError::ResponseTooLarge(None),
                502,
                "response-too-large",
                "unknown",
            ),
            // Only a complete rejection is one.
            (
                TransportError::ResponseTruncated((422, why())),
                502,
                "invalid-response",
                "unknown",
            ),
        ] {
            let response = operation.resume("", Err(&error));
            assert_eq!(
                error_of(&response),
                (status, code.to_owned(), outcome_of(operation, outcome)),
                "{} {error:?}",
                operation.name()
            );
            if outcome == "unknown" {
                assert_says_how_to_look(operation, &response);
            }
            let found = json_of(&response)["provider_status"].as_u64();
            let status = match error {
                TransportError::ResponseTooLarge(status) => status,
                TransportError::ResponseTruncated((status, _)) => Some(status),
                _ => None,
            };
            assert_eq!(
                found,
                status.map(u64::from),
                "{} {error:?}",
                operation.name()
            );
            let limit = match error {
                TransportError::Deadline(_) => Some("deadline"),
                TransportError::ResponseTooLarge(Some(_)) => Some("response-body"),
                TransportError::ResponseTooLarge(None) => Some("response-headers"),
                _ => None,
            };
            let found = json_of(&response)["limit"].as_str().map(str::to_owned);
            assert_eq!(found.as_deref(), limit, "{} {error:?}", operation.name());
        }
    }
}

#[test]
fn empty_response_is_success() {
    for operation in every_operation() {
        for (status, body) in [
            (200, "{}"),
            (200, ""),
            (204, ""),
            (201, r#"{"surprise": [1]}"#),
            (202, "null "),
            (200, r#"{"id": null}"#),
        ] {
            let response = operation.resume("", Ok(&provider_response(status, &[], body)));
            let name = format!("{} {body}", operation.name());
            let is_usable = match operation.row.name {
                OperationName::Create | OperationName::Update | OperationName::Get => {
                    body != "null "
                }
                OperationName::Delete => true,
                // What is no list says of nobody that they are missing.
                OperationName::List => false,
            };
            if !is_usable {
                let outcome = outcome_of(operation, "unknown");
                let expected = (502, "invalid-response".to_owned(), outcome);
                assert_eq!(error_of(&response), expected, "{name}");
                continue;
            }
            assert_eq!(response.status, 200, "{name}");
            let missing = response
                .headers
                .iter()
                .any(|(name, value)| name == "unified-warning" && value.starts_with("id-missing"));
            let has_id = operation.row.name.has_id();
            assert_eq!(missing, !has_id, "{name}");
            let id = json_of(&response)["id"].as_str().map(str::to_owned);
            let expected = has_id.then_some(operation.id());
            assert_eq!(id.as_deref(), expected, "{name}");
        }
    }
}

#[test]
fn normalized_response_has_documented_fields() {
    let names: Vec<&str> = ResponseField::ALL
        .into_iter()
        .map(ResponseField::name)
        .collect();
    let user_of = |operation: Operation, query: &str| {
        let sent = operation.success(r#"{"id": "1", "data": {"id": "1"}, "x": 1}"#);
        let body = json_of(&operation.resume(query, Ok(&provider_response(200, &[], &sent))));
        let listed = body["result"].as_array().and_then(|users| users.first());
        let user = listed.unwrap_or(&body);
        user.as_object().cloned().expect("a user")
    };
    for operation in every_operation() {
        let name = operation.name();
        let user = user_of(operation, "&truto_response_format=normalized");
        let found: Vec<&str> = user.keys().map(String::as_str).collect();
        if operation.row.name == OperationName::Delete {
            assert_eq!(found, ["id"], "{name}");
            continue;
        }
        assert_eq!(found, names, "{name}");
        for excluded in ResponseField::ALL {
            let excluded = excluded.name();
            let query =
                format!("&truto_response_format=normalized&truto_exclude_fields[]={excluded}");
            let user = user_of(operation, &query);
            assert!(!user.contains_key(excluded), "{name} {excluded}");
            assert_eq!(user.len(), names.len() - 1, "{name}");
        }
    }
}

#[test]
fn success_says_what_it_did() {
    for operation in every_operation() {
        let expected = match operation.row.name {
            OperationName::Create => "created",
            OperationName::Update => "updated",
            OperationName::Get | OperationName::List => "read",
            OperationName::Delete => "deleted",
        };
        let results = |response: &HttpResponse| -> Vec<String> {
            let headers = response.headers.iter();
            let results = headers.filter(|(name, _)| name == "unified-result");
            results.map(|(_, value)| value.clone()).collect()
        };
        let success = operation.success(r#"{"id": "1", "_id": "1"}"#);
        for format in ["unified", "raw", "normalized", "debug"] {
            let query = format!("&truto_response_format={format}");
            let name = format!("{} {format}", operation.name());
            let made = operation.resume(&query, Ok(&provider_response(200, &[], &success)));
            assert_eq!(results(&made), [expected], "{name}");
            let failed = operation.resume(&query, Ok(&provider_response(500, &[], &success)));
            assert_eq!(results(&failed), [""; 0], "{name}");
            let body = String::from_utf8_lossy(&made.body).into_owned();
            assert_eq!(body == success, format == "raw", "{name}");
        }
    }
}
