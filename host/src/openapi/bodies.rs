//! The schemas of request bodies: one of the published fields, and one for each integration, with its table's rules.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::field::{Field, REMOTE_DATA, Rule};
use unified_ticketing_guest::integration::{ALL, Integration, Operation as Row, OperationName};

use super::operations::capitalized;
use super::schemas::{nullable, nullable_string, one_of, reference};

/// A string that is not blank.
const NOT_BLANK: &str = r"\S";

/// Neither `null` nor blank, beside a schema that has the type. It says no type, because generators do not merge two.
fn given() -> Value {
    json!({ "not": { "type": "null" }, "pattern": NOT_BLANK })
}

/// The schema of an operation's body, where it has one.
pub(super) const fn base(operation: OperationName) -> Option<&'static str> {
    match operation {
        OperationName::Create => Some("NewUser"),
        OperationName::Update => Some("UserChanges"),
        OperationName::Get | OperationName::List | OperationName::Delete => None,
    }
}

/// The schema of a body that one integration takes, where the operation has a body.
pub(super) fn special_name(operation: OperationName, integration: &Integration) -> Option<String> {
    let words = integration.name.split('_').map(capitalized);
    let name = [base(operation)?.to_owned()].into_iter().chain(words);
    Some(name.collect())
}

/// The schema of an entry of `emails`: on creation alone its type is one of two.
const fn email_name(operation: OperationName) -> &'static str {
    match operation {
        OperationName::Create => "NewEmail",
        _ => "EmailChange",
    }
}

/// The schemas of bodies.
pub(super) fn schemas() -> Map<String, Value> {
    let mut schemas = Map::new();
    let kinds = one_of(["primary", "other"], "A type of email address.");
    schemas.insert("EmailType".to_owned(), kinds);
    for operation in OperationName::ALL.iter().copied() {
        let Some(name) = base(operation) else {
            continue;
        };
        schemas.insert(name.to_owned(), published(operation));
        schemas.insert(email_name(operation).to_owned(), email(operation));
        for integration in ALL {
            if let (Some(row), Some(name)) = (
                integration.operation(operation),
                special_name(operation, integration),
            ) {
                schemas.insert(name, special(operation, integration, row));
            }
        }
    }
    schemas
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
            let description = format!("{} {}", about(field), support(field, operation));
            let schema = with(typed(field, operation), "description", json!(description));
            (field.name().to_owned(), schema)
        })
        .collect();
    properties.insert(REMOTE_DATA.to_owned(), remote_data());
    json!({
        "type": "object",
        "description": format!("Unknown members are ignored with a warning. {clearing}"),
        "properties": properties,
    })
}

fn with(mut schema: Value, keyword: &str, value: Value) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert(keyword.to_owned(), value);
    }
    schema
}

fn remote_data() -> Value {
    nullable(
        "RemoteData",
        "Any additional data, merged into the provider's request last, deeply. It never satisfies a required field.",
    )
}

fn email(operation: OperationName) -> Value {
    let about = "The type of email address. The first `primary` one, else the first, is the provider's own.";
    let kind = match operation {
        OperationName::Create => nullable("EmailType", about),
        _ => nullable_string(about),
    };
    json!({
        "type": "object",
        "description": "An email address to give to a user.",
        "properties": { "email": { "type": "string", "description": "The email address." }, "type": kind },
        "required": ["email"],
    })
}

fn typed(field: Field, operation: OperationName) -> Value {
    let array = |items: Value, kind: Value| json!({ "type": kind, "items": items });
    match field {
        Field::FirstName | Field::LastName | Field::Name | Field::NickName | Field::Avatar => {
            json!({ "type": ["string", "null"] })
        }
        Field::Emails => {
            let kind = match operation {
                OperationName::Create => json!(["array", "null"]),
                // No integration has users without an address.
                _ => json!("array"),
            };
            array(reference(email_name(operation)), kind)
        }
        Field::Roles => array(reference("Role"), json!(["array", "null"])),
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
            let row = integration.operation(operation);
            row.and_then(|row| row.rule(field))
                .is_some_and(|rule| rule.required == required)
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

/// The published fields as one integration takes them. It says all of it again, because generators do not narrow a property of
/// another schema. What the integration does not take must have the published type nevertheless.
fn special(operation: OperationName, integration: &Integration, row: &Row) -> Value {
    let property = |field: Field| match row.rule(field) {
        Some(rule) => narrowed(rule, operation),
        None => with(
            typed(field, operation),
            "description",
            json!("It is not taken, and ignored with a warning."),
        ),
    };
    let mut properties: Map<String, Value> = Field::ALL
        .into_iter()
        .map(|field| (field.name().to_owned(), property(field)))
        .collect();
    properties.insert(REMOTE_DATA.to_owned(), remote_data());
    let extension = if row.extension {
        " The published tables do not have it."
    } else {
        ""
    };
    let mut schema = json!({
        "type": "object",
        "description": format!("What {} takes. Unknown members are ignored with a warning.{extension}", integration.title),
        "properties": properties,
    });
    let required: Vec<&str> = row
        .fields
        .iter()
        .filter(|rule| rule.required)
        .map(|rule| rule.field.name())
        .collect();
    if !required.is_empty() {
        schema = with(schema, "required", json!(required));
    }
    // Each need is one more schema that the body must be valid against.
    let mut needs: Vec<Value> = row.needs.iter().map(|fields| need(fields)).collect();
    if row.joined_name {
        needs.push(joined_name());
    }
    if !needs.is_empty() {
        schema = with(schema, "allOf", json!(needs));
    }
    if operation == OperationName::Update {
        schema = with(schema, "minProperties", json!(1));
    }
    schema
}

/// One of these fields, and not blank.
fn need(fields: &[Field]) -> Value {
    let need = |field: &Field| {
        let value = match field {
            Field::Emails => json!({ "minItems": 1 }),
            _ => given(),
        };
        json!({ "required": [field.name()], "properties": { field.name(): value } })
    };
    match fields {
        [field] => need(field),
        fields => json!({ "anyOf": fields.iter().map(need).collect::<Vec<_>>() }),
    }
}

/// First and last name only together, where there is no `name`.
fn joined_name() -> Value {
    let [name, first, last] = [Field::Name, Field::FirstName, Field::LastName].map(Field::name);
    json!({
        "anyOf": [
            { "required": [name] },
            {
                "dependentRequired": { first: [last], last: [first] },
                "properties": { first: given(), last: given() },
            },
        ],
    })
}

/// The type of a field, with the additions of a rule.
fn narrowed(rule: &Rule, operation: OperationName) -> Value {
    let schema = typed(rule.field, operation);
    match rule.field {
        Field::Emails => {
            let entry = json!({ "properties": { "email": { "pattern": NOT_BLANK } } });
            let items = json!({ "allOf": [reference(email_name(operation)), entry] });
            let schema = with(schema, "items", items);
            if rule.required || operation == OperationName::Update {
                with(with(schema, "type", json!("array")), "minItems", json!(1))
            } else {
                schema
            }
        }
        Field::Roles => roles(schema, rule, operation),
        Field::CustomFields if rule.object => {
            json!({ "type": ["object", "null"], "additionalProperties": true })
        }
        Field::FirstName | Field::LastName | Field::Name | Field::NickName | Field::Avatar
            if rule.required =>
        {
            json!({ "type": "string", "pattern": NOT_BLANK })
        }
        Field::CustomFields
        | Field::FirstName
        | Field::LastName
        | Field::Name
        | Field::NickName
        | Field::Avatar => schema,
    }
}

fn roles(schema: Value, rule: &Rule, operation: OperationName) -> Value {
    let value = |member: &str| {
        let value = if rule.values.is_empty() {
            given()
        } else {
            json!({ "enum": rule.values })
        };
        json!({ "required": [member], "properties": { member: value } })
    };
    let entry = if rule.by_id {
        value("id")
    } else {
        // The provider takes its name, else its id.
        let unnamed = json!({ "properties": { "name": { "not": { "type": "string", "pattern": NOT_BLANK } } } });
        json!({ "anyOf": [value("name"), { "allOf": [value("id"), unnamed] }] })
    };
    let items = json!({ "allOf": [reference("Role"), entry] });
    let schema = with(schema, "items", items);
    if !rule.single {
        return schema;
    }
    let schema = with(schema, "maxItems", json!(1));
    if operation == OperationName::Update {
        with(with(schema, "type", json!("array")), "minItems", json!(1))
    } else {
        schema
    }
}
