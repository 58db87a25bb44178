//! The operations: their paths, and the integrations that have them.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::http_api::{MAX_BODY, USERS};
use unified_ticketing_guest::integration::{ALL, OperationName};

use super::examples::{self, Example};
use super::schemas::reference;
use super::{bodies, parameters, responses};

/// The summary and the description of an operation.
const fn prose(operation: OperationName) -> (&'static str, &'static str) {
    match operation {
        OperationName::Create => (
            "Create a user",
            "Sends at most one request to the provider, and never a second one whatever happens.",
        ),
        OperationName::Update => (
            "Update a user",
            "Only what is given is sent: a member that is left out keeps its value, `null` clears it. Sends at most one request \
             to the provider.",
        ),
        OperationName::Get => ("Get a user", "Reads one user. Nothing changes."),
        OperationName::List => (
            "List users",
            "A page of the users, or with `emails[][email]` everyone who has an address, compared without regard to case. That \
             a look-up finds nobody is proven: where the provider passes over the filter, the whole list is read. Nothing \
             changes.",
        ),
        OperationName::Delete => (
            "Delete a user",
            "Does what the provider means by it: `effect` in `x-unified-integrations`. Sends at most one request to the \
             provider.",
        ),
    }
}

/// `create-user` as `createUser`.
fn id(operation: OperationName) -> String {
    let mut id = String::new();
    for (position, word) in operation.as_str().split('-').enumerate() {
        if position == 0 {
            id.push_str(word);
        } else {
            id.push_str(&capitalized(word));
        }
    }
    id
}

/// A word with a capital letter.
pub(super) fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
    format!("{}{rest}", first.to_ascii_uppercase())
}

/// The paths with their operations.
pub(super) fn paths(examples: &[Example]) -> Map<String, Value> {
    let mut paths: Map<String, Value> = Map::new();
    for operation in OperationName::ALL.iter().copied() {
        let path = if operation.has_id() {
            format!("{USERS}/{{id}}")
        } else {
            USERS.to_owned()
        };
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            let method = operation.http_method().to_ascii_lowercase();
            item.insert(method, value(operation, examples));
        }
    }
    paths
}

fn value(operation: OperationName, examples: &[Example]) -> Value {
    let (summary, description) = prose(operation);
    let mut value = json!({
        "operationId": id(operation),
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
            "description": format!("At most {MAX_BODY} bytes."),
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

/// The integrations that have an operation, each with the provider's own reference and, where there is one, the schema of the body.
/// `extension` marks an operation that the published tables do not have for it.
fn integrations(operation: OperationName) -> Value {
    let having = ALL.iter().filter_map(|integration| {
        let row = integration.operation(operation)?;
        let mut value = Map::new();
        value.insert("integration".to_owned(), json!(integration.name));
        value.insert("title".to_owned(), json!(integration.title));
        value.insert("docs".to_owned(), json!(row.docs));
        if row.extension {
            value.insert("extension".to_owned(), json!(true));
        }
        if let Some(name) = bodies::special_name(operation, integration) {
            value.insert("body".to_owned(), reference(&name));
        }
        if let Some(collection) = row.collection() {
            value.insert("collection".to_owned(), json!(collection));
        }
        if let Some(effect) = row.effect {
            value.insert("effect".to_owned(), json!(effect));
        }
        Some(Value::Object(value))
    });
    having.collect()
}
