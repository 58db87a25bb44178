//! `accounts check --live`: what the providers think of the credentials.

use serde_json::{Value, json};
use unified_ticketing_guest::integration::ALL;

use super::support::{ProgramOutput, run};
use crate::serve::Simulators;

/// Runs the check over this accounts file.
fn check(accounts: &str, arguments: &[&str]) -> ProgramOutput {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("accounts.toml");
    std::fs::write(&file, accounts).expect("a file");
    let accounts = format!("--accounts={}", file.display());
    run([&["accounts", "check", &accounts], arguments].concat())
}

/// What the provider of an account thinks of its credentials, and the code of the error.
fn answer(output: &ProgramOutput, account: &str) -> (Value, Value) {
    let checked: Value = serde_json::from_str(&output.stdout).expect("JSON");
    let answers = checked["live"].as_array().expect("answers");
    assert_eq!(answers.len(), ALL.len(), "{checked:#}");
    let answer = answers.iter().find(|answer| answer["account"] == account);
    let answer = answer.expect("an answer");
    (answer["credentials"].clone(), answer["code"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn provider_says_of_credentials() {
    let simulators = Simulators::start().await;
    let all = check(&simulators.accounts, &["--live", "--collection=project:1"]);
    assert_eq!(all.code, 0, "{}", all.stderr);
    for integration in ALL {
        let name = integration.name;
        assert_eq!(
            answer(&all, name),
            (json!("accepted"), Value::Null),
            "{name}"
        );
        let count = format!("count?integration={name}");
        let count = simulators.control("GET", &count, "").await;
        assert_eq!(count["requests"], 1, "{name}: {count}");
    }
    // One provider has no list without a collection, and is not asked.
    let unchecked = check(&simulators.accounts, &["--live"]);
    assert_eq!(unchecked.code, 0, "{}", unchecked.stderr);
    let expected = (json!("unchecked"), json!("invalid-request"));
    assert_eq!(answer(&unchecked, "pivotal_tracker"), expected);
    let without = check(&simulators.accounts, &[]);
    assert!(
        without.code == 0 && !without.stdout.contains("live"),
        "{}",
        without.stdout
    );

    for secret in simulators.secrets() {
        for text in [
            &all.stdout,
            &all.stderr,
            &unchecked.stdout,
            &unchecked.stderr,
        ] {
            assert!(!text.contains(&secret), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_credentials_are_named() {
    let simulators = Simulators::start().await;
    let file: toml::Table = simulators.accounts.parse().expect("TOML");
    let accounts = file["account"].as_array().expect("accounts");
    let dixa = accounts
        .iter()
        .find(|it| it["name"].as_str() == Some("dixa"));
    let token = dixa.expect("dixa")["credentials"]["api_token"].as_str();
    let wrong = simulators
        .accounts
        .replace(token.expect("a token"), "a-token-that-is-wrong");
    let rejected = check(&wrong, &["--live", "--collection=1"]);
    assert_eq!(rejected.code, 4, "{}", rejected.stderr);
    let expected = (json!("rejected"), json!("provider-unauthorized"));
    assert_eq!(answer(&rejected, "dixa"), expected);
    assert_eq!(answer(&rejected, "hive").0, "accepted");
    assert!(
        rejected
            .stderr
            .contains("rejects the credentials of `dixa`"),
        "{}",
        rejected.stderr
    );
    assert!(!(rejected.stdout + &rejected.stderr).contains("a-token-that-is-wrong"));

    // Nobody listens there.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let closed = listener.local_addr().expect("its address").to_string();
    drop(listener);
    let gone = simulators
        .accounts
        .replace(&simulators.address.to_string(), &closed);
    let unknown = check(&gone, &["--live", "--collection=1"]);
    assert_eq!(unknown.code, 7, "{}", unknown.stderr);
    let expected = (json!("unknown"), json!("no-connection"));
    assert_eq!(answer(&unknown, "dixa"), expected);
}
