//! Gorgias: users, the people who work in the helpdesk.
//!
//! | Operation | Request | Reference |
//! | --- | --- | --- |
//! | create | `POST /users` | <https://developers.gorgias.com/reference/create-user> |
//! | update | `PUT /users/{id}` | <https://developers.gorgias.com/reference/update-user> |
//! | get | `GET /users/{id}` | <https://developers.gorgias.com/reference/users> |
//! | list | `GET /users` | as above |
//! | delete | `DELETE /users/{id}` | as above |
//!
//! A user has one name, one address and one role, and Gorgias needs all three. `firstname` and `lastname` are members of responses
//! only. Gorgias rejects members that it does not know.
//!
//! * Without a name, first and last name make one. An update replaces the name as a whole, so it takes both or none.
//! * An update is partial. A change of the address wants the password of the key's owner, so it is not supported.
//! * The id `0` is the key's owner in Gorgias; here it is no id.
//! * Whether a look-up by an address regards case is not said.
//! * Without a role, the user becomes an `agent`: Gorgias requires a role, the published tables do not, and `agent` is what
//!   public clients send (<https://github.com/NangoHQ/integration-templates>, `integrations/gorgias/actions/create-user.ts`).

use std::borrow::Cow;

use serde::Serialize;

use super::{
    Auth, Body, ByEmail, Integration, Listing, Operation, OperationName, Paging, Rate,
    RejectedFields, Rejection, Scheme, Setting,
};
use crate::bindings::types::{Role, StringChange, User, UserChanges};
use crate::body::{Patch, is_blank, primary, set_emails, set_roles, set_string, single_role};
use crate::field::{Field, ResponseField, Rule, required, supported};
use crate::json::{Value, write};
use crate::member::{boolean, identifier, joined, single_email, string};
use crate::timestamp::timestamp;

const ROLES: Rule = supported(Field::Roles).single().one_of(&[
    "admin",
    "agent",
    "basic-agent",
    "lite-agent",
    "observer-agent",
]);

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
    name: "gorgias",
    title: "Gorgias",
    docs: "https://developers.gorgias.com/reference/users",
    base_url: "https://{subdomain}.gorgias.com/api",
    settings: &[Setting {
        name: "subdomain",
        description: "the account's name in `https://SUBDOMAIN.gorgias.com`",
        default: None,
        in_host: true,
        accepts: super::is_site,
        expected: super::SITE,
    }],
    // https://developers.gorgias.com/docs/access-tokens-api-keys and https://developers.gorgias.com/docs/oauth2-bearer-token
    auth: &[
        Auth {
            header: "authorization",
            scheme: Scheme::Basic("email", "api_key"),
        },
        Auth {
            header: "authorization",
            scheme: Scheme::Bearer("access_token"),
        },
    ],
    auth_query: &[],
    // https://developers.gorgias.com/reference/limitations
    usage_header: Some("x-gorgias-account-api-call-limit"),
    exhausted_status: None,
    id_headers: &[],
    id: Some(&super::DIGITS),
    adopts: false,
    // Of an API key; an OAuth application has twice as many: https://developers.gorgias.com/reference/limitations
    rate: Some(Rate {
        requests: 40,
        seconds: 20,
        burst: None,
    }),
    operations: &[
        Operation {
            path: "/users",
            docs: "https://developers.gorgias.com/reference/create-user",
            fields: &[
                supported(Field::FirstName),
                supported(Field::LastName),
                supported(Field::Name),
                required(Field::Emails),
                ROLES,
            ],
            needs: &[&[Field::Name, Field::FirstName, Field::LastName]],
            response: RESPONSE,
            body: Body::Fields(new_user),
            ..Operation::CREATE
        },
        Operation {
            extension: true,
            path: "/users/{id}",
            docs: "https://developers.gorgias.com/reference/update-user",
            fields: &[
                supported(Field::FirstName),
                supported(Field::LastName),
                supported(Field::Name),
                ROLES,
            ],
            joined_name: true,
            response: RESPONSE,
            body: Body::Fields(changes),
            ..Operation::UPDATE
        },
        Operation {
            path: "/users/{id}",
            docs: "https://developers.gorgias.com/reference/users",
            response: RESPONSE,
            ..Operation::READ
        },
        Operation {
            name: OperationName::List,
            path: "/users",
            docs: "https://developers.gorgias.com/reference/users",
            response: RESPONSE,
            list: Some(&Listing {
                users: Some("data"),
                paging: Paging::Cursor {
                    size: "limit",
                    cursor: "cursor",
                    next,
                    max: 100,
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
            docs: "https://developers.gorgias.com/reference/users",
            effect: Some("the user is deleted"),
            ..Operation::DELETE
        },
    ],
    user,
    rejection,
};

/// The user to create, in the order of the reference.
#[derive(Serialize)]
struct NewUser<'a> {
    email: Option<&'a str>,
    name: Option<String>,
    role: RoleName<'a>,
}

#[derive(Serialize)]
struct RoleName<'a> {
    name: &'a str,
}

fn new_user(user: &UserChanges) -> Vec<u8> {
    let UserChanges {
        first_name,
        last_name,
        name,
        emails,
        roles,
        nick_name: _,
        custom_fields: _,
        avatar: _,
        remote_data: _,
    } = user;
    let full = set_string(name).filter(|name| !is_blank(name));
    write(&NewUser {
        email: primary(set_emails(emails)),
        name: full
            .map(str::to_owned)
            .or_else(|| joined(set_string(first_name), set_string(last_name))),
        role: RoleName {
            name: single_role(set_roles(roles)).unwrap_or("agent"),
        },
    })
}

/// What to change of a user, in the order of the reference.
#[derive(Serialize)]
struct Changes<'a> {
    #[serde(skip_serializing_if = "Patch::is_keep")]
    name: Patch<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<RoleName<'a>>,
}

fn changes(changes: &UserChanges) -> Vec<u8> {
    let UserChanges {
        first_name,
        last_name,
        name,
        emails: _,
        roles,
        nick_name: _,
        custom_fields: _,
        avatar: _,
        remote_data: _,
    } = changes;
    let parts = joined(set_string(first_name), set_string(last_name));
    write(&Changes {
        name: match name {
            StringChange::Set(name) => Patch::Set(Cow::Borrowed(name)),
            StringChange::Clear => Patch::Clear,
            StringChange::Keep => parts.map_or(Patch::Keep, |name| Patch::Set(Cow::Owned(name))),
        },
        role: single_role(set_roles(roles)).map(|name| RoleName { name }),
    })
}

/// The cursor of the next page; `null` on the last one.
fn next(response: &Value<'_>) -> Option<String> {
    let meta = &response.get("meta");
    let cursor = meta.get("next_cursor");
    let is_last = cursor.is_null() || cursor.as_str() == Some("");
    (!is_last).then(|| identifier(meta, "next_cursor").unwrap_or_default())
}

fn user(response: &Value<'_>, _: OperationName) -> User {
    let first_name = string(response, "firstname");
    let last_name = string(response, "lastname");
    User {
        id: identifier(response, "id"),
        name: string(response, "name")
            .or_else(|| joined(first_name.as_deref(), last_name.as_deref())),
        first_name,
        last_name,
        emails: single_email(response, "email"),
        is_active: boolean(response, "active"),
        roles: roles(response),
        created_at: timestamp(response, "created_datetime"),
        updated_at: timestamp(response, "updated_datetime"),
        ..User::default()
    }
}

/// The role; accounts of before 2022 responded with an array `roles`.
fn roles(response: &Value<'_>) -> Option<Vec<Role>> {
    let roles = match (response.get("role"), response.get("roles")) {
        (role @ Value::Object(_), _) => role,
        (_, roles @ Value::Array(_)) => roles,
        _ => return None,
    };
    let roles = roles.entries().filter_map(|role| {
        let name = string(&role, "name");
        let id = identifier(&role, "id").or_else(|| name.clone());
        (id.is_some() || name.is_some()).then_some(Role { id, name })
    });
    Some(roles.collect())
}

/// `{"error": {"msg": …, "data": {FIELD: [SENTENCE, …]}}}`: <https://developers.gorgias.com/reference/errors>. Where a field is an
/// object, so are its reasons.
fn rejection(_: u16, response: &Value<'_>) -> Rejection {
    let error = &response.get("error");
    let mut fields = RejectedFields::default();
    super::reasons(&error.get("data"), "", 0, &mut |path, message| {
        let field = match path.split('/').nth(1) {
            Some("email") => Some(Field::Emails),
            Some("name") => Some(Field::Name),
            Some("role") => Some(Field::Roles),
            _ => None,
        };
        fields.push(field, path, message);
    });
    Rejection {
        code: None,
        message: string(error, "msg"),
        fields,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn parsed(response: &str) -> Option<Vec<(Option<String>, Option<String>)>> {
        let roles = roles(&parse(response).unwrap())?;
        Some(roles.into_iter().map(|role| (role.id, role.name)).collect())
    }

    #[test]
    fn role_is_read_in_every_shape() {
        let some = |string: &str| Some(string.to_owned());
        let agent = (some("agent"), some("agent"));
        assert_eq!(
            parsed(r#"{"role": {"name": "agent"}}"#),
            Some(vec![agent.clone()])
        );
        assert_eq!(
            parsed(r#"{"role": {"id": 7, "name": "agent"}}"#),
            Some(vec![(some("7"), some("agent"))])
        );
        assert_eq!(
            parsed(r#"{"role": {"id": 7}}"#),
            Some(vec![(some("7"), None)])
        );
        assert_eq!(
            parsed(r#"{"roles": [{"name": "agent"}, {"id": 7}, {}]}"#),
            Some(vec![agent, (some("7"), None)])
        );
        assert_eq!(parsed(r#"{"role": {}}"#), Some(vec![]));
        assert_eq!(parsed(r#"{"role": null}"#), None);
    }
}
