//! The limits of `serve`: requests in flight, sizes, time, memory.

use super::support::{Serve, Simulators, create, error, error_of, get, until};
use super::{ACCOUNT, SENDERS, accounts, created};
use crate::client::{self, Connection};
use crate::provider::Provider;

#[tokio::test]
async fn request_beyond_limit_is_overloaded() {
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    for sender in SENDERS {
        let arguments = ["--max-in-flight", "2", "--sender", sender];
        let serve = Serve::with_accounts(&accounts(&provider.url()), &arguments);
        let address = serve.address;
        provider.hold(true);
        let slow = ["a@kelpworks.example", "b@kelpworks.example"].map(|email| {
            let request = create(ACCOUNT, email);
            tokio::spawn(async move { client::send(address, &request).await })
        });
        until("two requests at the provider", async || {
            (provider.count() == 2).then_some(())
        })
        .await;
        let third = create(ACCOUNT, "c@kelpworks.example");
        let rejected = serve.call(&third).await;
        assert_eq!(
            error_of(&rejected),
            error(503, "overloaded", "not-sent"),
            "{sender}"
        );
        assert_eq!(rejected.header("retry-after"), Some("1"), "{sender}");
        assert_eq!(serve.call(&get("/healthz")).await.status, 200, "{sender}");
        provider.hold(false);
        for slow in slow {
            let response = slow.await.expect("no panic").expect("a response");
            assert_eq!(response.status, 200, "{sender}");
        }
        assert_eq!(serve.call(&third).await.status, 200, "{sender}");
        assert_eq!(provider.received().len(), 3, "{sender}");
    }
}

#[tokio::test]
async fn body_over_limit_is_rejected() {
    let provider = Provider::start().await;
    let large = "y".repeat(1_000_000);
    for sender in SENDERS {
        let serve = Serve::with_accounts(&accounts(&provider.url()), &["--sender", sender]);
        provider.respond(Some(created(&large)));
        let mut request = create(ACCOUNT, "ines@kelpworks.example");
        let text = String::from_utf8(request.body.clone()).expect("UTF-8");
        request.body = text
            .replacen(
                '{',
                &format!(r#"{{"remote_data": {{"bio": "{large}"}}, "#),
                1,
            )
            .into_bytes();
        let created = serve.call(&request).await;
        let received = provider.received();
        assert_eq!((created.status, received.len()), (200, 1), "{sender}");
        let sent: serde_json::Value = serde_json::from_slice(&received[0].body).expect("JSON");
        assert_eq!(sent["bio"], large.as_str(), "{sender}");
        assert_eq!(
            created.json()["remote_data"]["data"]["bio"],
            large.as_str(),
            "{sender}"
        );

        request.body = vec![b' '; 2_000_000];
        let rejected = serve.call(&request).await;
        assert_eq!(
            error_of(&rejected),
            error(413, "body-too-large", "not-sent"),
            "{sender}"
        );
        // The same with a client that reads only after it has written everything.
        let mut connection = Connection::open(serve.address).await.expect("a connection");
        let mut bytes = client::encode_headers(&request, serve.address).into_bytes();
        bytes.extend_from_slice(&request.body);
        connection.write(&bytes).await.expect("a write");
        let rejected = connection.read().await.expect("a response");
        assert_eq!(
            error_of(&rejected),
            error(413, "body-too-large", "not-sent"),
            "{sender}"
        );
        assert_eq!(provider.received().len(), 0, "{sender}");
    }
}

#[tokio::test]
async fn exceeded_limits_give_responses() {
    for sender in SENDERS {
        let simulators = Simulators::start().await;
        let account = simulators.id("dixa");
        let serve = Serve::start(
            &simulators,
            &[
                "--deadline",
                "0.3",
                "--max-response-body",
                "1kB",
                "--sender",
                sender,
            ],
        );
        simulators.delay("dixa", 60_000, 1).await;
        let late = serve
            .call(&create(&account, "ines@kelpworks.example"))
            .await;
        assert_eq!(
            error_of(&late),
            error(504, "deadline", "unknown"),
            "{sender}: {late:?}"
        );
        let message = late.json()["message"].to_string();
        assert!(message.contains("by email"), "{sender}: {message}");

        simulators
            .control(
                "PUT",
                "faults/dixa",
                r#"{"kind": "oversized", "bytes": 5000}"#,
            )
            .await;
        let large = serve
            .call(&create(&account, "other@kelpworks.example"))
            .await;
        assert_eq!(
            error_of(&large),
            error(502, "response-too-large", "unknown"),
            "{sender}: {large:?}"
        );

        let small = Serve::start(&simulators, &["--max-memory", "3MiB", "--sender", sender]);
        let mut request = create(&account, "ines@kelpworks.example");
        request.body = format!(r#"{{"remote_data": [{}0]}}"#, "1,".repeat(500_000)).into_bytes();
        let stopped = small.call(&request).await;
        assert_eq!(
            error_of(&stopped),
            error(500, "limit-exceeded", "not-sent"),
            "{sender}: {stopped:?}"
        );
        let served = small
            .call(&create(&account, "third@kelpworks.example"))
            .await;
        assert_eq!(served.status, 200, "{sender}: {served:?}");
    }
}
