//! The operations: their paths, and the integrations that have them.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::integration::{ALL, OperationName};

use super::examples::{self, Example};
use super::schemas::reference;
use super::{bodies, parameters, responses};

/// An operation as the document has it.
struct Entry {
    path: &'static str,
    method: &'static str,
    id: &'static str,
    summary: &'static str,
    description: &'static str,
}

const USERS: &str = "/unified/ticketing/users";
const USER: &str = "/unified/ticketing/users/{id}";

const fn entry(operation: OperationName) -> Entry {
    match operation {
        OperationName::Create => Entry {
            path: USERS,
            method: "post",
            id: "createUser",
            summary: "Create a user",
            description: "Sends at most one request to the provider, and never a second one whatever happens.",
        },
        OperationName::Update => Entry {
            path: USER,
            method: "patch",
            id: "updateUser",
            summary: "Update a user",
            description: "Only what is given is sent: a member that is left out keeps its value, `null` clears it. Sends at most \
                one request to the provider.",
        },
    }
}

/// The paths with their operations.
pub(super) fn paths(examples: &[Example]) -> Map<String, Value> {
    let mut paths: Map<String, Value> = Map::new();
    for operation in OperationName::ALL.iter().copied() {
        let Entry { path, method, .. } = entry(operation);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(method.to_owned(), value(operation, examples));
        }
    }
    paths
}

fn value(operation: OperationName, examples: &[Example]) -> Value {
    let Entry {
        path: _,
        method: _,
        id,
        summary,
        description,
    } = entry(operation);
    let mut value = json!({
        "operationId": id,
        "tags": ["users"],
        "summary": summary,
        "description": description,
        "parameters": parameters::references(operation),
        "responses": responses::by_status(operation, examples),
        "x-unified-integrations": integrations(operation),
    });
    if let (Some(name), Some(members)) = (bodies::base(operation), value.as_object_mut()) {
        let body = json!({
            "required": true,
            "description": format!("At most {} bytes.", unified_ticketing_guest::http_api::MAX_BODY),
            "content": {
                "application/json": {
                    "schema": reference(name),
                    "examples": examples::bodies(operation, examples),
                },
            },
        });
        members.insert("requestBody".to_owned(), body);
    }
    value
}

/// The integrations that have an operation, each with the provider's own reference and the schema of a body that it takes.
fn integrations(operation: OperationName) -> Value {
    let having = ALL.iter().filter_map(|integration| {
        let row = integration.operation(operation)?;
        let mut value = Map::new();
        value.insert("integration".to_owned(), json!(integration.name));
        value.insert("title".to_owned(), json!(integration.title));
        value.insert("docs".to_owned(), json!(row.docs));
        if let Some(name) = bodies::special_name(operation, integration) {
            value.insert("body".to_owned(), reference(&name));
        }
        Some(Value::Object(value))
    });
    having.collect()
}
