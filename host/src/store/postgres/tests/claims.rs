//! Claims at once, claims that nobody waits for, and how many there are a second.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::super::super::suite::{claim_and_keep, join_all, look_up, new, request, unknown};
use super::super::super::{Claimed, KeptOutcome};
use super::{Store as _, open, schema};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundred_claims_have_one_winner() {
    let Some(schema) = schema().await else { return };
    let stores = [open(&schema).await, open(&schema).await];
    let claim = |number: usize| stores[number % 2].claim(request(1));
    // Each round finds another record: none, one that has been given back, one that is unknown.
    for round in 0..6 {
        let mut winners = Vec::new();
        for claimed in join_all((0..100).map(claim)).await {
            match claimed.unwrap() {
                Claimed::New(claim) if round < 4 => winners.push(claim),
                Claimed::Unknown { claim, kept: None } if round >= 4 => winners.push(claim),
                Claimed::InFlight { .. } => {}
                other => panic!("{round}: {other:?}"),
            }
        }
        assert_eq!(winners.len(), 1, "{round}");
        let winner = winners.remove(0);
        let ended = match round {
            0..3 => stores[0].give_back(winner).await,
            3 => {
                let client = schema.connect().await;
                let sql = "UPDATE unified_ticketing_record SET lease_until = 0";
                client.execute(sql, &[]).await.unwrap();
                continue;
            }
            _ => stores[0].release(winner).await,
        };
        assert!(ended.unwrap(), "{round}");
    }
}

/// Those who find a record and those who find none go different ways: nobody may fall between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn record_given_back_meanwhile_is_claimed() {
    let Some(schema) = schema().await else { return };
    let stores = [open(&schema).await, open(&schema).await];
    let winners = join_all((0..16).map(|number: usize| {
        let store = &stores[number % 2];
        async move {
            let mut won = 0;
            for _ in 0..20 {
                match store.claim(request(1)).await.unwrap() {
                    Claimed::New(claim) => {
                        won += 1;
                        assert!(store.give_back(claim).await.unwrap());
                    }
                    Claimed::InFlight { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
            won
        }
    }))
    .await;
    assert!(winners.into_iter().sum::<u32>() > 1);
    new(stores[0].claim(request(1)).await.unwrap());
}

#[tokio::test]
async fn dropped_claim_is_released() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let claim = new(store.claim(request(2)).await.unwrap());
    let kept = store.keep(claim, KeptOutcome::Unknown, b"lost".into(), None);
    assert!(kept.await.unwrap());
    for name in [1, 2] {
        let mut claim = store.claim(request(name));
        // It is asked, and its task has not run yet.
        let asked = poll_fn(|context| Poll::Ready(claim.as_mut().poll(context))).await;
        assert!(asked.is_pending(), "expected no answer yet");
        until_claimed(&schema, name).await;
        // It is durable, and told to nobody.
        drop(claim);
        until_free(&schema, name).await;
    }
    new(store.claim(request(1)).await.unwrap());
    let (_, kept) = unknown(store.claim(request(2)).await.unwrap());
    assert_eq!(kept.as_deref(), Some(&b"lost"[..]));
}

async fn until_claimed(schema: &crate::postgres::Schema, name: u8) {
    until(schema, name, 1).await;
}

async fn until_free(schema: &crate::postgres::Schema, name: u8) {
    until(schema, name, 0).await;
}

/// Waits until so many claims hold a record. The database tells nobody of it.
pub(super) async fn until(schema: &crate::postgres::Schema, name: u8, claims: i64) {
    let client = schema.connect().await;
    let begin = Instant::now();
    let sql = "SELECT count(*) FROM unified_ticketing_record WHERE key = $1 AND claim IS NOT NULL";
    loop {
        let key = request(name).key;
        let row = client.query_one(sql, &[&key.as_bytes().as_slice()]).await;
        if row.unwrap().get::<_, i64>(0) == claims {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{claims} claims");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn keep_whose_caller_left_counts() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let claim = new(store.claim(request(1)).await.unwrap());
    let mut keep = store.keep(claim, KeptOutcome::Done, b"made".into(), None);
    let asked = poll_fn(|context| Poll::Ready(keep.as_mut().poll(context))).await;
    assert!(asked.is_pending(), "expected no answer yet");
    drop(keep);
    until_free(&schema, 1).await;
    let found = store.claim(request(1)).await.unwrap();
    assert!(matches!(found, Claimed::Done(_)), "{found:?}");
}

/// Prints how many keyed calls a second the database of this machine allows.
#[expect(clippy::print_stderr, reason = "it is read by a person")]
#[ignore = "a measurement"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_and_keeps_per_second() {
    const TASKS: u32 = 32;
    const CALLS: u32 = 500;
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let elapsed = claim_and_keep(&store, TASKS, CALLS).await;
    let calls = f64::from(TASKS * CALLS);
    eprintln!(
        "{:.0} claims and keeps a second",
        calls / elapsed.as_secs_f64()
    );
    eprintln!("{:?} a look-up", look_up(&store, CALLS).await);
}
