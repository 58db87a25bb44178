//! What every operation of every integration obeys.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::bindings::face::{HttpResponse, Step};
use unified_ticketing_guest::bindings::types::TransportError;
use unified_ticketing_guest::field::{Field, ResponseField};

use crate::support::{Operation, SECRET, answer_of, begin, json_of, operations};

/// What a response says, in the words that programs read.
fn said(response: &HttpResponse) -> (u16, String, String) {
    let body = json_of(response);
    let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (response.status, word("code"), word("outcome"))
}

fn refused(operation: Operation, query: &str, body: &Value) -> HttpResponse {
    match begin(&operation.request(query, body), operation.account(true)) {
        Step::Respond(response) => response,
        Step::Send((request, _)) => panic!(
            "{}: nothing may be sent, but {request:?} was",
            operation.name()
        ),
    }
}

fn violations(response: &HttpResponse) -> Vec<String> {
    let body = json_of(response);
    let list = body["violations"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|found| {
            format!(
                "{} {}",
                found["path"].as_str().unwrap_or("?"),
                found["code"].as_str().unwrap_or("?")
            )
        })
        .collect()
}

#[test]
fn each_required_field_is_missed_and_nothing_is_sent() {
    for operation in operations() {
        let required: Vec<Field> = operation
            .fields
            .iter()
            .filter(|rule| rule.required)
            .map(|rule| rule.field)
            .collect();
        for field in &required {
            for absent in [None, Some(Value::Null), Some(json!(""))] {
                let mut body = operation.body();
                body.shift_remove(field.name());
                if let Some(value) = absent
                    .clone()
                    .filter(|value| *field != Field::Emails || value.is_null())
                {
                    body.insert(field.name().to_owned(), value);
                }
                let response = refused(operation, "", &Value::Object(body));
                assert_eq!(
                    said(&response),
                    (400, "invalid-request".to_owned(), "not-sent".to_owned()),
                    "{}",
                    operation.name()
                );
                assert_eq!(
                    violations(&response),
                    [format!("{} required", field.pointer())],
                    "{}",
                    operation.name()
                );
            }
        }
        let response = if operation.update {
            refused(operation, "", &json!({}))
        } else {
            nothing(operation)
        };
        let expected: Vec<String> = if operation.update {
            vec![" empty-update".to_owned()]
        } else {
            required
                .iter()
                .map(|field| format!("{} required", field.pointer()))
                .collect()
        };
        for violation in expected {
            assert!(
                violations(&response).contains(&violation),
                "{} {violation}",
                operation.name()
            );
        }
    }
}

/// A creation of nothing, as a dry run: refused where anything is required, planned where nothing is.
fn nothing(operation: Operation) -> HttpResponse {
    match begin(
        &operation.request("&unified_dry_run=true", &json!({})),
        operation.account(true),
    ) {
        Step::Respond(response) => response,
        Step::Send(_) => panic!("{}: a dry run sends nothing", operation.name()),
    }
}

#[test]
fn remote_data_never_satisfies_a_required_field() {
    for operation in operations()
        .into_iter()
        .filter(|operation| operation.fields.iter().any(|rule| rule.required))
    {
        let everything = Value::Object(operation.body());
        let response = refused(operation, "", &json!({"remote_data": everything}));
        assert_eq!(response.status, 400, "{}", operation.name());
    }
}

#[test]
fn every_violation_is_told_at_once() {
    for operation in operations() {
        let mut body: Map<String, Value> = Field::ALL
            .into_iter()
            .map(|field| (field.name().to_owned(), json!(7)))
            .collect();
        body.insert("remote_data".to_owned(), json!([]));
        body.shift_remove("custom_fields");
        let query = "&truto_response_format=xml&unified_dry_run=maybe&truto_ignore_remote_data=1";
        let response = refused(operation, query, &Value::Object(body));
        let found = violations(&response);
        let texts = Field::ALL
            .into_iter()
            .filter(|field| *field != Field::CustomFields)
            .map(|field| format!("{} type", field.pointer()));
        let wanted = [
            "truto_response_format enum",
            "unified_dry_run type",
            "truto_ignore_remote_data type",
            "/remote_data type",
        ];
        for wanted in texts.chain(wanted.map(str::to_owned)) {
            assert!(
                found.contains(&wanted),
                "{} {wanted} in {found:?}",
                operation.name()
            );
        }
    }
}

#[test]
fn what_is_not_taken_is_a_warning_and_when_strict_a_violation() {
    for operation in operations() {
        let mut body = operation.body();
        body.insert("shoe_size".to_owned(), json!(42));
        let mut expected = vec!["/shoe_size unknown-field".to_owned()];
        for field in Field::ALL
            .into_iter()
            .filter(|field| operation.fields.iter().all(|rule| rule.field != *field))
        {
            let value = match field {
                Field::Emails => json!([{"email": "a@b.example"}]),
                Field::Roles => json!([{"name": "agent", "id": "1"}]),
                _ => json!("value"),
            };
            body.insert(field.name().to_owned(), value);
            expected.push(format!("{} unsupported-field", field.pointer()));
        }
        let body = Value::Object(body);
        let Step::Send((request, context)) =
            begin(&operation.request("", &body), operation.account(true))
        else {
            panic!("{}: tolerated", operation.name());
        };
        assert!(
            !String::from_utf8_lossy(&request.body).contains("shoe_size"),
            "{}",
            operation.name()
        );
        let response = unified_ticketing_guest::face::finish(
            &context,
            Ok(&answer_of(200, &[], r#"{"id": "1", "_id": "1"}"#)),
        );
        let warnings = response
            .headers
            .iter()
            .filter(|(name, _)| name == "unified-warning")
            .count();
        let surplus = usize::from(!operation.integration.name.contains("tracker"));
        assert!(
            warnings >= expected.len() && warnings <= expected.len() + surplus + 1,
            "{}: {response:?}",
            operation.name()
        );
        let mut found = violations(&refused(operation, "&unified_strict=true", &body));
        found.retain(|found| !found.starts_with("collections"));
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{}", operation.name());
    }
}

#[test]
fn a_status_that_refuses_has_its_code_and_nothing_was_done() {
    for operation in operations() {
        for (status, code) in [
            (400, "provider-invalid"),
            (401, "provider-unauthorized"),
            (403, "provider-forbidden"),
            (404, "provider-not-found"),
            (409, "provider-conflict"),
            (418, "provider-refused"),
            (422, "provider-invalid"),
            (429, "provider-rate-limited"),
        ] {
            for body in ["{}", "", "<html>no</html>", "[]", "null", r#""text""#] {
                let response = operation.answered("", Ok(&answer_of(status, &[], body)));
                let expected = (status, code.to_owned(), "rejected".to_owned());
                assert_eq!(said(&response), expected, "{} {body}", operation.name());
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
fn how_long_to_wait_is_passed_on() {
    for operation in operations() {
        let headers = [
            ("Retry-After", "17"),
            ("X-RateLimit-Limit", "40"),
            ("X-RateLimit-Remaining", "0"),
        ];
        let response = operation.answered("", Ok(&answer_of(429, &headers, "{}")));
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
fn nobody_knows_what_became_of_a_call_that_ended_without_a_clear_word() {
    for operation in operations() {
        let answers = [
            (500, "{}", "provider-failed"),
            (503, "", "provider-failed"),
            (200, "<html></html>", "unusable-answer"),
            (200, "[1]", "unusable-answer"),
            (201, r#"{"id": "#, "unusable-answer"),
            (200, "\u{feff}{}", "unusable-answer"),
            (302, "{}", "unusable-answer"),
            (304, "", "unusable-answer"),
        ];
        for (status, body, code) in answers {
            let response = operation.answered("", Ok(&answer_of(status, &[], body)));
            assert_eq!(
                said(&response),
                (502, code.to_owned(), "unknown".to_owned()),
                "{} {status} {body}",
                operation.name()
            );
            looks(operation, &response);
        }
        let response = operation.answered("", Ok(&answer_of(408, &[], "{}")));
        assert_eq!(
            said(&response),
            (408, "provider-refused".to_owned(), "unknown".to_owned()),
            "{}",
            operation.name()
        );
        let response = operation.answered(
            "",
            Ok(&answer_of(200, &[("content-encoding", "gzip")], "{}")),
        );
        assert_eq!(
            said(&response),
            (502, "unusable-answer".to_owned(), "unknown".to_owned()),
            "{}",
            operation.name()
        );
    }
}

/// The message says how to look.
fn looks(operation: Operation, response: &HttpResponse) {
    let body = json_of(response);
    let message = body["message"].as_str().unwrap_or_default();
    let way = if operation.update {
        "look at the user"
    } else {
        "by email `ines@duarte.example`"
    };
    let way = if operation
        .fields
        .iter()
        .any(|rule| rule.field == Field::Emails)
        || operation.update
    {
        way
    } else {
        "look"
    };
    assert!(message.contains(way), "{}: {message}", operation.name());
}

#[test]
fn what_happened_on_the_way_says_whether_anything_was_sent() {
    let why = || "why".to_owned();
    for operation in operations() {
        for (fault, status, code, outcome) in [
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
                TransportError::AnswerTooLarge(200),
                502,
                "answer-too-large",
                "unknown",
            ),
            (
                TransportError::AnswerTooLarge(422),
                502,
                "answer-too-large",
                "rejected",
            ),
            (
                TransportError::AnswerTooLarge(408),
                502,
                "answer-too-large",
                "unknown",
            ),
        ] {
            let response = operation.answered("", Err(&fault));
            assert_eq!(
                said(&response),
                (status, code.to_owned(), outcome.to_owned()),
                "{} {fault:?}",
                operation.name()
            );
            if outcome == "unknown" {
                looks(operation, &response);
            }
        }
    }
}

#[test]
fn an_answer_without_anything_in_it_is_no_error() {
    for operation in operations() {
        for (status, body) in [
            (200, "{}"),
            (200, ""),
            (204, ""),
            (201, r#"{"surprise": [1]}"#),
            (202, "null "),
            (200, r#"{"id": null}"#),
        ] {
            let response = operation.answered("", Ok(&answer_of(status, &[], body)));
            if body == "null " {
                assert_eq!(response.status, 502, "{}", operation.name());
                continue;
            }
            assert_eq!(response.status, 200, "{} {body}", operation.name());
            let missing = response
                .headers
                .iter()
                .any(|(name, value)| name == "unified-warning" && value.starts_with("id-missing"));
            assert_eq!(missing, !operation.update, "{} {body}", operation.name());
            let id = json_of(&response)["id"].as_str().map(str::to_owned);
            assert_eq!(
                id.as_deref(),
                operation.update.then_some("42"),
                "{} {body}",
                operation.name()
            );
        }
    }
}

#[test]
fn a_normalized_answer_has_exactly_the_documented_fields_in_their_order() {
    let names: Vec<&str> = ResponseField::ALL
        .into_iter()
        .map(ResponseField::name)
        .collect();
    for operation in operations() {
        let answer = answer_of(200, &[], r#"{"id": "1", "data": {"id": "1"}, "x": 1}"#);
        let response = operation.answered("&truto_response_format=normalized", Ok(&answer));
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
            let body = json_of(&operation.answered(&query, Ok(&answer)));
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

#[test]
fn remote_data_of_a_call_wins_and_keeps_its_digits() {
    for operation in operations() {
        let mut body = operation.body();
        body.insert(
            "remote_data".to_owned(),
            serde_json::from_str(r#"{"extra": {"n": 1.10}}"#).expect("JSON"),
        );
        let Step::Send((request, _)) = begin(
            &operation.request("", &Value::Object(body)),
            operation.account(true),
        ) else {
            panic!("{}: valid", operation.name());
        };
        assert!(
            String::from_utf8_lossy(&request.body).contains(r#""extra":{"n":1.10}"#),
            "{}",
            operation.name()
        );
    }
}

#[test]
fn a_dry_run_shows_everything_but_the_secret() {
    for operation in operations() {
        let (request, context) = operation.sent("");
        assert!(
            !String::from_utf8_lossy(&context).contains(SECRET),
            "{}",
            operation.name()
        );
        let body = Value::Object(operation.body());
        let response = refused(operation, "&unified_dry_run=true", &body);
        let plan = json_of(&response);
        assert_eq!(response.status, 200, "{}", operation.name());
        assert_eq!(plan["method"], request.method, "{}", operation.name());
        assert_eq!(plan["url"], request.url, "{}", operation.name());
        let sent: Value = serde_json::from_slice(&request.body).expect("JSON");
        assert_eq!(plan["body"], sent, "{}", operation.name());
        let headers = plan["headers"].as_array().cloned().unwrap_or_default();
        assert_eq!(headers.len(), request.headers.len(), "{}", operation.name());
        let masked = headers.iter().filter(|header| header[1] == "***").count();
        assert_eq!(masked, 1, "{}: {headers:?}", operation.name());
        assert!(
            !String::from_utf8_lossy(&response.body).contains(SECRET),
            "{}",
            operation.name()
        );
    }
}

#[test]
fn an_account_that_cannot_work_says_what_is_wrong_with_it() {
    for operation in operations() {
        let call = |account| match begin(
            &operation.request("", &Value::Object(operation.body())),
            account,
        ) {
            Step::Respond(response) => response,
            Step::Send(_) => panic!("{}: the account cannot work", operation.name()),
        };
        let mut account = operation.account(true);
        account.base_url = Some("ftp://elsewhere".to_owned());
        assert_eq!(
            said(&call(account)),
            (500, "account-unusable".to_owned(), "not-sent".to_owned()),
            "{}",
            operation.name()
        );
        let mut account = operation.account(true);
        account.credentials =
            unified_ticketing_guest::bindings::accounts::Credentials::Injected(vec![]);
        assert_eq!(
            said(&call(account)),
            (500, "account-unusable".to_owned(), "not-sent".to_owned()),
            "{}",
            operation.name()
        );
        let mut account = operation.account(true);
        account.integration = "acme".to_owned();
        assert_eq!(
            said(&call(account)),
            (500, "account-unusable".to_owned(), "not-sent".to_owned()),
            "{}",
            operation.name()
        );
    }
}
