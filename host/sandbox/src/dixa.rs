//! Dixa: agents.
//!
//! | Request | Response | Reference |
//! | --- | --- | --- |
//! | `POST /agents` | 201 | <https://docs.dixa.io/openapi/dixa-api/v1/agents/postagents> |
//! | `PATCH /agents/{id}`, `PUT /agents/{id}` | 200 | <https://docs.dixa.io/openapi/dixa-api/v1/overview> |
//! | `GET /agents/{id}`, `GET /agents?email=…`, `?phone=…` | 200 | the same |
//!
//! The public record is silent on these; chosen:
//!
//! * A bad token gives 401, and only the raw token is taken: the specification shows no scheme
//!   word before it.
//! * A taken address, an additional one too, gives 400 with a message that says so.
//! * Unknown members are ignored. An update's `email` and `roles` are rejected, because its
//!   schema leaves them out.
//! * An empty update is rejected, as the bulk call's `EmptyPatchSet` suggests; `null` removes an
//!   optional member; `PUT` keeps members that are left out.
//! * A picture's address is sent at once in its hosted form.

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::accounts::Account;
use super::call::{Call, CallResult, JsonResponse};
use super::fields::{Field, Kind, field, first_violation, merge, nullable};
use super::store::{Record, Store, get_str, record};
use super::{Simulator, clock};

const TOKEN: &str = "sandbox-dixa-token";

pub(super) static SIMULATOR: Simulator = Simulator {
    account: Account {
        id: "0d2c1f5e-6a43-4f0b-9c7e-3b1a5d8e4f10",
        integration: "dixa",
        base: "/v1",
        settings: &[],
        credentials: &[("api_token", TOKEN)],
        notes: &[],
    },
    respond,
    limit: None,
};

const FIELDS: [Field; 9] = [
    field("displayName", Kind::NonBlank),
    field("email", Kind::Address),
    nullable("avatarUrl", Kind::Format("URL", is_url)),
    nullable("phoneNumber", Kind::String),
    nullable("additionalEmails", Kind::Strings),
    nullable("additionalPhoneNumbers", Kind::Strings),
    nullable("firstName", Kind::String),
    nullable("lastName", Kind::String),
    nullable("middleNames", Kind::Custom("array of strings", is_strings)),
];

fn respond(call: &Call, agents: &mut Store) -> CallResult {
    if call.header(AUTHORIZATION) != Some(TOKEN) {
        return Err(message(401, "Unauthorized"));
    }
    match (call.method(), call.path().as_slice()) {
        (&Method::POST, ["v1", "agents"]) => create(call, agents),
        (&Method::GET, ["v1", "agents"]) => list(call, agents),
        (method @ (&Method::GET | &Method::PATCH | &Method::PUT), ["v1", "agents", id]) => {
            if uuid::Uuid::try_parse(id).is_err() {
                return Err(message(400, format!("Invalid value for agentId: {id}")));
            }
            let agent = agents.get(id).cloned();
            let agent = agent.ok_or_else(|| message(404, format!("Agent {id} not found")))?;
            match *method {
                Method::GET => Ok(data(200, agent)),
                Method::PATCH => update(call, agents, agent, &[]),
                _ => update(call, agents, agent, &["displayName"]),
            }
        }
        (_, ["v1", "agents"] | ["v1", "agents", _]) => Err(message(405, "Method not allowed")),
        _ => Err(message(404, "Not found")),
    }
}

fn create(call: &Call, agents: &mut Store) -> CallResult {
    let body = parse_body(call, &["displayName", "email"])?;
    let random = agents.scattered().to_be_bytes();
    let id = uuid::Builder::from_random_bytes(random).into_uuid();
    let agent = json!({ "id": id.to_string(), "createdAt": clock::whole_seconds() });
    save(agents, record(agent), &body, 201)
}

fn update(call: &Call, agents: &mut Store, agent: Record, required: &[&str]) -> CallResult {
    let body = parse_body(call, required)?;
    if body.is_empty() {
        return Err(message(400, "The patch set is empty"));
    }
    match ["email", "roles"]
        .iter()
        .find(|name| body.contains_key(**name))
    {
        Some(name) => Err(message(400, format!("'{name}' cannot be changed"))),
        None => save(agents, agent, &body, 200),
    }
}

fn list(call: &Call, agents: &Store) -> CallResult {
    let (email, phone) = (call.query("email"), call.query("phone"));
    if email.is_some() && phone.is_some() {
        return Err(message(400, "email and phone are mutually exclusive"));
    }
    let mut found = agents.find(email);
    found.retain(|agent| {
        phone
            .as_deref()
            .is_none_or(|phone| get_str(agent, "phoneNumber") == phone)
    });
    Ok(data(200, json!(found)))
}

fn parse_body(call: &Call, required: &[&str]) -> Result<Record, JsonResponse> {
    let undecodable = || message(400, "The request body could not be decoded");
    let body = call.object().ok_or_else(undecodable)?;
    match first_violation(&body, &FIELDS, required) {
        Some(violation) => Err(message(400, violation.to_string())),
        None => Ok(body),
    }
}

/// Stores the agent with the changes of the body.
fn save(agents: &mut Store, mut agent: Record, body: &Record, status: u16) -> CallResult {
    merge(&mut agent, body, &FIELDS);
    let id = get_str(&agent, "id").to_owned();
    for name in ["additionalEmails", "additionalPhoneNumbers", "middleNames"] {
        agent.entry(name).or_insert_with(|| json!([]));
    }
    agent.entry("roles").or_insert_with(|| json!(["Agent"]));
    if let Some(avatar) = agent.get_mut("avatarUrl") {
        *avatar = json!(format!("https://files.dixa.io/public/{id}"));
    }
    let others = agent
        .get("additionalEmails")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut addresses = others.filter_map(Value::as_str).collect::<Vec<_>>();
    addresses.push(get_str(&agent, "email"));
    if let Some(taken) = addresses.iter().find(|address| agents.taken(address, &id)) {
        return Err(message(
            400,
            format!("The address {taken} is already taken"),
        ));
    }
    agents.put(&id, &addresses, agent.clone());
    Ok(data(status, agent))
}

fn is_url(value: &str) -> bool {
    let uri = value.parse::<http::Uri>();
    uri.is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some())
}

fn is_strings(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|array| array.iter().all(Value::is_string))
}

fn data(status: u16, value: impl Into<Value>) -> JsonResponse {
    JsonResponse::new(status, json!({ "data": value.into() }))
}

fn message(status: u16, text: impl Into<String>) -> JsonResponse {
    JsonResponse::new(status, json!({ "message": text.into() }))
}
