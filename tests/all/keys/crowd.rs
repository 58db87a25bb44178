//! Many requests with one key at once.

use tokio::task::JoinSet;

use super::{INTEGRATION, KEY, create, creations, id, serve_with, shown, with_key};
use crate::client;
use crate::serve::{Simulators, until};
use crate::stores::{Kind, on_each_store};

on_each_store!(hundred_requests_create_once two_servers_create_once);

async fn hundred_requests_create_once(kind: Kind) {
    crowd(kind, 1).await;
}

async fn two_servers_create_once(kind: Kind) {
    crowd(kind, 2).await;
}

/// A hundred requests for one creation, at this many servers with one store.
async fn crowd(kind: Kind, servers: usize) {
    let (simulators, place) = (Simulators::start().await, kind.place().await);
    let servers: Vec<_> = (0..servers)
        .map(|_| serve_with(&simulators, &place, &[]))
        .collect();
    let account = simulators.id(INTEGRATION);
    for round in 0..3 {
        // So that there is one in flight while the others come, in one round.
        if round == 0 {
            simulators.delay(INTEGRATION, 200, 1).await;
        }
        let address = format!("ines.{round}@kelpworks.example");
        let request = with_key(&create(&account, &address), &format!("{KEY}-{round}"));
        let mut calls = JoinSet::new();
        for number in 0..100 {
            let (server, request) = (&servers[number % servers.len()], request.clone());
            let address = server.address;
            calls.spawn(async move { client::send(address, &request).await });
        }
        let mut ids = Vec::new();
        let (mut carried_out, mut turned_away) = (0, 0);
        for response in calls.join_all().await {
            let response = response.expect("a response");
            match (shown(&response), kind) {
                ((200, "created", is_replayed), _) => {
                    ids.push(id(&response));
                    carried_out += usize::from(!is_replayed);
                }
                ((409, "idempotency-in-flight", false), _)
                // A database on a machine that has other things to do.
                | ((503, "store-unavailable", false), Kind::Postgres) => turned_away += 1,
                _ => panic!("{response:?}"),
            }
        }
        assert!(carried_out <= 1, "{round}: {carried_out}");
        assert!(turned_away < 100, "{round}");
        for server in &servers {
            let last = until("the kept response", async || {
                let response = server.call(&request).await;
                (response.status == 200).then_some(response)
            });
            ids.push(id(&last.await));
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "{round}: {ids:?}");
        assert_eq!(creations(&simulators).await, round + 1);
    }
}
