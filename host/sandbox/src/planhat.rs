//! Planhat: users, the tenant's own team.
//!
//! | Request | Response | Reference |
//! | --- | --- | --- |
//! | `POST /users` | 200, short, roles as ids | <https://www.planhat.com/developers/api/user> |
//! | `PUT /users/{id}` | 200, long, roles as objects | the same |
//! | `GET /users/{id}` | 200, long, roles as ids | the same |
//! | `GET /users`, filtered by `email`, paged by `limit` and `offset` | 200, an array, roles as objects | the same |
//! | `DELETE /users/{id}` | 200 | the same |
//!
//! An id is `_id` or `extid-` and the external id. Statuses are documented at
//! <https://www.planhat.com/developers/api/http-response-codes>. The bulk upsert, `PUT /users`, is not simulated.
//!
//! The public record is silent on these; chosen:
//!
//! * An error's body is `{"message": STRING}`. A bad token gives 401, as a client reports; the official list has 403 alone.
//! * A taken address or external id is the documented duplicate, 400. So is a role that the tenant does not have, a member of
//!   the system's own, and a `custom` value that is an object.
//! * Other unknown members are ignored. `inactive` is false when left out, as in captures. `null` removes a member that is
//!   not required. `custom` merges.
//! * A page has 2,000 users, a figure that one client gives, or `limit` if that is less; what is no number is ignored.
//!   The list is in the order of creation. `email` compares without regard to ASCII case.
//! * A delete responds with `{"deletedCount": 1}`; its page shows no response. The official list has no 204.
//! * Extras such as `image` and `poc` are sent as in captures, `updatedAt` not at all.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::accounts::Account;
use super::call::{Call, CallResult, JsonResponse};
use super::clock::Limit;
use super::fields::{Field, Kind, field, first_violation, merge, nullable};
use super::paging::slice;
use super::store::{Record, Store, get_str, record};
use super::{Pages, Simulator, clock};

const TOKEN: &str = "sandbox-planhat-token";

const MAX_PAGE: usize = 2000;

/// The tenant's roles: built-in ones, with the ids that captures show. Id, name, description.
const ROLES: [(&str, &str, &str); 2] = [
    ("000000000000000000000000", "Administrator", "Everything"),
    ("000000020000000000000000", "Manager", "The whole portfolio"),
];

pub(super) static SIMULATOR: Simulator = Simulator {
    account: Account {
        id: "c7a51e38-0b9d-4f62-a3e4-1d7f5c9b8e46",
        integration: "planhat",
        base: "",
        settings: &[],
        credentials: &[("api_token", TOKEN)],
        notes: &[
            "Planhat has two roles: `--role id:000000000000000000000000` is Administrator,",
            "`--role id:000000020000000000000000` is Manager.",
        ],
    },
    respond,
    routes: &["/users", "/users/{id}"],
    pages: Pages::Unmarked,
    has_filters: true,
    limit: Some(Limit {
        requests: 200,
        per: Duration::from_mins(1),
        set_headers: |response, usage| {
            let response = response.with("x-rate-limit-limit", "200");
            response.with("x-rate-limit-remaining", usage.remaining.to_string())
        },
    }),
};

const REQUIRED: [&str; 4] = ["email", "nickName", "firstName", "lastName"];
const FIELDS: [Field; 15] = [
    field("email", Kind::Address),
    nullable("nickName", Kind::String),
    nullable("firstName", Kind::String),
    nullable("lastName", Kind::String),
    nullable("roles", Kind::Strings),
    nullable("externalId", Kind::String),
    nullable("inactive", Kind::Bool),
    nullable("isHidden", Kind::Bool),
    nullable("notificationsEnabled", Kind::Bool),
    nullable("tzOffset", Kind::Number),
    nullable("managers", Kind::Strings),
    nullable("teams", Kind::Strings),
    nullable("isExposedAsSenderOption", Kind::Bool),
    nullable("custom", Kind::Custom("object of one level", is_custom)),
    nullable("createdAt", Kind::String),
];

/// The members that only the system sets.
const SYSTEM: &str = "_id image createDate updatedAt permissions radarOneLine taskFilter \
                      companyFilter compressedView";
/// The members in the response to a create.
const SHORT: &str = "_id firstName lastName nickName email roles poc";

fn respond(call: &Call, users: &mut Store) -> CallResult {
    let basic = call
        .basic()
        .is_some_and(|(user, password)| user == TOKEN && password.is_empty());
    if !basic && call.bearer() != Some(TOKEN) {
        return Err(message(401, "Unauthorized"));
    }
    match (call.method(), call.path().as_slice()) {
        (&Method::POST, ["users"]) => create(call, users),
        (&Method::GET, ["users"]) => Ok(list(call, users)),
        (&Method::PUT, ["users"] | ["users", ""]) => Err(message(
            400,
            "the bulk upsert takes an array, and the sandbox does not simulate it",
        )),
        (method @ (&Method::GET | &Method::PUT | &Method::DELETE), ["users", id]) => {
            let id = match id.strip_prefix("extid-") {
                Some(id) => with_external_id(users, id).map_or("", |user| get_str(user, "_id")),
                None => id,
            };
            let id = id.to_owned();
            let user = users.find(method, &id);
            let user = user.ok_or_else(|| message(404, "User not found"))?;
            match *method {
                Method::GET => Ok(JsonResponse::new(200, user)),
                Method::PUT => {
                    let body = call.object().ok_or_else(undecodable)?;
                    let user = save(users, &user, &body, &[])?;
                    Ok(JsonResponse::new(200, populated(user, true)))
                }
                _ => {
                    users.remove(&id);
                    Ok(JsonResponse::new(200, json!({ "deletedCount": 1 })))
                }
            }
        }
        _ if call.route.is_some() => Err(message(405, "Method not allowed")),
        _ => Err(message(404, "Not found")),
    }
}

fn list(call: &Call, users: &mut Store) -> JsonResponse {
    let (email, offset) = (call.query("email"), call.number("offset"));
    let limit = call
        .number("limit")
        .map_or(MAX_PAGE, |limit| limit.min(MAX_PAGE));
    let reader = users.read();
    let found = reader.list(|user| email.as_deref().is_none_or(|email| user.has_address(email)));
    let page = slice(&found, offset.unwrap_or_default(), reader.page_size(limit)).iter();
    let users = page.map(|user| populated(user.record.clone(), false));
    JsonResponse::new(200, users.collect::<Value>())
}

fn create(call: &Call, users: &mut Store) -> CallResult {
    let body = call.object().ok_or_else(undecodable)?;
    let id = format!("{:032x}", users.scattered()).split_off(8);
    let user = record(json!({
        "_id": id,
        "firstName": "",
        "lastName": "",
        "nickName": "",
        "email": "",
        "image": { "path": "" },
        "isHidden": false,
        "removed": false,
        "inactive": false,
        "roles": [],
        "poc": [],
        "isExposedAsSenderOption": false,
        "notificationsEnabled": true,
        "defaultMeetingLength": 60,
        "dailyDigest": true,
        "followerUpdate": true,
        "inAppNotifications": true,
        "permissions": {},
        "createDate": clock::milliseconds(),
        "__v": 0,
    }));
    let mut user = save(users, &user, &body, &REQUIRED)?;
    user.retain(|name, _| SHORT.split(' ').any(|shown| shown == name));
    Ok(JsonResponse::new(200, user))
}

/// Checks the body, and stores the user with its changes.
fn save(
    users: &mut Store,
    old: &Record,
    body: &Record,
    required: &[&str],
) -> Result<Record, JsonResponse> {
    if let Some(name) = SYSTEM.split(' ').find(|name| body.contains_key(*name)) {
        return Err(message(400, &format!("'{name}' is set by the system")));
    }
    if let Some(violation) = first_violation(body, &FIELDS, required) {
        return Err(message(400, &violation.to_string()));
    }
    let roles = body.get("roles").and_then(Value::as_array);
    let mut roles = roles.into_iter().flatten();
    if let Some(role) = roles.find(|role| ROLES.iter().all(|(id, ..)| role != id)) {
        return Err(message(400, &format!("'roles' has an unknown id: {role}")));
    }
    let id = get_str(old, "_id").to_owned();
    let external = get_str(body, "externalId");
    let namesake = with_external_id(users, external).is_some_and(|user| get_str(user, "_id") != id);
    for (name, taken) in [
        ("email", users.taken(get_str(body, "email"), &id)),
        ("externalId", namesake),
    ] {
        if taken {
            return Err(message(400, &format!("duplicated key: '{name}' is in use")));
        }
    }
    let mut user = old.clone();
    merge(&mut user, body, &FIELDS);
    if let (Some(Value::Object(custom)), Some(Value::Object(new))) =
        (old.get("custom"), body.get("custom"))
    {
        let mut custom = custom.clone();
        custom.extend(new.clone());
        user.insert("custom".to_owned(), custom.into());
    }
    users.put(&id, &[get_str(&user, "email")], user.clone());
    Ok(user)
}

fn with_external_id<'a>(users: &'a Store, id: &str) -> Option<&'a Record> {
    if id.is_empty() {
        return None;
    }
    users
        .records()
        .find(|user| get_str(user, "externalId") == id)
}

/// The user with roles as objects instead of ids. A capture of an update has more members in them
/// than one of a list.
fn populated(mut user: Record, updated: bool) -> Value {
    if let Some(Value::Array(roles)) = user.get_mut("roles") {
        for role in roles {
            let known = ROLES.iter().find(|(id, ..)| role == id);
            let Some((id, name, description)) = known else {
                continue;
            };
            *role = json!({ "_id": id, "name": name, "description": description });
            if updated {
                role["permissions"] = json!([]);
                role["__v"] = json!(0);
            }
        }
    }
    user.into()
}

fn is_custom(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|values| values.values().all(|value| !value.is_object()))
}

fn undecodable() -> JsonResponse {
    message(400, "The body is not a JSON object")
}

fn message(status: u16, text: &str) -> JsonResponse {
    JsonResponse::new(status, json!({ "message": text }))
}
