//! What every operation of every integration obeys.

mod answers;
mod requests;
mod spellings;

use serde_json::Value;
use unified_ticketing_guest::bindings::http_api::{HttpResponse, HttpStep};
use unified_ticketing_guest::bindings::types::Sending;

use crate::support::{Operation, json_of, start};

/// What a response says, in the words that programs read.
fn said(response: &HttpResponse) -> (u16, String, String) {
    let body = json_of(response);
    let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (response.status, word("code"), word("outcome"))
}

fn refused(operation: Operation, query: &str, body: &Value) -> HttpResponse {
    match start(&operation.request(query, body), operation.account(true)) {
        HttpStep::Respond(response) => response,
        HttpStep::Send(Sending { request, .. }) => panic!(
            "{}: nothing may be sent, but {request:?} was",
            operation.name()
        ),
    }
}

fn violations(response: &HttpResponse) -> Vec<String> {
    let body = json_of(response);
    let list = body["violations"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|found| {
            format!(
                "{} {}",
                found["path"].as_str().unwrap_or("?"),
                found["code"].as_str().unwrap_or("?")
            )
        })
        .collect()
}
