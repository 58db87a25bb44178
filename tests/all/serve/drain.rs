//! The end of connections and calls when the server is asked to stop.

use tokio::task::JoinHandle;

use super::support::{Serve, create, error, error_of, get, until};
use super::{ACCOUNT, SENDERS, accounts, created};
use crate::client::{self, Connection, Response};
use crate::provider::Provider;

/// Starts a creation, and waits until the provider has it and holds its response back.
async fn in_flight(serve: &Serve, provider: &Provider) -> JoinHandle<std::io::Result<Response>> {
    provider.respond(Some(created("")));
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

async fn wait_for_refused_connection(serve: &Serve) {
    until("a refused connection", async || {
        Connection::open(serve.address).await.is_err().then_some(())
    })
    .await;
}

#[tokio::test]
async fn partial_request_does_not_delay_shutdown() {
    let provider = Provider::start().await;
    let mut serve = Serve::with_accounts(&accounts(&provider.url()), &["--grace", "600"]);
    let mut partial = Connection::open(serve.address).await.expect("a connection");
    partial
        .write(b"POST /unified/ticketing/users HTTP/1.1\r\nhost")
        .await
        .expect("a write");
    let mut idle = Connection::open(serve.address).await.expect("a connection");
    let healthy = idle.call(&get("/healthz")).await.expect("a response");
    assert_eq!(healthy.status, 200);
    serve.terminate();
    assert_eq!(serve.wait_for_exit().await.code(), Some(0));
}

#[tokio::test]
async fn call_beyond_grace_gets_outcome() {
    let provider = Provider::start().await;
    for sender in SENDERS {
        let arguments = ["--grace", "0.1", "--sender", sender, "--log-format", "json"];
        let mut serve = Serve::with_accounts(&accounts(&provider.url()), &arguments);
        let call = in_flight(&serve, &provider).await;
        serve.terminate();
        let response = call.await.expect("no panic").expect("a response");
        assert_eq!(
            error_of(&response),
            error(504, "deadline", "unknown"),
            "{sender}: {response:?}"
        );
        assert_eq!(serve.wait_for_exit().await.code(), Some(0), "{sender}");
        let id = response.header("x-request-id").expect("an id");
        serve.wait_for_line(&[id, "\"outcome\":\"unknown\""]).await;
        provider.hold(false);
        assert_eq!(provider.received().len(), 1, "{sender}");
    }
}

#[tokio::test]
async fn second_signal_ends_at_once() {
    let provider = Provider::start().await;
    let mut serve = Serve::with_accounts(&accounts(&provider.url()), &["--grace", "600"]);
    let call = in_flight(&serve, &provider).await;
    serve.terminate();
    wait_for_refused_connection(&serve).await;
    assert!(!call.is_finished());
    serve.signal("INT");
    let response = call.await.expect("no panic").expect("a response");
    assert_eq!(
        error_of(&response),
        error(504, "deadline", "unknown"),
        "{response:?}"
    );
    assert_eq!(serve.wait_for_exit().await.code(), Some(0));
}

#[tokio::test]
async fn shutdown_waits_for_abandoned_call() {
    let provider = Provider::start().await;
    let mut serve = Serve::with_accounts(&accounts(&provider.url()), &["--grace", "600", "-v"]);
    let call = in_flight(&serve, &provider).await;
    call.abort();
    let _ = call.await;
    serve.terminate();
    wait_for_refused_connection(&serve).await;
    provider.hold(false);
    assert_eq!(serve.wait_for_exit().await.code(), Some(0));
    serve
        .wait_for_line(&["client=\"gone\"", "status=200"])
        .await;
    assert_eq!(provider.received().len(), 1);
}
