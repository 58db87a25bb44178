//! The control paths, the connections, the accounts file.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};

use super::{Provider, Served};

#[test]
fn the_journal_keeps_what_was_received() {
    let served = Served::new();
    let line = "PUT /pivotal_tracker/services/v5/me?a=%20b";
    served.exchange(line, "x-trackertoken: wrong\r\n", "caf\u{e9}");
    served.exchange("GET /planhat/users", "", "");
    let entries = served.control("GET requests?integration=pivotal_tracker", &json!({}));
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
    served.control("DELETE requests?integration=pivotal_tracker", &json!({}));
    let left = served.control("GET requests", &json!({}));
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(served.control("GET count", &json!({}))["requests"], 1);
}

#[test]
fn a_reset_forgets_everything() {
    let (served, dixa) = (Served::new(), Provider::named("dixa"));
    dixa.create(&served, &dixa.body);
    served.control("PUT faults/dixa", &json!({ "kind": "html" }));
    served.control("POST reset", &json!({}));
    assert_eq!(
        served.control("GET count", &json!({})),
        json!({ "requests": 0, "users": 0 })
    );
    assert_eq!(served.control("GET requests", &json!({})), json!([]));
    assert_eq!(dixa.create(&served, &dixa.body).0, 201);
}

#[test]
fn unknown_names_paths_and_methods_are_refused() {
    let served = Served::new();
    for (line, status) in [
        ("DELETE /_sandbox/faults/acme", 404),
        ("GET /_sandbox/count?integration=acme", 404),
        ("GET /_sandbox/journal", 404),
        ("GET /acme/users", 404),
        ("GET /", 404),
        ("POST /_sandbox/count", 405),
        ("GET /_sandbox/faults/dixa", 405),
    ] {
        assert_eq!(served.send(line, "", &json!({})).0, status, "{line}");
    }
}

#[test]
fn connections_are_kept_alive() {
    let served = Served::new();
    let mut stream = served.connect();
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
fn serving_ends_with_the_shutdown() {
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
    let served = Served::new();
    let file: toml::Table = served.accounts.parse().unwrap();
    let accounts = serde_json::to_value(&file["account"]).unwrap();
    let bases = [
        "dixa/v1",
        "gorgias/api",
        "hive/api/v1",
        "pivotal_tracker/services/v5",
        "planhat",
        "teamwork",
    ];
    assert_eq!(accounts.as_array().unwrap().len(), bases.len());
    for (index, base) in bases.iter().enumerate() {
        let account = &accounts[index];
        assert_eq!(
            account["base_url"],
            format!("http://{}/{base}", served.address)
        );
        assert_eq!(account["integration"], base.split('/').next().unwrap());
        assert_eq!(account["name"], account["integration"]);
        assert!(uuid::Uuid::try_parse(account["id"].as_str().unwrap()).is_ok());
        let mut secrets = account["credentials"].as_object().unwrap().values();
        assert!(secrets.all(|secret| secret.as_str().unwrap().len() >= 8));
    }
    let hive: &Value = &accounts[2]["settings"];
    let expected = json!({ "workspace_id": "Wk4SpAcE8mRn2TjLq", "user_id": "Ow7nErKq3ZtYb5VdX" });
    assert_eq!(*hive, expected);
}
