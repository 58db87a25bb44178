//! Clients that leave, or say that they send nothing more.

use super::support::{Serve, create, error, said, until};
use super::{ACCOUNT, SENDERS, accounts, created};
use crate::client::{self, Connection};
use crate::provider::{Answer, Provider};

/// An answer that breaks off.
fn cut() -> Answer {
    Answer {
        status: 201,
        headers: vec![("content-length".to_owned(), "1000".to_owned())],
        body: b"{".to_vec(),
    }
}

/// Sends a creation whole, and gives the connection.
async fn begun(serve: &Serve, email: &str) -> Connection {
    let request = create(ACCOUNT, email);
    let mut connection = Connection::open(serve.address).await.expect("a connection");
    let mut bytes = client::head(&request, serve.address).into_bytes();
    bytes.extend_from_slice(&request.body);
    connection.write(&bytes).await.expect("it takes them");
    connection
}

#[tokio::test]
async fn half_closed_client_gets_its_response() {
    let provider = Provider::start().await;
    provider.answer(Some(created("")));
    for sender in SENDERS {
        let serve = Serve::of(&accounts(&provider.url()), &["--sender", sender]);
        // The provider answers after the client has closed its side.
        provider.hold(true);
        let mut connection = begun(&serve, "ines@kelpworks.example").await;
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
async fn call_of_client_that_left_goes_on_in_its_place() {
    let provider = Provider::start().await;
    for sender in SENDERS {
        let arguments = ["--max-in-flight", "1", "--sender", sender, "-v"];
        let mut serve = Serve::of(&accounts(&provider.url()), &arguments);
        for (answer, words) in [
            (Some(created("")), ["status=200", "operation=\"create\""]),
            (
                Some(cut()),
                ["code=\"invalid-response\"", "outcome=\"unknown\""],
            ),
        ] {
            provider.answer(answer);
            provider.hold(true);
            let connection = begun(&serve, "ines@kelpworks.example").await;
            until("a request at the provider", async || {
                (provider.count() == 1).then_some(())
            })
            .await;
            drop(connection);
            let next = create(ACCOUNT, "next@kelpworks.example");
            let refused = serve.call(&next).await;
            assert_eq!(
                said(&refused),
                error(503, "overloaded", "not-sent"),
                "{sender}"
            );
            provider.hold(false);
            serve
                .line(&[["client=\"gone\"", "integration=\"dixa\""], words].concat())
                .await;
            assert_eq!(provider.received().len(), 1, "{sender}");
        }
        provider.answer(Some(created("")));
        let created = serve.call(&create(ACCOUNT, "last@kelpworks.example")).await;
        assert_eq!(created.status, 200, "{sender}: {created:?}");
        assert_eq!(provider.received().len(), 1, "{sender}");
    }
}

#[tokio::test]
async fn client_that_breaks_off_early_leaves_nothing_behind() {
    let provider = Provider::start().await;
    provider.answer(Some(created("")));
    for sender in SENDERS {
        let arguments = ["--max-in-flight", "1", "--sender", sender];
        let serve = Serve::of(&accounts(&provider.url()), &arguments);
        let request = create(ACCOUNT, "ines@kelpworks.example");
        let head = client::head(&request, serve.address);
        // Within the head, and within the body.
        for bytes in [&head[..9], &head, &format!("{head}{{\"name\"")] {
            let mut connection = Connection::open(serve.address).await.expect("a connection");
            connection
                .write(bytes.as_bytes())
                .await
                .expect("it takes them");
        }
        let created = serve.call(&request).await;
        assert_eq!(created.status, 200, "{sender}: {created:?}");
        assert_eq!(provider.received().len(), 1, "{sender}");
    }
}
