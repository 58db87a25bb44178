//! Input that is no HTTP/1.1 request, or too large.

use super::accounts;
use super::support::{Serve, error, error_of};
use crate::client::Connection;
use crate::provider::Provider;

/// The bytes that a client sends, and the status and code that it gets.
fn rows() -> Vec<(&'static str, String, (u16, &'static str))> {
    let get = |headers: &str| format!("GET /healthz HTTP/1.1\r\n{headers}\r\n");
    let post =
        |rest: &str| format!("POST /unified/ticketing/users HTTP/1.1\r\nhost: localhost\r\n{rest}");
    let target = |length| format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(length));
    let malformed = (400, "malformed-request");
    vec![
        ("plain words", "what is this?\r\n\r\n".to_owned(), malformed),
        ("TLS", "\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), malformed),
        (
            "HTTP/2",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
            malformed,
        ),
        (
            "a quotation mark in the target",
            "GET /healthz?a=[\"b\"] HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            malformed,
        ),
        (
            "bare line feeds",
            "GET /healthz HTTP/1.1\nhost: x\n\n".to_owned(),
            malformed,
        ),
        (
            "one bare line feed",
            get("host: x\r\na: b\nc: d\r\n"),
            malformed,
        ),
        ("two hosts", get("host: x\r\nhost: x\r\n"), malformed),
        (
            "two hosts that differ",
            get("host: x\r\nHost: y\r\n"),
            malformed,
        ),
        ("no host", get(""), malformed),
        ("an invalid host", get("host: x/y\r\n"), malformed),
        (
            "a header without a colon",
            get("host: x\r\nabc\r\n"),
            malformed,
        ),
        (
            "a folded header",
            get("host: x\r\na: b\r\n c\r\n"),
            malformed,
        ),
        ("a space before the colon", get("host : x\r\n"), malformed),
        (
            "two lengths",
            post("content-length: 1\r\ncontent-length: 2\r\n\r\n"),
            malformed,
        ),
        (
            "an invalid length",
            post("content-length: -1\r\n\r\n"),
            malformed,
        ),
        (
            "a coding that does not end",
            post("transfer-encoding: gzip\r\n\r\n"),
            malformed,
        ),
        (
            "a chunk without a size",
            post("transfer-encoding: chunked\r\n\r\nx\r\n"),
            malformed,
        ),
        (
            "101 headers",
            get(&format!("host: x\r\n{}", "a: b\r\n".repeat(100))),
            (431, "headers-too-large"),
        ),
        (
            "200 KiB of headers",
            get(&format!("host: x\r\na: {}\r\n", "b".repeat(200 << 10))),
            (431, "headers-too-large"),
        ),
        ("70 KiB of target", target(70 << 10), (414, "uri-too-long")),
        (
            "200 KiB of target",
            target(200 << 10),
            (414, "uri-too-long"),
        ),
    ]
}

#[tokio::test]
async fn malformed_request_gets_body_and_log() {
    let provider = Provider::start().await;
    let mut serve = Serve::with_accounts(&accounts(&provider.url()), &["-v"]);
    for (name, bytes, (status, code)) in rows() {
        let mut connection = Connection::open(serve.address).await.expect("a connection");
        // A good request before it, in the same write, makes no difference.
        let good = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
        connection
            .write(format!("{good}{bytes}").as_bytes())
            .await
            .expect("a write");
        assert_eq!(
            connection.read().await.expect("a response").status,
            200,
            "{name}"
        );
        let rejected = connection
            .read()
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            error_of(&rejected),
            error(status, code, "not-sent"),
            "{name}"
        );
        for (header, value) in [
            ("unified-code", code),
            ("unified-outcome", "not-sent"),
            ("content-type", "application/json"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("connection", "close"),
        ] {
            assert_eq!(rejected.header(header), Some(value), "{name}: {rejected:?}");
        }
        let id = rejected.header("x-request-id").expect("an id").to_owned();
        let (status, code) = (format!("status={status}"), format!("code=\"{code}\""));
        serve
            .wait_for_line(&[&format!("request=\"{id}\""), &status, &code])
            .await;
        assert!(
            connection.read().await.is_err(),
            "{name}: the connection is closed"
        );
    }
}

#[tokio::test]
async fn truncated_request_is_malformed() {
    let provider = Provider::start().await;
    let serve = Serve::with_accounts(&accounts(&provider.url()), &[]);
    for bytes in [
        "POST /unified/ticketing/users HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{",
        "POST /unified/ticketing/users HTTP/1.1\r\nhost: local",
    ] {
        let mut connection = Connection::open(serve.address).await.expect("a connection");
        connection.write(bytes.as_bytes()).await.expect("a write");
        connection.half_close().await.expect("a connection");
        let rejected = connection.read().await.expect("a response");
        assert_eq!(
            error_of(&rejected),
            error(400, "malformed-request", "not-sent")
        );
    }
}
