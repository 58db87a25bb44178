//! Dixa: agents.
//!
//! | Request | Response | Reference |
//! | --- | --- | --- |
//! | `POST /agents` | 201 | <https://docs.dixa.io/openapi/dixa-api/v1/agents/postagents> |
//! | `PATCH /agents/{id}`, `PUT /agents/{id}` | 200 | <https://docs.dixa.io/openapi/dixa-api/v1/overview> |
//! | `GET /agents/{id}` | 200 | the same |
//! | `GET /agents`, filtered by `email` or `phone`, paged by `pageLimit` and `pageKey` | 200, `data` and `meta` | <https://docs.dixa.io/openapi/dixa-api/v1/agents/getagents> |
//! | `DELETE /agents/{id}` | 204 | the same |
//!
//! `meta.previous` and `meta.next` are the paths of the neighbours, with an opaque `pageKey` that
//! holds the page's size. A deleted agent is an end user from then on, and no agent.
//!
//! The public record is silent on these; chosen:
//!
//! * A bad token gives 401, and only the raw token is taken: the specification shows no scheme
//!   word before it.
//! * A taken address, an additional one too, gives 400 with a message that says so.
//! * Unknown members are ignored. An update's `email` and `roles` are rejected, because its
//!   schema leaves them out.
//! * An empty update is rejected, as the bulk call's `EmptyPatchSet` suggests; `null` removes an
//!   optional member; `PUT` keeps members that are left out. An empty array in a `PATCH` changes
//!   nothing, as in the vendor's sample.
//! * A page has 50 agents, or as many as `pageLimit` asks for up to 100, in the order of their
//!   creation. A `pageLimit` below 1 and a key that is none are rejected. On the last page
//!   `meta.next` is absent, on the first `meta.previous`.
//! * The filter compares the address and the additional ones without regard to ASCII case.
//! * The address of a former agent is free, and a new agent with it has a new id.
//! * A picture's address is sent at once in its hosted form.

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::accounts::Account;
use super::call::{Call, CallResult, JsonResponse};
use super::fields::{Field, Kind, field, first_violation, merge, nullable};
use super::paging::{Cursor, Order, Page};
use super::store::{Record, Store, array, get_str, record};
use super::{Pages, Simulator, clock};

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
    routes: &["/v1/agents", "/v1/agents/{id}"],
    pages: Pages::Marked,
    has_filters: true,
    limit: None,
};

const PAGE: usize = 50;
const MAX_PAGE: usize = 100;

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
        (
            method @ (&Method::GET | &Method::PATCH | &Method::PUT | &Method::DELETE),
            ["v1", "agents", id],
        ) => {
            if uuid::Uuid::try_parse(id).is_err() {
                return Err(invalid("agentId", id));
            }
            let agent = agents.find(method, id);
            let agent = agent.ok_or_else(|| message(404, format!("Agent {id} not found")))?;
            match *method {
                Method::GET => Ok(data(200, agent)),
                Method::PATCH => update(call, agents, agent, &[]),
                Method::PUT => update(call, agents, agent, &["displayName"]),
                _ => {
                    agents.remove(id);
                    Ok(JsonResponse::no_content())
                }
            }
        }
        _ if call.route.is_some() => Err(message(405, "Method not allowed")),
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
    let mut body = parse_body(call, required)?;
    if body.is_empty() {
        return Err(message(400, "The patch set is empty"));
    }
    let fixed = ["email", "roles"];
    if let Some(name) = fixed.iter().find(|name| body.contains_key(**name)) {
        return Err(message(400, format!("'{name}' cannot be changed")));
    }
    if call.method() == Method::PATCH {
        body.retain(|_, value| value.as_array().is_none_or(|array| !array.is_empty()));
    }
    save(agents, agent, &body, 200)
}

fn list(call: &Call, agents: &mut Store) -> CallResult {
    let order = Order {
        name: String::new(),
        key: |_| "",
        descending: false,
    };
    let filters = [
        ("email", call.query("email")),
        ("phone", call.query("phone")),
    ];
    if filters.iter().all(|(_, value)| value.is_some()) {
        return Err(message(400, "email and phone are mutually exclusive"));
    }
    let cursor = call.query("pageKey").map(|key| {
        let cursor = Cursor::decode(&key, &order);
        cursor.ok_or_else(|| invalid("pageKey", &key))
    });
    let cursor = cursor.transpose()?;
    let asked = call.query("pageLimit").map(|limit| {
        let number = limit.parse::<usize>().ok().filter(|number| *number > 0);
        number.ok_or_else(|| invalid("pageLimit", &limit))
    });
    let size = asked
        .transpose()?
        .or(cursor.as_ref().map(|cursor| cursor.size));
    let reader = agents.read();
    let found = reader.list(|agent| {
        filters.iter().all(|(name, value)| match value {
            None => true,
            Some(address) if *name == "email" => agent.has_address(address),
            Some(phone) => get_str(&agent.record, "phoneNumber") == phone,
        })
    });
    let size = reader.page_size(size.unwrap_or(PAGE).min(MAX_PAGE));
    let Page {
        users,
        previous,
        next,
    } = Page::new(found, &order, cursor.as_ref(), size);
    let mut meta = Record::new();
    for (name, key) in [("previous", previous), ("next", next)] {
        if let Some(key) = key {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("pageKey", &key);
            for (name, value) in &filters {
                query.extend_pairs(value.as_ref().map(|value| (name, value)));
            }
            let path = call.parts.uri.path();
            meta.insert(name.to_owned(), json!(format!("{path}?{}", query.finish())));
        }
    }
    let body = json!({ "data": array(&users), "meta": meta });
    Ok(JsonResponse::new(200, body))
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

fn invalid(name: &str, value: &str) -> JsonResponse {
    message(400, format!("Invalid value for {name}: {value}"))
}

fn data(status: u16, value: impl Into<Value>) -> JsonResponse {
    JsonResponse::new(status, json!({ "data": value.into() }))
}

fn message(status: u16, text: impl Into<String>) -> JsonResponse {
    JsonResponse::new(status, json!({ "message": text.into() }))
}
