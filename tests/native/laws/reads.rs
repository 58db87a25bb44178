//! Laws of what reads, lists and deletions take.

use serde_json::Value;
use unified_ticketing_guest::bindings::http_api::{HttpResponse, HttpStep};
use unified_ticketing_guest::bindings::types::{Location, Safety};
use unified_ticketing_guest::integration::OperationName;

use super::{error_of, respond_locally, violations};
use crate::support::{Operation, every_operation, http_request, json_of, start};

fn assert_violates(operation: Operation, response: &HttpResponse, violation: &str) {
    let expected = (400, "invalid-request".to_owned(), "not-sent".to_owned());
    assert_eq!(error_of(response), expected, "{}", operation.name());
    assert_eq!(violations(response), [violation], "{}", operation.name());
}

#[test]
fn parameter_without_use_is_violation() {
    for operation in every_operation() {
        let body = Value::Object(operation.body());
        let of_lists = [
            ("next_cursor", "&next_cursor=eA"),
            ("limit", "&limit=5"),
            ("emails", "&emails[][email]=ines@duarte.example"),
            ("emails", "&emails[email]=ines@duarte.example"),
        ];
        for (name, query) in of_lists {
            if operation.row.name != OperationName::List {
                let response = respond_locally(operation, query, &body);
                assert_violates(operation, &response, &format!("{name} unsupported-field"));
            }
        }
        if operation.row.safety == Safety::Safe {
            let response = respond_locally(operation, "&unified_dry_run=true", &body);
            assert_violates(operation, &response, "unified_dry_run unsupported-field");
        }
    }
}

#[test]
fn address_as_id_is_violation() {
    let mut operations = every_operation();
    operations.retain(|operation| operation.row.name.has_id());
    for operation in operations {
        let body = Value::Object(operation.body()).to_string();
        for id in ["ines@duarte.example", "Ines%40Duarte.example"] {
            let target = operation.target_of(id, "");
            let request = http_request(operation.method(), &target, body.as_bytes());
            let HttpStep::Respond(response) = start(&request, operation.account(true)) else {
                panic!("{}: {id} is no id", operation.name());
            };
            let mut found = violations(&response);
            // A body is of no use for some.
            found.retain(|violation| violation.starts_with("id "));
            assert_eq!(found, ["id format"], "{}", operation.name());
            let message = json_of(&response)["message"].to_string();
            assert!(message.contains("list"), "{}: {message}", operation.name());
        }
    }
}

#[test]
fn body_without_use_is_not_sent() {
    let mut operations = every_operation();
    operations.retain(|operation| !operation.row.name.has_fields());
    for operation in operations {
        let name = operation.name();
        let request = |query: &str, body: &str| {
            let target = operation.target(query);
            let request = http_request(operation.method(), &target, body.as_bytes());
            start(&request, operation.account(true))
        };
        let own = operation.plan("").request.body;
        for (body, warns) in [("", false), (" \n", false), ("{}", true), ("{\"a", true)] {
            let HttpStep::Send(sending) = request("", body) else {
                panic!("{name}: tolerated");
            };
            assert_eq!(sending.request.body, own, "{name}");
            let mut warnings = sending.warnings.iter();
            let found = warnings.any(|warning| warning.in_ == Location::Body);
            assert_eq!(found, warns, "{name} {body}");
        }
        let HttpStep::Respond(response) = request("&unified_strict=true", "{}") else {
            panic!("{name}: strict");
        };
        let found = violations(&response);
        assert!(
            found.contains(&" unsupported-field".to_owned()),
            "{name} {found:?}"
        );
    }
}
