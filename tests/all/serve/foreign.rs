//! Pages of other origins, in a browser on the same machine, and a server without tokens.

use super::support::{Serve, create, error, error_of};
use super::{ACCOUNT, accounts, created};
use crate::client::{Connection, Request};
use crate::provider::Provider;

/// The bytes of a request with these headers, and with `host`.
fn bytes(request: &Request, host: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut section = format!(
        "{} {} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n",
        request.method,
        request.target,
        request.body.len()
    );
    for (name, value) in headers {
        section.push_str(&format!("{name}: {value}\r\n"));
    }
    section.push_str("\r\n");
    [section.as_bytes(), &request.body].concat()
}

#[tokio::test]
async fn foreign_pages_are_forbidden() {
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    let serve = Serve::with_accounts(&accounts(&provider.url()), &[]);
    let good = create(ACCOUNT, "ines@kelpworks.example");
    let unknown_path = Request {
        target: "/no-such-path".to_owned(),
        ..good.clone()
    };
    let health = Request {
        method: "GET".to_owned(),
        target: "/healthz".to_owned(),
        ..Request::default()
    };
    for (host, headers, forbidden) in [
        ("evil.example", &[][..], true),
        ("evil.example:8080", &[], true),
        ("localhost", &[("origin", "http://evil.example")], true),
        ("localhost", &[("origin", "null")], true),
        ("localhost", &[("sec-fetch-site", "cross-site")], true),
        ("localhost", &[("origin", "http://localhost:3000")], false),
        ("127.0.0.1", &[("sec-fetch-site", "none")], false),
        ("[::1]:9", &[], false),
    ] {
        let mut connection = Connection::open(serve.address).await.expect("a connection");
        // 403 comes before 404.
        for (request, status) in [(&good, 200), (&unknown_path, 404), (&health, 200)] {
            connection
                .write(&bytes(request, host, headers))
                .await
                .expect("a write");
            let response = connection.read().await.expect("a response");
            if forbidden && request.target != "/healthz" {
                assert_eq!(
                    error_of(&response),
                    error(403, "forbidden", "not-sent"),
                    "{host} {headers:?}"
                );
                assert_eq!(response.header("unified-code"), Some("forbidden"));
            } else {
                assert_eq!(response.status, status, "{host} {headers:?}");
            }
        }
        let sent = usize::from(!forbidden);
        assert_eq!(provider.received().len(), sent, "{host} {headers:?}");
    }
}

#[tokio::test]
async fn tokens_allow_any_host_name() {
    const TOKEN: &str = "a-token-of-the-foreign-test";
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), TOKEN).expect("a file");
    let file = file.path().to_str().expect("UTF-8").to_owned();
    let serve = Serve::with_accounts(&accounts(&provider.url()), &["--token-file", &file]);
    let good = create(ACCOUNT, "ines@kelpworks.example");
    let authorization = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("origin", "https://console.kelpworks.example"),
    ];
    let mut connection = Connection::open(serve.address).await.expect("a connection");
    connection
        .write(&bytes(&good, "users.kelpworks.example", &headers))
        .await
        .expect("a write");
    let response = connection.read().await.expect("a response");
    assert_eq!(response.status, 200, "{response:?}");
}
