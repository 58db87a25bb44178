//! Laws of every operation of every integration.

mod creations;
mod debug;
mod reads;
mod requests;
mod responses;
mod spellings;

use serde_json::Value;
use unified_ticketing_guest::bindings::http_api::{HttpResponse, HttpStep};
use unified_ticketing_guest::bindings::types::{Safety, Sending};

use crate::support::{Operation, json_of, start};

/// Status, code and outcome of a response.
fn error_of(response: &HttpResponse) -> (u16, String, String) {
    let body = json_of(response);
    let member = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (response.status, member("code"), member("outcome"))
}

/// The outcome of an error: whatever became of a request that only reads, nothing was changed.
fn outcome_of(operation: Operation, of_write: &str) -> String {
    let reads = operation.row.safety == Safety::Safe;
    if reads { "not-sent" } else { of_write }.to_owned()
}

/// The response to a call that sends no request.
fn respond_locally(operation: Operation, query: &str, body: &Value) -> HttpResponse {
    match start(&operation.request(query, body), operation.account(true)) {
        HttpStep::Respond(response) => response,
        HttpStep::Send(Sending { request, .. }) => panic!(
            "{}: no request may be sent, but {request:?} was",
            operation.name()
        ),
    }
}

fn violations(response: &HttpResponse) -> Vec<String> {
    let body = json_of(response);
    let violations = body["violations"].as_array().cloned().unwrap_or_default();
    violations
        .iter()
        .map(|found| {
            format!(
                "{} {}",
                found["path"].as_str().unwrap_or("?"),
                found["code"].as_str().unwrap_or("?")
            )
        })
        .collect()
}
