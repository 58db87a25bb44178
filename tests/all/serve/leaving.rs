//! Clients that disconnect, or close their sending side.

use super::support::{Serve, create, error, error_of, until};
use super::{ACCOUNT, SENDERS, accounts, created};
use crate::client::{self, Connection};
use crate::provider::{Provider, ProviderResponse};

/// A truncated response.
fn truncated() -> ProviderResponse {
    ProviderResponse {
        status: 201,
        headers: vec![("content-length".to_owned(), "1000".to_owned())],
        body: b"{".to_vec(),
    }
}

/// Sends a complete creation. Returns the connection.
async fn send_create(serve: &Serve, email: &str) -> Connection {
    let request = create(ACCOUNT, email);
    let mut connection = Connection::open(serve.address).await.expect("a connection");
    let mut bytes = client::encode_headers(&request, serve.address).into_bytes();
    bytes.extend_from_slice(&request.body);
    connection.write(&bytes).await.expect("a write");
    connection
}

#[tokio::test]
async fn half_closed_client_gets_its_response() {
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    for sender in SENDERS {
        let serve = Serve::with_accounts(&accounts(&provider.url()), &["--sender", sender]);
        // The provider responds after the client has closed its side.
        provider.hold(true);
        let mut connection = send_create(&serve, "ines@kelpworks.example").await;
        connection.half_close().await.expect("a connection");
        until("a request at the provider", async || {
            (provider.count() == 1).then_some(())
        })
        .await;
        provider.hold(false);
        let response = connection.read().await.expect("a response");
        assert_eq!(response.status, 200, "{sender}: {response:?}");
        assert_eq!(provider.received().len(), 1, "{sender}");
    }
}

#[tokio::test]
async fn abandoned_call_completes_in_its_slot() {
    let provider = Provider::start().await;
    for sender in SENDERS {
        let arguments = ["--max-in-flight", "1", "--sender", sender, "-v"];
        let mut serve = Serve::with_accounts(&accounts(&provider.url()), &arguments);
        for (email, response, words) in [
            (
                "ines@kelpworks.example",
                Some(created("")),
                ["status=200", "operation=\"create\""],
            ),
            (
                "other@kelpworks.example",
                Some(truncated()),
                ["code=\"invalid-response\"", "outcome=\"unknown\""],
            ),
        ] {
            provider.respond(response);
            provider.hold(true);
            let connection = send_create(&serve, email).await;
            until("a request at the provider", async || {
                (provider.count() == 1).then_some(())
            })
            .await;
            drop(connection);
            let next = create(ACCOUNT, "next@kelpworks.example");
            let rejected = serve.call(&next).await;
            assert_eq!(
                error_of(&rejected),
                error(503, "overloaded", "not-sent"),
                "{sender}"
            );
            provider.hold(false);
            serve
                .wait_for_line(&[["client=\"gone\"", "integration=\"dixa\""], words].concat())
                .await;
            assert_eq!(provider.received().len(), 1, "{sender}");
        }
        provider.respond(Some(created("")));
        let created = serve.call(&create(ACCOUNT, "last@kelpworks.example")).await;
        assert_eq!(created.status, 200, "{sender}: {created:?}");
        assert_eq!(provider.received().len(), 1, "{sender}");
    }
}

#[tokio::test]
async fn early_disconnect_leaves_nothing_behind() {
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    for sender in SENDERS {
        let arguments = ["--max-in-flight", "1", "--sender", sender];
        let serve = Serve::with_accounts(&accounts(&provider.url()), &arguments);
        let request = create(ACCOUNT, "ines@kelpworks.example");
        let section = client::encode_headers(&request, serve.address);
        // Within the request line, before the body, and within the body.
        for bytes in [&section[..9], &section, &format!("{section}{{\"name\"")] {
            let mut connection = Connection::open(serve.address).await.expect("a connection");
            connection.write(bytes.as_bytes()).await.expect("a write");
        }
        let created = serve.call(&request).await;
        assert_eq!(created.status, 200, "{sender}: {created:?}");
        assert_eq!(provider.received().len(), 1, "{sender}");
    }
}
