//! Teamwork Project Management: people (API v1, since v3 cannot write them).
//!
//! | Request | Response | Reference |
//! | --- | --- | --- |
//! | `POST /people.json` | 201 | <https://apidocs.teamwork.com/docs/teamwork/v1/people/post-people-json> |
//! | `PUT /people/{id}.json` | 200 | <https://apidocs.teamwork.com/docs/teamwork/v1/people/put-people-id-json> |
//! | `GET /people/{id}.json` | 200 | <https://apidocs.teamwork.com/docs/teamwork/v1/people/get-people-id-json> |
//! | `GET /people.json`, filtered by `emailaddress`, paged by `page` and `pageSize` | 200, `people` | <https://apidocs.teamwork.com/docs/teamwork/v1/people/get-people-json> |
//! | `DELETE /people/{id}.json` | 200, `{"STATUS": "OK"}` | <https://apidocs.teamwork.com/docs/teamwork/v1/people/delete-people-id-json> |
//!
//! The headers `X-Page`, `X-Pages` and `X-Records` say where a page is
//! (<https://apidocs.teamwork.com/guides/teamwork/how-does-paging-work>); it has 50 people, or
//! `pageSize`, which is at most 500. As in captures, `in-owner-company` is `"1"` in a person and
//! `true` in a list, where `full-name` and `utilizationTarget` are added; a person alone has `companyRoleId`.
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
//! * A larger `pageSize` is 500, and a `page` or size that is no number from 1 is ignored. A page behind the last one is empty,
//!   and an empty list has one page. The list is in the order of creation. `emailaddress` compares without
//!   regard to ASCII case.
//! * A deleted person is unknown from then on, and the address is free.
//! * Unknown members are ignored; on update `null` empties a member other than the address.
//! * The limit is 150 in a minute, as for a sibling product.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::accounts::Account;
use super::call::{Call, CallResult, JsonResponse};
use super::clock::Limit;
use super::fields::{Field, Kind, field, first_violation, nullable};
use super::paging::slice;
use super::store::{Record, Store, get_str, record};
use super::{Pages, Simulator, clock};

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
    routes: &["/people.json", "/people/{id}.json"],
    pages: Pages::Marked,
    has_filters: true,
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

const PAGE: usize = 50;
const MAX_PAGE: usize = 500;

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
        (&Method::GET, ["people.json"]) => Ok(list(call, people)),
        (method @ (&Method::GET | &Method::PUT | &Method::DELETE), ["people", file]) => {
            let id = file.strip_suffix(".json").unwrap_or_default();
            let person = people.find(method, id);
            let mut person = person.ok_or_else(|| error(404, "Person not found"))?;
            match *method {
                Method::GET => {
                    person.insert("companyRoleId".to_owned(), json!("1"));
                    let body = json!({ "STATUS": "OK", "person": with_company(person) });
                    Ok(JsonResponse::new(200, body))
                }
                Method::PUT => update(call, people, person),
                _ => {
                    people.remove(id);
                    Ok(JsonResponse::new(200, json!({ "STATUS": "OK" })))
                }
            }
        }
        _ if call.route.is_some() => Err(error(405, "Method not allowed")),
        _ => Err(error(404, "Not found")),
    }
}

fn list(call: &Call, people: &mut Store) -> JsonResponse {
    let number = |name| call.number(name).filter(|number| *number > 0);
    let page = number("page").unwrap_or(1);
    let address = call.query("emailaddress");
    let address = address.as_deref();
    let reader = people.read();
    let found = reader.list(|person| address.is_none_or(|address| person.has_address(address)));
    let size = reader.page_size(number("pageSize").unwrap_or(PAGE).min(MAX_PAGE));
    let shown = slice(&found, (page - 1).saturating_mul(size), size).iter();
    let shown = shown.map(|user| {
        let mut person = user.record.clone();
        let names = ["first-name", "last-name"].map(|name| get_str(&person, name));
        let full_name = json!(names.join(" ").trim());
        person.insert("full-name".to_owned(), full_name);
        person.insert("in-owner-company".to_owned(), json!(true));
        person.insert("utilizationTarget".to_owned(), json!("0.8"));
        with_company(person)
    });
    let body = json!({ "STATUS": "OK", "people": shown.collect::<Value>() });
    let pages = found.len().div_ceil(size).max(1);
    JsonResponse::new(200, body)
        .with("x-page", page.to_string())
        .with("x-pages", pages.to_string())
        .with("x-records", found.len().to_string())
}

/// The person with the id of the company in its second spelling.
fn with_company(mut person: Record) -> Record {
    let company = json!(get_str(&person, "company-id"));
    person.insert("companyId".to_owned(), company);
    person
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
        "company-name": "Acme",
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
        "user-invited": "2",
        "user-invited-status": "PENDING",
        "user-invited-date": now,
        "user-invite-accepted-date": "",
        "isServiceAccount": false,
        "permissions": { "can-add-projects": false, "can-manage-people": false },
        "address": {},
        "tags": [],
        "lengthOfDay": "8.0",
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
