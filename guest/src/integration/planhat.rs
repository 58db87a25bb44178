//! Planhat: users of a tenant, its own team members.
//!
//! | Operation | Request | Reference |
//! | --- | --- | --- |
//! | create | `POST /users` | <https://www.planhat.com/developers/api/user> |
//! | update | `PUT /users/{id}` | <https://www.planhat.com/developers/api/user> |
//!
//! A user has no full name: the unified name is first and last name, else the nick name. Roles are ids; the response to a create
//! has them as strings, the response to an update as objects. `PUT /users` without an id is a bulk update: an empty id never
//! leaves.
//!
//! The shape of a rejection is not on record ("object or string"): `message`, `error`, and arrays under a name that ends in
//! `Errors` are read. Neither is whether an update merges `custom` or replaces it.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    Auth, Body, ByEmail, IdShape, Integration, Listing, Operation, OperationName, Paging, Rate,
    RejectedFields, Rejection, Scheme, Setting,
};
use crate::bindings::types::{ErrorCode, Role, RolesChange, User, UserChanges};
use crate::body::{Patch, primary, role_ids, set_emails, set_string};
use crate::field::{Field, ResponseField, required, supported};
use crate::json::{Object, Value, escaped, write};
use crate::member::{boolean, identifier, joined, says, single_email, string};
use crate::timestamp::timestamp;

const DOCS: &str = "https://www.planhat.com/developers/api/user";

/// Planhat's own identifiers have no documented shape; a caller's own have a prefix.
const ID: IdShape = IdShape {
    accepts: |_| true,
    expected: "an identifier",
    own_prefixes: &["extid-", "srcid-"],
};

/// Every operation responds with the same object.
const RESPONSE: &[ResponseField] = &[
    ResponseField::Id,
    ResponseField::Name,
    ResponseField::FirstName,
    ResponseField::LastName,
    ResponseField::Emails,
    ResponseField::IsActive,
    ResponseField::Roles,
    ResponseField::CreatedAt,
    ResponseField::UpdatedAt,
];

pub(super) static INTEGRATION: Integration = Integration {
    name: "planhat",
    title: "Planhat",
    docs: "https://docs.planhat.com",
    base_url: "https://{host}",
    settings: &[Setting {
        name: "host",
        description: "the host of the tenant's API",
        default: Some("api.planhat.com"),
        in_host: true,
        accepts: is_host,
        expected: "`api.planhat.com` or `api-SHARD.planhat.com`",
    }],
    // https://www.planhat.com/developers/api/authentication-limits
    auth: &[Auth {
        header: "authorization",
        scheme: Scheme::Bearer("api_token"),
    }],
    auth_query: &[],
    usage_header: None,
    exhausted_status: None,
    id_headers: &[],
    id: Some(&ID),
    // The soft limit; besides there are 150 a second, with bursts of 50 in parallel: https://docs.planhat.com
    rate: Some(Rate {
        requests: 200,
        seconds: 60,
        burst: Some(50),
    }),
    operations: &[
        Operation {
            path: "/users",
            docs: DOCS,
            fields: &[
                required(Field::FirstName),
                required(Field::LastName),
                required(Field::Emails),
                supported(Field::Roles).by_id(),
                required(Field::NickName),
                supported(Field::CustomFields).object(),
            ],
            response: RESPONSE,
            body: Body::Fields(new_user),
            ..Operation::CREATE
        },
        Operation {
            path: "/users/{id}",
            docs: DOCS,
            fields: &[
                supported(Field::FirstName),
                supported(Field::LastName),
                supported(Field::Emails),
                supported(Field::Roles).by_id(),
                supported(Field::CustomFields).object(),
            ],
            response: RESPONSE,
            body: Body::Fields(changes),
            ..Operation::UPDATE
        },
        Operation {
            path: "/users/{id}",
            docs: DOCS,
            response: RESPONSE,
            ..Operation::READ
        },
        Operation {
            name: OperationName::List,
            path: "/users",
            docs: DOCS,
            response: RESPONSE,
            list: Some(&Listing {
                users: None,
                paging: Paging::Offset {
                    size: "limit",
                    offset: "offset",
                    // Clients ask for 2,000 and more; a caller cannot.
                    max: 500,
                },
                by_email: Some(ByEmail {
                    parameter: "email",
                    path: None,
                }),
            }),
            ..Operation::READ
        },
        Operation {
            path: "/users/{id}",
            docs: DOCS,
            effect: Some(
                "the user is removed; `inactive` would keep it, through `remote_data` of an update",
            ),
            ..Operation::DELETE
        },
    ],
    user,
    rejection,
};

/// The shards that tenants live on: `api`, `api-eu`, `api-us2`, …
fn is_host(host: &str) -> bool {
    let Some(shard) = host.strip_suffix(".planhat.com") else {
        return false;
    };
    shard == "api"
        || shard.strip_prefix("api-").is_some_and(|shard| {
            !shard.is_empty()
                && shard
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

/// A user, in the order of the reference.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    /// Of a creation only: an update does not take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    nick_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    first_name: Patch<&'a str>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    last_name: Patch<&'a str>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    roles: Patch<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    custom: Patch<&'a RawValue>,
}

fn new_user(user: &UserChanges) -> Vec<u8> {
    write(&Fields {
        nick_name: set_string(&user.nick_name),
        ..body(user)
    })
}

fn changes(changes: &UserChanges) -> Vec<u8> {
    write(&body(changes))
}

fn body(changes: &UserChanges) -> Fields<'_> {
    let UserChanges {
        first_name,
        last_name,
        name: _,
        emails,
        roles,
        nick_name: _,
        custom_fields,
        avatar: _,
        remote_data: _,
    } = changes;
    Fields {
        email: primary(set_emails(emails)),
        nick_name: None,
        first_name: first_name.into(),
        last_name: last_name.into(),
        roles: match roles {
            RolesChange::Keep => Patch::Keep,
            RolesChange::Clear => Patch::Clear,
            RolesChange::Set(roles) => Patch::Set(role_ids(roles)),
        },
        custom: custom_fields.into(),
    }
}

fn user(response: &Value<'_>, _: OperationName) -> User {
    let first_name = string(response, "firstName");
    let last_name = string(response, "lastName");
    User {
        id: identifier(response, "_id"),
        name: joined(first_name.as_deref(), last_name.as_deref())
            .or_else(|| string(response, "nickName")),
        first_name,
        last_name,
        emails: single_email(response, "email"),
        is_active: match (boolean(response, "inactive"), boolean(response, "removed")) {
            (Some(true), _) | (_, Some(true)) => Some(false),
            (Some(false), _) => Some(true),
            (None, _) => None,
        },
        roles: response
            .get("roles")
            .as_array()
            .map(|roles| roles.iter().filter_map(|each| role(&each)).collect()),
        created_at: timestamp(response, "createdAt").or_else(|| timestamp(response, "createDate")),
        updated_at: timestamp(response, "updatedAt"),
        ..User::default()
    }
}

/// A role as its id alone, or as an object.
fn role(role: &Value<'_>) -> Option<Role> {
    let (id, name) = match role.as_str() {
        Some(id) => (Some(id.to_owned()).filter(|id| !id.is_empty()), None),
        None => (identifier(role, "_id"), string(role, "name")),
    };
    (id.is_some() || name.is_some()).then_some(Role { id, name })
}

/// <https://www.planhat.com/developers/api/http-response-codes>: "object or string" with an explanation. A user that is there
/// already is a 400 that says `externalId,email duplicated` (<https://github.com/nasrat-v/planhat-duplicate-error>).
fn rejection(status: u16, response: &Value<'_>) -> Rejection {
    let mut fields = RejectedFields::default();
    let duplicated = |sentence: &str| status == 400 && says(sentence, "duplicated");
    let mut taken = false;
    for (name, errors) in response.as_object().into_iter().flat_map(Object::iter) {
        if name.ends_with("Errors") {
            let path = format!("/{}", escaped(&name));
            for sentence in super::sentences(&errors.into()) {
                taken |= duplicated(&sentence);
                fields.push(None, &path, &sentence);
            }
        }
    }
    let message = string(response, "message")
        .or_else(|| string(response, "error"))
        .or_else(|| response.as_str().map(str::to_owned));
    taken |= message.as_deref().is_some_and(duplicated);
    Rejection {
        code: taken.then_some(ErrorCode::ProviderConflict),
        message,
        fields,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn rejection_is_read_in_every_shape() {
        let parsed = |response: &str| rejection(400, &parse(response).unwrap());
        assert_eq!(parsed(r#"{"message": "a"}"#).message.as_deref(), Some("a"));
        assert_eq!(parsed(r#"{"error": "b"}"#).message.as_deref(), Some("b"));
        assert_eq!(parsed(r#""c""#).message.as_deref(), Some("c"));
        assert_eq!(parsed("{}"), Rejection::default());
        let rejection = parsed(r#"{"createdErrors": ["d", {"message": "e"}], "modified": ["f"]}"#);
        let messages: Vec<&str> = rejection
            .fields
            .reported
            .iter()
            .map(|rejected| rejected.message.as_str())
            .collect();
        assert_eq!(messages, ["d", "e"]);
    }

    #[test]
    fn duplicated_key_is_conflict() {
        let code = |status, response: &str| rejection(status, &parse(response).unwrap()).code;
        let conflict = Some(ErrorCode::ProviderConflict);
        for response in [
            r#""externalId,email duplicated""#,
            r#"{"message": "email Duplicated"}"#,
            r#"{"error": "email duplicated"}"#,
            r#"{"createdErrors": [{"message": "externalId,email duplicated"}]}"#,
        ] {
            assert_eq!(code(400, response), conflict, "{response}");
            assert_eq!(code(403, response), None, "{response}");
        }
        assert_eq!(code(400, r#""email required""#), None);
    }

    #[test]
    fn role_is_id_or_object() {
        let parsed = |response: &str| role(&parse(response).unwrap());
        let id = parsed(r#""64c0""#).unwrap();
        assert_eq!((id.id.as_deref(), id.name), (Some("64c0"), None));
        let object = parsed(r#"{"_id": "64c0", "name": "Reviewer"}"#).unwrap();
        assert_eq!(object.name.as_deref(), Some("Reviewer"));
        assert!(parsed(r#"{"name": "Reviewer"}"#).is_some_and(|role| role.id.is_none()));
        assert_eq!(parsed(r#""""#), None);
        assert_eq!(parsed("{}"), None);
    }
}
