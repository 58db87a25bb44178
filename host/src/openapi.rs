//! The HTTP API as an OpenAPI document, derived from the tables that also validate.
//!
//! Generators of clients decide its manner: every schema has a name, the body of a success is one schema, an object that is open
//! says so (`additionalProperties`), and a type is written out beside `enum` and `const`. `tests/elsewhere` has the generators.

mod bodies;
mod errors;
mod examples;
mod forms;
mod operations;
mod parameters;
mod responses;
mod schemas;
mod server;

use serde_json::{Map, Value, json};

pub(crate) use self::errors::error_codes;

/// The HTTP API in OpenAPI 3.1: every parameter, body, status, header and error, with examples that are calls of the golden
/// cases.
///
/// The schema of a success is that of the default form; `x-unified-forms` beside it names the schemas of the other forms, each with
/// the parameter that asks for it. `x-unified-integrations` of an operation lists the integrations that have it.
///
/// ```
/// let document = unified_ticketing::openapi();
/// assert_eq!(document["openapi"], "3.1.0");
/// assert!(document["paths"]["/unified/ticketing/users"]["post"].is_object());
/// ```
#[must_use]
pub fn openapi() -> Value {
    let examples = examples::all();
    let mut paths = operations::paths(&examples);
    paths.extend(server::paths());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Unified ticketing users",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The users of ticketing products, one way for all of them.",
            "description": "Validation and mapping are the same for every client; which fields an integration requires and \
                supports is in the schemas that `x-unified-integrations` of an operation names.\n\n\
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
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of the server, if it has any: it reaches some accounts or all, and may do some operations or all.",
                },
            },
            "parameters": parameters::components(),
            "headers": responses::headers(),
            "responses": responses::components(&examples),
            "schemas": components(&examples),
        },
    })
}

/// Every schema of the document.
fn components(examples: &[examples::Example]) -> Value {
    let mut schemas = Map::new();
    schemas.extend(bodies::schemas());
    schemas.extend(schemas::schemas());
    schemas.extend(forms::schemas(examples));
    schemas.extend(errors::schemas());
    schemas.extend(server::schemas());
    Value::Object(schemas)
}
