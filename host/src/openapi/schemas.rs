//! The schemas: the published ones, and one for each integration, with its table's additions.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::field::{Field, ResponseField, Rule};
use unified_ticketing_guest::integration::{ALL, Integration, Operation as Row, OperationName};

use super::responses;

/// A string that is not blank.
const NOT_BLANK: &str = r"\S";

/// The schema of a request body: one that any of the integrations accepts.
pub(super) fn body(operation: OperationName) -> Value {
    let schemas = ALL.iter().filter_map(|integration| {
        integration
            .operation(operation)
            .map(|_| name(operation, integration))
    });
    let references: Vec<Value> = schemas.map(|name| reference(&name)).collect();
    json!({ "anyOf": references })
}

pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

const fn base(operation: OperationName) -> &'static str {
    match operation {
        OperationName::Create => "NewUser",
        _ => "UserChanges",
    }
}

fn name(operation: OperationName, integration: &Integration) -> String {
    format!("{}-{}", base(operation), integration.name)
}

/// Every schema of the document.
pub(super) fn components() -> Value {
    let mut schemas = Map::new();
    for operation in OperationName::ALL
        .iter()
        .copied()
        .filter(|it| it.has_fields())
    {
        schemas.insert(base(operation).to_owned(), published(operation));
        for integration in ALL {
            if let Some(row) = integration.operation(operation) {
                schemas.insert(
                    name(operation, integration),
                    special(operation, integration, row),
                );
            }
        }
    }
    schemas.insert("User".to_owned(), user());
    schemas.insert("Plan".to_owned(), plan());
    schemas.insert(
        "ProviderResponse".to_owned(),
        json!({
            "title": "The provider's response, for `truto_response_format=raw`",
            "type": "object",
        }),
    );
    schemas.extend(responses::schemas());
    Value::Object(schemas)
}

/// The published fields, with their types. None is required here, because that differs by integration.
fn published(operation: OperationName) -> Value {
    let clearing = match operation {
        OperationName::Create => "`null` is the same as left out.",
        _ => "What is left out keeps its value; `null` clears it.",
    };
    let mut properties: Map<String, Value> = Field::ALL
        .into_iter()
        .map(|field| {
            let mut schema = typed(field, operation);
            schema["description"] =
                Value::from(format!("{} {}", about(field), support(field, operation)));
            (field.name().to_owned(), schema)
        })
        .collect();
    let data = "Any additional data, merged into the provider's request last, deeply. It never satisfies a required field.";
    properties.insert(
        "remote_data".to_owned(),
        json!({ "type": ["object", "null"], "description": data }),
    );
    json!({
        "type": "object",
        "description": format!("Unknown members are ignored with a warning. {clearing}"),
        "properties": properties,
    })
}

fn typed(field: Field, operation: OperationName) -> Value {
    let nullable = |kind: &str| json!([kind, "null"]);
    match field {
        Field::FirstName | Field::LastName | Field::Name | Field::NickName | Field::Avatar => {
            json!({ "type": nullable("string") })
        }
        Field::Emails => {
            let kind = match operation {
                OperationName::Create => {
                    json!({ "enum": ["primary", "other", null], "description": "The type of email address." })
                }
                _ => {
                    json!({ "type": nullable("string"), "description": "The type of email address." })
                }
            };
            let address = json!({ "type": "string", "description": "The user's email address." });
            let array = match operation {
                OperationName::Create => nullable("array"),
                // No integration has users without an address.
                _ => json!("array"),
            };
            json!({
                "type": array,
                "items": { "type": "object", "properties": { "email": address, "type": kind }, "required": ["email"] },
            })
        }
        Field::Roles => json!({
            "type": nullable("array"),
            "items": {
                "type": "object",
                "properties": {
                    "id": { "type": nullable("string"), "description": "The role's unique identifier." },
                    "name": { "type": nullable("string"), "description": "The role's name." },
                },
            },
        }),
        Field::CustomFields => json!({}),
    }
}

const fn about(field: Field) -> &'static str {
    match field {
        Field::FirstName => "The user's first name.",
        Field::LastName => "The user's last name.",
        Field::Name => "The user's name. It is never split, and never cut.",
        Field::Emails => {
            "The user's email addresses. The first of type `primary`, else the first, is the provider's own."
        }
        Field::Roles => "The roles the user has.",
        Field::NickName => "The nick name of the user.",
        Field::CustomFields => "Custom fields, in the provider's own terms.",
        Field::Avatar => "The URL of the user's avatar.",
    }
}

/// The integrations that require and that support a field, in a sentence.
fn support(field: Field, operation: OperationName) -> String {
    let titles = |required: bool| -> Vec<&str> {
        let having = ALL.iter().filter(|integration| {
            integration.operation(operation).is_some_and(|row| {
                row.fields
                    .iter()
                    .any(|rule| rule.field == field && rule.required == required)
            })
        });
        having.map(|integration| integration.title).collect()
    };
    match (titles(true), titles(false)) {
        (required, supported) if required.is_empty() && supported.is_empty() => {
            "No integration takes it.".to_owned()
        }
        (required, supported) if required.is_empty() => {
            format!("Supported by {}.", supported.join(", "))
        }
        (required, supported) if supported.is_empty() => {
            format!("Required by {}.", required.join(", "))
        }
        (required, supported) => format!(
            "Required by {}; supported by {}.",
            required.join(", "),
            supported.join(", ")
        ),
    }
}

/// The published fields with what one integration makes of them.
fn special(operation: OperationName, integration: &Integration, row: &Row) -> Value {
    let properties: Map<String, Value> = row
        .fields
        .iter()
        .filter_map(|rule| {
            Some((
                rule.field.name().to_owned(),
                narrowed_field(rule, operation)?,
            ))
        })
        .collect();
    let required: Vec<&str> = row
        .fields
        .iter()
        .filter(|rule| rule.required)
        .map(|rule| rule.field.name())
        .collect();
    let mut schema = json!({ "title": integration.title, "allOf": [reference(base(operation))] });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if !properties.is_empty() {
        schema["properties"] = Value::Object(properties);
    }
    // Each need is one more schema that the body must be valid against.
    let needs = row.needs.iter().map(|fields| need(fields));
    if let Some(all) = schema["allOf"].as_array_mut() {
        all.extend(needs);
    }
    if operation == OperationName::Update {
        schema["minProperties"] = json!(1);
    }
    schema
}

/// One of these fields, and not blank.
fn need(fields: &[Field]) -> Value {
    let given = |field: &Field| {
        let value = match field {
            Field::Emails => json!({ "type": "array", "minItems": 1 }),
            _ => json!({ "type": "string", "pattern": NOT_BLANK }),
        };
        json!({ "required": [field.name()], "properties": { field.name(): value } })
    };
    match fields {
        [field] => given(field),
        fields => json!({ "anyOf": fields.iter().map(given).collect::<Vec<_>>() }),
    }
}

/// A rule's additions to the type of its field.
fn narrowed_field(rule: &Rule, operation: OperationName) -> Option<Value> {
    match rule.field {
        Field::Emails => {
            let given = json!({ "items": { "properties": { "email": { "pattern": NOT_BLANK } } } });
            let mut array = given;
            if rule.required || operation == OperationName::Update {
                array["type"] = json!("array");
                array["minItems"] = json!(1);
            }
            Some(array)
        }
        Field::Roles => Some(roles(rule, operation)),
        Field::CustomFields if rule.object => Some(json!({ "type": ["object", "null"] })),
        Field::CustomFields => None,
        Field::FirstName | Field::LastName | Field::Name | Field::NickName | Field::Avatar => rule
            .required
            .then(|| json!({ "type": "string", "pattern": NOT_BLANK })),
    }
}

fn roles(rule: &Rule, operation: OperationName) -> Value {
    let value = |member: &str| {
        let string = json!({ "type": "string", "pattern": NOT_BLANK });
        let value = if rule.values.is_empty() {
            string
        } else {
            json!({ "enum": rule.values })
        };
        json!({ "required": [member], "properties": { member: value } })
    };
    let mut array = if rule.by_id {
        json!({ "items": value("id") })
    } else {
        // The provider takes its name, else its id.
        let unnamed = json!({ "properties": { "name": { "not": { "type": "string", "pattern": NOT_BLANK } } } });
        json!({ "items": { "anyOf": [value("name"), { "allOf": [value("id"), unnamed] }] } })
    };
    if rule.single {
        array["maxItems"] = json!(1);
        if operation == OperationName::Update {
            array["type"] = json!("array");
            array["minItems"] = json!(1);
        }
    }
    array
}

/// The unified response: `unified` leaves out unknown members, `normalized` has `null`.
fn user() -> Value {
    let string = || json!({ "type": ["string", "null"] });
    let mut properties = Map::new();
    for field in ResponseField::ALL {
        let (mut schema, about) = match field {
            ResponseField::Id => (string(), "The user's unique identifier."),
            ResponseField::Name => (string(), "The user's name."),
            ResponseField::FirstName => (string(), "The user's first name."),
            ResponseField::LastName => (string(), "The user's last name."),
            ResponseField::Username => (string(), "The user's username."),
            ResponseField::Emails => (
                pairs(["email", "type"]),
                "The user's email addresses, the primary one first.",
            ),
            ResponseField::IsActive => (
                json!({ "type": ["boolean", "null"] }),
                "Whether the user is active or not.",
            ),
            ResponseField::TeamIds => (
                json!({ "type": ["array", "null"], "items": { "type": "string" } }),
                "The IDs of the teams the user is a member of.",
            ),
            ResponseField::Avatar => (string(), "The URL of the user's avatar."),
            ResponseField::Roles => (pairs(["id", "name"]), "The roles the user has."),
            ResponseField::CreatedAt => (
                string(),
                "When the user was created: RFC 3339 in UTC. A string that is not a time is passed on unchanged.",
            ),
            ResponseField::UpdatedAt => (
                string(),
                "When the user was last updated, in the form of `created_at`.",
            ),
            ResponseField::Etag => (
                string(),
                "The unique identifier for the specific version of the resource.",
            ),
        };
        schema["description"] = Value::from(about);
        properties.insert(field.name().to_owned(), schema);
    }
    properties.insert(
        unified_ticketing_guest::field::REMOTE_DATA.to_owned(),
        json!({ "type": "object", "description": "The provider's whole response, digit for digit." }),
    );
    json!({
        "title": "A user, for `truto_response_format=unified` and `normalized`",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn pairs(names: [&str; 2]) -> Value {
    let properties: Map<String, Value> = names
        .map(|name| (name.to_owned(), json!({ "type": ["string", "null"] })))
        .into_iter()
        .collect();
    json!({
        "type": ["array", "null"],
        "items": { "type": "object", "properties": properties, "additionalProperties": false },
    })
}

fn plan() -> Value {
    let names: Vec<&str> = ALL.iter().map(|integration| integration.name).collect();
    let string = json!({ "type": "string" });
    json!({
        "title": "The request that would be sent, for `unified_dry_run=true`",
        "type": "object",
        "properties": {
            "integration": { "enum": names },
            "operation": { "enum": OperationName::ALL.iter().map(|operation| operation.as_str()).collect::<Vec<_>>() },
            "method": string,
            "url": { "type": "string", "format": "uri" },
            "headers": {
                "type": "array",
                "description": "Names and values; credentials are `***`.",
                "items": { "type": "array", "prefixItems": [string, string], "items": false, "minItems": 2 },
            },
            "body": { "type": "object" },
            "safety": { "enum": ["safe", "idempotent", "once"], "description": "What sending the request twice would do." },
            "warnings": { "type": "array", "items": reference("Finding") },
        },
        "required": ["integration", "operation", "method", "url", "headers", "body", "safety", "warnings"],
        "additionalProperties": false,
    })
}
