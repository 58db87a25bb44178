//! Teamwork Project Management: people (API v1, since v3 cannot write them).
//!
//! | Request | Response | Reference |
//! | --- | --- | --- |
//! | `POST /people.json` | 201 | <https://apidocs.teamwork.com/docs/teamwork/v1/people/post-people-json> |
//! | `PUT /people/{id}.json` | 200 | <https://apidocs.teamwork.com/docs/teamwork/v1/people/put-people-id-json> |
//! | `GET /people/{id}.json` | 200 | <https://apidocs.teamwork.com/docs/teamwork/v1/people/get-people-id-json> |
//! | `GET /people.json?emailaddress=…` | 200, an array | the same |
//!
//! A create responds with the id as a string, an update as a number; both as in the vendor's examples. Statuses are documented at
//! <https://developer.teamwork.com/guides/api-responses>.
//!
//! The public record is silent on these; chosen:
//!
//! * An error's body is `{"STATUS": "Error", "MESSAGE": STRING}`, also with 401.
//! * First name, last name and address are required, as in the vendor's SDK.
//! * A taken address gives 400, the documented status for bad data; `continueIfUserExists` changes nothing about it.
//! * `user` is sent only where `getUserDetails` is true.
//! * Unknown members are ignored; on update `null` empties a member other than the address.
//! * The limit is 150 in a minute, as for a sibling product.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::accounts::Account;
use super::call::{Call, CallResult, JsonResponse};
use super::clock::Limit;
use super::fields::{Field, Kind, field, first_violation, nullable};
use super::store::{Record, Store, get_str, record};
use super::{Simulator, clock};

const API_KEY: &str = "sandbox-teamwork-key";
/// Taken as well, for an account with OAuth.
const ACCESS_TOKEN: &str = "sandbox-teamwork-access-token";

pub(super) static SIMULATOR: Simulator = Simulator {
    account: Account {
        id: "e1d84b07-93c2-4a5f-8f6d-2b0a7c4e9d58",
        integration: "teamwork",
        base: "",
        settings: &[],
        credentials: &[("api_key", API_KEY)],
        notes: &[
            "Teamwork also takes the credential access_token, `sandbox-teamwork-access-token`.",
        ],
    },
    respond,
    limit: Some(Limit {
        requests: 150,
        per: Duration::from_mins(1),
        set_headers: |response, usage| {
            let response = response.with("x-ratelimit-limit", "150");
            let response = response.with("x-ratelimit-remaining", usage.remaining.to_string());
            response.with("x-ratelimit-reset", usage.reset.to_string())
        },
    }),
};

/// A boolean, in any of the documents' spellings.
const BOOL: Kind = Kind::Custom("boolean", |value| as_bool(value).is_some());
const ID: Kind = Kind::Custom("id", is_id);

const REQUIRED: [&str; 3] = ["first-name", "last-name", "email-address"];
const FIELDS: [Field; 40] = [
    nullable("first-name", Kind::String),
    nullable("last-name", Kind::String),
    field("email-address", Kind::Address),
    field(
        "user-type",
        Kind::OneOf(&["account", "collaborator", "contact"]),
    ),
    field("administrator", BOOL),
    field("canAddProjects", BOOL),
    field("canManagePeople", BOOL),
    field("canAccessAllProjects", BOOL),
    field("setProjectAdmin", BOOL),
    field("isClientUser", BOOL),
    field("company-id", ID),
    nullable("user-name", Kind::String),
    nullable("password", Kind::String),
    nullable("title", Kind::String),
    field("sendInvite", BOOL),
    nullable("sendInviteWithMessage", Kind::String),
    field("getUserDetails", BOOL),
    field("continueIfUserExists", BOOL),
    nullable("accessProjectIds", Kind::String),
    nullable("accessProjectsCompanyIds", Kind::String),
    nullable("phone-number-office", Kind::String),
    nullable("phone-number-office-ext", Kind::String),
    nullable("phone-number-mobile", Kind::String),
    nullable("phone-number-home", Kind::String),
    nullable("phone-number-fax", Kind::String),
    nullable("timezoneId", ID),
    nullable("im-handle", Kind::String),
    nullable("im-service", Kind::String),
    nullable("privateNotes", Kind::String),
    field("receiveDailyReports", BOOL),
    field("notifyOnTaskComplete", BOOL),
    field("notify-on-added-as-follower", BOOL),
    field("notify-on-status-update", BOOL),
    nullable("address", Kind::Object),
    nullable("email-alt-1", Kind::String),
    nullable("email-alt-2", Kind::String),
    nullable("email-alt-3", Kind::String),
    nullable("avatarPendingFileRef", Kind::String),
    field("removeFromProjects", BOOL),
    field("unassignFromAll", BOOL),
];

fn respond(call: &Call, people: &mut Store) -> CallResult {
    // The password is anything: the key is the user name.
    let key = call.basic().is_some_and(|(user, _)| user == API_KEY);
    if !key && call.bearer() != Some(ACCESS_TOKEN) {
        return Err(error(401, "Invalid API key or access token"));
    }
    match (call.method(), call.path().as_slice()) {
        (&Method::POST, ["people.json"]) => create(call, people),
        (&Method::GET, ["people.json"]) => {
            let found = people.find(call.query("emailaddress"));
            Ok(JsonResponse::new(
                200,
                json!({ "STATUS": "OK", "people": found }),
            ))
        }
        (method @ (&Method::GET | &Method::PUT), ["people", file]) => {
            let person = file
                .strip_suffix(".json")
                .and_then(|id| people.get(id))
                .cloned();
            let person = person.ok_or_else(|| error(404, "Person not found"))?;
            if method == Method::PUT {
                return update(call, people, person);
            }
            Ok(JsonResponse::new(
                200,
                json!({ "STATUS": "OK", "person": person }),
            ))
        }
        (_, ["people.json"] | ["people", _]) => Err(error(405, "Method not allowed")),
        _ => Err(error(404, "Not found")),
    }
}

fn create(call: &Call, people: &mut Store) -> CallResult {
    let body = unwrapped(call)?;
    let id = (480_213 + people.number()).to_string();
    let now = clock::whole_seconds();
    let person = record(json!({
        "id": id,
        "first-name": "",
        "last-name": "",
        "email-address": "",
        "email-alt-1": "",
        "email-alt-2": "",
        "email-alt-3": "",
        "user-name": get_str(&body, "email-address"),
        "user-type": "account",
        "avatar-url": format!("https://cdn.example.com/av/{id}.png"),
        "title": "",
        "company-id": "1",
        "administrator": false,
        "site-owner": false,
        "deleted": false,
        "in-owner-company": "1",
        "isClientUser": false,
        "phone-number-office": "",
        "phone-number-mobile": "",
        "created-at": now,
        "last-changed-on": now,
        "last-login": "",
        "address": {},
        "tags": [],
    }));
    let person = save(people, person, &body, &REQUIRED)?;
    let mut response = record(json!({ "STATUS": "OK", "id": id }));
    if body.get("getUserDetails").and_then(as_bool) == Some(true) {
        let (first, last) = (
            get_str(&person, "first-name"),
            get_str(&person, "last-name"),
        );
        let avatar = get_str(&person, "avatar-url");
        let user = json!({ "id": id, "firstName": first, "lastName": last, "avatarUrl": avatar });
        response.insert("user".to_owned(), user);
    }
    let location = format!("/people/{id}.json");
    Ok(JsonResponse::new(201, response)
        .with("location", location)
        .with("id", id))
}

fn update(call: &Call, people: &mut Store, mut person: Record) -> CallResult {
    let body = unwrapped(call)?;
    person.insert("last-changed-on".to_owned(), json!(clock::whole_seconds()));
    let person = save(people, person, &body, &[])?;
    let id = get_str(&person, "id").parse::<u64>().unwrap_or_default();
    Ok(JsonResponse::new(200, json!({ "STATUS": "OK", "id": id })))
}

/// Checks the body, and stores the person with its changes.
fn save(
    people: &mut Store,
    mut person: Record,
    body: &Record,
    required: &[&str],
) -> Result<Record, JsonResponse> {
    if let Some(violation) = first_violation(body, &FIELDS, required) {
        return Err(error(400, &violation.to_string()));
    }
    let id = get_str(&person, "id").to_owned();
    if people.taken(get_str(body, "email-address"), &id) {
        return Err(error(400, "The email address is already in use"));
    }
    for (name, value) in body {
        // Members that a person does not show, such as `sendInvite`, are not stored. Members outside
        // the table are not stored either, or a body could change the id.
        let known = FIELDS.iter().any(|field| field.name() == name);
        let Some(kept) = person.get_mut(name).filter(|_| known) else {
            continue;
        };
        *kept = match value {
            Value::Null => json!(""),
            Value::Number(number) => json!(number.to_string()),
            _ if kept.is_boolean() => json!(as_bool(value)),
            _ => value.clone(),
        };
    }
    people.put(&id, &[get_str(&person, "email-address")], person.clone());
    Ok(person)
}

/// The object inside the wrapper `person`.
fn unwrapped(call: &Call) -> Result<Record, JsonResponse> {
    match call
        .object()
        .and_then(|mut body| body.shift_remove("person"))
    {
        Some(Value::Object(person)) => Ok(person),
        _ => Err(error(
            422,
            "expected a JSON object with the member 'person'",
        )),
    }
}

fn as_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) => match text.as_str() {
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn is_id(value: &Value) -> bool {
    value.is_u64()
        || value
            .as_str()
            .is_some_and(|text| text.parse::<u64>().is_ok())
}

fn error(status: u16, text: &str) -> JsonResponse {
    JsonResponse::new(status, json!({ "STATUS": "Error", "MESSAGE": text }))
}
