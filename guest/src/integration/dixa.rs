//! Dixa: agents.
//!
//! | Operation | Request | Reference |
//! | --- | --- | --- |
//! | create | `POST /agents` | <https://docs.dixa.io/openapi/dixa-api/beta/agents/postagents> |
//!
//! Users are agents, not end users: agents require exactly the two fields that the published tables require. The answer wraps
//! the agent in `data`.
//!
//! Where the record is silent or at odds with the published tables:
//!
//! * an agent has no active flag and no time of change, and the tables promise both: an agent that exists is an active seat, and
//!   right after creation nothing has changed since;
//! * a taken address has no documented status: a 400 whose message clearly says so is a conflict.

use serde::Serialize;

use super::{Auth, Faults, Integration, Operation, OperationName, Refusal, Scheme};
use crate::answer::{identifier, plain_role, says, single_email, text, texts, time};
use crate::bindings::types::{Email, ErrorCode, NewUser, User};
use crate::body::{others, primary};
use crate::field::{Field, ResponseField as Gives, required, supported};
use crate::json::{Value, write};

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
    create: Operation {
        method: "POST",
        path: "/agents",
        query: &[],
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
            Gives::Id,
            Gives::Name,
            Gives::FirstName,
            Gives::LastName,
            Gives::Emails,
            Gives::IsActive,
            Gives::Avatar,
            Gives::Roles,
            Gives::CreatedAt,
            Gives::UpdatedAt,
        ],
        body,
    },
    update: None,
    user,
    refusal,
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

fn body(user: &NewUser) -> Vec<u8> {
    let NewUser {
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
        name: name.as_deref(),
        email: primary(emails.as_deref()),
        first_name: first_name.as_deref(),
        last_name: last_name.as_deref(),
        avatar: avatar.as_deref(),
        additional_emails: others(emails.as_deref()),
    })
}

fn user(answer: &Value<'_>, operation: OperationName) -> User {
    let agent = &answer.get("data");
    let created_at = time(agent, "createdAt");
    let mut emails = single_email(agent, "email").unwrap_or_default();
    for address in texts(agent, "additionalEmails").unwrap_or_default() {
        emails.push(Email {
            address,
            type_: Some("other".to_owned()),
        });
    }
    User {
        id: identifier(agent, "id"),
        name: text(agent, "displayName"),
        first_name: text(agent, "firstName"),
        last_name: text(agent, "lastName"),
        emails: (!emails.is_empty()).then_some(emails),
        is_active: agent.as_object().map(|_| true),
        avatar: text(agent, "avatarUrl"),
        roles: texts(agent, "roles").map(|roles| roles.into_iter().map(plain_role).collect()),
        updated_at: time(agent, "updatedAt").or_else(|| {
            created_at
                .clone()
                .filter(|_| operation == OperationName::Create)
        }),
        created_at,
        ..User::default()
    }
}

fn refusal(status: u16, answer: &Value<'_>) -> Refusal {
    let message = text(answer, "message");
    let taken = message.as_deref().is_some_and(|message| {
        status == 400
            && says(message, "already")
            && ["exist", "in use", "taken", "used"]
                .iter()
                .any(|word| says(message, word))
    });
    Refusal {
        code: taken.then_some(ErrorCode::ProviderConflict),
        message,
        faults: Faults::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn only_a_sentence_that_clearly_says_so_is_a_conflict() {
        let code = |status, message: &str| {
            let answer = format!(r#"{{"message": "{message}"}}"#);
            refusal(status, &parse(&answer).unwrap()).code
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
