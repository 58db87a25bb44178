//! Standard output and standard error: what they get, and what happens when they fail.

use std::process::Stdio;

use serde_json::Value;

use super::fixture::{Fixture, Stdout, accounts_folder, run};
use super::support::program;
use crate::faults::Stderr;

#[tokio::test(flavor = "multi_thread")]
async fn unwritten_result_says_user_exists() {
    let fixture = Fixture::start().await;
    for stdout in [Stdout::Full, Stdout::Closed, Stdout::ReaderGone] {
        for arguments in [
            &[][..],
            &["--log-format", "json"],
            &["--format", "raw"],
            &["--exclude-field", "id", "--log-format", "json"],
        ] {
            let (code, _, err) = fixture.create(arguments, stdout);
            assert_eq!(code, Some(6), "{stdout:?} {arguments:?}: {err}");
            assert!(
                err.contains("the user exists") && err.contains("a1"),
                "{stdout:?} {arguments:?}: {err}"
            );
            assert!(!err.contains("not-sent"), "{stdout:?} {arguments:?}: {err}");
            assert_eq!(
                fixture.provider.received().len(),
                1,
                "{stdout:?} {arguments:?}"
            );
        }
    }
}

#[test]
fn closed_pipe_ends_reads_quietly() {
    let dry = [
        "users",
        "create",
        "--account=dixa",
        "--name=I",
        "--email=i@k.example",
        "--dry-run",
    ];
    for arguments in [
        &["openapi"][..],
        &["integrations"],
        &["--help"],
        &["accounts", "list"],
        &dry,
    ] {
        let arguments = [&["--sandbox"], arguments].concat();
        let (code, _, err) = run(&arguments, Stdout::ReaderGone);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{arguments:?}");
        for stdout in [Stdout::Full, Stdout::Closed] {
            let (code, _, err) = run(&arguments, stdout);
            assert_eq!(code, Some(1), "{arguments:?} {stdout:?}: {err}");
            assert!(
                err.starts_with("error[output-failed]: standard output: "),
                "{err}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_stderr_changes_no_result() {
    let fixture = Fixture::start().await;
    let accounts = fixture.folder.path().join("accounts.toml");
    for stderr in [Stderr::Full, Stderr::Undrained, Stderr::Gone] {
        for (name, expected) in [("Ines", 0), ("", 3)] {
            let (stdio, _reader) = stderr.open();
            let output = program(["-vv", "users", "create", "--account=dixa", "--nick-name=x"])
                .arg(format!("--name={name}"))
                .args(["--email=ines@kelpworks.example", "--accounts"])
                .arg(&accounts)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(stdio)
                .spawn()
                .and_then(std::process::Child::wait_with_output)
                .expect("its output");
            assert_eq!(
                output.status.code(),
                Some(expected),
                "{stderr:?} {output:?}"
            );
            assert_eq!(
                output.stdout.is_empty(),
                expected != 0,
                "{stderr:?} {output:?}"
            );
        }
        for (arguments, expected) in [
            (&["--nonsense"][..], 2),
            (&["users"], 2),
            (&["--version"], 0),
        ] {
            let (stdio, _reader) = stderr.open();
            let status = program(arguments)
                .stdout(Stdio::null())
                .stderr(stdio)
                .status();
            let status = status.expect("the program runs").code();
            assert_eq!(status, Some(expected), "{stderr:?} {arguments:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn result_keeps_every_token() {
    let fixture = Fixture::start().await;
    let deep = format!("{}1{}", "[".repeat(120), "]".repeat(120));
    for more in [
        r#""n": 7.781204E6"#.to_owned(),
        r#""p": {"$serde_json::private::Number": "1"}"#.to_owned(),
        format!(r#""d": {deep}"#),
    ] {
        fixture.respond(201, &[], &format!(r#"{{"data": {{"id": "a1", {more}}}}}"#));
        let (code, out, err) = fixture.create(&[], Stdout::Read);
        assert_eq!(code, Some(0), "{more}: {err}");
        let one_line: String = out.split_whitespace().collect();
        let more = more.replace(' ', "");
        assert!(
            one_line.contains(&more) || more.contains('E'),
            "{more}: {out}"
        );
        let (code, out, err) = fixture.create(&["--format", "raw"], Stdout::Read);
        assert_eq!(code, Some(0), "{more}: {err}");
        assert!(out.replace(' ', "").contains(&more), "{more}: {out}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn provider_text_controls_no_terminal() {
    let fixture = Fixture::start().await;
    let controls = "\u{9b}2J\u{7f}\u{202e}\u{1b}[8m";
    for (content_type, body) in [
        (
            "application/json",
            r#"{"message": "\u001b[2J\u009b\u202e", "ESC": "CONTROLS"}"#,
        ),
        ("application/json", r#""\u001b[2J\u009b\u202e""#),
        ("text/plain", "\u{1b}[2Jno CONTROLS"),
        ("text/html", "<p>\u{1b}]0;title\u{7}CONTROLS"),
    ] {
        let raw = controls.replace(
            '\u{1b}',
            if body.starts_with(['{', '"']) {
                ""
            } else {
                "\u{1b}"
            },
        );
        let body = body.replace("CONTROLS", &raw);
        for status in [400, 422, 500] {
            fixture.respond(status, &[("content-type", content_type)], &body);
            for format in ["text", "json"] {
                let (code, _, err) = fixture.create(&["-v", "--log-format", format], Stdout::Read);
                assert!(matches!(code, Some(5 | 6)), "{err}");
                assert!(err.contains("2J") || err.contains("title"), "{err}");
                assert_no_terminal_controls(&err);
            }
        }
    }
    for arguments in [
        &["users", "create", "--account", controls, "--sandbox"][..],
        &["accounts", "list", "--accounts", controls],
        &[
            "users",
            "create",
            "--account",
            "dixa",
            "--sandbox",
            "--input",
            controls,
        ],
        &["--log-format", controls],
        &["integrations", controls],
        &["-v", "component", "--out", "/\u{1b}[2J/x"],
    ] {
        for format in [&[][..], &["--log-format=json"]] {
            let (code, _, err) = run(&[arguments, format].concat(), Stdout::Read);
            assert_ne!(code, Some(0), "{arguments:?}");
            assert_no_terminal_controls(&err);
        }
    }
}

fn assert_no_terminal_controls(text: &str) {
    let controls_terminal =
        |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
    assert!(!text.contains(controls_terminal), "{text:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limit_says_when_to_retry() {
    let fixture = Fixture::start().await;
    let headers = [
        ("retry-after", "7"),
        ("x-ratelimit-limit", "100"),
        ("x-ratelimit-remaining", "0"),
    ];
    fixture.respond(429, &headers, r#"{"message": "slow down"}"#);
    let (code, _, err) = fixture.create(&[], Stdout::Read);
    assert_eq!(code, Some(7), "{err}");
    assert!(
        err.contains("\n  try again in 7 s\n  rate limit: limit 100, remaining 0\n"),
        "{err}"
    );
    let (code, _, err) = fixture.create(&["--log-format", "json"], Stdout::Read);
    assert_eq!(code, Some(7), "{err}");
    let body: Value = serde_json::from_str(&err).expect("JSON");
    assert_eq!(body["retry_after"], 7, "{body:#}");
    let rate_limit = serde_json::json!({"limit": 100, "remaining": 0});
    assert_eq!(body["rate_limit"], rate_limit, "{body:#}");
    assert_eq!(
        body["raw_response"],
        serde_json::json!({"message": "slow down"})
    );
}

#[test]
fn usage_error_follows_log_format() {
    for arguments in [
        &["--log-format", "json", "users", "create"][..],
        &["users", "creat", "--log-format=json"],
        &["--log-format", "json", "--deadline", "x", "openapi"],
        &["--log-format=json"],
    ] {
        let (code, out, err) = run(arguments, Stdout::Read);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        let body: Value = serde_json::from_str(&err).expect("one line of JSON");
        assert_eq!(
            (&body["code"], &body["outcome"]),
            (&"usage".into(), &"not-sent".into())
        );
        assert_ne!(body["message"], "", "{body:#}");
    }
}

#[test]
fn port_in_use_is_cannot_listen() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    for command in ["serve", "sandbox"] {
        let arguments = [
            "--sandbox",
            "--log-format=json",
            command,
            "--listen",
            &address,
        ];
        let (code, out, err) = run(&arguments, Stdout::Read);
        assert_eq!((code, out.as_str()), (Some(4), ""), "{command}: {err}");
        let body: Value = serde_json::from_str(&err).expect("JSON");
        assert_eq!(body["code"], "cannot-listen", "{body:#}");
    }
}

#[test]
fn byte_order_mark_is_skipped() {
    let folder = accounts_folder("http://127.0.0.1:1");
    let file = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let accounts = std::fs::read_to_string(file("accounts.toml")).expect("a file");
    let user = r#"{"name": "Ines", "emails": [{"email": "ines@kelpworks.example"}]}"#;
    for (name, text) in [("accounts.toml", accounts.as_str()), ("user.json", user)] {
        std::fs::write(file(name), format!("\u{feff}{text}")).expect("a file");
    }
    let (accounts, user) = (file("accounts.toml"), file("user.json"));
    let call = [
        "users",
        "create",
        "--dry-run",
        "--account",
        "dixa",
        "--accounts",
        &accounts,
    ];
    let (code, _, err) = run(&[&call[..], &["--input", &user]].concat(), Stdout::Read);
    assert_eq!((code, err.as_str()), (Some(0), ""));
}
