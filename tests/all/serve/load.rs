//! Many concurrent creations: none is lost, and none is sent twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::support::{Serve, Simulators, create};
use crate::client::Connection;

const CONNECTIONS: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn thousand_creations_make_thousand_users() {
    create_users(1_000).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute without optimization; CONTRIBUTING.md has the command"]
async fn ten_thousand_creations_make_as_many() {
    create_users(10_000).await;
}

async fn create_users(creations: usize) {
    for sender in super::SENDERS {
        let simulators = Simulators::start().await;
        let serve = Serve::start(&simulators, &["--sender", sender]);
        let (account, address) = (simulators.id("dixa"), serve.address);
        let next = Arc::new(AtomicUsize::new(0));
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                let (next, account) = (Arc::clone(&next), account.clone());
                tokio::spawn(async move {
                    let mut connection = Connection::open(address).await.expect("a connection");
                    loop {
                        let position = next.fetch_add(1, Ordering::Relaxed);
                        if position >= creations {
                            return;
                        }
                        let request = create(&account, &format!("u{position}@kelpworks.example"));
                        let response = connection.call(&request).await.expect("a response");
                        assert_eq!(response.status, 200, "{response:?}");
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.expect("status 200 for every creation");
        }
        let count = simulators
            .control("GET", "count?integration=dixa", "")
            .await;
        assert_eq!(count["users"], creations, "{sender}: {count}");
        assert_eq!(count["requests"], creations, "{sender}: {count}");
    }
}
