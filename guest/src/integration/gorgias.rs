//! Gorgias: users, the people who work in the helpdesk.
//!
//! | Operation | Request | Reference |
//! | --- | --- | --- |
//! | create | `POST /users` | <https://developers.gorgias.com/reference/create-user> |
//!
//! A user has one name, one address and one role, and Gorgias needs all three. `firstname` and `lastname` are members of answers
//! only. Members that Gorgias does not know are refused.
//!
//! * Without a name, first and last name make one.
//! * Without a role, the user becomes an `agent`: Gorgias requires a role, the published tables do not, and `agent` is what
//!   public clients send (<https://github.com/NangoHQ/integration-templates>, `integrations/gorgias/actions/create-user.ts`).

use serde::Serialize;

use super::{Auth, Faults, Integration, Operation, OperationName, Refusal, Scheme, Setting};
use crate::answer::{identifier, joined, single_email, text, time, truth};
use crate::bindings::types::{NewUser, Role, User};
use crate::body::{is_blank, primary, single_role};
use crate::field::{Field, ResponseField as Gives, required, supported};
use crate::json::{Value, write};

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
    create: Operation {
        method: "POST",
        path: "/users",
        query: &[],
        docs: "https://developers.gorgias.com/reference/create-user",
        fields: &[
            supported(Field::FirstName),
            supported(Field::LastName),
            supported(Field::Name),
            required(Field::Emails),
            supported(Field::Roles).single().one_of(&[
                "admin",
                "agent",
                "basic-agent",
                "lite-agent",
                "observer-agent",
            ]),
        ],
        needs: &[&[Field::Name, Field::FirstName, Field::LastName]],
        wrapper: None,
        response: &[
            Gives::Id,
            Gives::Name,
            Gives::FirstName,
            Gives::LastName,
            Gives::Emails,
            Gives::IsActive,
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

/// The user to create, in the order of the reference.
#[derive(Serialize)]
struct Body<'a> {
    email: Option<&'a str>,
    name: Option<String>,
    role: RoleName<'a>,
}

#[derive(Serialize)]
struct RoleName<'a> {
    name: &'a str,
}

fn body(user: &NewUser) -> Vec<u8> {
    let NewUser {
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
    let whole = name.clone().filter(|name| !is_blank(name));
    write(&Body {
        email: primary(emails.as_deref()),
        name: whole.or_else(|| joined(first_name.as_deref(), last_name.as_deref())),
        role: RoleName {
            name: single_role(roles.as_deref()).unwrap_or("agent"),
        },
    })
}

fn user(answer: &Value<'_>, _: OperationName) -> User {
    let first_name = text(answer, "firstname");
    let last_name = text(answer, "lastname");
    User {
        id: identifier(answer, "id"),
        name: text(answer, "name").or_else(|| joined(first_name.as_deref(), last_name.as_deref())),
        first_name,
        last_name,
        emails: single_email(answer, "email"),
        is_active: truth(answer, "active"),
        roles: roles(answer),
        created_at: time(answer, "created_datetime"),
        updated_at: time(answer, "updated_datetime"),
        ..User::default()
    }
}

/// The role; accounts of before 2022 answered with a list `roles`.
fn roles(answer: &Value<'_>) -> Option<Vec<Role>> {
    let roles = match (answer.get("role"), answer.get("roles")) {
        (role @ Value::Object(_), _) => role,
        (_, roles @ Value::Array(_)) => roles,
        _ => return None,
    };
    let roles = roles.entries().filter_map(|role| {
        let name = text(&role, "name");
        let id = identifier(&role, "id").or_else(|| name.clone());
        (id.is_some() || name.is_some()).then_some(Role { id, name })
    });
    Some(roles.collect())
}

/// `{"error": {"msg": …, "data": {FIELD: [SENTENCE, …]}}}`: <https://developers.gorgias.com/reference/errors>. Where a field is an
/// object, so are its reasons.
fn refusal(_: u16, answer: &Value<'_>) -> Refusal {
    let error = &answer.get("error");
    let mut faults = Faults::default();
    super::reasons(&error.get("data"), "", 0, &mut |path, message| {
        let field = match path.split('/').nth(1) {
            Some("email") => Some(Field::Emails),
            Some("name") => Some(Field::Name),
            Some("role") => Some(Field::Roles),
            _ => None,
        };
        faults.push(field, path, message);
    });
    Refusal {
        code: None,
        message: text(error, "msg"),
        faults,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn read(answer: &str) -> Option<Vec<(Option<String>, Option<String>)>> {
        let roles = roles(&parse(answer).unwrap())?;
        Some(roles.into_iter().map(|role| (role.id, role.name)).collect())
    }

    #[test]
    fn a_role_is_read_in_every_shape_that_was_ever_answered() {
        let text = |text: &str| Some(text.to_owned());
        let agent = (text("agent"), text("agent"));
        assert_eq!(
            read(r#"{"role": {"name": "agent"}}"#),
            Some(vec![agent.clone()])
        );
        assert_eq!(
            read(r#"{"role": {"id": 7, "name": "agent"}}"#),
            Some(vec![(text("7"), text("agent"))])
        );
        assert_eq!(
            read(r#"{"role": {"id": 7}}"#),
            Some(vec![(text("7"), None)])
        );
        assert_eq!(
            read(r#"{"roles": [{"name": "agent"}, {"id": 7}, {}]}"#),
            Some(vec![agent, (text("7"), None)])
        );
        assert_eq!(read(r#"{"role": {}}"#), Some(vec![]));
        assert_eq!(read(r#"{"role": null}"#), None);
    }
}
