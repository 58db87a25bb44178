//! Laws of requests: the request that is sent, and the errors before.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::bindings::http_api::{HttpResponse, HttpStep};
use unified_ticketing_guest::bindings::types::{Safety, Sending};
use unified_ticketing_guest::field::Field;

use super::{error_of, respond_locally, violations};
use crate::support::{
    Operation, SECRET, every_operation, json_of, operations, provider_response, resume, start,
};

#[test]
fn missing_required_field_is_violation() {
    for operation in operations() {
        let required: Vec<Field> = operation
            .row
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
                let response = respond_locally(operation, "", &Value::Object(body));
                assert_eq!(
                    error_of(&response),
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
        let response = if operation.is_update() {
            respond_locally(operation, "", &json!({}))
        } else {
            empty_create(operation)
        };
        let expected: Vec<String> = if operation.is_update() {
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

/// A dry run of an empty create: an error if a field is required, else a plan.
fn empty_create(operation: Operation) -> HttpResponse {
    match start(
        &operation.request("&unified_dry_run=true", &json!({})),
        operation.account(true),
    ) {
        HttpStep::Respond(response) => response,
        HttpStep::Send(_) => panic!("{}: a dry run sends nothing", operation.name()),
    }
}

#[test]
fn remote_data_satisfies_no_required_field() {
    for operation in operations()
        .into_iter()
        .filter(|operation| operation.row.fields.iter().any(|rule| rule.required))
    {
        let everything = Value::Object(operation.body());
        let response = respond_locally(operation, "", &json!({"remote_data": everything}));
        assert_eq!(response.status, 400, "{}", operation.name());
    }
}

#[test]
fn violations_are_reported_at_once() {
    for operation in operations() {
        let mut body: Map<String, Value> = Field::ALL
            .into_iter()
            .map(|field| (field.name().to_owned(), json!(7)))
            .collect();
        body.insert("remote_data".to_owned(), json!([]));
        body.shift_remove("custom_fields");
        let query = "&truto_response_format=xml&unified_dry_run=maybe&truto_ignore_remote_data=1";
        let response = respond_locally(operation, query, &Value::Object(body));
        let found = violations(&response);
        let fields = Field::ALL
            .into_iter()
            .filter(|field| *field != Field::CustomFields)
            .map(|field| format!("{} type", field.pointer()));
        let wanted = [
            "truto_response_format enum",
            "unified_dry_run type",
            "truto_ignore_remote_data type",
            "/remote_data type",
        ];
        for wanted in fields.chain(wanted.map(str::to_owned)) {
            assert!(
                found.contains(&wanted),
                "{} {wanted} in {found:?}",
                operation.name()
            );
        }
    }
}

#[test]
fn unsupported_field_warns_or_violates() {
    for operation in operations() {
        let mut body = operation.body();
        body.insert("shoe_size".to_owned(), json!(42));
        let mut expected = vec!["/shoe_size unknown-field".to_owned()];
        for field in Field::ALL
            .into_iter()
            .filter(|field| operation.row.fields.iter().all(|rule| rule.field != *field))
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
        let HttpStep::Send(Sending {
            request, context, ..
        }) = start(&operation.request("", &body), operation.account(true))
        else {
            panic!("{}: tolerated", operation.name());
        };
        assert!(
            !String::from_utf8_lossy(&request.body).contains("shoe_size"),
            "{}",
            operation.name()
        );
        let response = resume(
            &context,
            Ok(&provider_response(200, &[], r#"{"id": "1", "_id": "1"}"#)),
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
        let mut found = violations(&respond_locally(operation, "&unified_strict=true", &body));
        found.retain(|found| !found.starts_with("collections"));
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{}", operation.name());
    }
}

#[test]
fn remote_data_keeps_its_digits() {
    for operation in operations() {
        let mut body = operation.body();
        body.insert(
            "remote_data".to_owned(),
            serde_json::from_str(r#"{"extra": {"n": 1.10}}"#).expect("JSON"),
        );
        let HttpStep::Send(Sending { request, .. }) = start(
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
fn dry_run_hides_only_the_secret() {
    let mut writes = every_operation();
    writes.retain(|operation| operation.row.safety != Safety::Safe);
    for operation in writes {
        let Sending {
            request, context, ..
        } = operation.plan("");
        assert!(
            !String::from_utf8_lossy(&context).contains(SECRET),
            "{}",
            operation.name()
        );
        let body = Value::Object(operation.body());
        let response = respond_locally(operation, "&unified_dry_run=true", &body);
        let plan = json_of(&response);
        assert_eq!(response.status, 200, "{}", operation.name());
        assert_eq!(plan["method"], request.method, "{}", operation.name());
        assert_eq!(plan["url"], request.url, "{}", operation.name());
        let sent: Value = if request.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&request.body).expect("JSON")
        };
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
fn unusable_account_sends_nothing() {
    for operation in every_operation() {
        let call = |account| match start(
            &operation.request("", &Value::Object(operation.body())),
            account,
        ) {
            HttpStep::Respond(response) => response,
            HttpStep::Send(_) => panic!("{}: the account is unusable", operation.name()),
        };
        let mut account = operation.account(true);
        account.base_url = Some("ftp://provider.test".to_owned());
        assert_eq!(
            error_of(&call(account)),
            (500, "account-unusable".to_owned(), "not-sent".to_owned()),
            "{}",
            operation.name()
        );
        let mut account = operation.account(true);
        account.credentials =
            unified_ticketing_guest::bindings::accounts::Credentials::Injected(vec![]);
        assert_eq!(
            error_of(&call(account)),
            (500, "account-unusable".to_owned(), "not-sent".to_owned()),
            "{}",
            operation.name()
        );
        let mut account = operation.account(true);
        account.integration = "acme".to_owned();
        assert_eq!(
            error_of(&call(account)),
            (500, "account-unusable".to_owned(), "not-sent".to_owned()),
            "{}",
            operation.name()
        );
    }
}

#[test]
fn empty_update_is_one_violation() {
    for operation in operations()
        .into_iter()
        .filter(|operation| operation.is_update())
    {
        for body in [
            json!({}),
            json!({"remote_data": {}}),
            json!({"remote_data": {"a": {"b": {}}}}),
            json!({"shoe_size": 42}),
        ] {
            let found = violations(&respond_locally(operation, "", &body));
            assert_eq!(found, [" empty-update"], "{} {body}", operation.name());
        }
        let found = violations(&respond_locally(
            operation,
            "&unified_dry_run=maybe",
            &json!({}),
        ));
        let both = ["unified_dry_run type", " empty-update"];
        assert_eq!(found, both, "{}", operation.name());
        // A field with a violation of its own is no empty update.
        let found = violations(&respond_locally(operation, "", &json!({"first_name": 7})));
        assert_eq!(found, ["/first_name type"], "{}", operation.name());
    }
}
