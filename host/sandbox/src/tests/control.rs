//! The control paths, the connections, the accounts file.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};

use super::{Provider, TestSandbox};
use crate::SIMULATORS;

#[test]
fn journal_keeps_received_requests() {
    let sandbox = TestSandbox::new();
    let line = "PUT /pivotal_tracker/services/v5/me?a=%20b";
    sandbox.exchange(line, "x-trackertoken: wrong\r\n", "caf\u{e9}");
    sandbox.exchange("GET /planhat/users", "", "");
    let entries = sandbox.control("GET requests?integration=pivotal_tracker", &json!({}));
    assert_eq!(entries.as_array().unwrap().len(), 1);
    let mut entry = entries[0].clone();
    let headers = entry["headers"].take();
    let expected = json!({
        "integration": "pivotal_tracker", "method": "PUT", "headers": null,
        "target": "/pivotal_tracker/services/v5/me?a=%20b", "body": "café", "status": 403,
    });
    assert_eq!(entry, expected);
    assert!(
        headers
            .as_array()
            .unwrap()
            .contains(&json!(["x-trackertoken", "wrong"])),
        "{headers}"
    );
    sandbox.control("DELETE requests?integration=pivotal_tracker", &json!({}));
    let left = sandbox.control("GET requests", &json!({}));
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(sandbox.control("GET count", &json!({}))["requests"], 1);
}

#[test]
fn requests_are_counted_by_route() {
    let (sandbox, planhat) = (TestSandbox::new(), Provider::named("planhat"));
    let ids = planhat.fill(&sandbox, &["a@example.org", "b@example.org"]);
    planhat.on_user(&sandbox, "GET", &ids[0], &json!({}));
    planhat.delete(&sandbox, &json!("7"));
    for line in [
        "GET /planhat/users?limit=1",
        "GET /planhat/teams",
        "GET /planhat/users/",
        "GET /planhat/users/7/x",
        "GET /teamwork/people/.json",
        "GET /teamwork/people/7.json",
    ] {
        sandbox.exchange(line, "", "");
    }
    let expected = json!({
        "requests": 8,
        "methods": { "DELETE": 1, "GET": 5, "POST": 2 },
        "routes": {
            "DELETE /planhat/users/{id}": 1,
            "GET /planhat/users": 1,
            "GET /planhat/users/{id}": 1,
            "POST /planhat/users": 2,
        },
        "users": 2,
    });
    let count = sandbox.control("GET count?integration=planhat", &json!({}));
    assert_eq!(count, expected);
    let all = sandbox.control("GET count", &json!({}));
    assert_eq!(all["methods"]["GET"], 7);
    assert_eq!(all["routes"]["GET /teamwork/people/{id}.json"], 1);
    sandbox.control("DELETE requests", &json!({}));
    let none = json!({ "requests": 0, "methods": {}, "routes": {}, "users": 2 });
    assert_eq!(sandbox.control("GET count", &json!({})), none);
}

#[test]
fn reset_forgets_users_faults_requests() {
    let (sandbox, dixa) = (TestSandbox::new(), Provider::named("dixa"));
    dixa.create(&sandbox, &dixa.body);
    sandbox.control("PUT faults/dixa", &json!({ "kind": "html" }));
    sandbox.control("PUT reads/dixa", &json!({ "late_by": 1 }));
    sandbox.control("POST reset", &json!({}));
    assert_eq!(
        sandbox.control("GET count", &json!({})),
        json!({ "requests": 0, "methods": {}, "routes": {}, "users": 0 })
    );
    assert_eq!(sandbox.control("GET requests", &json!({})), json!([]));
    assert_eq!(sandbox.control("GET reads/dixa", &json!({}))["late_by"], 0);
    assert_eq!(dixa.create(&sandbox, &dixa.body).0, 201);
}

#[test]
fn unknown_names_paths_methods_are_rejected() {
    let sandbox = TestSandbox::new();
    for (line, status) in [
        ("DELETE /_sandbox/faults/acme", 404),
        ("GET /_sandbox/count?integration=acme", 404),
        ("GET /_sandbox/journal", 404),
        ("GET /acme/users", 404),
        ("GET /", 404),
        ("POST /_sandbox/count", 405),
        ("GET /_sandbox/faults/dixa", 405),
        ("GET /_sandbox/reads/acme", 404),
        ("POST /_sandbox/reads/dixa", 405),
    ] {
        assert_eq!(sandbox.send(line, "", &json!({})).0, status, "{line}");
    }
}

#[test]
fn connections_are_kept_alive() {
    let sandbox = TestSandbox::new();
    let mut stream = sandbox.connect();
    for _ in 0..2 {
        stream
            .write_all(b"GET /planhat/users HTTP/1.1\r\nhost: a\r\n\r\n")
            .unwrap();
        let mut response = String::new();
        while !response.ends_with('}') {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            response.push(char::from(byte[0]));
        }
        assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
    }
}

#[test]
fn serving_ends_at_shutdown() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let sandbox = super::Sandbox::bind("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        sandbox.serve(std::future::ready(())).await.unwrap();
    });
}

#[test]
fn accounts_file_has_every_simulator() {
    let sandbox = TestSandbox::new();
    let file: toml::Table = sandbox.accounts.parse().unwrap();
    let accounts = serde_json::to_value(&file["account"]).unwrap();
    assert_eq!(accounts.as_array().unwrap().len(), SIMULATORS.len());
    for (index, simulator) in SIMULATORS.iter().enumerate() {
        let account = &accounts[index];
        let (integration, base) = (simulator.account.integration, simulator.account.base);
        assert_eq!(
            account["base_url"],
            format!("http://{}/{integration}{base}", sandbox.address)
        );
        assert_eq!(account["integration"], integration);
        assert_eq!(account["name"], account["integration"]);
        assert!(uuid::Uuid::try_parse(account["id"].as_str().unwrap()).is_ok());
        let mut secrets = account["credentials"].as_object().unwrap().values();
        assert!(secrets.all(|secret| secret.as_str().unwrap().len() >= 8));
    }
    let is_hive = |account: &&Value| account["integration"] == "hive";
    let hive = accounts.as_array().unwrap().iter().find(is_hive).unwrap();
    let expected = json!({ "workspace_id": "Wk4SpAcE8mRn2TjLq", "user_id": "Ow7nErKq3ZtYb5VdX" });
    assert_eq!(hive["settings"], expected);
}

#[test]
fn limit_is_enforced_on_request() {
    let sandbox = TestSandbox::new();
    let list = || {
        let (response, _) = sandbox.exchange("GET /dixa/v1/agents", "authorization: wrong\r\n", "");
        response
    };
    let limit = json!({"requests": 2, "seconds": 60});
    sandbox.control("PUT limits/dixa", &limit);
    for status in ["401", "401", "429"] {
        let response = list();
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status}")),
            "{response}"
        );
        let waits = response.to_lowercase().contains("retry-after: 60");
        assert_eq!(waits, status == "429", "{response}");
    }
    sandbox.control("DELETE limits/dixa", &json!({}));
    assert!(list().starts_with("HTTP/1.1 401"));
}
