//! Teamwork Project Management: people.
//!
//! | Operation | Request | Reference |
//! | --- | --- | --- |
//! | create | `POST /people.json` | <https://apidocs.teamwork.com/docs/teamwork/v1/people/post-people-json> |
//! | update | `PUT /people/{id}.json` | <https://apidocs.teamwork.com/docs/teamwork/v1/people/put-people-id-json> |
//!
//! Version 1 of the API, because version 3 cannot write people. Requests are wrapped in `person`, with names in kebab case;
//! responses are flat, in camel case, and say little: an update responds with a status and at most an id.
//!
//! * `getUserDetails` asks for the names and the picture in the response. Its effect is inferred: the vendor's sample sends it, and
//!   responds without it lack them.
//! * A person needs a first name, a last name and an address. The reference does not say so; every client does, the vendor's own
//!   among them (<https://github.com/Teamwork/twapi-go-sdk>, `projects/user.go`).
//! * A role is one of the kinds of account that the vendor documents. The published tables do not name them.
//! * The shape of a rejection is not specified for version 1; `MESSAGE`, `error`, `content.errors` and version 3's `errors` are read.

use serde::Serialize;

use super::{
    Auth, Integration, Operation, OperationName, RejectedFields, Rejection, Scheme, Setting,
};
use crate::bindings::types::{Safety, User, UserChanges};
use crate::body::{Patch, primary, set_emails, set_roles, single_role};
use crate::field::{Field, ResponseField, Rule, supported};
use crate::json::{Value, write};
use crate::member::{identifier, joined, string};

/// The roles of a person: administrator, or one of the values of `user-type`.
const ROLES: Rule = supported(Field::Roles).single().one_of(&[
    "administrator",
    "account",
    "collaborator",
    "contact",
]);

pub(super) static INTEGRATION: Integration = Integration {
    name: "teamwork",
    title: "Teamwork Project Management",
    docs: "https://apidocs.teamwork.com/docs/teamwork/v1/people",
    base_url: "https://{site}.teamwork.com",
    settings: &[Setting {
        name: "site",
        description: "the site's name in `https://SITE.teamwork.com`, with `.eu` where it has that",
        default: None,
        in_host: true,
        accepts: super::is_site,
        expected: super::SITE,
    }],
    // The key is the user name; any password will do: https://apidocs.teamwork.com/guides/teamwork/authentication
    auth: &[
        Auth {
            header: "authorization",
            scheme: Scheme::BasicUser("api_key", "x"),
        },
        Auth {
            header: "authorization",
            scheme: Scheme::Bearer("access_token"),
        },
    ],
    auth_query: &[],
    usage_header: None,
    // https://developer.teamwork.com/guides/api-responses, as it was before 429.
    exhausted_status: Some(400),
    // https://developer.teamwork.com/people, the older reference: it has no body at all.
    id_headers: &["id", "location"],
    operations: &[
        Operation {
            name: OperationName::Create,
            method: "POST",
            path: "/people.json",
            query: &[],
            safety: Safety::Once,
            docs: "https://apidocs.teamwork.com/docs/teamwork/v1/people/post-people-json",
            fields: &[
                supported(Field::FirstName),
                supported(Field::LastName),
                supported(Field::Emails),
                ROLES,
            ],
            needs: &[&[Field::FirstName], &[Field::LastName], &[Field::Emails]],
            wrapper: Some("person"),
            response: &[
                ResponseField::Id,
                ResponseField::FirstName,
                ResponseField::LastName,
                ResponseField::Avatar,
            ],
            body: Some(new_person),
        },
        Operation {
            name: OperationName::Update,
            method: "PUT",
            path: "/people/{id}.json",
            query: &[],
            safety: Safety::Idempotent,
            docs: "https://apidocs.teamwork.com/docs/teamwork/v1/people/put-people-id-json",
            fields: &[
                supported(Field::FirstName),
                supported(Field::LastName),
                supported(Field::Emails),
                ROLES,
            ],
            needs: &[],
            wrapper: Some("person"),
            response: &[],
            body: Some(changes),
        },
    ],
    user,
    rejection,
};

#[derive(Serialize)]
struct Body<'a> {
    person: Person<'a>,
}

/// A person, in the order of the reference.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Person<'a> {
    #[serde(skip_serializing_if = "Patch::is_keep")]
    first_name: Patch<&'a str>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    last_name: Patch<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    administrator: Option<bool>,
    #[serde(rename = "getUserDetails", skip_serializing_if = "Option::is_none")]
    get_user_details: Option<bool>,
}

/// `user-type` and `administrator` of a role.
fn kind(role: Option<&str>) -> (Option<&str>, Option<bool>) {
    match role {
        Some("administrator") => (Some("account"), Some(true)),
        Some("account") => (Some("account"), Some(false)),
        other => (other, None),
    }
}

fn new_person(user: &UserChanges) -> Vec<u8> {
    write(&Body {
        person: Person {
            get_user_details: Some(true),
            ..person(user)
        },
    })
}

fn changes(changes: &UserChanges) -> Vec<u8> {
    write(&Body {
        person: person(changes),
    })
}

fn person(changes: &UserChanges) -> Person<'_> {
    let UserChanges {
        first_name,
        last_name,
        name: _,
        emails,
        roles,
        nick_name: _,
        custom_fields: _,
        avatar: _,
        remote_data: _,
    } = changes;
    let (user_type, administrator) = kind(single_role(set_roles(roles)));
    Person {
        first_name: first_name.into(),
        last_name: last_name.into(),
        email_address: primary(set_emails(emails)),
        user_type,
        administrator,
        get_user_details: None,
    }
}

fn user(response: &Value<'_>, _: OperationName) -> User {
    let person = &response.get("user");
    let first_name = string(person, "firstName");
    let last_name = string(person, "lastName");
    User {
        id: identifier(person, "id").or_else(|| identifier(response, "id")),
        name: joined(first_name.as_deref(), last_name.as_deref()),
        first_name,
        last_name,
        avatar: string(person, "avatarUrl"),
        ..User::default()
    }
}

/// <https://developer.teamwork.com/guides/api-responses> has the statuses, and no body.
fn rejection(_: u16, response: &Value<'_>) -> Rejection {
    let alone = ["MESSAGE", "error"]
        .iter()
        .find_map(|name| string(response, name));
    let errors = [
        response.get("content").get("errors"),
        response.get("errors"),
    ];
    let message = alone.or_else(|| {
        super::joined_sentences(errors.iter().flat_map(|each| super::sentences(each)), "; ")
    });
    Rejection {
        code: None,
        message,
        fields: RejectedFields::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn rejection_is_read_in_every_shape() {
        let message_of = |response: &str| rejection(400, &parse(response).unwrap()).message;
        for (response, message) in [
            (r#"{"STATUS": "Error", "MESSAGE": "a"}"#, "a"),
            (r#"{"error": "b"}"#, "b"),
            (r#"{"content": {"errors": ["c", "d"]}}"#, "c; d"),
            (
                r#"{"errors": [{"title": "t", "detail": "e"}, {"title": "f"}]}"#,
                "e; f",
            ),
        ] {
            assert_eq!(message_of(response).as_deref(), Some(message), "{response}");
        }
        assert_eq!(message_of("{}"), None);
    }
}
