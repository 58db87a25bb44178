//! The OpenAPI document: it is one, and it says what the API does.

use std::collections::BTreeSet;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use unified_ticketing::openapi;
use unified_ticketing_guest::bindings::types::Format;
use unified_ticketing_guest::http_api::query::Query;

use crate::case::ACCOUNT;
use crate::http::runners::Runner;
use crate::http::{Bench, Call, Done};

/// The specification's own schema, from <https://spec.openapis.org/oas/3.1/schema/2022-10-07>.
const SPECIFICATION: &str = include_str!("../openapi-3.1.json");

/// The calls that the document has as examples: golden cases, and rows of the table for what no provider is asked.
const EXAMPLES: [&str; 24] = [
    "dixa/create-minimal",
    "gorgias/create-full",
    "hive/create-minimal",
    "pivotal_tracker/create-minimal",
    "planhat/create-full",
    "teamwork/create-full",
    "dixa/create-minimal-dry-run",
    "planhat/create-full-normalized",
    "hive/update-minimal",
    "pivotal_tracker/update-minimal",
    "planhat/update-full",
    "teamwork/update-minimal",
    "pivotal_tracker/create-invalid",
    "gorgias/create-rejected",
    "hive/create-rejected-bad-key",
    "gorgias/create-rejected-forbidden",
    "dixa/update-unsupported",
    "gorgias/create-rejected-taken",
    "gorgias/create-rejected-rate-limited",
    "gorgias/create-rejected-failed",
    "hive/update-rejected",
    "a body of 2 MB",
    "a text",
    "an account that the host does not have",
];

/// A schema of the document, with what it refers to.
fn validator(document: &Value, schema: &Value) -> Validator {
    let root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": document["components"],
        "allOf": [schema],
    });
    jsonschema::draft202012::new(&root).unwrap_or_else(|error| panic!("{error} in {schema:#}"))
}

fn named(document: &Value, name: &str) -> Validator {
    validator(
        document,
        &json!({ "$ref": format!("#/components/schemas/{name}") }),
    )
}

fn valid(what: &str, validator: &Validator, value: &Value) {
    let faults: Vec<String> = validator
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{what}: {faults:#?} in {value:#}");
}

/// Every object of the document, with its JSON Pointer.
fn objects<'a>(value: &'a Value, path: &str, found: &mut Vec<(String, &'a Map<String, Value>)>) {
    match value {
        Value::Object(object) => {
            found.push((path.to_owned(), object));
            for (name, value) in object {
                let name = name.replace('~', "~0").replace('/', "~1");
                objects(value, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(list) => {
            for (position, value) in list.iter().enumerate() {
                objects(value, &format!("{path}/{position}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn it_is_what_the_specification_asks_for() {
    let document = openapi();
    let specification: Value = serde_json::from_str(SPECIFICATION).expect("JSON");
    let specification = jsonschema::draft202012::new(&specification).expect("a schema");
    valid("the document", &specification, &document);
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
                .unwrap_or_else(|fault| panic!("{path}: {fault}"));
        }
    }
    let schemas = document["components"]["schemas"]
        .as_object()
        .expect("schemas");
    for (name, schema) in schemas {
        jsonschema::draft202012::meta::validate(schema)
            .unwrap_or_else(|fault| panic!("{name}: {fault}"));
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
fn every_example_is_valid() {
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
            valid(&path, &validator, value);
            examples += 1;
        }
    }
    assert!(examples > 30, "{examples}");
}

#[test]
fn the_codes_are_those_of_the_contract() {
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
        ("error-code", "Error/properties/code"),
        ("outcome", "Error/properties/outcome"),
        ("finding-code", "Finding/properties/code"),
        ("location", "Finding/properties/in"),
    ] {
        let words = document.pointer(&format!("/components/schemas/{pointer}/enum"));
        let words = words.and_then(Value::as_array).expect(name).iter();
        let words: BTreeSet<String> = words.filter_map(Value::as_str).map(str::to_owned).collect();
        assert_eq!(words, cases(name), "{name}");
    }
}

/// The document's account of an operation that a call is of.
fn operation<'a>(document: &'a Value, done: &Done<'_>) -> Option<&'a Value> {
    let path = done.request.target.split('?').next()?;
    let rest = path.strip_prefix("/unified/ticketing/users")?;
    let template = match rest.strip_prefix('/') {
        Some(id) if !id.is_empty() && !id.contains('/') => "/unified/ticketing/users/{id}",
        None if rest.is_empty() => "/unified/ticketing/users",
        _ => return None,
    };
    document["paths"][template].get(done.request.method.to_lowercase())
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).expect(reference),
        None => value,
    }
}

#[tokio::test]
async fn every_response_is_documented() {
    let document = openapi();
    let bench = Bench::start().await;
    let runner = Runner::Native(bench.accounts());
    let mut seen = 0;
    for done in bench.all(&runner, true).await {
        let Some(operation) = operation(&document, &done) else {
            continue;
        };
        let (name, response) = (done.name(), &done.response);
        let responses = &operation["responses"];
        let documented = responses.get(response.status.to_string());
        let documented = documented.or_else(|| {
            responses
                .get("4XX")
                .filter(|_| (400..500).contains(&response.status))
        });
        let documented = resolved(
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
            valid(name, &validator(&document, schema), &value);
        }
        let (query, _) = Query::parse(&done.request.target).settings();
        let json = response.header("content-type") == Some("application/json");
        if json && query.options.format != Format::Raw {
            let schema = &documented["content"]["application/json"]["schema"];
            valid(name, &validator(&document, schema), &response.json());
            let success = if query.dry_run { "Plan" } else { "User" };
            if response.status == 200 {
                valid(name, &named(&document, success), &response.json());
            }
        }
        seen += 1;
    }
    assert!(seen > 300, "{seen}");
}

#[tokio::test]
async fn the_schemas_of_bodies_agree_with_what_is_accepted() {
    let document = openapi();
    let bench = Bench::start().await;
    let runner = Runner::Native(bench.accounts());
    let (mut accepted, mut refused) = (0, 0);
    for done in bench.all(&runner, true).await {
        let Call::Case(case) = done.call else {
            continue;
        };
        let Ok(body) = serde_json::from_slice::<Value>(&done.request.body) else {
            continue;
        };
        let base = if case.update {
            "UserChanges"
        } else {
            "NewUser"
        };
        let name = format!("{base}-{}", case.integration);
        if document["components"]["schemas"].get(&name).is_none() {
            continue;
        }
        let schema = named(&document, &name);
        if done.response.status == 200 {
            valid(&case.name, &schema, &body);
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
            refused += 1;
        }
    }
    assert!(accepted > 50 && refused > 15, "{accepted} {refused}");
}

/// `BLESS=1` writes them.
#[tokio::test]
async fn the_examples_are_current() {
    let bench = Bench::start().await;
    let runner = Runner::Native(bench.accounts());
    let all = bench.all(&runner, true).await;
    let examples: Vec<Value> = EXAMPLES
        .iter()
        .map(|name| {
            let done = all.iter().find(|done| done.name() == *name);
            example(
                done.unwrap_or_else(|| panic!("there is no `{name}`")),
                &bench.provider.url(),
            )
        })
        .collect();
    let current = format!("{:#}\n", Value::Array(examples));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/openapi/examples.json");
    let text = std::fs::read_to_string(&file).expect("the examples");
    if text != current && std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, current).expect("the examples are written");
        return;
    }
    assert!(text == current, "BLESS=1 writes the current examples");
}

fn example(done: &Done<'_>, server: &str) -> Value {
    let response = String::from_utf8(done.response.body.clone().unwrap_or_default()).expect("text");
    let response = response.replace(server, "https://provider.example");
    let about = match done.call {
        Call::Row(row) => row.name.clone(),
        Call::Case(case) => case.file.about.clone(),
    };
    // Only a case that was accepted has a body to show.
    let body = match done.call {
        Call::Case(_) => serde_json::from_slice(&done.request.body).expect("JSON"),
        Call::Row(_) => Value::Null,
    };
    assert!(!response.contains(ACCOUNT), "{about}");
    json!({
        "case": done.name(),
        "about": about,
        "update": done.request.method == "PATCH",
        "body": body,
        "status": done.response.status,
        "response": serde_json::from_str::<Value>(&response).expect("JSON"),
    })
}
