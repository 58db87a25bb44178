//! Hive: users of a workspace, who join by invitation.
//!
//! | Request | Response | Reference |
//! | --- | --- | --- |
//! | `POST /workspaces/{workspace}/users` | 200 | <https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/invite-user.md> |
//! | `PUT /users/{id}` | 200 | <https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/users-1.md> |
//! | `GET /users/{id}` | 200 | <https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/get-user.md> |
//! | `GET /users?email=…` | 200, an array | <https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/get-user-by-email.md> |
//! | `GET /workspaces/{workspace}/users` | 200, an array of all | <https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/workspacesworkspaceidusers.md> |
//! | `DELETE /workspaces/{workspace}/users` with `userId` in the body | 204 | <https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/delete-user.md> |
//! | `GET /testcredentials` | 200 | <https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/api-keys-and-auth.md> |
//!
//! Hive responds to most invalid requests with 400, a bad key among them, and the message names the
//! reason. The documented key in the query is left out on purpose: a key in a URL would go unnoticed.
//!
//! The public record is silent on these; chosen:
//!
//! * A missing or wrong `user_id` is rejected like a bad key. An unknown path gives 404, a wrong method 405.
//! * An address that is a member already gives 400. So does an external invitation without projects.
//! * `fullName` is split at its first space; without one the names are empty. An update keeps a name
//!   that is left out, and `null` empties one; `fullName` follows.
//! * Unknown members are ignored.
//! * `email` compares without regard to ASCII case, and is required. The list is in the order of the invitations.
//! * A removed user is unknown from then on, also by id, and the address can be invited again, with a new id.
//!   The lists of removed and of external users are not simulated.

use http::Method;
use serde_json::{Value, json};

use super::accounts::Account;
use super::call::{Call, CallResult, JsonResponse};
use super::fields::{Field, Kind, Violation, field, first_violation, nullable};
use super::store::{Record, Store, array, get_str, record};
use super::{Pages, Simulator};

const API_KEY: &str = "sandbox-hive-key";
const OWNER: &str = "Ow7nErKq3ZtYb5VdX";
const WORKSPACE: &str = "Wk4SpAcE8mRn2TjLq";

pub(super) static SIMULATOR: Simulator = Simulator {
    account: Account {
        id: "4b8e7a90-2f16-4d35-8c1b-7e9f0a6d5c21",
        integration: "hive",
        base: "/api/v1",
        settings: &[("workspace_id", WORKSPACE), ("user_id", OWNER)],
        credentials: &[("api_key", API_KEY)],
        notes: &["Hive has the one workspace named here; user_id is the owner of the key."],
    },
    respond,
    routes: &[
        "/api/v1/workspaces/{workspace}/users",
        "/api/v1/users",
        "/api/v1/users/{id}",
        "/api/v1/testcredentials",
    ],
    pages: Pages::None,
    has_filters: true,
    limit: None,
};

const INVITATION: [Field; 5] = [
    field("email", Kind::Address),
    nullable("fullName", Kind::String),
    field("shouldSendInvite", Kind::Bool),
    field("isExternal", Kind::Bool),
    field("projectIds", Kind::Strings),
];
const REMOVAL: [Field; 1] = [field("userId", Kind::String)];
const UPDATE: [Field; 1] = [field("profile", Kind::Object)];
const PROFILE: [Field; 2] = [
    nullable("firstName", Kind::String),
    nullable("lastName", Kind::String),
];

fn respond(call: &Call, users: &mut Store) -> CallResult {
    let owner = call.query("user_id").is_some_and(|id| id == OWNER);
    if call.header("api_key") != Some(API_KEY) || !owner {
        return Err(error(400, "Invalid API Key."));
    }
    let path = call.path();
    let Some(["api", "v1"]) = path.get(..2) else {
        return Err(no_route());
    };
    match (call.method(), path.get(2..).unwrap_or_default()) {
        (_, ["workspaces", workspace, "users"]) if *workspace != WORKSPACE => {
            Err(error(400, "Workspace not found."))
        }
        (&Method::POST, ["workspaces", _, "users"]) => invite(call, users),
        (&Method::GET, ["workspaces", _, "users"]) => {
            Ok(JsonResponse::new(200, array(&users.read().list(|_| true))))
        }
        (&Method::GET, ["users"]) => {
            let email = call
                .query("email")
                .ok_or_else(|| error(400, "'email' is required"))?;
            let found = users.read().list(|user| user.has_address(&email));
            Ok(JsonResponse::new(200, array(&found)))
        }
        (&Method::GET, ["users", id]) => {
            let user = users.read().get(id).ok_or_else(not_found)?;
            Ok(JsonResponse::new(200, user.clone()))
        }
        (&Method::PUT, ["users", id]) => {
            let user = users.get(id).cloned().ok_or_else(not_found)?;
            update(call, users, &user)
        }
        (&Method::DELETE, ["workspaces", _, "users"]) => {
            let body = call.object().ok_or_else(undecodable)?;
            reject(first_violation(&body, &REMOVAL, &["userId"]))?;
            let removed = users.remove(get_str(&body, "userId"));
            removed.then(JsonResponse::no_content).ok_or_else(not_found)
        }
        (&Method::GET, ["testcredentials"]) => Ok(JsonResponse::new(
            200,
            json!({ "message": "The user is authenticated" }),
        )),
        _ if call.route.is_some() => Err(error(405, "Method not allowed")),
        _ => Err(no_route()),
    }
}

fn invite(call: &Call, users: &mut Store) -> CallResult {
    let body = call.object().ok_or_else(undecodable)?;
    reject(first_violation(&body, &INVITATION, &["email"]))?;
    let external = body.get("isExternal") == Some(&Value::Bool(true));
    let projects = body.get("projectIds").and_then(Value::as_array);
    if external && projects.is_none_or(Vec::is_empty) {
        return Err(error(400, "'projectIds' is required for an external user"));
    }
    let email = get_str(&body, "email");
    if users.taken(email, "") {
        return Err(error(400, "User is already a member of this workspace"));
    }
    let (first, last) = split_name(get_str(&body, "fullName"));
    let id = next_id(users);
    Ok(save(users, &id, first, last, email))
}

fn update(call: &Call, users: &mut Store, user: &Record) -> CallResult {
    let body = call.object().ok_or_else(undecodable)?;
    reject(first_violation(&body, &UPDATE, &[]))?;
    let profile = record(body.get("profile").cloned().unwrap_or_default());
    reject(first_violation(&profile, &PROFILE, &[]))?;
    let old = record(user.get("profile").cloned().unwrap_or_default());
    let name_of = |name| {
        get_str(
            if profile.contains_key(name) {
                &profile
            } else {
                &old
            },
            name,
        )
    };
    let (first, last) = (name_of("firstName"), name_of("lastName"));
    Ok(save(
        users,
        get_str(user, "id"),
        first,
        last,
        get_str(user, "email"),
    ))
}

fn save(users: &mut Store, id: &str, first: &str, last: &str, email: &str) -> JsonResponse {
    let user = record(json!({
        "id": id,
        "profile": { "firstName": first, "lastName": last },
        "fullName": format!("{first} {last}").trim(),
        "email": email,
    }));
    users.put(id, &[email], user.clone());
    JsonResponse::new(200, user)
}

/// Seventeen letters and digits, as in the vendor's samples.
fn next_id(users: &Store) -> String {
    const ALPHABET: &[u8; 55] = b"23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
    let mut rest = users.scattered();
    let digits = std::iter::repeat_with(|| {
        let digit = usize::try_from(rest % 55).unwrap_or_default();
        rest /= 55;
        ALPHABET.get(digit).copied().map_or('2', char::from)
    });
    digits.take(17).collect()
}

/// First word and the rest.
fn split_name(name: &str) -> (&str, &str) {
    let name = name.trim();
    name.split_once(char::is_whitespace)
        .map_or((name, ""), |(first, rest)| (first, rest.trim_start()))
}

fn reject(violation: Option<Violation>) -> Result<(), JsonResponse> {
    violation.map_or(Ok(()), |violation| Err(error(400, &violation.to_string())))
}

fn undecodable() -> JsonResponse {
    error(400, "The body is not a JSON object")
}

fn not_found() -> JsonResponse {
    error(400, "User not found")
}

fn no_route() -> JsonResponse {
    error(404, "Route not found")
}

fn error(status: u16, message: &str) -> JsonResponse {
    JsonResponse::new(status, json!({ "error": status, "message": message }))
}
