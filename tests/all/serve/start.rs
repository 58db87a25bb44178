//! What `serve` says when it starts, and errors that keep it from starting.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::support::Serve;
use crate::cli::program;
use crate::client::Request;

/// Starts `serve`, which must fail with exit code 4 and an empty standard output. Returns its standard error.
fn start_error(accounts: &str, arguments: &[&str]) -> String {
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
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(output.stdout.is_empty(), "{stderr}");
    assert!(!stderr.contains("listening"), "{stderr}");
    stderr
}

const GOOD: &str = "[[account]]\nid = \"62f44730-dd91-461e-bd6a-aedd9e0ad79d\"\nintegration = \"dixa\"\n\
    credentials = { api_token = \"a-token-of-dixa\" }\n";

/// The first two lines of `serve` on a name of this machine.
fn first_lines(arguments: &[&str]) -> [String; 2] {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("accounts.toml"), GOOD).expect("a file");
    let mut process = program(["serve", "--listen", "localhost:0"].iter().chain(arguments))
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let errors = BufReader::new(process.stderr.take().expect("its errors"));
    let mut lines = errors.lines().map(|line| line.expect("a line"));
    let lines = [(); 2].map(|()| lines.next().unwrap_or_default());
    process.kill().expect("the program runs");
    process.wait().expect("its end");
    lines
}

#[test]
fn start_says_with_what() {
    let [listening, started] = first_lines(&[]);
    assert!(
        listening.starts_with("listening on http://127.0.0.1:"),
        "{listening}"
    );
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        started.starts_with(&format!("unified-ticketing {version}"))
            && started.ends_with(": 1 account, sender host, no store"),
        "{started}"
    );
    let [_, started] = first_lines(&["--store", "sqlite:./a.db"]);
    assert!(started.ends_with(", store sqlite"), "{started}");
    let arguments = ["--sender", "component", "--log-format", "json"];
    let [listening, started] = first_lines(&arguments)
        .map(|line| serde_json::from_str::<serde_json::Value>(&line).expect("JSON"));
    assert!(listening["listening"].is_string(), "{listening}");
    assert_eq!(started["accounts"], 1, "{started}");
    assert_eq!(started["sender"], "component", "{started}");
    assert!(started["store"].is_null(), "{started}");
}

#[test]
fn public_address_needs_tokens() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let stderr = start_error(GOOD, &["--listen", address]);
        assert!(
            stderr.contains("--token-file") && stderr.contains(address),
            "{stderr}"
        );
    }
}

#[test]
fn invalid_token_file_is_error() {
    for (file, words) in [
        ("missing.txt", "missing.txt"),
        ("empty.txt", "found none"),
        ("short.txt", "line 2"),
    ] {
        let stderr = start_error(GOOD, &["--listen", "127.0.0.1:0", "--token-file", file]);
        assert!(
            stderr.contains(words) && !stderr.contains("Secret"),
            "{stderr}"
        );
    }
}

#[test]
fn errors_of_accounts_file_are_listed() {
    let invalid = GOOD.replace("dixa\"", "zendesk\"")
        + "\n"
        + &GOOD
            .replace("62f44730", "62F44730")
            .replace("api_token", "password");
    let stderr = start_error(&invalid, &["--listen", "127.0.0.1:0"]);
    for words in [
        "accounts.toml:3:",
        "zendesk",
        "accounts.toml:7:",
        "password",
    ] {
        assert!(stderr.contains(words), "{words} in {stderr}");
    }
    assert!(!stderr.contains("a-token-of-dixa"), "{stderr}");
    let json = start_error(
        &invalid,
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
fn taken_port_is_error() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let stderr = start_error(GOOD, &["--listen", &address]);
    assert!(stderr.contains(&address), "{stderr}");
}

#[cfg(unix)]
#[tokio::test]
async fn readable_secrets_file_is_logged() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, "\u{feff}0123456789abcdef\n").expect("a file");
    std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o604)).expect("a mode");
    let tokens = tokens.to_str().expect("a path in UTF-8");
    let mut serve = Serve::with_accounts(GOOD, &["--token-file", tokens]);
    // It responds after it has logged its whole start.
    let health = Request {
        method: "GET".to_owned(),
        target: "/healthz".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    assert_eq!(serve.call(&health).await.status, 200);
    serve.terminate();
    serve.wait_for_exit().await;
    let log = serve.log();
    let expected =
        format!("--token-file {tokens}: can be read by others than its owner (mode 0604)");
    assert!(log.contains(&expected), "{log}");
    assert!(
        !log.contains("0123456789abcdef") && !log.contains("a-token-of-dixa"),
        "{log}"
    );
}
