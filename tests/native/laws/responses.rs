//! Laws of responses: the result of a call for any response of the provider.

use serde_json::{Map, json};
use unified_ticketing_guest::bindings::http_api::HttpResponse;
use unified_ticketing_guest::bindings::types::TransportError;
use unified_ticketing_guest::field::{Field, ResponseField};

use super::error_of;
use crate::support::{Operation, json_of, operations, provider_response};

#[test]
fn rejecting_status_has_its_code() {
    for operation in operations() {
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
                let expected = (status, code.to_owned(), "rejected".to_owned());
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
    for operation in operations() {
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
    for operation in operations() {
        let responses = [
            (500, "{}", "provider-failed"),
            (503, "", "provider-failed"),
            (200, "<html></html>", "invalid-response"),
            (200, "[1]", "invalid-response"),
            (201, r#"{"id": "#, "invalid-response"),
            (206, "{}", "invalid-response"),
            (200, "\u{c}{}", "invalid-response"),
            (302, "{}", "invalid-response"),
            (304, "", "invalid-response"),
        ];
        for (status, body, code) in responses {
            let response = operation.resume("", Ok(&provider_response(status, &[], body)));
            assert_eq!(
                error_of(&response),
                (502, code.to_owned(), "unknown".to_owned()),
                "{} {status} {body}",
                operation.name()
            );
            assert_says_how_to_look(operation, &response);
        }
        let response = operation.resume("", Ok(&provider_response(408, &[], "{}")));
        assert_eq!(
            error_of(&response),
            (408, "provider-rejected".to_owned(), "unknown".to_owned()),
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
            (502, "invalid-response".to_owned(), "unknown".to_owned()),
            "{}",
            operation.name()
        );
    }
}

/// Checks that the message says how to look for the user.
fn assert_says_how_to_look(operation: Operation, response: &HttpResponse) {
    let body = json_of(response);
    let message = body["message"].as_str().unwrap_or_default();
    let way = if operation.is_update() {
        "look at the user"
    } else {
        "by email `ines@duarte.example`"
    };
    let way = if operation
        .row
        .fields
        .iter()
        .any(|rule| rule.field == Field::Emails)
        || operation.is_update()
    {
        way
    } else {
        "look"
    };
    assert!(message.contains(way), "{}: {message}", operation.name());
}

#[test]
fn transport_error_has_its_outcome() {
    let why = || "why".to_owned();
    for operation in operations() {
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
                (status, code.to_owned(), outcome.to_owned()),
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
    for operation in operations() {
        for (status, body) in [
            (200, "{}"),
            (200, ""),
            (204, ""),
            (201, r#"{"surprise": [1]}"#),
            (202, "null "),
            (200, r#"{"id": null}"#),
        ] {
            let response = operation.resume("", Ok(&provider_response(status, &[], body)));
            if body == "null " {
                assert_eq!(response.status, 502, "{}", operation.name());
                continue;
            }
            assert_eq!(response.status, 200, "{} {body}", operation.name());
            let missing = response
                .headers
                .iter()
                .any(|(name, value)| name == "unified-warning" && value.starts_with("id-missing"));
            assert_eq!(
                missing,
                !operation.is_update(),
                "{} {body}",
                operation.name()
            );
            let id = json_of(&response)["id"].as_str().map(str::to_owned);
            assert_eq!(
                id.as_deref(),
                operation.is_update().then_some(operation.id()),
                "{} {body}",
                operation.name()
            );
        }
    }
}

#[test]
fn normalized_response_has_documented_fields() {
    let names: Vec<&str> = ResponseField::ALL
        .into_iter()
        .map(ResponseField::name)
        .collect();
    for operation in operations() {
        let sent = provider_response(200, &[], r#"{"id": "1", "data": {"id": "1"}, "x": 1}"#);
        let response = operation.resume("&truto_response_format=normalized", Ok(&sent));
        let body = json_of(&response);
        let found: Vec<&str> = body
            .as_object()
            .map(|body| body.keys().map(String::as_str).collect())
            .unwrap_or_default();
        assert_eq!(found, names, "{}", operation.name());
        for excluded in ResponseField::ALL {
            let query = format!(
                "&truto_response_format=normalized&truto_exclude_fields[]={}",
                excluded.name()
            );
            let body = json_of(&operation.resume(&query, Ok(&sent)));
            assert!(
                body.get(excluded.name()).is_none(),
                "{} {}",
                operation.name(),
                excluded.name()
            );
            assert_eq!(
                body.as_object().map(Map::len),
                Some(names.len() - 1),
                "{}",
                operation.name()
            );
        }
    }
}
