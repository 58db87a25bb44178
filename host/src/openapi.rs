//! The HTTP API as an OpenAPI document, derived from the tables that also validate.

mod examples;
mod parameters;
#[expect(
    clippy::indexing_slicing,
    reason = "the objects are made here, and `serde_json` adds a member that an object lacks"
)]
mod responses;
#[expect(
    clippy::indexing_slicing,
    reason = "the objects are made here, and `serde_json` adds a member that an object lacks"
)]
mod schemas;

use serde_json::{Value, json};
use unified_ticketing_guest::integration::OperationName;

use self::examples::Example;

/// The HTTP API in OpenAPI 3.1: every parameter, body, status, header and error, with examples that are calls of the golden
/// cases.
///
/// ```
/// let document = unified_ticketing::openapi();
/// assert_eq!(document["openapi"], "3.1.0");
/// assert!(document["paths"]["/unified/ticketing/users"]["post"].is_object());
/// ```
#[must_use]
pub fn openapi() -> Value {
    let examples = examples::all();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Unified ticketing users",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Create and update the users of ticketing products, one way for all of them.",
            "description": "Validation and mapping are the same for every client; which fields an integration requires and \
                supports is in the schemas of the request bodies.\n\n\
                Query parameters are read in every usual spelling: `a[b]=c`, `a[]=b`, `a[0]=b`, `a[0][id]=1`, `a[][id]=1`, \
                percent-encoded or not; `+` is a space. An error lists all violations of a request at once.\n\n\
                Every error has an `outcome`: `not-sent` (sending again is safe), `rejected` (the provider changed nothing) or \
                `unknown` (the provider may have acted: look before sending a creation again).",
            "license": { "name": "Apache-2.0 WITH LLVM-exception", "identifier": "Apache-2.0 WITH LLVM-exception" },
        },
        "servers": [{ "url": "http://127.0.0.1:8080", "description": "The default address of `serve`." }],
        "security": [{}, { "token": [] }],
        "tags": [
            { "name": "users", "description": "Agents, members, seats: the people who work in a ticketing product." },
            { "name": "server", "description": "The server itself." },
        ],
        "paths": {
            "/unified/ticketing/users": { "post": operation(OperationName::Create, &examples) },
            "/unified/ticketing/users/{id}": { "patch": operation(OperationName::Update, &examples) },
            "/healthz": { "get": health() },
        },
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A line of the server's token file, if it has one.",
                },
            },
            "parameters": parameters::components(),
            "headers": responses::headers(),
            "responses": responses::components(&examples),
            "schemas": schemas::components(),
        },
    })
}

fn operation(operation: OperationName, examples: &[Example]) -> Value {
    let (id, summary, description) = match operation {
        OperationName::Create => (
            "createUser",
            "Create a user",
            "Sends at most one request to the provider, and never a second one whatever happens.",
        ),
        _ => (
            "updateUser",
            "Update a user",
            "Only what is given is sent: a member that is left out keeps its value, `null` clears it. Sends at most one request \
             to the provider.",
        ),
    };
    json!({
        "operationId": id,
        "tags": ["users"],
        "summary": summary,
        "description": description,
        "parameters": parameters::references(operation),
        "requestBody": {
            "required": true,
            "description": format!("At most {} bytes.", unified_ticketing_guest::http_api::MAX_BODY),
            "content": {
                "application/json": {
                    "schema": schemas::body(operation),
                    "examples": examples::bodies(operation, examples),
                },
            },
        },
        "responses": responses::by_status(operation, examples),
    })
}

fn health() -> Value {
    let status = json!({ "type": "object", "properties": { "status": { "const": "ok" } }, "required": ["status"] });
    json!({
        "operationId": "health",
        "tags": ["server"],
        "summary": "Tell whether the server serves",
        "description": "Sends no request to a provider, and needs no token.",
        "security": [],
        "responses": {
            "200": {
                "description": "The server serves.",
                "headers": { "X-Request-Id": { "$ref": "#/components/headers/X-Request-Id" } },
                "content": { "application/json": { "schema": status, "example": { "status": "ok" } } },
            },
        },
    })
}
