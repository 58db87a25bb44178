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
//! * 403 stands for a bad token and for missing rights; `code` tells them apart.
//! * That a person is in the project already comes as a 400; one public suite has the sentence.

use serde::Serialize;

use super::{Auth, Faults, Integration, Operation, OperationName, Refusal, Scheme};
use crate::answer::{identifier, plain_role, says, single_email, text, time};
use crate::bindings::types::{ErrorCode, NewUser, User, UserChanges};
use crate::body::{primary, set_roles, single_role};
use crate::field::{Field, ResponseField as Gives, Rule, required, supported};
use crate::json::{Value, escaped, write};

/// The roles that the published tables name; `inactive` is not among them.
const ROLES: Rule = supported(Field::Roles)
    .single()
    .one_of(&["owner", "member", "viewer"]);

/// Both operations answer with the same object.
const RESPONSE: &[Gives] = &[
    Gives::Id,
    Gives::Name,
    Gives::Username,
    Gives::Emails,
    Gives::Roles,
    Gives::CreatedAt,
    Gives::UpdatedAt,
];

pub(super) static INTEGRATION: Integration = Integration {
    name: "pivotal_tracker",
    title: "Pivotal Tracker",
    docs: "https://www.pivotaltracker.com/help/api/rest/v5",
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
    create: Operation {
        method: "POST",
        path: "/projects/{project}/memberships",
        query: &[],
        docs: "https://www.pivotaltracker.com/help/api/rest/v5",
        fields: &[required(Field::Name), required(Field::Emails), ROLES],
        needs: &[],
        wrapper: None,
        response: RESPONSE,
        body: membership,
    },
    update: Some(Operation {
        method: "PUT",
        path: "/projects/{project}/memberships/{id}",
        query: &[],
        docs: "https://www.pivotaltracker.com/help/api/rest/v5",
        fields: &[ROLES],
        needs: &[],
        wrapper: None,
        response: RESPONSE,
        body: changes,
    }),
    user,
    refusal,
};

/// The membership to add, in the order of the reference.
#[derive(Serialize)]
struct Membership<'a> {
    email: Option<&'a str>,
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
}

fn membership(user: &NewUser) -> Vec<u8> {
    let NewUser {
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
        email: primary(emails.as_deref()),
        name: name.as_deref(),
        role: single_role(roles.as_deref()),
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

fn user(answer: &Value<'_>, _: OperationName) -> User {
    let person = &answer.get("person");
    User {
        id: identifier(answer, "id"),
        name: text(person, "name"),
        username: text(person, "username"),
        emails: single_email(person, "email"),
        roles: text(answer, "role").map(|role| vec![plain_role(role)]),
        created_at: time(answer, "created_at"),
        updated_at: time(answer, "updated_at"),
        ..User::default()
    }
}

/// `{"kind": "error", "code": …, "error": …}`, with `general_problem`, `requirement`, `possible_fix` and `validation_errors`
/// where they apply.
fn refusal(status: u16, answer: &Value<'_>) -> Refusal {
    let problem = text(answer, "general_problem");
    let member = problem
        .as_deref()
        .is_some_and(|problem| says(problem, "already a project member"));
    let code = match text(answer, "code").as_deref() {
        Some("invalid_authentication") => Some(ErrorCode::ProviderUnauthorized),
        Some("unauthorized_operation") => Some(ErrorCode::ProviderForbidden),
        Some("invalid_parameter") if status == 400 && member => Some(ErrorCode::ProviderConflict),
        _ => None,
    };
    let mut faults = Faults::default();
    for fault in answer.get("validation_errors").entries() {
        let Some(name) = text(&fault, "field") else {
            continue;
        };
        let field = match name.as_str() {
            "email" => Some(Field::Emails),
            "name" => Some(Field::Name),
            "role" => Some(Field::Roles),
            _ => None,
        };
        let problem = text(&fault, "problem");
        let message = problem.as_deref().unwrap_or("the provider gives no reason");
        faults.push(field, &format!("/{}", escaped(&name)), message);
    }
    let sentences = [
        text(answer, "error"),
        problem,
        text(answer, "requirement"),
        text(answer, "possible_fix"),
    ];
    Refusal {
        code,
        message: super::one_sentence(sentences.into_iter().flatten(), " "),
        faults,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn read(status: u16, answer: &str) -> Refusal {
        refusal(status, &parse(answer).unwrap())
    }

    #[test]
    fn the_code_tells_what_the_status_does_not() {
        let code = |code: &str| read(403, &format!(r#"{{"code": "{code}"}}"#)).code;
        let unauthorized = Some(ErrorCode::ProviderUnauthorized);
        assert_eq!(code("invalid_authentication"), unauthorized);
        let forbidden = Some(ErrorCode::ProviderForbidden);
        assert_eq!(code("unauthorized_operation"), forbidden);
        assert_eq!(code("invalid_parameter"), None);
    }

    #[test]
    fn every_sentence_is_passed_on() {
        let answer = r#"{"error": "A.", "general_problem": "B.", "requirement": "C.", "possible_fix": "D."}"#;
        assert_eq!(read(400, answer).message.as_deref(), Some("A. B. C. D."));
        assert_eq!(read(400, "{}").message, None);
    }

    #[test]
    fn what_is_refused_without_a_sentence_is_told_with_one() {
        let answer = r#"{"validation_errors": [{"field": "email"}]}"#;
        let [fault] = &read(400, answer).faults.told[..] else {
            panic!("one fault");
        };
        assert_eq!(fault.field, Some(Field::Emails));
        assert!(!fault.message.is_empty());
    }
}
