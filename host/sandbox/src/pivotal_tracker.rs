//! Pivotal Tracker: memberships of a project (REST API v5).
//!
//! | Request | Response | Reference |
//! | --- | --- | --- |
//! | `POST /projects/{project}/memberships` | 200 | <https://www.pivotaltracker.com/help/api/rest/v5> |
//! | `PUT /projects/{project}/memberships/{membership}` | 200 | the same |
//! | `GET /projects/{project}/memberships/{membership}` | 200 | the same |
//! | `GET /projects/{project}/memberships[?sort_by=name]` | 200, an array of all | the same |
//! | `DELETE /projects/{project}/memberships/{membership}` | 204 | the same |
//!
//! The service ended in April 2025, so its record will not grow. There is one project, `1`.
//!
//! The public record is silent on these; chosen:
//!
//! * A role left out is `member`. `inactive` is rejected, since such memberships are never sent.
//! * A name of 100 characters or more and initials of more than 10 are rejected.
//! * Initials and the user name are derived from the name.
//! * A wrong method on a known path is `route_not_found`, as is a project or membership that is no number.
//! * The list is in the order of creation, and `sort_by` with another value than `name` changes nothing.
//! * `created_at` is taken in RFC 3339 only; `date_format` and `fields` are not simulated.

use http::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::accounts::Account;
use super::call::{Call, CallResult, JsonResponse};
use super::fields::{Field, Kind, ViolationKind, field, merge, violations};
use super::store::{Record, Store, array, get_str, record};
use super::{Pages, Simulator, clock};

const TOKEN: &str = "5a6d6b0c1f2e4d3897a8b9c0d1e2f304";
const PROJECT: &str = "1";

pub(super) static SIMULATOR: Simulator = Simulator {
    account: Account {
        id: "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35",
        integration: "pivotal_tracker",
        base: "/services/v5",
        settings: &[],
        credentials: &[("api_token", TOKEN)],
        notes: &["Pivotal Tracker has one project, 1: `--collection project:1`."],
    },
    respond,
    routes: &[
        "/services/v5/projects/{project}/memberships",
        "/services/v5/projects/{project}/memberships/{membership}",
    ],
    pages: Pages::None,
    has_filters: false,
    limit: None,
};

const ROLE: Field = field("role", Kind::OneOf(&["owner", "member", "viewer"]));
const COLOR: Field = field(
    "project_color",
    Kind::Format("six-digit hexadecimal number", is_color),
);
const FAVORITE: Field = field("favorite", Kind::Bool);

const CREATE: [Field; 8] = [
    field("email", Kind::Address),
    field(
        "name",
        Kind::Format("name, which has fewer than 100 characters", is_name),
    ),
    field(
        "initials",
        Kind::Format("string of at most 10 characters", is_initials),
    ),
    field("person_id", Kind::Integer),
    ROLE,
    COLOR,
    FAVORITE,
    field(
        "created_at",
        Kind::Format("datetime", |text| moment(text).is_some()),
    ),
];
const UPDATE: [Field; 3] = [ROLE, COLOR, FAVORITE];

fn respond(call: &Call, memberships: &mut Store) -> CallResult {
    if call.header("x-trackertoken") != Some(TOKEN) {
        let fix = json!({ "possible_fix": "Recheck the token and send the request again." });
        let text = "Invalid authentication credentials were presented.";
        return Err(error(403, "invalid_authentication", text, fix));
    }
    let path = call.path();
    let Some(["services", "v5", "projects", project, "memberships"]) = path.get(..5) else {
        return Err(no_route());
    };
    let rest = path.get(5..).unwrap_or_default();
    if [project]
        .into_iter()
        .chain(rest)
        .any(|id| id.parse::<u64>().is_err())
    {
        return Err(no_route());
    }
    if *project != PROJECT {
        return Err(unfound("project"));
    }
    let unknown = || unfound("project membership");
    let response = match (call.method(), rest) {
        (&Method::POST, []) => JsonResponse::new(200, create(call, memberships)?),
        (&Method::GET, []) => {
            let mut found = memberships.read().list(|_| true);
            if call.query("sort_by").is_some_and(|name| name == "name") {
                found.sort_by_cached_key(|user| {
                    get_str(&person_of(&user.record), "name").to_owned()
                });
            }
            JsonResponse::new(200, array(&found))
        }
        (&Method::GET, [id]) => {
            let membership = memberships.read().get(id).ok_or_else(unknown)?;
            JsonResponse::new(200, membership.clone())
        }
        (&Method::PUT, [id]) => {
            let membership = memberships.get(id).ok_or_else(unknown)?.clone();
            JsonResponse::new(200, update(call, memberships, membership)?)
        }
        (&Method::DELETE, [id]) => {
            let removed = memberships.remove(id).then(JsonResponse::no_content);
            removed.ok_or_else(unknown)?
        }
        _ => return Err(no_route()),
    };
    let version = memberships.changes().to_string();
    Ok(response.with("x-tracker-project-version", version))
}

fn create(call: &Call, memberships: &mut Store) -> Result<Record, JsonResponse> {
    let body = parse_body(call, &CREATE)?;
    if let Some(id) = body.get("person_id") {
        let person = ["email", "name", "initials"];
        if let Some(name) = person.iter().find(|name| body.contains_key(**name)) {
            return Err(invalid(&format!(
                "'person_id' cannot be combined with '{name}'"
            )));
        }
        // Every person of the sandbox is in its one project.
        let mut known = memberships.records();
        let known = known.any(|membership| person_of(membership).get("id") == Some(id));
        let text = if known {
            "Person is already a project member"
        } else {
            "Could not find Person"
        };
        return Err(invalid(text));
    }
    let (email, name) = (get_str(&body, "email"), get_str(&body, "name").trim());
    if email.is_empty() || name.is_empty() {
        return Err(invalid("Person email and name cannot be blank"));
    }
    if memberships.taken(email, "") {
        return Err(invalid(&format!("{email} is already a project member")));
    }
    let initials = name
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .take(10);
    let initials = initials.collect::<String>().to_uppercase();
    let username = name
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect::<String>();
    let now = clock::whole_seconds();
    let created = moment(get_str(&body, "created_at")).map(clock::seconds);
    let membership = record(json!({
        "kind": "project_membership",
        "id": 7_781_204 + memberships.number(),
        "created_at": created.map_or(now.clone(), |seconds| format!("{seconds}Z")),
        "updated_at": now,
        "person": {
            "kind": "person",
            "id": 2_290_417 + memberships.number(),
            "name": name,
            "email": email,
            "initials": body.get("initials").unwrap_or(&json!(initials)),
            "username": username.to_lowercase(),
        },
        "project_id": 1,
        "role": "member",
        "project_color": "3d7a9e",
        "favorite": false,
        "wants_comment_notification_emails": true,
        "will_receive_mention_notifications_or_emails": true,
    }));
    Ok(save(memberships, membership, &body))
}

fn update(
    call: &Call,
    memberships: &mut Store,
    mut membership: Record,
) -> Result<Record, JsonResponse> {
    let body = parse_body(call, &UPDATE)?;
    membership.insert("updated_at".to_owned(), json!(clock::whole_seconds()));
    Ok(save(memberships, membership, &body))
}

fn save(memberships: &mut Store, mut membership: Record, body: &Record) -> Record {
    merge(&mut membership, body, &UPDATE);
    let id = membership
        .get("id")
        .map(Value::to_string)
        .unwrap_or_default();
    let person = person_of(&membership);
    memberships.put(&id, &[get_str(&person, "email")], membership.clone());
    membership
}

/// The body, if it has no violation.
fn parse_body(call: &Call, fields: &[Field]) -> Result<Record, JsonResponse> {
    let text = "The request body could not be parsed as a JSON object.";
    let unparsed = || error(400, "could_not_parse_body", text, json!({}));
    let body = call.object().ok_or_else(unparsed)?;
    if body.is_empty() {
        return Err(invalid("At least one parameter must be given"));
    }
    match violations(&body, fields, &[]).first() {
        None => Ok(body),
        Some(violation) if matches!(violation.kind, ViolationKind::Unknown) => {
            Err(invalid(&format!(
                "this endpoint cannot accept the parameter: {}",
                violation.name
            )))
        }
        Some(violation) => Err(invalid(&violation.to_string())),
    }
}

fn person_of(membership: &Record) -> Record {
    record(membership.get("person").cloned().unwrap_or_default())
}

fn is_color(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_name(text: &str) -> bool {
    text.chars().count() < 100
}

fn is_initials(text: &str) -> bool {
    text.chars().count() <= 10
}

fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

fn no_route() -> JsonResponse {
    error(
        404,
        "route_not_found",
        "The path you requested has no valid endpoint.",
        json!({}),
    )
}

fn unfound(what: &str) -> JsonResponse {
    let text = format!("The {what} you requested could not be found.");
    error(404, "unfound_resource", &text, json!({}))
}

fn invalid(general: &str) -> JsonResponse {
    let text = "One or more request parameters was missing or invalid.";
    error(
        400,
        "invalid_parameter",
        text,
        json!({ "general_problem": general }),
    )
}

fn error(status: u16, code: &str, text: &str, more: Value) -> JsonResponse {
    let mut body = record(json!({ "kind": "error", "code": code, "error": text }));
    body.extend(record(more));
    JsonResponse::new(status, body)
}
