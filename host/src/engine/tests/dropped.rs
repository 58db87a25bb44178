//! Calls whose futures are dropped.

use std::pin::Pin;

use super::*;
use crate::bindings::types::UserQuery;

#[tokio::test]
async fn dropped_call_ends_before_sending_only() {
    let log = Log::start();
    let mut provider = Provider::start((0..4).map(|_| response(201, CREATED))).await;
    // Both engines live to the end: a connection that closes is an event, too.
    for engine in &engines(&provider, |engine| engine) {
        // Not polled yet.
        drop(create(engine));
        let before = provider.received().len();
        let mut call = Box::pin(create(engine));
        tokio::select! {
            biased;
            () = provider.event() => {}
            ended = &mut call => panic!("{ended:?}"),
        }
        drop(call);
        log.line(&["client=\"gone\"", "integration=\"dixa\""]).await;
        log.clear();
        let next = with_address("next@acme.example");
        let next = engine.create_user(ID, next, Options::default());
        next.await.unwrap();
        let received = provider.received();
        // It has read its response to the end: the next call has its connection.
        assert_eq!(received.len(), before + 2);
        assert_eq!(received[before].0, received[before + 1].0);
        provider.event().await;
    }
}

/// Sends nothing, and notices when the client closes the connection.
fn silent() -> Act {
    Act::Say(String::new())
}

/// A read has nothing to complete, whatever the provider makes of it.
#[tokio::test]
async fn dropped_read_ends_at_once() {
    const USER: &str = "7c1e0d52-3f0a-4b7e-9a55-0c6f2b8e41d3";
    let mut provider = Provider::start((0..4).map(|_| silent())).await;
    for engine in &engines(&provider, |engine| engine) {
        let everyone = UserQuery {
            email: None,
            cursor: None,
            limit: None,
        };
        let get = engine.get_user(ID, USER, Options::default());
        let list = engine.list_users(ID, everyone, Options::default());
        let calls: [Pin<Box<dyn Future<Output = _>>>; 2] = [Box::pin(get), Box::pin(list)];
        for mut call in calls {
            tokio::select! {
                biased;
                () = provider.event() => {}
                ended = &mut call => panic!("{ended:?}"),
            }
            drop(call);
            // The connection closes.
            provider.event().await;
        }
    }
    let received = provider.received();
    assert_eq!(received.len(), 4, "{received:?}");
}

#[tokio::test]
async fn dropped_deletion_completes() {
    const USER: &str = "7c1e0d52-3f0a-4b7e-9a55-0c6f2b8e41d3";
    let log = Log::start();
    let mut provider = Provider::start((0..2).map(|_| response(500, "{}"))).await;
    for engine in &engines(&provider, |engine| engine) {
        let mut call = Box::pin(engine.delete_user(ID, USER, Options::default()));
        tokio::select! {
            biased;
            () = provider.event() => {}
            ended = &mut call => panic!("{ended:?}"),
        }
        drop(call);
        log.line(&["client=\"gone\"", "outcome=\"unknown\""]).await;
        log.clear();
    }
    assert_eq!(provider.received().len(), 2);
}
