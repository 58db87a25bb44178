//! Dixa: agents.
//!
//! | Operation | Request | Reference |
//! | --- | --- | --- |
//! | create | `POST /agents` | <https://docs.dixa.io/openapi/dixa-api/beta/agents/postagents> |
//!
//! Users are agents, not end users: agents require exactly the two fields that the published tables require. The response wraps
//! the agent in `data`.
//!
//! Where the record is silent or at odds with the published tables:
//!
//! * an agent has no active flag and no time of change, and the tables promise both: an agent that exists is an active seat, and
//!   right after creation nothing has changed since;
//! * a taken address has no documented status: a 400 whose message clearly says so is a conflict.

use serde::Serialize;

use super::{Auth, Integration, Operation, OperationName, RejectedFields, Rejection, Scheme};
use crate::bindings::types::{Email, ErrorCode, Safety, User, UserChanges};
use crate::body::{others, primary, set_emails, set_string};
use crate::field::{Field, ResponseField, required, supported};
use crate::json::{Value, write};
use crate::member::{identifier, plain_role, says, single_email, string, strings};
use crate::timestamp::timestamp;

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
    operations: &[Operation {
        name: OperationName::Create,
        method: "POST",
        path: "/agents",
        query: &[],
        safety: Safety::Once,
        docs: "https://docs.dixa.io/openapi/dixa-api/beta/agents/postagents",
        fields: &[
            supported(Field::FirstName),
            supported(Field::LastName),
            required(Field::Name),
            required(Field::Emails).further(),
            supported(Field::Avatar),
        ],
        needs: &[],
        wrapper: None,
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
        body: Some(body),
    }],
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

fn body(user: &UserChanges) -> Vec<u8> {
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

fn user(response: &Value<'_>, operation: OperationName) -> User {
    let agent = &response.get("data");
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
