//! Hive (hive.com): members of a workspace.
//!
//! | Operation | Request | Reference |
//! | --- | --- | --- |
//! | create | `POST /workspaces/{workspace_id}/users` | <https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/invite-user.md> |
//! | update | `PUT /users/{id}` | <https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/users-1.md> |
//!
//! The references are the vendor's own copy of developers.hive.com in a public repository. Every request names the owner of the key in the query, as `user_id`.
//!
//! * Hive says 400 for a bad key and for an unknown user; the sentence distinguishes them.
//! * One name of a `profile` is sent alone. That Hive keeps the other name is inferred from the vendor's sample, which sends one.
//! * The response to the invitation of a present member is not on record; nothing is assumed.

use serde::Serialize;

use super::{
    Auth, Body, ByEmail, Integration, Listing, Operation, OperationName, Paging, RejectedFields,
    Rejection, Scheme, Setting,
};
use crate::bindings::types::{ErrorCode, User, UserChanges};
use crate::body::{Patch, primary, set_emails, set_string};
use crate::field::{Field, ResponseField, required, supported};
use crate::json::{Value, write};
use crate::member::{identifier, joined, says, single_email, string};

/// Both operations respond with the same object.
const RESPONSE: &[ResponseField] = &[
    ResponseField::Id,
    ResponseField::Name,
    ResponseField::FirstName,
    ResponseField::LastName,
    ResponseField::Emails,
];

/// The owner of the key. Hive accepts no request without it.
const OWNER: &[(&str, &str)] = &[("user_id", "user_id")];

const USERS: &str =
    "https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/users-1.md";

pub(super) static INTEGRATION: Integration = Integration {
    name: "hive",
    title: "Hive",
    docs: "https://developers.hive.com",
    base_url: "https://app.hive.com/api/v1",
    settings: &[
        Setting {
            name: "workspace_id",
            description: "the workspace that users are invited to",
            default: None,
            in_host: false,
            accepts: super::is_segment,
            expected: super::SEGMENT,
        },
        Setting {
            name: "user_id",
            description: "the owner of the API key (My profile, API info)",
            default: None,
            in_host: false,
            accepts: super::is_segment,
            expected: super::SEGMENT,
        },
    ],
    // https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/api-keys-and-auth.md
    auth: &[Auth {
        header: "api_key",
        scheme: Scheme::Plain("api_key"),
    }],
    auth_query: &["user_id", "api_key"],
    usage_header: None,
    exhausted_status: None,
    id_headers: &[],
    // The vendor's samples have 17 letters and digits, and its reference says nothing of them.
    id: None,
    rate: None,
    operations: &[
        Operation {
            path: "/workspaces/{workspace_id}/users",
            query: OWNER,
            docs: "https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/invite-user.md",
            fields: &[supported(Field::Name), required(Field::Emails)],
            response: RESPONSE,
            body: Body::Fields(invitation),
            ..Operation::CREATE
        },
        Operation {
            path: "/users/{id}",
            query: OWNER,
            docs: USERS,
            fields: &[supported(Field::FirstName), supported(Field::LastName)],
            response: RESPONSE,
            body: Body::Fields(changes),
            ..Operation::UPDATE
        },
        Operation {
            path: "/users/{id}",
            query: OWNER,
            docs: USERS,
            response: RESPONSE,
            ..Operation::READ
        },
        Operation {
            name: OperationName::List,
            path: "/workspaces/{workspace_id}/users",
            query: OWNER,
            docs: USERS,
            response: RESPONSE,
            list: Some(&Listing {
                users: None,
                paging: Paging::Whole,
                by_email: Some(ByEmail {
                    parameter: "email",
                    path: Some("/users"),
                }),
            }),
            ..Operation::READ
        },
        Operation {
            path: "/workspaces/{workspace_id}/users",
            query: OWNER,
            docs: USERS,
            body: Body::Id(removal),
            effect: Some("the user leaves the workspace"),
            ..Operation::DELETE
        },
    ],
    user,
    rejection,
};

/// The person to invite, in the order of the reference.
#[derive(Serialize)]
struct Invitation<'a> {
    email: Option<&'a str>,
    #[serde(rename = "fullName", skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

fn invitation(user: &UserChanges) -> Vec<u8> {
    let UserChanges {
        first_name: _,
        last_name: _,
        name,
        emails,
        roles: _,
        nick_name: _,
        custom_fields: _,
        avatar: _,
        remote_data: _,
    } = user;
    write(&Invitation {
        email: primary(set_emails(emails)),
        name: set_string(name),
    })
}

/// The person to change, in the order of the reference.
#[derive(Serialize)]
struct Changes<'a> {
    #[serde(skip_serializing_if = "Profile::is_empty")]
    profile: Profile<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'a> {
    #[serde(skip_serializing_if = "Patch::is_keep")]
    first_name: Patch<&'a str>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    last_name: Patch<&'a str>,
}

impl Profile<'_> {
    const fn is_empty(&self) -> bool {
        self.first_name.is_keep() && self.last_name.is_keep()
    }
}

fn changes(changes: &UserChanges) -> Vec<u8> {
    let UserChanges {
        first_name,
        last_name,
        name: _,
        emails: _,
        roles: _,
        nick_name: _,
        custom_fields: _,
        avatar: _,
        remote_data: _,
    } = changes;
    write(&Changes {
        profile: Profile {
            first_name: first_name.into(),
            last_name: last_name.into(),
        },
    })
}

/// The user to remove from the workspace.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Removal<'a> {
    user_id: &'a str,
}

fn removal(id: &str) -> Vec<u8> {
    write(&Removal { user_id: id })
}

fn user(response: &Value<'_>, _: OperationName) -> User {
    let profile = &response.get("profile");
    let first_name = string(profile, "firstName");
    let last_name = string(profile, "lastName");
    User {
        // The GraphQL side of the product says `_id`.
        id: identifier(response, "id").or_else(|| identifier(response, "_id")),
        name: string(response, "fullName")
            .or_else(|| joined(first_name.as_deref(), last_name.as_deref())),
        first_name,
        last_name,
        emails: single_email(response, "email"),
        ..User::default()
    }
}

/// `{"error": 400, "message": …}`, sometimes in an array: <https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/error-handling.md>
fn rejection(status: u16, response: &Value<'_>) -> Rejection {
    let messages = response
        .entries()
        .filter_map(|error| string(&error, "message"));
    let message = super::joined_sentences(messages, "; ");
    let bad = |words: &str| {
        status == 400
            && message
                .as_deref()
                .is_some_and(|message| says(message, words))
    };
    let code = if bad("api key") {
        Some(ErrorCode::ProviderUnauthorized)
    } else if bad("not found") {
        Some(ErrorCode::ProviderNotFound)
    } else {
        None
    };
    Rejection {
        code,
        message,
        fields: RejectedFields::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::types::StringChange;

    #[test]
    fn unchanged_profile_is_not_sent() {
        let last_name = StringChange::Set("Lind".to_owned());
        let body = |change: UserChanges| String::from_utf8(changes(&change)).unwrap();
        assert_eq!(body(UserChanges::default()), "{}");
        let change = UserChanges {
            last_name,
            ..UserChanges::default()
        };
        assert_eq!(body(change), r#"{"profile":{"lastName":"Lind"}}"#);
    }
}
