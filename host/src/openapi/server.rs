//! The paths of the server itself, beside the API.

use serde_json::{Map, Value, json};

use super::responses;
use super::schemas::reference;

/// The paths.
pub(super) fn paths() -> Map<String, Value> {
    let ok = json!({ "status": "ok" });
    let health = get(
        "health",
        "Tell whether the server runs",
        "The server runs.",
        "Health",
        Some(&ok),
    );
    let ready = json!({ "status": "ready" });
    let mut readiness = get(
        "readiness",
        "Tell whether the server takes calls",
        "The server takes calls.",
        "Readiness",
        Some(&ready),
    );
    // While it stops.
    if let Some(responses) = readiness
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    {
        responses.insert("503".to_owned(), responses::of_status(503));
    }
    let document = get(
        "openapi",
        "Describe the API",
        "This document.",
        "Document",
        None,
    );
    Map::from_iter([
        ("/healthz".to_owned(), json!({ "get": health })),
        ("/readyz".to_owned(), json!({ "get": readiness })),
        ("/openapi.json".to_owned(), json!({ "get": document })),
    ])
}

fn get(id: &str, summary: &str, success: &str, schema: &str, example: Option<&Value>) -> Value {
    let mut content = Map::new();
    content.insert("schema".to_owned(), reference(schema));
    if let Some(example) = example {
        content.insert("example".to_owned(), example.clone());
    }
    // What a server rejects before it looks at the path.
    let mut responses = responses::of_protocol();
    responses.insert(
        "200".to_owned(),
        json!({
            "description": success,
            "headers": { "X-Request-Id": { "$ref": "#/components/headers/X-Request-Id" } },
            "content": { "application/json": content },
        }),
    );
    json!({
        "operationId": id,
        "tags": ["server"],
        "summary": summary,
        "description": "Sends no request to a provider, and needs no token.",
        "security": [],
        "responses": responses,
    })
}

/// The schemas of the responses.
pub(super) fn schemas() -> Map<String, Value> {
    let status = |value: &str, description: &str| {
        json!({
            "type": "object",
            "description": description,
            "properties": { "status": { "type": "string", "const": value } },
            "required": ["status"],
        })
    };
    Map::from_iter([
        ("Health".to_owned(), status("ok", "The server runs.")),
        (
            "Readiness".to_owned(),
            status("ready", "The server takes calls."),
        ),
        (
            "Document".to_owned(),
            json!({ "type": "object", "description": "An OpenAPI document.", "additionalProperties": true }),
        ),
    ])
}
