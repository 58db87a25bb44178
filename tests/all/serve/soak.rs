//! Memory after many calls, most of which fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::support::Serve;
use crate::client::Connection;
use crate::provider::{Provider, ProviderResponse};

const ACCOUNT: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";
const CONNECTIONS: usize = 16;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes without optimization; CONTRIBUTING.md has the command"]
async fn memory_does_not_grow_with_calls() {
    for sender in super::SENDERS {
        let provider = Provider::start().await;
        provider.respond_in_turn(responses());
        let accounts = format!(
            "[[account]]\nid = \"{ACCOUNT}\"\nintegration = \"dixa\"\nbase_url = \"{}\"\n\
             credentials = {{ api_token = \"the-token-of-dixa\" }}\n",
            provider.url()
        );
        let limits = ["--deadline", "0.2", "--max-response-body", "100kB"];
        let serve = Serve::with_accounts(
            &accounts,
            &[["--sender", sender].as_slice(), &limits].concat(),
        );
        calls(&serve, &provider, 1_000).await;
        let few = serve.resident();
        calls(&serve, &provider, 99_000).await;
        let many = serve.resident();
        println!("{sender}: {few} bytes resident after 1,000 calls, {many} after 100,000");
        assert!(many <= few + few / 20 + (8 << 20), "{sender}: {few} {many}");
    }
}

/// A good response and bad ones, in turn.
fn responses() -> Vec<Option<ProviderResponse>> {
    let response = |status: u16, body: &str| {
        Some(ProviderResponse {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.as_bytes().to_vec(),
        })
    };
    let truncated = ProviderResponse {
        status: 200,
        headers: vec![("content-length".to_owned(), "1000".to_owned())],
        body: b"{".to_vec(),
    };
    vec![
        response(200, r#"{"data": {"id": "a1", "displayName": "Ines"}}"#),
        response(422, r#"{"message": "no"}"#),
        response(200, "<h1>no</h1>"),
        response(200, &"x".repeat(200_000)),
        response(200, &"[".repeat(50_000)),
        response(500, "{}"),
        None,
        Some(truncated),
        response(429, "{}"),
        response(307, ""),
    ]
}

async fn calls(serve: &Serve, provider: &Provider, calls: usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let address = serve.address;
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (next, provider) = (Arc::clone(&next), provider.clone());
            tokio::spawn(async move {
                let mut connection = Connection::open(address).await.expect("a connection");
                let mut good = 0;
                while next.fetch_add(1, Ordering::Relaxed) < calls {
                    let request = super::create(ACCOUNT, "ines@kelpworks.example");
                    let response = connection.call(&request).await.expect("a response");
                    good += usize::from(response.status == 200);
                    if provider.count() > 1_000 {
                        drop(provider.received());
                    }
                }
                good
            })
        })
        .collect();
    let mut good = 0;
    for client in clients {
        good += client.await.expect("every call has a response");
    }
    // One of ten; concurrent calls may change the order.
    assert!((calls / 12..calls / 8).contains(&good), "{good} of {calls}");
}
