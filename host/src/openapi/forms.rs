//! The other forms of a success: what they are, and which parameter asks for them.
//!
//! They are no alternatives in the schema of the success, because a client that asks for none of them should have a user and
//! nothing to tell apart.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::bindings::types::{CallResult, Format, Safety};
use unified_ticketing_guest::codes;
use unified_ticketing_guest::integration::{ALL, OperationName};

use super::examples::{self, Example, Form};
use super::schemas::{nullable_string, one_of, reference};

/// The parameter that asks for a format.
pub(super) const FORMAT: &str = "truto_response_format";

/// The parameter that asks for a plan.
pub(super) const DRY_RUN: &str = "unified_dry_run";

/// The formats of a response, the default first, that the typed contract has, too.
const FORMATS: &[Format] = &[Format::Unified, Format::Raw, Format::Normalized];

/// The format that the HTTP API has alone.
const DEBUG: &str = "debug";

/// The schema of a success in its default form.
pub(super) const fn success(operation: OperationName) -> &'static str {
    match operation {
        OperationName::Create | OperationName::Update | OperationName::Get => "User",
        OperationName::List => "UserPage",
        OperationName::Delete => "DeletedUser",
    }
}

/// The schema of a success in the format `debug`.
fn debug_name(operation: OperationName) -> String {
    format!("Debug{}", success(operation))
}

/// The other forms of an operation's success, each with the parameter and the value that ask for it. The first one whose parameter
/// is there counts. `raw` has no schema: it is what the provider sent, with its content type.
pub(super) fn others(operation: OperationName) -> Value {
    let mut forms = Vec::new();
    if operation.result() != CallResult::Read {
        forms.push(json!({ "parameter": DRY_RUN, "value": "true", "schema": reference("Plan") }));
    }
    forms.push(json!({ "parameter": FORMAT, "value": codes::format(Format::Raw) }));
    let debug = reference(&debug_name(operation));
    forms.push(json!({ "parameter": FORMAT, "value": DEBUG, "schema": debug }));
    Value::Array(forms)
}

/// The schemas of all forms but a user.
pub(super) fn schemas(examples: &[Example]) -> Map<String, Value> {
    let string = || json!({ "type": "string" });
    let formats = FORMATS.iter().copied().map(codes::format).chain([DEBUG]);
    let mut schemas = Map::from_iter([
        ("UserPage".to_owned(), page()),
        (
            "DeletedUser".to_owned(),
            json!({
                "type": "object",
                "description": "Who has been deleted.",
                "properties": { "id": { "type": "string", "description": "The user's unique identifier." } },
                "required": ["id"],
            }),
        ),
        (
            "Plan".to_owned(),
            with_examples(plan(), Form::Plan, |_| true, examples),
        ),
        (
            "PlanHeader".to_owned(),
            json!({
                "type": "array",
                "description": "A header: its name and its value.",
                "items": string(),
                "minItems": 2,
                "maxItems": 2,
            }),
        ),
        (
            "ResponseFormat".to_owned(),
            json!({
                "type": "string",
                "description": "The form of a response.",
                "enum": formats.collect::<Vec<_>>(),
                "default": codes::format(Format::Unified),
            }),
        ),
        (
            "Integration".to_owned(),
            one_of(
                ALL.iter().map(|integration| integration.name),
                "An integration.",
            ),
        ),
        (
            "Operation".to_owned(),
            one_of(
                OperationName::ALL
                    .iter()
                    .map(|operation| operation.as_str()),
                "An operation.",
            ),
        ),
        (
            "Safety".to_owned(),
            one_of(
                [Safety::Safe, Safety::Idempotent, Safety::Once].map(codes::safety),
                "What sending a request twice would do: nothing; nothing more; the same again.",
            ),
        ),
        ("Debug".to_owned(), debug(false)),
        ("DebugPage".to_owned(), debug(true)),
        (
            "DebugRequest".to_owned(),
            json!({
                "type": "object",
                "description": "What was sent to the provider; what authenticates is `***`.",
                "properties": {
                    "method": string(),
                    "headers": reference("DebugHeaders"),
                    "body": { "description": "Left out where the request had none." },
                },
                "required": ["method", "headers"],
            }),
        ),
        (
            "DebugHeaders".to_owned(),
            json!({
                "type": "object",
                "description": "Headers by their names in lower case; the values of one name are joined by commas.",
                "additionalProperties": string(),
            }),
        ),
    ]);
    for operation in OperationName::ALL.iter().copied() {
        // Operations with the same success share the schema.
        let same = |other: &OperationName| success(*other) == success(operation);
        let form = with_examples(debug_form(operation), Form::Debug, same, examples);
        schemas.insert(debug_name(operation), form);
    }
    schemas
}

/// A schema with the examples of its form, of these operations.
fn with_examples(
    mut schema: Value,
    form: Form,
    is_of: impl Fn(&OperationName) -> bool,
    examples: &[Example],
) -> Value {
    let operations = OperationName::ALL.iter().filter(|it| is_of(it));
    let names: Vec<&str> = operations.map(|operation| operation.as_str()).collect();
    if let Some(members) = schema.as_object_mut() {
        let examples = examples::values(form, &names, examples);
        members.insert("examples".to_owned(), examples);
    }
    schema
}

fn page() -> Value {
    json!({
        "type": "object",
        "description": "A page of users.",
        "properties": {
            "result": {
                "type": "array",
                "description": "Each with its own object of the provider in `remote_data`. An entry of the provider's that is no object \
                    is a user with nothing but `remote_data`, which is that entry.",
                "items": reference("User"),
            },
            "next_cursor": nullable_string("What to ask for the next page with; `null` after the last one."),
            "prev_cursor": nullable_string("Always `null`: lists go one way."),
            "result_count": { "type": "integer", "minimum": 0, "description": "How many users `result` has." },
        },
        "required": ["result", "next_cursor", "prev_cursor", "result_count"],
    })
}

fn debug_form(operation: OperationName) -> Value {
    let is_list = operation == OperationName::List;
    let result = if is_list {
        json!({ "type": "array", "items": reference("User") })
    } else {
        reference(success(operation))
    };
    json!({
        "type": "object",
        "description": format!("The response for `{FORMAT}={DEBUG}`."),
        "properties": { "result": result, "debug": reference(if is_list { "DebugPage" } else { "Debug" }) },
        "required": ["result", "debug"],
    })
}

/// What went over the wire; of a page, what the envelope has besides.
fn debug(is_page: bool) -> Value {
    let mut properties = Map::from_iter([
        (
            "requestUrl".to_owned(),
            json!({ "type": "string", "format": "uri" }),
        ),
        ("requestOptions".to_owned(), reference("DebugRequest")),
        (
            "data".to_owned(),
            json!({ "description": "The provider's response: its JSON, or its text." }),
        ),
        ("responseHeaders".to_owned(), reference("DebugHeaders")),
    ]);
    if is_page {
        let count = json!({ "type": "integer", "minimum": 0 });
        properties.extend([
            (
                "nextCursor".to_owned(),
                nullable_string("What to ask for the next page with."),
            ),
            ("isEmptyResult".to_owned(), json!({ "type": "boolean" })),
            ("resultCount".to_owned(), count),
        ]);
    }
    let required: Vec<String> = properties.keys().cloned().collect();
    json!({
        "type": "object",
        "description": "The last request to the provider, and the response to it.",
        "properties": properties,
        "required": required,
    })
}

fn plan() -> Value {
    json!({
        "type": "object",
        "description": "The request that would be sent: the response for `unified_dry_run=true`.",
        "properties": {
            "integration": reference("Integration"),
            "operation": reference("Operation"),
            "method": { "type": "string" },
            "url": { "type": "string", "format": "uri" },
            "headers": {
                "type": "array",
                "description": "Credentials are `***`.",
                "items": reference("PlanHeader"),
            },
            "body": {
                "type": ["object", "null"],
                "description": "`null` where the request has none.",
                "additionalProperties": true,
            },
            "safety": reference("Safety"),
            "warnings": { "type": "array", "items": reference("Warning") },
        },
        "required": ["integration", "operation", "method", "url", "headers", "body", "safety", "warnings"],
    })
}
