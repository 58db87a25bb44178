//! Teamwork Project Management: people.
//!
//! | Operation | Request | Reference |
//! | --- | --- | --- |
//! | create | `POST /people.json` | <https://apidocs.teamwork.com/docs/teamwork/v1/people/post-people-json> |
//! | update | `PUT /people/{id}.json` | <https://apidocs.teamwork.com/docs/teamwork/v1/people/put-people-id-json> |
//! | get | `GET /people/{id}.json` | <https://apidocs.teamwork.com/docs/teamwork/v1/people> |
//! | list | `GET /people.json` | as above |
//! | delete | `DELETE /people/{id}.json` | as above |
//!
//! Version 1 of the API, because version 3 cannot write people. Requests are wrapped in `person`, with names in kebab case;
//! responses of writes are flat, in camel case, and say little: an update responds with a status and at most an id. A person who
//! is read has names in kebab case.
//!
//! * `getUserDetails` asks for the names and the picture in the response. Its effect is inferred: the vendor's sample sends it, and
//!   responds without it lack them.
//! * A person needs a first name, a last name and an address. The reference does not say so; every client does, the vendor's own
//!   among them (<https://github.com/Teamwork/twapi-go-sdk>, `projects/user.go`).
//! * A role is one of the kinds of account that the vendor documents. The published tables do not name them.
//! * The shape of a rejection is not specified for version 1; `MESSAGE`, `error`, `content.errors` and version 3's `errors` are read.

use serde::Serialize;

use super::{
    Auth, Body, ByEmail, Integration, Listing, Operation, OperationName, Paging, Rate,
    RejectedFields, Rejection, Scheme, Setting,
};
use crate::bindings::types::{Email, User, UserChanges};
use crate::body::{Patch, primary, set_emails, set_roles, single_role};
use crate::field::{Field, ResponseField, Rule, supported};
use crate::json::{Value, write};
use crate::member::{boolean, identifier, joined, plain_role, single_email, string};
use crate::timestamp::timestamp;

const DOCS: &str = "https://apidocs.teamwork.com/docs/teamwork/v1/people";

/// The fields of a person who is read.
const PERSON: &[ResponseField] = &[
    ResponseField::Id,
    ResponseField::Name,
    ResponseField::FirstName,
    ResponseField::LastName,
    ResponseField::Username,
    ResponseField::Emails,
    ResponseField::IsActive,
    ResponseField::Avatar,
    ResponseField::Roles,
    ResponseField::CreatedAt,
    ResponseField::UpdatedAt,
];

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
    docs: DOCS,
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
    id: Some(&super::DIGITS),
    adopts: false,
    // Of the vendor's Spaces; the pages about Projects have no figure: https://developer.teamwork.com/guides/api-responses
    rate: Some(Rate {
        requests: 150,
        seconds: 60,
        burst: None,
    }),
    operations: &[
        Operation {
            path: "/people.json",
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
            body: Body::Fields(new_person),
            ..Operation::CREATE
        },
        Operation {
            path: "/people/{id}.json",
            docs: "https://apidocs.teamwork.com/docs/teamwork/v1/people/put-people-id-json",
            fields: &[
                supported(Field::FirstName),
                supported(Field::LastName),
                supported(Field::Emails),
                ROLES,
            ],
            wrapper: Some("person"),
            body: Body::Fields(changes),
            ..Operation::UPDATE
        },
        Operation {
            path: "/people/{id}.json",
            docs: DOCS,
            response: PERSON,
            ..Operation::READ
        },
        Operation {
            name: OperationName::List,
            path: "/people.json",
            docs: DOCS,
            response: PERSON,
            list: Some(&Listing {
                users: Some("people"),
                paging: Paging::Number {
                    size: "pageSize",
                    number: "page",
                    // https://github.com/loduis/teamwork.com-project-management
                    pages: "x-pages",
                    max: 500,
                },
                // Not in the reference of version 1; public clients send it.
                by_email: Some(ByEmail {
                    parameter: "emailaddress",
                    path: None,
                }),
            }),
            ..Operation::READ
        },
        Operation {
            path: "/people/{id}.json",
            docs: DOCS,
            effect: Some("the person is marked as deleted"),
            ..Operation::DELETE
        },
    ],
    user,
    rejection,
};

#[derive(Serialize)]
struct Wrapped<'a> {
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
    write(&Wrapped {
        person: Person {
            get_user_details: Some(true),
            ..person(user)
        },
    })
}

fn changes(changes: &UserChanges) -> Vec<u8> {
    write(&Wrapped {
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

fn user(response: &Value<'_>, operation: OperationName) -> User {
    match operation {
        OperationName::Get => person_who_is_read(&response.get("person")),
        OperationName::List => person_who_is_read(response),
        OperationName::Create | OperationName::Update | OperationName::Delete => {
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
    }
}

/// A boolean, or the word for it: documents of one version differ.
fn flag(person: &Value<'_>, name: &str) -> Option<bool> {
    boolean(person, name).or_else(|| string(person, name)?.parse().ok())
}

/// A person of a get or a list: <https://apidocs.teamwork.com/docs/teamwork/v1/people>
fn person_who_is_read(person: &Value<'_>) -> User {
    let first_name = string(person, "first-name");
    let last_name = string(person, "last-name");
    let mut emails = single_email(person, "email-address").unwrap_or_default();
    for name in ["email-alt-1", "email-alt-2", "email-alt-3"] {
        emails.extend(string(person, name).map(|address| Email {
            address,
            type_: Some("other".to_owned()),
        }));
    }
    let kind = match (flag(person, "administrator"), string(person, "user-type")) {
        (Some(true), _) => Some("administrator".to_owned()),
        (_, kind) => kind,
    };
    User {
        id: identifier(person, "id"),
        name: joined(first_name.as_deref(), last_name.as_deref()),
        first_name,
        last_name,
        username: string(person, "user-name"),
        emails: (!emails.is_empty()).then_some(emails),
        is_active: flag(person, "deleted").map(|deleted| !deleted),
        avatar: string(person, "avatar-url"),
        roles: kind.map(|kind| vec![plain_role(kind)]),
        created_at: timestamp(person, "created-at"),
        updated_at: timestamp(person, "last-changed-on"),
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
