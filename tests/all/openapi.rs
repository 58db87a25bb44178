//! The OpenAPI document: it is valid, and describes the API.

mod examples;

use std::collections::BTreeSet;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use unified_ticketing::openapi;
use unified_ticketing_guest::bindings::types::{FindingCode, Location};
use unified_ticketing_guest::codes;
use unified_ticketing_guest::http_api::query::{Query, Settings};
use unified_ticketing_guest::http_api::{USERS, route};
use unified_ticketing_guest::integration::OperationName;

use crate::http::runners::Runner;
use crate::http::{Call, CompletedCall, Suite};

/// The specification's own schema, from <https://spec.openapis.org/oas/3.1/schema/2022-10-07>.
const SPECIFICATION: &str = include_str!("../openapi-3.1.json");

/// A validator for a schema of the document.
fn validator(document: &Value, schema: &Value) -> Validator {
    let root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": document["components"],
        "allOf": [schema],
    });
    jsonschema::draft202012::new(&root).unwrap_or_else(|error| panic!("{error} in {schema:#}"))
}

fn assert_valid(what: &str, validator: &Validator, value: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?} in {value:#}");
}

/// Collects every object of the document, with its JSON Pointer.
fn objects<'a>(value: &'a Value, path: &str, found: &mut Vec<(String, &'a Map<String, Value>)>) {
    match value {
        Value::Object(object) => {
            found.push((path.to_owned(), object));
            for (name, value) in object {
                let name = name.replace('~', "~0").replace('/', "~1");
                objects(value, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(array) => {
            for (position, value) in array.iter().enumerate() {
                objects(value, &format!("{path}/{position}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn document_meets_the_specification() {
    let document = openapi();
    let specification: Value = serde_json::from_str(SPECIFICATION).expect("JSON");
    let specification = jsonschema::draft202012::new(&specification).expect("a schema");
    assert_valid("the document", &specification, &document);
    let mut found = Vec::new();
    objects(&document, "", &mut found);
    for (path, object) in &found {
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            let pointer = reference
                .strip_prefix('#')
                .expect("a reference within the document");
            assert!(document.pointer(pointer).is_some(), "{path}: {reference}");
        }
        if let Some(schema) = object.get("schema") {
            jsonschema::draft202012::meta::validate(schema)
                .unwrap_or_else(|error| panic!("{path}: {error}"));
        }
    }
    let schemas = document["components"]["schemas"]
        .as_object()
        .expect("schemas");
    for (name, schema) in schemas {
        jsonschema::draft202012::meta::validate(schema)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let used = format!("#/components/schemas/{name}");
        assert!(
            found
                .iter()
                .any(|(_, object)| object.get("$ref") == Some(&json!(used))),
            "{name} is used"
        );
    }
}

#[test]
fn examples_are_valid() {
    let document = openapi();
    let mut found = Vec::new();
    objects(&document, "", &mut found);
    let mut examples = 0;
    for (path, object) in found {
        let Some(schema) = object.get("schema") else {
            continue;
        };
        let validator = validator(&document, schema);
        let many = object
            .get("examples")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let values = many
            .map(|(_, example)| &example["value"])
            .chain(object.get("example"));
        for value in values {
            assert_valid(&path, &validator, value);
            examples += 1;
        }
    }
    assert!(examples > 30, "{examples}");
}

#[test]
fn codes_match_the_contract() {
    let document = openapi();
    let mut resolve = wit_parser::Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let (package, _) = resolve.push_dir(&wit).expect("the contract");
    let types = resolve.packages[package].interfaces["types"];
    let cases = |name: &str| -> BTreeSet<String> {
        match &resolve.types[resolve.interfaces[types].types[name]].kind {
            wit_parser::TypeDefKind::Enum(cases) => {
                cases.cases.iter().map(|case| case.name.clone()).collect()
            }
            other => panic!("{name} is an enum, not {other:?}"),
        }
    };
    for (name, pointer) in [
        ("error-code", "ErrorCode"),
        ("finding-code", "FindingCode"),
        ("limit", "Limit"),
        ("location", "Location"),
        ("outcome", "Outcome"),
        ("safety", "Safety"),
    ] {
        let names = document.pointer(&format!("/components/schemas/{pointer}/enum"));
        let names = names.and_then(Value::as_array).expect(name).iter();
        let names: BTreeSet<String> = names.filter_map(Value::as_str).map(str::to_owned).collect();
        assert_eq!(names, cases(name), "{name}");
    }
}

/// The settings of a call, where it is for an operation.
fn settings(call: &CompletedCall<'_>) -> Option<Settings> {
    let target = &call.request.target;
    let route = route(&call.request.method, target.split('?').next()?).ok()?;
    Some(Query::parse(target).settings(route.operation).0)
}

/// The path of an operation, as the document has it.
fn template(operation: OperationName) -> String {
    if operation.has_id() {
        format!("{USERS}/{{id}}")
    } else {
        USERS.to_owned()
    }
}

/// The document's entry for the operation of a call.
fn operation<'a>(document: &'a Value, call: &CompletedCall<'_>) -> Option<&'a Value> {
    let path = call.request.target.split('?').next()?;
    let route = route(&call.request.method, path).ok()?;
    let template = template(route.operation);
    document["paths"][template].get(call.request.method.to_lowercase())
}

fn resolve_reference<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).expect(reference),
        None => value,
    }
}

/// The schema of a response in the form that the query asks for. `raw` has none.
fn schema<'a>(documented: &'a Value, settings: &Settings) -> Option<&'a Value> {
    let format = codes::format(settings.options.format);
    let format = if settings.debug { "debug" } else { format };
    let parameters = [
        ("unified_dry_run", settings.dry_run.to_string()),
        ("truto_response_format", format.to_owned()),
    ];
    let forms = documented["x-unified-forms"].as_array();
    let form = forms.into_iter().flatten().find(|form| {
        parameters
            .iter()
            .any(|(name, value)| form["parameter"] == **name && form["value"] == **value)
    });
    match form {
        Some(form) => form.get("schema"),
        None => Some(&documented["content"]["application/json"]["schema"]),
    }
}

/// A page whose entries are all objects: an entry of the provider's that is none is beyond the schema, which says so.
fn with_objects(mut body: Value) -> Value {
    let entries = body.get_mut("result").and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten() {
        let data = entry.get_mut("remote_data").filter(|it| !it.is_object());
        if let Some(data) = data {
            *data = json!({});
        }
    }
    body
}

#[tokio::test]
async fn responses_are_documented() {
    let document = openapi();
    let suite = Suite::start().await;
    let runner = Runner::Native(suite.accounts());
    let mut seen = 0;
    for call in suite.all(&runner, true).await {
        let Some(operation) = operation(&document, &call) else {
            continue;
        };
        let (name, response) = (call.name(), &call.response);
        let responses = &operation["responses"];
        let documented = responses.get(response.status.to_string());
        let documented = documented.or_else(|| {
            responses
                .get("4XX")
                .filter(|_| (400..500).contains(&response.status))
        });
        let documented = resolve_reference(
            &document,
            documented.unwrap_or_else(|| panic!("{name}: status {}", response.status)),
        );
        for (header, value) in response
            .headers
            .iter()
            .filter(|(header, _)| header != "content-type")
        {
            let headers = documented["headers"].as_object().expect(name);
            let header = headers
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(header));
            let (known, _) =
                header.unwrap_or_else(|| panic!("{name}: header {value} with {}", response.status));
            let schema = &document["components"]["headers"][known]["schema"];
            let value = value
                .parse::<u64>()
                .map_or_else(|_| json!(value), |value| json!(value));
            assert_valid(name, &validator(&document, schema), &value);
        }
        let settings = settings(&call).expect(name);
        if let Some(schema) = schema(documented, &settings) {
            let body = with_objects(response.json());
            assert_valid(name, &validator(&document, schema), &body);
        }
        if let Some(codes) = documented["x-unified-codes"].as_array() {
            assert!(
                codes.contains(&response.json()["code"]),
                "{name}: {codes:?}"
            );
        }
        seen += 1;
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn parameters_are_those_with_use() {
    let document = openapi();
    let all = document["components"]["parameters"]
        .as_object()
        .expect("parameters");
    for operation in OperationName::ALL.iter().copied() {
        let method = operation.http_method().to_lowercase();
        let entry = &document["paths"][template(operation)][method];
        let references = entry["parameters"].as_array().expect("parameters");
        for (key, parameter) in all.iter().filter(|(_, it)| it["in"] == "query") {
            let used = format!("#/components/parameters/{key}");
            let is_used = references.iter().any(|it| it["$ref"] == *used);
            let name = parameter["name"].as_str().expect(key);
            let target = format!("{USERS}?{name}=1");
            let (_, findings) = Query::parse(&target).settings(operation);
            let has_no_use = findings
                .violations
                .iter()
                .any(|it| it.code == FindingCode::UnsupportedField && it.in_ == Location::Query);
            assert_eq!(is_used, !has_no_use, "{operation:?}: {name}");
        }
    }
}

#[tokio::test]
async fn body_schemas_match_accepted_bodies() {
    let document = openapi();
    let suite = Suite::start().await;
    let runner = Runner::Native(suite.accounts());
    let (mut accepted, mut rejected) = (0, 0);
    for call in suite.all(&runner, true).await {
        let Call::Case(case) = call.call else {
            continue;
        };
        let Ok(body) = serde_json::from_slice::<Value>(&call.request.body) else {
            continue;
        };
        if !case.operation.has_fields() {
            continue;
        }
        let integrations = operation(&document, &call).expect(&case.name)["x-unified-integrations"]
            .as_array()
            .expect("the integrations that have it");
        let Some(row) = integrations
            .iter()
            .find(|row| row["integration"] == *case.integration)
        else {
            continue;
        };
        let schema = validator(&document, &row["body"]);
        if call.response.status == 200 {
            assert_valid(&case.name, &schema, &body);
            accepted += 1;
        }
        let in_schema = ["required", "type", "enum", "too-many", "not-clearable"];
        let violation = |violation: &String| {
            let mut words = violation.split(' ');
            words.next() == Some("body")
                && words.nth(1).is_some_and(|code| in_schema.contains(&code))
        };
        if case.file.result.violations.iter().any(violation) {
            assert!(!schema.is_valid(&body), "{}: {body:#}", case.name);
            rejected += 1;
        }
    }
    assert!(accepted > 50 && rejected > 15, "{accepted} {rejected}");
}
