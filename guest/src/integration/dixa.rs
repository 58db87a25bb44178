//! Dixa: agents.
//!
//! | Operation | Request | Reference |
//! | --- | --- | --- |
//! | create | `POST /agents` | <https://docs.dixa.io/openapi/dixa-api/beta/agents/postagents> |
//! | update | `PATCH /agents/{id}` | <https://docs.dixa.io/openapi/dixa-api/v1/overview> |
//! | get | `GET /agents/{id}` | as above |
//! | list | `GET /agents` | as above |
//! | delete | `DELETE /agents/{id}` | as above |
//!
//! Users are agents, not end users: agents require exactly the two fields that the published tables require. The response wraps
//! the agent in `data`. An update is partial; addresses and roles cannot be changed. There is no way to deactivate an agent.
//!
//! Where the record is silent or at odds with the published tables:
//!
//! * an agent has no active flag and no time of change, and the tables promise both: an agent that exists is an active seat, and
//!   right after creation nothing has changed since;
//! * whether a look-up by an address regards case, and finds additional addresses, is not said;
//! * a taken address has no documented status: a 400 whose message clearly says so is a conflict.

use serde::Serialize;

use super::{
    Auth, Body, ByEmail, Integration, Listing, Operation, OperationName, Paging, Rate,
    RejectedFields, Rejection, Scheme,
};
use crate::bindings::types::{Email, ErrorCode, User, UserChanges};
use crate::body::{Patch, others, primary, set_emails, set_string};
use crate::field::{Field, ResponseField, required, supported};
use crate::json::{Value, write};
use crate::member::{identifier, plain_role, says, single_email, string, strings};
use crate::timestamp::timestamp;

const DOCS: &str = "https://docs.dixa.io/openapi/dixa-api/v1/overview";

/// The fields of an agent who is read.
const AGENT: &[ResponseField] = &[
    ResponseField::Id,
    ResponseField::Name,
    ResponseField::FirstName,
    ResponseField::LastName,
    ResponseField::Emails,
    ResponseField::IsActive,
    ResponseField::Avatar,
    ResponseField::Roles,
    ResponseField::CreatedAt,
];

pub(super) static INTEGRATION: Integration = Integration {
    name: "dixa",
    title: "Dixa",
    docs: "https://docs.dixa.io/openapi/dixa-api/v1/overview",
    // The host of production, in spite of its name.
    base_url: "https://dev.dixa.io/v1",
    settings: &[],
    // The token as it is, without a scheme: https://docs.dixa.io/docs/api-standards-rules
    auth: &[Auth {
        header: "authorization",
        scheme: Scheme::Plain("api_token"),
    }],
    auth_query: &[],
    usage_header: None,
    exhausted_status: None,
    id_headers: &[],
    id: Some(&super::UUID),
    adopts: true,
    // https://docs.dixa.io/docs/api-standards-rules
    rate: Some(Rate {
        requests: 10,
        seconds: 1,
        burst: Some(4),
    }),
    operations: &[
        Operation {
            path: "/agents",
            docs: "https://docs.dixa.io/openapi/dixa-api/beta/agents/postagents",
            fields: &[
                supported(Field::FirstName),
                supported(Field::LastName),
                required(Field::Name),
                required(Field::Emails).further(),
                supported(Field::Avatar),
            ],
            response: &[
                ResponseField::Id,
                ResponseField::Name,
                ResponseField::FirstName,
                ResponseField::LastName,
                ResponseField::Emails,
                ResponseField::IsActive,
                ResponseField::Avatar,
                ResponseField::Roles,
                ResponseField::CreatedAt,
                ResponseField::UpdatedAt,
            ],
            body: Body::Fields(new_agent),
            ..Operation::CREATE
        },
        Operation {
            extension: true,
            method: "PATCH",
            path: "/agents/{id}",
            docs: DOCS,
            fields: &[
                supported(Field::FirstName),
                supported(Field::LastName),
                supported(Field::Name),
                supported(Field::Avatar),
            ],
            response: AGENT,
            body: Body::Fields(changes),
            ..Operation::UPDATE
        },
        Operation {
            path: "/agents/{id}",
            docs: DOCS,
            response: AGENT,
            ..Operation::READ
        },
        Operation {
            name: OperationName::List,
            path: "/agents",
            docs: DOCS,
            response: AGENT,
            list: Some(&Listing {
                users: Some("data"),
                paging: Paging::Cursor {
                    size: "pageLimit",
                    cursor: "pageKey",
                    next,
                    // The largest page is not documented.
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
            path: "/agents/{id}",
            docs: DOCS,
            effect: Some("the agent becomes an end user; the person is not erased"),
            ..Operation::DELETE
        },
    ],
    user,
    rejection,
};

/// The agent to create, in the order of the reference.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Agent<'a> {
    #[serde(rename = "displayName")]
    name: Option<&'a str>,
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
    #[serde(rename = "avatarUrl", skip_serializing_if = "Option::is_none")]
    avatar: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    additional_emails: Vec<&'a str>,
}

fn new_agent(user: &UserChanges) -> Vec<u8> {
    let UserChanges {
        first_name,
        last_name,
        name,
        emails,
        roles: _,
        nick_name: _,
        custom_fields: _,
        avatar,
        remote_data: _,
    } = user;
    write(&Agent {
        name: set_string(name),
        email: primary(set_emails(emails)),
        first_name: set_string(first_name),
        last_name: set_string(last_name),
        avatar: set_string(avatar),
        additional_emails: others(set_emails(emails)),
    })
}

/// What to change of an agent, in the order of the reference.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changes<'a> {
    #[serde(rename = "displayName", skip_serializing_if = "Patch::is_keep")]
    name: Patch<&'a str>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    first_name: Patch<&'a str>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    last_name: Patch<&'a str>,
    #[serde(rename = "avatarUrl", skip_serializing_if = "Patch::is_keep")]
    avatar: Patch<&'a str>,
}

fn changes(changes: &UserChanges) -> Vec<u8> {
    let UserChanges {
        first_name,
        last_name,
        name,
        emails: _,
        roles: _,
        nick_name: _,
        custom_fields: _,
        avatar,
        remote_data: _,
    } = changes;
    write(&Changes {
        name: name.into(),
        first_name: first_name.into(),
        last_name: last_name.into(),
        avatar: avatar.into(),
    })
}

/// The key of the next page, which the URL of that page has. Absent on the last one.
fn next(response: &Value<'_>) -> Option<String> {
    let url = response.get("meta").get("next");
    if url.is_null() || url.as_str() == Some("") {
        return None;
    }
    let query = url.as_str().and_then(|url| url.split_once('?'));
    let key = query.and_then(|(_, query)| {
        let mut parameters = form_urlencoded::parse(query.as_bytes());
        parameters.find(|(name, _)| name == "pageKey")
    });
    Some(key.map(|(_, key)| key.into_owned()).unwrap_or_default())
}

fn user(response: &Value<'_>, operation: OperationName) -> User {
    let agent = &match operation {
        OperationName::List => response.clone(),
        _ => response.get("data"),
    };
    let created_at = timestamp(agent, "createdAt");
    let mut emails = single_email(agent, "email").unwrap_or_default();
    for address in strings(agent, "additionalEmails").unwrap_or_default() {
        emails.push(Email {
            address,
            type_: Some("other".to_owned()),
        });
    }
    User {
        id: identifier(agent, "id"),
        name: string(agent, "displayName"),
        first_name: string(agent, "firstName"),
        last_name: string(agent, "lastName"),
        emails: (!emails.is_empty()).then_some(emails),
        is_active: agent.as_object().map(|_| true),
        avatar: string(agent, "avatarUrl"),
        roles: strings(agent, "roles").map(|roles| roles.into_iter().map(plain_role).collect()),
        updated_at: timestamp(agent, "updatedAt").or_else(|| {
            created_at
                .clone()
                .filter(|_| operation == OperationName::Create)
        }),
        created_at,
        ..User::default()
    }
}

fn rejection(status: u16, response: &Value<'_>) -> Rejection {
    let message = string(response, "message");
    let taken = message.as_deref().is_some_and(|message| {
        status == 400
            && says(message, "already")
            && ["exist", "in use", "taken", "used"]
                .iter()
                .any(|word| says(message, word))
    });
    Rejection {
        code: taken.then_some(ErrorCode::ProviderConflict),
        message,
        fields: RejectedFields::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn clear_sentence_is_conflict() {
        let code = |status, message: &str| {
            let response = format!(r#"{{"message": "{message}"}}"#);
            rejection(status, &parse(&response).unwrap()).code
        };
        let conflict = Some(ErrorCode::ProviderConflict);
        assert_eq!(code(400, "The email address is already in use"), conflict);
        assert_eq!(
            code(400, "An agent with this email Already Exists"),
            conflict
        );
        assert_eq!(code(400, "The queue does not exist"), None);
        assert_eq!(code(400, "The import is already running"), None);
        assert_eq!(code(500, "The email address is already in use"), None);
    }
}
