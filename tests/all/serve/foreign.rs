//! Pages of others, in a browser on the same machine, against a server without tokens.

use super::support::{Serve, create, error, said};
use super::{ACCOUNT, accounts, created};
use crate::client::{Connection, Request};
use crate::provider::Provider;

/// A creation with these headers; `host` is one of them.
fn bytes(request: &Request, host: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n",
        request.method,
        request.target,
        request.body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    [head.as_bytes(), &request.body].concat()
}

#[tokio::test]
async fn foreign_pages_are_forbidden_and_local_clients_are_not() {
    let provider = Provider::start().await;
    provider.answer(Some(created("")));
    let serve = Serve::of(&accounts(&provider.url()), &[]);
    let good = create(ACCOUNT, "ines@kelpworks.example");
    let nowhere = Request {
        target: "/nowhere".to_owned(),
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
        for (request, otherwise) in [(&good, 200), (&nowhere, 404), (&health, 200)] {
            connection
                .write(&bytes(request, host, headers))
                .await
                .expect("it takes them");
            let response = connection.read().await.expect("a response");
            if forbidden && request.target != "/healthz" {
                assert_eq!(
                    said(&response),
                    error(403, "forbidden", "not-sent"),
                    "{host} {headers:?}"
                );
                assert_eq!(response.header("unified-code"), Some("forbidden"));
            } else {
                assert_eq!(response.status, otherwise, "{host} {headers:?}");
            }
        }
        let sent = usize::from(!forbidden);
        assert_eq!(provider.received().len(), sent, "{host} {headers:?}");
    }
}

#[tokio::test]
async fn with_tokens_the_name_of_the_server_is_free() {
    const TOKEN: &str = "a-token-of-the-foreign-test";
    let provider = Provider::start().await;
    provider.answer(Some(created("")));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), TOKEN).expect("a file");
    let file = file.path().to_str().expect("text").to_owned();
    let serve = Serve::of(&accounts(&provider.url()), &["--token-file", &file]);
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
        .expect("it takes them");
    let response = connection.read().await.expect("a response");
    assert_eq!(response.status, 200, "{response:?}");
}
