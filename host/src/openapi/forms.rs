//! The other forms of a success: what they are, and which parameter asks for them.
//!
//! They are no alternatives in the schema of the success, because a client that asks for none of them should have a user and
//! nothing to tell apart.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::bindings::types::{Format, Safety};
use unified_ticketing_guest::codes;
use unified_ticketing_guest::integration::{ALL, OperationName};

use super::examples::{self, Example, Form};
use super::schemas::{one_of, reference};

/// The parameter that asks for a format.
pub(super) const FORMAT: &str = "truto_response_format";

/// The parameter that asks for a plan.
pub(super) const DRY_RUN: &str = "unified_dry_run";

/// The formats of a response, the default first.
const FORMATS: &[Format] = &[Format::Unified, Format::Raw, Format::Normalized];

/// The schema of a success in its default form.
pub(super) const fn success(operation: OperationName) -> &'static str {
    match operation {
        OperationName::Create | OperationName::Update => "User",
    }
}

/// The other forms of an operation's success, each with the parameter and the value that ask for it. A parameter further down
/// counts only without those above it. `raw` has no schema: it is what the provider sent, with its content type.
pub(super) fn others(_operation: OperationName) -> Value {
    json!([
        { "parameter": DRY_RUN, "value": "true", "schema": reference("Plan") },
        { "parameter": FORMAT, "value": codes::format(Format::Raw) },
    ])
}

/// The schemas of the other forms.
pub(super) fn schemas(examples: &[Example]) -> Map<String, Value> {
    let mut plan = plan();
    if let Some(members) = plan.as_object_mut() {
        members.insert(
            "examples".to_owned(),
            examples::values(Form::Plan, examples),
        );
    }
    Map::from_iter([
        ("Plan".to_owned(), plan),
        (
            "PlanHeader".to_owned(),
            json!({
                "type": "array",
                "description": "A header: its name and its value.",
                "items": { "type": "string" },
                "minItems": 2,
                "maxItems": 2,
            }),
        ),
        (
            "ResponseFormat".to_owned(),
            json!({
                "type": "string",
                "description": "The form of a response.",
                "enum": FORMATS.iter().copied().map(codes::format).collect::<Vec<_>>(),
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
    ])
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
