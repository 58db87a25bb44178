//! What keeps `serve` from starting.

use super::support::Serve;
use crate::cli::program;
use crate::client::Request;

/// What the program says when it does not start, with exit code 4 and nothing on standard output.
fn refusal(accounts: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("accounts.toml"), accounts).expect("a file");
    std::fs::write(folder.path().join("empty.txt"), "# no token\n").expect("a file");
    std::fs::write(
        folder.path().join("short.txt"),
        "0123456789abcdef\nSecret\n",
    )
    .expect("a file");
    let arguments = ["serve"].iter().chain(arguments);
    let output = program(arguments)
        .current_dir(folder.path())
        .output()
        .expect("the program runs");
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(output.stdout.is_empty(), "{said}");
    assert!(!said.contains("listening"), "{said}");
    said
}

const GOOD: &str = "[[account]]\nid = \"62f44730-dd91-461e-bd6a-aedd9e0ad79d\"\nintegration = \"dixa\"\n\
    credentials = { api_token = \"a-token-of-dixa\" }\n";

#[test]
fn others_are_not_served_without_tokens() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let said = refusal(GOOD, &["--listen", address]);
        assert!(
            said.contains("--token-file") && said.contains(address),
            "{said}"
        );
    }
}

#[test]
fn a_token_file_that_is_none() {
    for (file, words) in [
        ("missing.txt", "missing.txt"),
        ("empty.txt", "found none"),
        ("short.txt", "line 2"),
    ] {
        let said = refusal(GOOD, &["--listen", "127.0.0.1:0", "--token-file", file]);
        assert!(said.contains(words) && !said.contains("Secret"), "{said}");
    }
}

#[test]
fn every_fault_of_the_accounts_file_is_named() {
    let faulty = GOOD.replace("dixa\"", "zendesk\"")
        + "\n"
        + &GOOD
            .replace("62f44730", "62F44730")
            .replace("api_token", "password");
    let said = refusal(&faulty, &["--listen", "127.0.0.1:0"]);
    for words in [
        "accounts.toml:3:",
        "zendesk",
        "accounts.toml:7:",
        "password",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains("a-token-of-dixa"), "{said}");
    let json = refusal(
        &faulty,
        &["--listen", "127.0.0.1:0", "--log-format", "json"],
    );
    let body: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert!(
        body["faults"]
            .as_array()
            .is_some_and(|faults| faults.len() > 2),
        "{body:#}"
    );
}

#[test]
fn a_port_that_is_taken() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let said = refusal(GOOD, &["--listen", &address]);
    assert!(said.contains(&address), "{said}");
}

#[cfg(unix)]
#[tokio::test]
async fn files_with_secrets_that_others_can_read_are_logged() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, "\u{feff}0123456789abcdef\n").expect("a file");
    std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o604)).expect("a mode");
    let tokens = tokens.to_str().expect("a path in UTF-8");
    let mut serve = Serve::of(GOOD, &["--token-file", tokens]);
    // It answers once it has said all of its start.
    let health = Request {
        method: "GET".to_owned(),
        target: "/healthz".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    assert_eq!(serve.call(&health).await.status, 200);
    serve.terminate();
    serve.ended().await;
    let said = serve.said();
    let expected =
        format!("--token-file {tokens}: can be read by others than its owner (mode 0604)");
    assert!(said.contains(&expected), "{said}");
    assert!(
        !said.contains("0123456789abcdef") && !said.contains("a-token-of-dixa"),
        "{said}"
    );
}
