//! Planhat: users of a tenant, its own team members.
//!
//! | Operation | Request | Reference |
//! | --- | --- | --- |
//! | create | `POST /users` | <https://www.planhat.com/developers/api/user> |
//! | update | `PUT /users/{id}` | <https://www.planhat.com/developers/api/user> |
//!
//! A user has no whole name: the unified name is first and last name, else the nick name. Roles are ids; the answer to a create
//! has them as texts, the answer to an update as objects. `PUT /users` without an id is a bulk update: an empty id never
//! leaves.
//!
//! The shape of a refusal is not on record ("object or string"): `message`, `error`, and lists under a name that ends in
//! `Errors` are read. Neither is whether an update merges `custom` or replaces it.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Auth, Faults, Integration, Operation, OperationName, Refusal, Scheme, Setting};
use crate::answer::{identifier, joined, says, single_email, text, time, truth};
use crate::bindings::types::{ErrorCode, NewUser, Role, RolesChange, User, UserChanges};
use crate::body::{Sent, primary, role_ids, sent_json, sent_text, set_emails};
use crate::field::{Field, ResponseField as Gives, required, supported};
use crate::json::{Object, Value, escaped, raw, write};

/// Both operations answer with the same object.
const RESPONSE: &[Gives] = &[
    Gives::Id,
    Gives::Name,
    Gives::FirstName,
    Gives::LastName,
    Gives::Emails,
    Gives::IsActive,
    Gives::Roles,
    Gives::CreatedAt,
    Gives::UpdatedAt,
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
    create: Operation {
        method: "POST",
        path: "/users",
        query: &[],
        docs: "https://www.planhat.com/developers/api/user",
        fields: &[
            required(Field::FirstName),
            required(Field::LastName),
            required(Field::Emails),
            supported(Field::Roles).by_id(),
            required(Field::NickName),
            supported(Field::CustomFields).object(),
        ],
        needs: &[],
        wrapper: None,
        response: RESPONSE,
        body: new_user,
    },
    update: Some(Operation {
        method: "PUT",
        path: "/users/{id}",
        query: &[],
        docs: "https://www.planhat.com/developers/api/user",
        fields: &[
            supported(Field::FirstName),
            supported(Field::LastName),
            supported(Field::Emails),
            supported(Field::Roles).by_id(),
            supported(Field::CustomFields).object(),
        ],
        needs: &[],
        wrapper: None,
        response: RESPONSE,
        body: changes,
    }),
    user,
    refusal,
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

/// A user, in the order of the reference. A creation has no `null` in it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nick_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Sent<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Sent<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Sent<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Sent<&'a RawValue>,
}

fn new_user(user: &NewUser) -> Vec<u8> {
    let NewUser {
        first_name,
        last_name,
        name: _,
        emails,
        roles,
        nick_name,
        custom_fields,
        avatar: _,
        remote_data: _,
    } = user;
    write(&Body {
        email: primary(emails.as_deref()),
        nick_name: nick_name.as_deref(),
        first_name: first_name.as_deref().map(Some),
        last_name: last_name.as_deref().map(Some),
        roles: role_ids(roles.as_deref()).map(Some),
        custom: custom_fields
            .as_deref()
            .and_then(|json| raw(json).ok())
            .map(Some),
    })
}

fn changes(changes: &UserChanges) -> Vec<u8> {
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
    write(&Body {
        email: primary(set_emails(emails)),
        nick_name: None,
        first_name: sent_text(first_name),
        last_name: sent_text(last_name),
        roles: match roles {
            RolesChange::Keep => None,
            RolesChange::Clear => Some(None),
            RolesChange::Set(roles) => Some(role_ids(Some(roles))),
        },
        custom: sent_json(custom_fields),
    })
}

fn user(answer: &Value<'_>, _: OperationName) -> User {
    let first_name = text(answer, "firstName");
    let last_name = text(answer, "lastName");
    User {
        id: identifier(answer, "_id"),
        name: joined(first_name.as_deref(), last_name.as_deref())
            .or_else(|| text(answer, "nickName")),
        first_name,
        last_name,
        emails: single_email(answer, "email"),
        is_active: match (truth(answer, "inactive"), truth(answer, "removed")) {
            (Some(true), _) | (_, Some(true)) => Some(false),
            (Some(false), _) => Some(true),
            (None, _) => None,
        },
        roles: answer
            .get("roles")
            .as_array()
            .map(|roles| roles.iter().filter_map(|each| role(&each)).collect()),
        created_at: time(answer, "createdAt").or_else(|| time(answer, "createDate")),
        updated_at: time(answer, "updatedAt"),
        ..User::default()
    }
}

/// A role as its id alone, or as an object.
fn role(role: &Value<'_>) -> Option<Role> {
    let (id, name) = match role.as_str() {
        Some(id) => (Some(id.to_owned()).filter(|id| !id.is_empty()), None),
        None => (identifier(role, "_id"), text(role, "name")),
    };
    (id.is_some() || name.is_some()).then_some(Role { id, name })
}

/// <https://www.planhat.com/developers/api/http-response-codes>: "object or string" with an explanation. A user that is there
/// already is a 400 that says `externalId,email duplicated` (<https://github.com/nasrat-v/planhat-duplicate-error>).
fn refusal(status: u16, answer: &Value<'_>) -> Refusal {
    let mut faults = Faults::default();
    let duplicated = |sentence: &str| status == 400 && says(sentence, "duplicated");
    let mut taken = false;
    for (name, list) in answer.as_object().into_iter().flat_map(Object::iter) {
        if name.ends_with("Errors") {
            let path = format!("/{}", escaped(&name));
            for sentence in super::sentences(&list.into()) {
                taken |= duplicated(&sentence);
                faults.push(None, &path, &sentence);
            }
        }
    }
    let message = text(answer, "message")
        .or_else(|| text(answer, "error"))
        .or_else(|| answer.as_str().map(str::to_owned));
    taken |= message.as_deref().is_some_and(duplicated);
    Refusal {
        code: taken.then_some(ErrorCode::ProviderConflict),
        message,
        faults,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn a_refusal_is_read_in_every_shape_that_clients_look_for() {
        let read = |answer: &str| refusal(400, &parse(answer).unwrap());
        assert_eq!(read(r#"{"message": "a"}"#).message.as_deref(), Some("a"));
        assert_eq!(read(r#"{"error": "b"}"#).message.as_deref(), Some("b"));
        assert_eq!(read(r#""c""#).message.as_deref(), Some("c"));
        assert_eq!(read("{}"), Refusal::default());
        let lists = read(r#"{"createdErrors": ["d", {"message": "e"}], "modified": ["f"]}"#);
        let faults: Vec<&str> = lists
            .faults
            .told
            .iter()
            .map(|fault| fault.message.as_str())
            .collect();
        assert_eq!(faults, ["d", "e"]);
    }

    #[test]
    fn a_key_that_is_duplicated_is_a_conflict_in_every_shape() {
        let code = |status, answer: &str| refusal(status, &parse(answer).unwrap()).code;
        let conflict = Some(ErrorCode::ProviderConflict);
        for answer in [
            r#""externalId,email duplicated""#,
            r#"{"message": "email Duplicated"}"#,
            r#"{"error": "email duplicated"}"#,
            r#"{"createdErrors": [{"message": "externalId,email duplicated"}]}"#,
        ] {
            assert_eq!(code(400, answer), conflict, "{answer}");
            assert_eq!(code(403, answer), None, "{answer}");
        }
        assert_eq!(code(400, r#""email required""#), None);
    }

    #[test]
    fn a_role_is_an_id_or_an_object() {
        let read = |answer: &str| role(&parse(answer).unwrap());
        let id = read(r#""64c0""#).unwrap();
        assert_eq!((id.id.as_deref(), id.name), (Some("64c0"), None));
        let object = read(r#"{"_id": "64c0", "name": "Reviewer"}"#).unwrap();
        assert_eq!(object.name.as_deref(), Some("Reviewer"));
        assert!(read(r#"{"name": "Reviewer"}"#).is_some_and(|role| role.id.is_none()));
        assert_eq!(read(r#""""#), None);
        assert_eq!(read("{}"), None);
    }
}
