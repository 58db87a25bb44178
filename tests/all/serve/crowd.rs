//! Clients that hold connections and slots that others need.

use tokio::task::JoinSet;

use super::support::{Serve, create, error, error_of, get, until};
use super::{ACCOUNT, SENDERS, accounts, created};
use crate::client::{self, Connection};
use crate::provider::Provider;

#[tokio::test]
async fn idle_connection_yields_to_new_one() {
    let provider = Provider::start().await;
    let serve = Serve::with_accounts(&accounts(&provider.url()), &["--max-connections", "2"]);
    let mut idle = Connection::open(serve.address).await.expect("a connection");
    idle.call(&get("/healthz")).await.expect("a response");
    let mut partial = Connection::open(serve.address).await.expect("a connection");
    partial
        .write(b"GET /healthz HTTP/1.1\r\n")
        .await
        .expect("a write");
    for _ in 0..4 {
        assert_eq!(serve.call(&get("/healthz")).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_connections_get_responses() {
    let provider = Provider::start().await;
    let serve = Serve::with_accounts(&accounts(&provider.url()), &["--max-connections", "2"]);
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let address = serve.address;
        clients.spawn(async move {
            for _ in 0..50 {
                let response = client::send(address, &get("/healthz")).await;
                assert_eq!(response.expect("a response").status, 200);
            }
        });
    }
    clients.join_all().await;
}

#[tokio::test]
async fn missing_body_takes_no_slot() {
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    for sender in SENDERS {
        let arguments = ["--max-in-flight", "1", "--sender", sender];
        let serve = Serve::with_accounts(&accounts(&provider.url()), &arguments);
        let request = create(ACCOUNT, "ines@kelpworks.example");
        let section = client::encode_headers(&request, serve.address);
        let mut slow = Vec::new();
        for _ in 0..8 {
            let mut connection = Connection::open(serve.address).await.expect("a connection");
            let bytes = format!("{section}{{");
            connection.write(bytes.as_bytes()).await.expect("a write");
            slow.push(connection);
        }
        let created = serve.call(&request).await;
        assert_eq!(created.status, 200, "{sender}: {created:?}");
        for mut connection in slow {
            connection.write(&request.body[1..]).await.expect("a write");
            let created = connection.read().await.expect("a response");
            assert_eq!(created.status, 200, "{sender}: {created:?}");
        }
        assert_eq!(provider.received().len(), 9, "{sender}");
    }
}

#[tokio::test]
async fn one_account_takes_at_most_half() {
    const OTHER: &str = "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35";
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    let one = accounts(&provider.url());
    let both = format!("{one}\n{}", one.replace(ACCOUNT, OTHER));
    for sender in SENDERS {
        let serve = Serve::with_accounts(&both, &["--max-in-flight", "4", "--sender", sender]);
        let address = serve.address;
        provider.hold(true);
        let start = |account: &str, email: &str| {
            let request = create(account, email);
            tokio::spawn(async move { client::send(address, &request).await })
        };
        let mut calls = vec![
            start(ACCOUNT, "ines@kelpworks.example"),
            start(ACCOUNT, "second@kelpworks.example"),
        ];
        let at_provider = async |count| {
            until("requests at the provider", async || {
                (provider.count() == count).then_some(())
            })
            .await;
        };
        at_provider(2).await;
        let rejected = serve
            .call(&create(&ACCOUNT.to_uppercase(), "third@kelpworks.example"))
            .await;
        assert_eq!(
            error_of(&rejected),
            error(503, "overloaded", "not-sent"),
            "{sender}"
        );
        assert_eq!(rejected.header("retry-after"), Some("1"), "{sender}");
        calls.push(start(OTHER, "ines@kelpworks.example"));
        at_provider(3).await;
        provider.hold(false);
        for call in calls {
            let response = call.await.expect("no panic").expect("a response");
            assert_eq!(response.status, 200, "{sender}: {response:?}");
        }
        assert_eq!(provider.received().len(), 3, "{sender}");
    }
}

#[tokio::test]
async fn unread_response_keeps_its_slot() {
    let provider = Provider::start().await;
    // More than the buffers of the sockets hold.
    provider.respond(Some(created(&"y".repeat(4_000_000))));
    let arguments = ["--max-in-flight", "1", "--max-response-body", "8MB", "-v"];
    let mut serve = Serve::with_accounts(&accounts(&provider.url()), &arguments);
    let request = create(ACCOUNT, "ines@kelpworks.example");
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let stream = socket.connect(serve.address).await.expect("a connection");
    let section = client::encode_headers(&request, serve.address);
    let bytes = [section.as_bytes(), &request.body].concat();
    let mut written = 0;
    while written < bytes.len() {
        stream.writable().await.expect("a connection");
        written += stream.try_write(&bytes[written..]).unwrap_or(0);
    }
    serve.wait_for_line(&["provider answered"]).await;
    stream
        .readable()
        .await
        .expect("the first bytes of the response");
    let rejected = serve.call(&request).await;
    assert_eq!(error_of(&rejected), error(503, "overloaded", "not-sent"));
    drop(stream);
    serve
        .wait_for_line(&["client=\"gone\"", "status=200"])
        .await;
    provider.respond(Some(created("")));
    let created = serve.call(&request).await;
    assert_eq!(created.status, 200, "{created:?}");
}
