//! The schemas of a user and of its parts.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::field::{REMOTE_DATA, ResponseField};

/// A reference to a schema of the document.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// A string or `null`.
pub(super) fn nullable_string(description: &str) -> Value {
    json!({ "type": ["string", "null"], "description": description })
}

/// A schema of strings: one of these.
pub(super) fn one_of<S: Into<Value>>(
    values: impl IntoIterator<Item = S>,
    description: &str,
) -> Value {
    let values: Vec<Value> = values.into_iter().map(Into::into).collect();
    json!({ "type": "string", "enum": values, "description": description })
}

/// A reference to a schema, with a description of this place.
pub(super) fn described(name: &str, description: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}"), "description": description })
}

/// What another schema has, or `null`.
pub(super) fn nullable(name: &str, description: &str) -> Value {
    json!({ "anyOf": [reference(name), { "type": "null" }], "description": description })
}

/// The schemas of a user that has been read, and of what has no form of ours.
pub(super) fn schemas() -> Map<String, Value> {
    let email = json!({
        "type": "object",
        "description": "An email address of a user.",
        "properties": {
            "email": nullable_string("The email address."),
            "type": nullable_string("The type of email address, such as `primary`."),
        },
    });
    let role = json!({
        "type": "object",
        "description": "A role of a user.",
        "properties": {
            "id": nullable_string("The role's unique identifier."),
            "name": nullable_string("The role's name."),
        },
    });
    let remote_data = json!({
        "type": "object",
        "description": "The provider's own terms: any members.",
        "additionalProperties": true,
    });
    let remote_query = json!({
        "type": "object",
        "description": "Parameters of the provider's query. An object in it makes a name with more brackets.",
        "additionalProperties": true,
    });
    Map::from_iter([
        ("User".to_owned(), user()),
        ("Email".to_owned(), email),
        ("Role".to_owned(), role),
        ("RemoteData".to_owned(), remote_data),
        ("RemoteQuery".to_owned(), remote_query),
    ])
}

/// The unified response: `unified` leaves out unknown members, `normalized` has `null`.
fn user() -> Value {
    let array = |name: &str, description: &str| json!({ "type": ["array", "null"], "items": reference(name), "description": description });
    let mut properties: Map<String, Value> = Map::new();
    for field in ResponseField::ALL {
        let schema = match field {
            ResponseField::Id => nullable_string("The user's unique identifier."),
            ResponseField::Name => nullable_string("The user's name."),
            ResponseField::FirstName => nullable_string("The user's first name."),
            ResponseField::LastName => nullable_string("The user's last name."),
            ResponseField::Username => nullable_string("The user's username."),
            ResponseField::Emails => array(
                "Email",
                "The user's email addresses, the primary one first.",
            ),
            ResponseField::IsActive => {
                json!({ "type": ["boolean", "null"], "description": "Whether the user is active or not." })
            }
            ResponseField::TeamIds => json!({
                "type": ["array", "null"],
                "items": { "type": "string" },
                "description": "The IDs of the teams the user is a member of.",
            }),
            ResponseField::Avatar => nullable_string("The URL of the user's avatar."),
            ResponseField::Roles => array("Role", "The roles the user has."),
            ResponseField::CreatedAt => nullable_string(
                "When the user was created: RFC 3339 in UTC. A string that is not a time is passed on unchanged.",
            ),
            ResponseField::UpdatedAt => {
                nullable_string("When the user was last updated, in the form of `created_at`.")
            }
            ResponseField::Etag => {
                nullable_string("The unique identifier for the specific version of the resource.")
            }
        };
        properties.insert(field.name().to_owned(), schema);
    }
    let remote_data = described(
        "RemoteData",
        "The provider's whole response, digit for digit. `normalized` and `truto_ignore_remote_data` leave it out.",
    );
    properties.insert(REMOTE_DATA.to_owned(), remote_data);
    json!({
        "type": "object",
        "description": "A user. `unified` leaves out what the provider did not give; in `normalized` it is `null`.",
        "properties": properties,
    })
}
