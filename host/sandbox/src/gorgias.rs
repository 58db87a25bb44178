//! Gorgias: users of the helpdesk.
//!
//! | Request | Response | Reference |
//! | --- | --- | --- |
//! | `POST /users` | 201 | <https://developers.gorgias.com/reference/create-user> |
//! | `PUT /users/{id}` | 202 | <https://developers.gorgias.com/reference/update-user> |
//! | `GET /users/{id}` | 200 | <https://developers.gorgias.com/reference/get-user> |
//! | `GET /users`, filtered by `email`, `external_id`, `roles`, `search`, ordered by `order_by`, paged by `limit` and `cursor` | 200, an envelope | <https://developers.gorgias.com/reference/list-users> |
//! | `DELETE /users/{id}` | 204 | <https://developers.gorgias.com/reference/delete-user> |
//!
//! A page has 30 users, or `limit`, which is at most 100; the order is `name:asc` when left out.
//! `total_resources` is `null`, as in a recorded list. A name's first word is `firstname`, its last
//! one `lastname`, as in recorded users.
//!
//! 201 and 202 come from the vendor's old specification; the newer pages name no status. Errors:
//! <https://developers.gorgias.com/reference/errors>. The limit:
//! <https://developers.gorgias.com/reference/limitations>.
//!
//! The public record is silent on these; chosen:
//!
//! * A taken address gives 409; the old pages name it as the example.
//! * Without a `timezone` the account's is UTC.
//! * `email` compares without regard to ASCII case, `external_id` exactly; names are ordered by their code points. A
//!   `limit`, an order or a cursor that is none is rejected, a cursor of another order too.
//!   `available_first` changes nothing. No bots are listed: the sandbox starts empty.
//! * `firstname`, `lastname` and `active` are rejected as unknown on write, being in no documented
//!   list.
//! * An address or a password is never changed, because no user of the sandbox has the password
//!   that this asks for; id 0, the owner of the key, is unknown.

use std::time::Duration;

use http::Method;
use http::header::HOST;
use serde_json::{Value, json};

use super::accounts::Account;
use super::call::{Call, CallResult, JsonResponse};
use super::clock::Limit;
use super::fields::{Field, Kind, Violation, ViolationKind, field, nullable, violations};
use super::paging::{Cursor, Order, Page};
use super::store::{Record, Store, User, array, get_str, record};
use super::{Pages, Simulator, clock};

const EMAIL: &str = "ops@acme.example";
const API_KEY: &str = "sandbox-gorgias-key";
/// Taken as well, for an account with OAuth.
const ACCESS_TOKEN: &str = "sandbox-gorgias-access-token";

pub(super) static SIMULATOR: Simulator = Simulator {
    account: Account {
        id: "62f44730-dd91-461e-bd6a-aedd9e0ad79d",
        integration: "gorgias",
        base: "/api",
        settings: &[],
        credentials: &[("email", EMAIL), ("api_key", API_KEY)],
        notes: &["Gorgias also takes the credential access_token, `sandbox-gorgias-access-token`."],
    },
    respond,
    routes: &["/api/users", "/api/users/{id}"],
    pages: Pages::Marked,
    has_filters: true,
    limit: Some(Limit {
        requests: 40,
        per: Duration::from_secs(20),
        set_headers: |response, usage| {
            response.with(
                "x-gorgias-account-api-call-limit",
                format!("{}/40", usage.used),
            )
        },
    }),
};

const PAGE: usize = 30;
const MAX_PAGE: usize = 100;

const FIELDS: [Field; 9] = [
    field("email", Kind::Address),
    field("name", Kind::NonBlank),
    field("role", Kind::Object),
    nullable("bio", Kind::String),
    nullable("country", Kind::Format("country code", is_country)),
    field("external_id", Kind::String),
    nullable("language", Kind::OneOf(&["fr", "en"])),
    field("meta", Kind::Object),
    field("timezone", Kind::String),
];
const ROLE: [Field; 1] = [field("name", Kind::OneOf(ROLES))];
const ROLES: &[&str] = &[
    "admin",
    "agent",
    "basic-agent",
    "lite-agent",
    "observer-agent",
];

fn respond(call: &Call, users: &mut Store) -> CallResult {
    let owner = call
        .basic()
        .is_some_and(|(user, password)| user == EMAIL && password == API_KEY);
    if !owner && call.bearer() != Some(ACCESS_TOKEN) {
        return Err(error(401, "Unauthorized."));
    }
    match (call.method(), call.path().as_slice()) {
        (&Method::POST, ["api", "users"]) => create(call, users),
        (&Method::GET, ["api", "users"]) => list(call, users),
        (&Method::GET, ["api", "users", id]) => {
            let user = users.read().get(id).ok_or_else(not_found)?;
            Ok(JsonResponse::new(200, user.clone()))
        }
        (&Method::PUT, ["api", "users", id]) => {
            let user = users.get(id).ok_or_else(not_found)?.clone();
            update(call, users, user)
        }
        (&Method::DELETE, ["api", "users", id]) => {
            let removed = users.remove(id).then(JsonResponse::no_content);
            removed.ok_or_else(not_found)
        }
        _ if call.route.is_some() => Err(error(
            405,
            "The method is not allowed for the requested URL.",
        )),
        _ => Err(not_found()),
    }
}

fn create(call: &Call, users: &mut Store) -> CallResult {
    let body = call.object().ok_or_else(undecodable)?;
    reject(
        "Failed to create user",
        check(&body, &["email", "name", "role"]),
    )?;
    if users.taken(get_str(&body, "email"), "") {
        return Err(error(409, "The resource already exists."));
    }
    let id = 612_004_418 + users.number();
    let now = clock::microseconds();
    let host = call.header(HOST).unwrap_or_default();
    let user = record(json!({
        "id": id,
        "active": true,
        "bio": null,
        "created_datetime": now,
        "country": null,
        "deactivated_datetime": null,
        "email": null,
        "external_id": null,
        "firstname": "",
        "has_password": false,
        "has_2fa_enabled": false,
        "lastname": "",
        "language": null,
        "meta": { "sso": null, "profile_picture_url": null },
        "name": null,
        "role": null,
        "timezone": "UTC",
        "updated_datetime": now,
        "client_id": null,
        "uri": format!("http://{host}/gorgias/api/users/{id}/"),
    }));
    Ok(save(users, user, body, 201))
}

fn update(call: &Call, users: &mut Store, mut user: Record) -> CallResult {
    let mut body = call.object().ok_or_else(undecodable)?;
    let mut proof = Record::new();
    for name in [
        "password_confirmation",
        "old_password",
        "new_password",
        "two_fa_code",
    ] {
        proof.extend(body.shift_remove_entry(name));
    }
    let mut found = check(&body, &[]);
    for (changed, needed) in [
        (body.contains_key("email"), "password_confirmation"),
        (proof.contains_key("new_password"), "old_password"),
    ] {
        if changed && proof.contains_key(needed) {
            found.push(invalid(needed, "password"));
        } else if changed {
            found.push(Violation {
                name: needed.to_owned(),
                kind: ViolationKind::Missing,
            });
        }
    }
    reject("Failed to update user", found)?;
    user.insert("updated_datetime".to_owned(), json!(clock::microseconds()));
    Ok(save(users, user, body, 202))
}

fn list(call: &Call, users: &mut Store) -> CallResult {
    let rejected = |name, noun| rejection("Failed to list users", vec![invalid(name, noun)]);
    let order = call.query("order_by");
    let order = order_by(order.unwrap_or_else(|| "name:asc".to_owned()));
    let order = order.ok_or_else(|| rejected("order_by", "order"))?;
    let cursor = call.query("cursor").map(|text| {
        let cursor = Cursor::decode(&text, &order);
        cursor.ok_or_else(|| rejected("cursor", "cursor"))
    });
    let cursor = cursor.transpose()?;
    let size = call
        .query("limit")
        .map_or(Some(PAGE), |text| text.parse().ok());
    let size = size
        .filter(|size| (1..=MAX_PAGE).contains(size))
        .ok_or_else(|| rejected("limit", "number from 1 to 100"))?;
    let (email, external_id) = (call.query("email"), call.query("external_id"));
    let (roles, search) = (call.queries("roles"), call.query("search"));
    let search = search.map(|text| text.to_lowercase());
    let reader = users.read();
    let found = reader.list(|user| {
        let text = |name| get_str(&user.record, name);
        let external_id = external_id.as_deref();
        email.as_deref().is_none_or(|email| user.has_address(email))
            && external_id.is_none_or(|id| text("external_id") == id)
            && (roles.is_empty() || roles.iter().any(|role| role == role_of(user)))
            && search.as_ref().is_none_or(|search| {
                let texts = ["name", "email"].map(text);
                texts
                    .iter()
                    .any(|text| text.to_lowercase().contains(search))
            })
    });
    let Page {
        users,
        previous,
        next,
    } = Page::new(found, &order, cursor.as_ref(), reader.page_size(size));
    let uri = &call.parts.uri;
    Ok(JsonResponse::new(
        200,
        json!({
            "object": "list",
            "uri": format!("{}?{}", uri.path(), uri.query().unwrap_or_default()),
            "data": array(&users),
            "meta": { "prev_cursor": previous, "next_cursor": next, "total_resources": null },
        }),
    ))
}

fn order_by(name: String) -> Option<Order> {
    let (attribute, direction) = name.split_once(':')?;
    let key: fn(&User) -> &str = match attribute {
        "created_datetime" => |user| get_str(&user.record, "created_datetime"),
        "name" => |user| get_str(&user.record, "name"),
        "email" => |user| get_str(&user.record, "email"),
        "role.name" => role_of,
        _ => return None,
    };
    let descending = match direction {
        "asc" => false,
        "desc" => true,
        _ => return None,
    };
    Some(Order {
        name,
        key,
        descending,
    })
}

fn role_of(user: &User) -> &str {
    let role = user.record.get("role").and_then(|role| role.get("name"));
    role.and_then(Value::as_str).unwrap_or_default()
}

/// Stores the user with the changes of the body. `null` is a value here, unlike in the other simulators.
fn save(users: &mut Store, mut user: Record, body: Record, status: u16) -> JsonResponse {
    user.extend(body);
    let mut words = get_str(&user, "name").split_whitespace();
    let first = json!(words.next().unwrap_or_default());
    let last = json!(words.next_back().unwrap_or_default());
    user.insert("firstname".to_owned(), first);
    user.insert("lastname".to_owned(), last);
    let id = user.get("id").map(Value::to_string).unwrap_or_default();
    users.put(&id, &[get_str(&user, "email")], user.clone());
    JsonResponse::new(status, user)
}

/// All violations of the body, those of its role included.
fn check(body: &Record, required: &[&str]) -> Vec<Violation> {
    let mut found = violations(body, &FIELDS, required);
    if let Some(Value::Object(role)) = body.get("role") {
        for Violation { name, kind } in violations(role, &ROLE, &["name"]) {
            found.push(Violation {
                name: format!("role.{name}"),
                kind,
            });
        }
    }
    found
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn invalid(name: &str, noun: &'static str) -> Violation {
    Violation {
        name: name.to_owned(),
        kind: ViolationKind::Invalid(Kind::Format(noun, |_| false)),
    }
}

fn reject(text: &str, found: Vec<Violation>) -> Result<(), JsonResponse> {
    if found.is_empty() {
        Ok(())
    } else {
        Err(rejection(text, found))
    }
}

fn rejection(text: &str, found: Vec<Violation>) -> JsonResponse {
    let mut data = Record::new();
    for Violation { name, kind } in found {
        let text = match kind {
            ViolationKind::Missing => "Missing data for required field.".to_owned(),
            ViolationKind::Unknown => "Unknown field.".to_owned(),
            ViolationKind::Invalid(Kind::OneOf(values)) => {
                format!("Must be one of: {}.", values.join(", "))
            }
            ViolationKind::Invalid(kind) => format!("Not a valid {}.", kind.noun()),
        };
        data.insert(name, json!([text]));
    }
    JsonResponse::new(400, json!({ "error": { "msg": text, "data": data } }))
}

fn undecodable() -> JsonResponse {
    error(400, "The body is not a JSON object.")
}

fn not_found() -> JsonResponse {
    error(404, "The resource does not exist.")
}

fn error(status: u16, text: &str) -> JsonResponse {
    JsonResponse::new(status, json!({ "error": { "msg": text } }))
}
