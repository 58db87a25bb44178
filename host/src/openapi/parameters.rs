//! The parameters of the operations.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::bindings::types::CallResult;
use unified_ticketing_guest::integration::{ALL, OperationName};
use unified_ticketing_guest::operation::{DEFAULT_LIMIT, MAX_LIMIT};

use super::forms::{DRY_RUN, FORMAT};
use super::schemas::reference;

/// The parameters by their names in the document, which are those of the published pages.
pub(super) fn components() -> Value {
    let mut components = of_any();
    if let Some(members) = components.as_object_mut() {
        members.extend(of_creations());
    }
    components
}

fn boolean(name: &str, description: &str) -> Value {
    let schema = json!({ "type": "boolean", "default": false });
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

/// The parameters that a creation alone has.
fn of_creations() -> Map<String, Value> {
    let if_exists = json!({
        "name": "unified_if_exists",
        "in": "query",
        "description": "What to do where the provider has a user of the address. `fail`: create, and let the provider decide. `keep`: \
            look first, and return the user that is there. `update`: look first, and change the fields given that differ.",
        "schema": { "enum": ["fail", "keep", "update"], "default": "fail" },
    });
    let settle = json!({
        "name": "unified_settle",
        "in": "query",
        "description": "Whether to look for the user by the address where the outcome of the creation would be `unknown`.",
        "schema": { "type": "boolean", "default": true },
    });
    let resend = boolean(
        "unified_resend",
        "Sends the creation though an earlier one may have created the user: the caller has looked, and it is not there.",
    );
    Map::from_iter([
        ("unified_if_exists".to_owned(), if_exists),
        ("unified_settle".to_owned(), settle),
        ("unified_resend".to_owned(), resend),
    ])
}

fn of_any() -> Value {
    json!({
        "integrated_account_id": {
            "name": "integrated_account_id",
            "in": "query",
            "required": true,
            "description": "The ID of the integrated account to use for the request. A client with a token for one account may leave it out.",
            "schema": { "type": "string", "format": "uuid" },
            "example": "62f44730-dd91-461e-bd6a-aedd9e0ad79d",
        },
        FORMAT: {
            "name": FORMAT,
            "in": "query",
            "description": "The form of the response. `unified`: the unified fields that the provider gave, and its whole response in \
                `remote_data`. `raw`: the provider's body, byte for byte. `normalized`: exactly the documented fields, `null` \
                where unknown. `debug`: the unified form, and the last request and response of the provider, without what \
                authenticates.",
            "schema": reference("ResponseFormat"),
        },
        "truto_ignore_remote_data": boolean("truto_ignore_remote_data", "Leaves `remote_data` out of the response."),
        "truto_exclude_fields": {
            "name": "truto_exclude_fields",
            "in": "query",
            "description": "Names of top-level fields to leave out of the response. `truto_exclude_fields[]` and a comma-separated \
                value are read too. A name that no response has is a warning.",
            "style": "form",
            "explode": true,
            "schema": { "type": "array", "items": { "type": "string" } },
            "example": ["id", "name"],
        },
        "remote_query": {
            "name": "remote_query",
            "in": "query",
            "description": "Parameters to pass on to the provider's query, untransformed. Naming one that authenticates is a \
                violation.",
            "style": "deepObject",
            "explode": true,
            "schema": reference("RemoteQuery"),
            "example": { "foo": "bar" },
        },
        "collections_id": {
            "name": "collections[][id]",
            "in": "query",
            "description": format!(
                "The identifier of a collection. Required by {}; elsewhere a warning. More than one can be given.",
                requiring().join(", ")
            ),
            "schema": { "type": "string" },
        },
        "collections_type": {
            "name": "collections[][type]",
            "in": "query",
            "description": "The type of the collection, such as `project`. It belongs to an identifier.",
            "schema": { "type": "string" },
        },
        DRY_RUN: boolean(
            DRY_RUN,
            "Responds with the request that would be sent, its credentials as `***`. Nothing is sent.",
        ),
        "unified_strict": boolean(
            "unified_strict",
            "Makes fields that are unsupported or unknown violations instead of warnings.",
        ),
        "emails_email": {
            "name": "emails[][email]",
            "in": "query",
            "description": "An address: lists the users that have it. `limit`, `next_cursor` and `remote_query` have no use beside it.",
            "schema": { "type": "string", "pattern": r"\S" },
            "example": "ines@kelpworks.example",
        },
        "limit": {
            "name": "limit",
            "in": "query",
            "description": format!(
                "How many users a page has at most, {DEFAULT_LIMIT} where it is left out. Where the provider's pages are smaller, \
                 several are read."
            ),
            // Without `default`: generated clients send that, and beside an address it is a violation.
            "schema": { "type": "integer", "minimum": 1, "maximum": MAX_LIMIT },
        },
        "next_cursor": {
            "name": "next_cursor",
            "in": "query",
            "description": "The `next_cursor` of the page before. An empty one asks for the first page.",
            "schema": { "type": "string" },
        },
        "id": {
            "name": "id",
            "in": "path",
            "required": true,
            "description": "The user's identifier, as in a response. An address is none: a list by that address has the identifier.",
            "schema": { "type": "string", "minLength": 1 },
            "example": "23423523",
        },
        "idempotency_key": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "The same request with the same key is carried out once, where the server has a store; else a warning says that \
                it is ignored.",
            "schema": { "type": "string" },
        },
    })
}

/// The integrations, by title, that need a collection.
fn requiring() -> Vec<&'static str> {
    ALL.iter()
        .filter(|integration| {
            let mut rows = integration.operations.iter();
            rows.any(|row| row.collection().is_some())
        })
        .map(|integration| integration.title)
        .collect()
}

/// References to the parameters of an operation: all but those that it has no use for.
pub(super) fn references(operation: OperationName) -> Value {
    let all = components();
    let names = all.as_object().into_iter().flat_map(Map::keys);
    names
        .filter(|name| has_use(name, operation))
        .map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }))
        .collect()
}

fn has_use(parameter: &str, operation: OperationName) -> bool {
    match parameter {
        "id" => operation.has_id(),
        "emails_email" | "limit" | "next_cursor" => operation == OperationName::List,
        "unified_if_exists" | "unified_settle" | "unified_resend" => {
            operation == OperationName::Create
        }
        DRY_RUN | "idempotency_key" => operation.result() != CallResult::Read,
        _ => true,
    }
}
