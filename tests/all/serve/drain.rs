//! What becomes of connections and calls when the server is asked to stop.

use tokio::task::JoinHandle;

use super::support::{Serve, create, error, get, said, until};
use super::{ACCOUNT, SENDERS, accounts, created};
use crate::client::{self, Connection, Response};
use crate::provider::Provider;

/// A creation that has reached the provider, which holds its answer back.
async fn in_flight(serve: &Serve, provider: &Provider) -> JoinHandle<std::io::Result<Response>> {
    provider.answer(Some(created("")));
    provider.hold(true);
    let address = serve.address;
    let request = create(ACCOUNT, "ines@kelpworks.example");
    let call = tokio::spawn(async move { client::send(address, &request).await });
    until("a request at the provider", async || {
        (provider.count() == 1).then_some(())
    })
    .await;
    call
}

async fn refused_connection(serve: &Serve) {
    until("a refused connection", async || {
        Connection::open(serve.address).await.is_err().then_some(())
    })
    .await;
}

#[tokio::test]
async fn half_a_head_does_not_hold_the_drain() {
    let provider = Provider::start().await;
    let mut serve = Serve::of(&accounts(&provider.url()), &["--grace", "600"]);
    let mut half = Connection::open(serve.address).await.expect("a connection");
    half.write(b"POST /unified/ticketing/users HTTP/1.1\r\nhost")
        .await
        .expect("it takes them");
    let mut idle = Connection::open(serve.address).await.expect("a connection");
    let healthy = idle.call(&get("/healthz")).await.expect("a response");
    assert_eq!(healthy.status, 200);
    serve.terminate();
    assert_eq!(serve.ended().await.code(), Some(0));
}

#[tokio::test]
async fn what_outlives_the_grace_is_told_its_outcome() {
    let provider = Provider::start().await;
    for sender in SENDERS {
        let arguments = ["--grace", "0.1", "--sender", sender, "--log-format", "json"];
        let mut serve = Serve::of(&accounts(&provider.url()), &arguments);
        let call = in_flight(&serve, &provider).await;
        serve.terminate();
        let cut = call.await.expect("no panic").expect("a response");
        assert_eq!(
            said(&cut),
            error(504, "deadline", "unknown"),
            "{sender}: {cut:?}"
        );
        assert_eq!(serve.ended().await.code(), Some(0), "{sender}");
        let id = cut.header("x-request-id").expect("an id");
        serve.line(&[id, "\"outcome\":\"unknown\""]).await;
        provider.hold(false);
        assert_eq!(provider.received().len(), 1, "{sender}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let provider = Provider::start().await;
    let mut serve = Serve::of(&accounts(&provider.url()), &["--grace", "600"]);
    let call = in_flight(&serve, &provider).await;
    serve.terminate();
    refused_connection(&serve).await;
    assert!(!call.is_finished());
    serve.signal("INT");
    let cut = call.await.expect("no panic").expect("a response");
    assert_eq!(said(&cut), error(504, "deadline", "unknown"), "{cut:?}");
    assert_eq!(serve.ended().await.code(), Some(0));
}

#[tokio::test]
async fn the_drain_waits_for_a_call_without_its_client() {
    let provider = Provider::start().await;
    let mut serve = Serve::of(&accounts(&provider.url()), &["--grace", "600", "-v"]);
    let call = in_flight(&serve, &provider).await;
    call.abort();
    let _ = call.await;
    serve.terminate();
    refused_connection(&serve).await;
    provider.hold(false);
    assert_eq!(serve.ended().await.code(), Some(0));
    serve.line(&["client=\"gone\"", "status=200"]).await;
    assert_eq!(provider.received().len(), 1);
}
