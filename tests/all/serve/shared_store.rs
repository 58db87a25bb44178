//! Servers that share a store.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::task::JoinSet;

use super::support::create;
use super::{Serve, Simulators};
use crate::client::{self, Request, Response};
use crate::stores::{Kind, Place, on_each_store};

on_each_store!(servers_at_once_send_once another_body_is_rejected_everywhere);

/// Two servers on one store.
fn serve_twice(simulators: &Simulators, place: &Place) -> [Serve; 2] {
    let arguments = place.arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    [(); 2].map(|()| Serve::start(simulators, &arguments))
}

fn create_once(account: &str, email: &str, key: &str) -> Request {
    let mut request = create(account, email);
    let key = ("idempotency-key".to_owned(), format!("\"{key}\""));
    request.headers.push(key);
    request
}

/// What a client learns of a request with a key.
fn told(response: &Response) -> String {
    let replayed = response.header("idempotency-replayed") == Some("true");
    match response.status {
        200 if replayed => "replayed".to_owned(),
        200 => "created".to_owned(),
        status => {
            let code = response.header("unified-code").unwrap_or_default();
            format!("{status} {code}")
        }
    }
}

async fn posts(simulators: &Simulators, integration: &str) -> Value {
    let count = format!("count?integration={integration}");
    let count = simulators.control("GET", &count, "").await;
    count["methods"]["POST"].clone()
}

async fn servers_at_once_send_once(kind: Kind) {
    let (simulators, place) = (Simulators::start().await, kind.place().await);
    let servers = serve_twice(&simulators, &place);
    simulators.delay("gorgias", 300, 1).await;
    let request = create_once(
        &simulators.id("gorgias"),
        "ines@kelpworks.example",
        "joiner 4711",
    );
    let mut calls = JoinSet::new();
    for number in 0..100 {
        let (address, request) = (servers[number % 2].address, request.clone());
        calls.spawn(async move { client::send(address, &request).await.expect("a response") });
    }
    let mut told_how_often: BTreeMap<String, u32> = BTreeMap::new();
    for response in calls.join_all().await {
        *told_how_often.entry(told(&response)).or_default() += 1;
    }
    assert_eq!(posts(&simulators, "gorgias").await, 1, "{told_how_often:?}");
    assert_eq!(
        told_how_often.remove("created"),
        Some(1),
        "{told_how_often:?}"
    );
    let in_flight = told_how_often.remove("409 idempotency-in-flight");
    assert!(in_flight > Some(0), "{told_how_often:?}");
    told_how_often.remove("replayed");
    assert_eq!(told_how_often, BTreeMap::new());

    let mut bodies = Vec::new();
    for server in &servers {
        let again = server.call(&request).await;
        assert_eq!(told(&again), "replayed", "{again:?}");
        bodies.push(again.json());
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(posts(&simulators, "gorgias").await, 1);
    let words = ["ines@kelpworks.example", "Halvorsen", "joiner 4711"];
    for (place, content) in place.contents().await {
        for word in words {
            let mut parts = content.windows(word.len());
            let found = parts.any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
            assert!(!found, "`{word}` is in {place}");
        }
    }
}

async fn another_body_is_rejected_everywhere(kind: Kind) {
    let (simulators, place) = (Simulators::start().await, kind.place().await);
    let servers = serve_twice(&simulators, &place);
    let account = simulators.id("dixa");
    let first = create_once(&account, "ines@kelpworks.example", "joiner 4711");
    let other = create_once(&account, "priya@kelpworks.example", "joiner 4711");
    assert_eq!(told(&servers[0].call(&first).await), "created");
    for server in &servers {
        let rejected = server.call(&other).await;
        assert_eq!(told(&rejected), "422 idempotency-mismatch", "{rejected:?}");
    }
    assert_eq!(posts(&simulators, "dixa").await, 1);
}
