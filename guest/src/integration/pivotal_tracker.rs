//! Pivotal Tracker: memberships of a project.
//!
//! | Operation | Request | Reference |
//! | --- | --- | --- |
//! | create | `POST /projects/{project}/memberships` | <https://www.pivotaltracker.com/help/api/rest/v5> |
//! | update | `PUT /projects/{project}/memberships/{id}` | <https://www.pivotaltracker.com/help/api/rest/v5> |
//!
//! A user is a membership, and its id the membership's: the one that an update takes. A person is made by adding a membership
//! with an address. The service was switched off in 2025; what speaks its protocol is elsewhere now, by `base_url`.
//!
//! * Without a role, none is sent; the provider's default is not on record.
//! * 403 stands for a bad token and for missing rights; `code` distinguishes them.
//! * That a person is in the project already comes as a 400; one public suite has the sentence.

use serde::Serialize;

use super::{
    Auth, Body, Integration, Listing, Operation, OperationName, Paging, RejectedFields, Rejection,
    Scheme,
};
use crate::bindings::types::{ErrorCode, User, UserChanges};
use crate::body::{primary, set_emails, set_roles, set_string, single_role};
use crate::field::{Field, ResponseField, Rule, required, supported};
use crate::json::{Value, escaped, write};
use crate::member::{identifier, plain_role, says, single_email, string};
use crate::timestamp::timestamp;

const DOCS: &str = "https://www.pivotaltracker.com/help/api/rest/v5";

/// The roles that the published tables name; `inactive` is not among them.
const ROLES: Rule = supported(Field::Roles)
    .single()
    .one_of(&["owner", "member", "viewer"]);

/// Every operation responds with the same object.
const RESPONSE: &[ResponseField] = &[
    ResponseField::Id,
    ResponseField::Name,
    ResponseField::Username,
    ResponseField::Emails,
    ResponseField::Roles,
    ResponseField::CreatedAt,
    ResponseField::UpdatedAt,
];

pub(super) static INTEGRATION: Integration = Integration {
    name: "pivotal_tracker",
    title: "Pivotal Tracker",
    docs: DOCS,
    base_url: "https://www.pivotaltracker.com/services/v5",
    settings: &[],
    auth: &[Auth {
        header: "x-trackertoken",
        scheme: Scheme::Plain("api_token"),
    }],
    auth_query: &[],
    usage_header: None,
    exhausted_status: None,
    id_headers: &[],
    id: Some(&super::DIGITS),
    // The public record has no figure.
    rate: None,
    operations: &[
        Operation {
            path: "/projects/{project}/memberships",
            docs: DOCS,
            fields: &[required(Field::Name), required(Field::Emails), ROLES],
            response: RESPONSE,
            body: Body::Fields(membership),
            ..Operation::CREATE
        },
        Operation {
            path: "/projects/{project}/memberships/{id}",
            docs: DOCS,
            fields: &[ROLES],
            response: RESPONSE,
            body: Body::Fields(changes),
            ..Operation::UPDATE
        },
        Operation {
            path: "/projects/{project}/memberships/{id}",
            docs: DOCS,
            response: RESPONSE,
            ..Operation::READ
        },
        Operation {
            name: OperationName::List,
            path: "/projects/{project}/memberships",
            docs: DOCS,
            response: RESPONSE,
            list: Some(&Listing {
                users: None,
                paging: Paging::Whole,
                by_email: None,
            }),
            ..Operation::READ
        },
        Operation {
            path: "/projects/{project}/memberships/{id}",
            docs: DOCS,
            effect: Some("the person leaves the project"),
            ..Operation::DELETE
        },
    ],
    user,
    rejection,
};

/// The membership to add, in the order of the reference.
#[derive(Serialize)]
struct Membership<'a> {
    email: Option<&'a str>,
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
}

fn membership(user: &UserChanges) -> Vec<u8> {
    let UserChanges {
        first_name: _,
        last_name: _,
        name,
        emails,
        roles,
        nick_name: _,
        custom_fields: _,
        avatar: _,
        remote_data: _,
    } = user;
    write(&Membership {
        email: primary(set_emails(emails)),
        name: set_string(name),
        role: single_role(set_roles(roles)),
    })
}

/// The membership to change. Name and address belong to the person, and cannot be changed here.
#[derive(Serialize)]
struct Changes<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
}

fn changes(changes: &UserChanges) -> Vec<u8> {
    let UserChanges {
        first_name: _,
        last_name: _,
        name: _,
        emails: _,
        roles,
        nick_name: _,
        custom_fields: _,
        avatar: _,
        remote_data: _,
    } = changes;
    write(&Changes {
        role: single_role(set_roles(roles)),
    })
}

fn user(response: &Value<'_>, _: OperationName) -> User {
    let person = &response.get("person");
    User {
        id: identifier(response, "id"),
        name: string(person, "name"),
        username: string(person, "username"),
        emails: single_email(person, "email"),
        roles: string(response, "role").map(|role| vec![plain_role(role)]),
        created_at: timestamp(response, "created_at"),
        updated_at: timestamp(response, "updated_at"),
        ..User::default()
    }
}

/// `{"kind": "error", "code": …, "error": …}`, with `general_problem`, `requirement`, `possible_fix` and `validation_errors`
/// where they apply.
fn rejection(status: u16, response: &Value<'_>) -> Rejection {
    let problem = string(response, "general_problem");
    let member = problem
        .as_deref()
        .is_some_and(|problem| says(problem, "already a project member"));
    let code = match string(response, "code").as_deref() {
        Some("invalid_authentication") => Some(ErrorCode::ProviderUnauthorized),
        Some("unauthorized_operation") => Some(ErrorCode::ProviderForbidden),
        Some("invalid_parameter") if status == 400 && member => Some(ErrorCode::ProviderConflict),
        _ => None,
    };
    let mut fields = RejectedFields::default();
    for error in response.get("validation_errors").entries() {
        let Some(name) = string(&error, "field") else {
            continue;
        };
        let field = match name.as_str() {
            "email" => Some(Field::Emails),
            "name" => Some(Field::Name),
            "role" => Some(Field::Roles),
            _ => None,
        };
        let problem = string(&error, "problem");
        let message = problem.as_deref().unwrap_or("the provider gives no reason");
        fields.push(field, &format!("/{}", escaped(&name)), message);
    }
    let sentences = [
        string(response, "error"),
        problem,
        string(response, "requirement"),
        string(response, "possible_fix"),
    ];
    Rejection {
        code,
        message: super::joined_sentences(sentences.into_iter().flatten(), " "),
        fields,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn parsed(status: u16, response: &str) -> Rejection {
        rejection(status, &parse(response).unwrap())
    }

    #[test]
    fn code_wins_over_status() {
        let code = |code: &str| parsed(403, &format!(r#"{{"code": "{code}"}}"#)).code;
        let unauthorized = Some(ErrorCode::ProviderUnauthorized);
        assert_eq!(code("invalid_authentication"), unauthorized);
        let forbidden = Some(ErrorCode::ProviderForbidden);
        assert_eq!(code("unauthorized_operation"), forbidden);
        assert_eq!(code("invalid_parameter"), None);
    }

    #[test]
    fn every_sentence_is_passed_on() {
        let response = r#"{"error": "A.", "general_problem": "B.", "requirement": "C.", "possible_fix": "D."}"#;
        assert_eq!(
            parsed(400, response).message.as_deref(),
            Some("A. B. C. D.")
        );
        assert_eq!(parsed(400, "{}").message, None);
    }

    #[test]
    fn rejection_without_sentence_gets_one() {
        let response = r#"{"validation_errors": [{"field": "email"}]}"#;
        let [rejected] = &parsed(400, response).fields.reported[..] else {
            panic!("one field");
        };
        assert_eq!(rejected.field, Some(Field::Emails));
        assert!(!rejected.message.is_empty());
    }
}
