//! `unified-ticketing serve`: the real program with real clients.

mod audit;
mod crowd;
mod drain;
mod foreign;
mod healthz;
mod leaving;
mod limits;
mod load;
mod log;
mod log_sink;
mod malformed;
mod metrics;
mod reload;
mod soak;
mod start;
mod support;
mod tokens;

use std::time::Duration;

use crate::client::{self, Connection, Request};
use crate::provider::{Provider, ProviderResponse};
pub use support::{Serve, Simulators, account_id, create, error, error_of, get, until};
pub use tokens::digest;

const SENDERS: [&str; 2] = ["host", "component"];

/// An accounts file with one account, at this server.
fn accounts(server: &str) -> String {
    format!(
        "[[account]]\nid = \"{ACCOUNT}\"\nintegration = \"dixa\"\nbase_url = \"{server}/v1\"\n\
         credentials = {{ api_token = \"a-token-of-dixa\" }}\n"
    )
}

const ACCOUNT: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";

/// Dixa's response to a creation.
fn created(bio: &str) -> ProviderResponse {
    ProviderResponse {
        status: 201,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: format!(r#"{{"data": {{"id": "a1", "bio": "{bio}"}}}}"#).into_bytes(),
    }
}

#[tokio::test]
async fn health_paths_respond() {
    let simulators = Simulators::start().await;
    let serve = Serve::start(&simulators, &[]);
    let healthy = serve.call(&get("/healthz")).await;
    assert_eq!(
        (healthy.status, healthy.body.as_deref()),
        (200, Some(&br#"{"status":"ok"}"#[..]))
    );
    assert_eq!(healthy.header("content-type"), Some("application/json"));
    let ready = serve.call(&get("/readyz")).await;
    assert_eq!(
        (ready.status, ready.body.as_deref()),
        (200, Some(&br#"{"status":"ready"}"#[..]))
    );
    for response in [&healthy, &ready, &serve.call(&get("/no-such-path")).await] {
        let id = response.header("x-request-id").unwrap_or_default();
        assert!(!id.is_empty(), "{response:?}");
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(response.header("cache-control"), Some("no-store"));
    }
    let head = Request {
        method: "HEAD".to_owned(),
        ..get("/healthz?a=b")
    };
    assert_eq!(serve.call(&head).await.status, 200);
    let post = Request {
        method: "POST".to_owned(),
        ..get("/healthz")
    };
    let rejected = serve.call(&post).await;
    assert_eq!(
        error_of(&rejected),
        error(405, "method-not-allowed", "not-sent")
    );
    assert_eq!(rejected.header("allow"), Some("GET, HEAD"));
    assert_eq!(rejected.header("unified-code"), Some("method-not-allowed"));
    assert_eq!(rejected.header("unified-outcome"), Some("not-sent"));
}

#[tokio::test]
async fn request_without_token_is_unauthorized() {
    const TOKEN: &str = "the-first-token-of-this-test";
    let simulators = Simulators::start().await;
    let account = simulators.id("dixa");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(
        file.path(),
        format!("# tokens\n{TOKEN}\nthe-second-token-of-this-test\n"),
    )
    .expect("a file");
    let serve = Serve::start(
        &simulators,
        &["--token-file", file.path().to_str().expect("UTF-8")],
    );
    assert_eq!(serve.call(&get("/healthz")).await.status, 200);

    let with = |request: &Request, value: &str| {
        let mut request = request.clone();
        request
            .headers
            .push(("authorization".to_owned(), value.to_owned()));
        request
    };
    let good = create(&account, "ines@kelpworks.example");
    // 401 comes before 404, 405, 415, 413 and 400.
    let requests = [
        get("/no-such-path"),
        get("/unified/ticketing/users"),
        Request {
            headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
            ..good.clone()
        },
        Request {
            body: vec![b' '; 2_000_000],
            ..good.clone()
        },
        Request {
            target: "/unified/ticketing/users".to_owned(),
            ..good.clone()
        },
        good.clone(),
    ];
    for request in &requests {
        let wrong = [
            "Bearer another-token-of-this-test",
            "Basic dGhlOnRva2Vu",
            TOKEN,
            "Bearer",
            "",
        ];
        let rejected = wrong.map(|value| with(request, value));
        for request in std::iter::once(request).chain(&rejected) {
            let response = serve.call(request).await;
            assert_eq!(
                error_of(&response),
                error(401, "unauthorized", "not-sent"),
                "{} {:?}",
                request.target,
                request.headers
            );
            assert_eq!(response.header("www-authenticate"), Some("Bearer"));
            assert_eq!(response.json()["error"], "Unauthorized");
        }
    }
    for token in [TOKEN, "the-second-token-of-this-test"] {
        let accepted = serve
            .call(&with(&get("/no-such-path"), &format!("Bearer {token}")))
            .await;
        assert_eq!(
            error_of(&accepted),
            error(404, "route-not-found", "not-sent")
        );
    }
    let created = serve.call(&with(&good, &format!("bearer {TOKEN}"))).await;
    assert_eq!(created.status, 200, "{created:?}");
    simulators.reached("dixa", 1).await;
}

#[tokio::test]
async fn shutdown_finishes_calls_in_flight() {
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    for sender in SENDERS {
        let mut serve = Serve::with_accounts(&accounts(&provider.url()), &["--sender", sender]);
        let address = serve.address;
        let mut idle = Connection::open(address).await.expect("a connection");
        let healthy = idle.call(&get("/healthz")).await.expect("a response");
        assert_eq!(healthy.status, 200, "{sender}");
        provider.hold(true);
        let in_flight = tokio::spawn(async move {
            client::send(address, &create(ACCOUNT, "ines@kelpworks.example")).await
        });
        until("a request at the provider", async || {
            (provider.count() == 1).then_some(())
        })
        .await;
        serve.terminate();
        until("a refused connection", async || {
            Connection::open(address).await.is_err().then_some(())
        })
        .await;
        assert!(!in_flight.is_finished(), "{sender}");
        provider.hold(false);
        let created = in_flight.await.expect("no panic").expect("a response");
        assert_eq!(created.status, 200, "{sender}: {created:?}");
        assert_eq!(serve.wait_for_exit().await.code(), Some(0), "{sender}");
        let closed = idle.call(&get("/healthz")).await;
        assert!(closed.is_err(), "{sender}: an idle connection is closed");
        assert_eq!(provider.received().len(), 1, "{sender}");
    }
}

#[tokio::test]
async fn connection_is_kept_alive() {
    let simulators = Simulators::start().await;
    for sender in SENDERS {
        let serve = Serve::start(&simulators, &["--sender", sender]);
        let mut connection = Connection::open(serve.address).await.expect("a connection");
        simulators.control("POST", "reset", "").await;
        for position in 0..5 {
            let request = create(
                &simulators.id("hive"),
                &format!("u{position}@kelpworks.example"),
            );
            for (request, status) in [
                (&request, 200),
                (&get("/no-such-path"), 404),
                (&get("/healthz"), 200),
            ] {
                let response = connection.call(request).await.expect("the same connection");
                assert_eq!(response.status, status, "{sender}: {response:?}");
            }
        }
        // Two requests at once get their responses in turn.
        let section = client::encode_headers(&get("/healthz"), serve.address);
        connection
            .write(section.repeat(2).as_bytes())
            .await
            .expect("a write");
        for _ in 0..2 {
            assert_eq!(
                connection.read().await.expect("a response").status,
                200,
                "{sender}"
            );
        }
    }
}

#[tokio::test]
async fn chunked_body_is_accepted() {
    let simulators = Simulators::start().await;
    for sender in SENDERS {
        let serve = Serve::start(&simulators, &["--sender", sender]);
        let mut connection = Connection::open(serve.address).await.expect("a connection");
        let request = create(
            &simulators.id("dixa"),
            &format!("{sender}@kelpworks.example"),
        );
        let (body, target) = (
            String::from_utf8(request.body).expect("UTF-8"),
            request.target,
        );
        let (one, other) = body.split_at(9);
        let bytes = format!(
            "POST {target} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{other}\r\n0\r\n\r\n",
            one.len(),
            other.len()
        );
        connection.write(bytes.as_bytes()).await.expect("a write");
        let created = connection.read().await.expect("a response");
        assert_eq!(created.status, 200, "{sender}: {created:?}");
    }
}

#[tokio::test]
async fn slow_clients_delay_no_others() {
    let simulators = Simulators::start().await;
    let serve = Serve::start(&simulators, &[]);
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut connection = Connection::open(serve.address).await.expect("a connection");
        connection
            .write(b"POST /unified/ticketing/users HTTP/1.1\r\n")
            .await
            .expect("a write");
        slow.push(connection);
    }
    let healthy = tokio::time::timeout(Duration::from_secs(10), serve.call(&get("/healthz"))).await;
    assert_eq!(healthy.expect("in time").status, 200);
}
