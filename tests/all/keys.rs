//! Keys, echoes and stores: the real program as a server and on the command line, with the simulators.

mod at_rest;
mod crowd;
mod echo;
mod exists;
mod expiry;
mod program;
mod scope;
mod suspended;
mod table;
mod unavailable;

use serde_json::Value;

use crate::client::{Request, Response};
use crate::faults::relay::Relay;
use crate::serve::{self, Serve, Simulators};
use crate::stores::Place;

/// The integration of most of these tests: it has a time of creation, and says in its own words that an address is taken.
const INTEGRATION: &str = "gorgias";

const ADDRESS: &str = "ines@kelpworks.example";
const KEY: &str = "joiner-4711";

/// A server with a store. A creation of unknown outcome is looked for once, at once.
fn serve_with(simulators: &Simulators, place: &Place, more: &[&str]) -> Serve {
    let store = place.arguments();
    let store = store.iter().map(String::as_str);
    let arguments: Vec<&str> = store.chain(["--settle=900ms"]).collect();
    Serve::start(simulators, &[&arguments[..], more].concat())
}

/// Simulators, and a relay that can hold their responses back.
async fn held_simulators() -> (Simulators, Relay) {
    let mut simulators = Simulators::start().await;
    let relay = Relay::start(simulators.address).await;
    let [own, other] = [simulators.address, relay.address].map(|it| format!("http://{it}/"));
    simulators.accounts = simulators.accounts.replace(&own, &other);
    (simulators, relay)
}

/// A request that creates a user with this address, and looks for it where its outcome is unknown.
fn create(account: &str, email: &str) -> Request {
    let request = serve::create(account, email);
    Request {
        target: request.target.replace("&unified_settle=false", ""),
        ..request
    }
}

/// A request for a user who exists.
fn request(method: &str, account: &str, id: &str, body: &str) -> Request {
    Request {
        method: method.to_owned(),
        target: format!("/unified/ticketing/users/{id}?integrated_account_id={account}"),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.as_bytes().to_vec(),
    }
}

/// The request with this header of a key.
fn with_key(request: &Request, key: &str) -> Request {
    let mut request = request.clone();
    let header = ("Idempotency-Key".to_owned(), key.to_owned());
    request.headers.push(header);
    request
}

/// The request with another parameter.
fn with(request: &Request, parameter: &str) -> Request {
    Request {
        target: format!("{}&{parameter}", request.target),
        ..request.clone()
    }
}

/// The id in a user.
#[track_caller]
fn id(response: &Response) -> String {
    assert_eq!(response.status, 200, "{response:?}");
    let id = response.json()["id"].as_str().map(str::to_owned);
    id.unwrap_or_else(|| panic!("no id in {response:?}"))
}

/// What a response says of itself: the status; the result, or the code; and whether it is replayed.
fn shown(response: &Response) -> (u16, &str, bool) {
    let header = |name| response.header(name).unwrap_or_default();
    let what = match response.status {
        200 => header("unified-result"),
        _ => header("unified-code"),
    };
    (
        response.status,
        what,
        header("idempotency-replayed") == "true",
    )
}

/// The codes of a response's warnings.
fn warnings(response: &Response) -> Vec<&str> {
    let headers = response.headers.iter();
    let warnings = headers.filter(|(name, _)| name == "unified-warning");
    warnings
        .filter_map(|(_, value)| value.split(';').next())
        .collect()
}

/// How many requests with this method an integration has received.
async fn count(simulators: &Simulators, integration: &str, method: &str) -> u64 {
    let target = format!("count?integration={integration}");
    let count = simulators.control("GET", &target, "").await;
    count["methods"][method].as_u64().unwrap_or_default()
}

/// How many requests that create the integration of most tests has received.
async fn creations(simulators: &Simulators) -> u64 {
    count(simulators, INTEGRATION, "POST").await
}

/// Has the simulator treat its next request so.
async fn fault(simulators: &Simulators, fault: &str) {
    let target = format!("faults/{INTEGRATION}");
    let fault = serde_json::from_str::<Value>(fault).expect("JSON");
    simulators.control("PUT", &target, &fault.to_string()).await;
}

/// The provider acts, and the response is lost.
const LOST: &str = r#"{"kind": "reset-after-body"}"#;
/// The provider does not act, and nobody knows.
const NEVER: &str = r#"{"kind": "reset-before-body"}"#;
/// The provider rejects the request.
const REJECTED: &str =
    r#"{"kind": "status", "status": 422, "body": "{\"error\": {\"msg\": \"no\"}}"}"#;
