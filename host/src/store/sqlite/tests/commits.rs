//! Who waits together, commits together.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::super::suite::{claim_and_keep, join_all, look_up, new, request, unknown};
use super::super::super::{Claimed, KeptOutcome};
use super::{Store as _, foreign, numbered, open, store_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_at_once_share_commits() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let store = open(&path);
    let lock = foreign(&path);
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let claims = join_all((0..64).map(|number| store.claim(numbered(number))));
    let unlock = async {
        // All have asked by the time that this is polled.
        lock.execute_batch("ROLLBACK").unwrap();
    };
    let (claims, ()) = tokio::join!(claims, unlock);
    for claimed in claims {
        new(claimed.unwrap());
    }
    let commits = store.writer.commits.load(Ordering::Relaxed);
    assert!(commits <= 2, "{commits} commits for 64 claims");
}

#[tokio::test]
async fn dropped_claim_is_released() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let store = open(&path);
    let lock = foreign(&path);
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    give_up(store.claim(request(1))).await;
    lock.execute_batch("COMMIT").unwrap();
    new(store.claim(request(1)).await.unwrap());
}

/// Asks, and leaves.
async fn give_up<T>(future: impl Future<Output = T>) {
    let asked = tokio::time::timeout(Duration::ZERO, future).await;
    assert!(asked.is_err(), "expected no answer yet");
}

#[tokio::test]
async fn claim_not_told_is_released() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let store = open(&path);
    let claim = new(store.claim(request(2)).await.unwrap());
    let kept = store.keep(claim, KeptOutcome::Unknown, b"lost".into(), None);
    assert!(kept.await.unwrap());
    let lock = foreign(&path);
    for name in [1, 2] {
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut claim = store.claim(request(name));
        give_up(&mut claim).await;
        lock.execute_batch("COMMIT").unwrap();
        // It comes after the claim, so the claim is durable, and told to nobody yet.
        store.forget_unknown(request(name).key).await.unwrap();
        drop(claim);
    }
    new(store.claim(request(1)).await.unwrap());
    let (_, kept) = unknown(store.claim(request(2)).await.unwrap());
    assert_eq!(kept.as_deref(), Some(&b"lost"[..]));
}

#[tokio::test]
async fn keep_whose_caller_left_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let store = open(&path);
    let claim = new(store.claim(request(1)).await.unwrap());
    let lock = foreign(&path);
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    give_up(store.keep(claim, KeptOutcome::Done, b"made".into(), None)).await;
    lock.execute_batch("COMMIT").unwrap();
    let found = store.claim(request(1)).await.unwrap();
    assert!(matches!(found, Claimed::Done(_)), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweep_lets_claims_between() {
    const EXPIRED: u64 = 100_000;
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let store = open(&path);
    let sql = "WITH RECURSIVE numbers (number) AS
            (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?1)
        INSERT INTO record (key, fingerprint, state, begun, expires, sealed)
            SELECT randomblob(32), randomblob(32), 2, 0, number, randomblob(20) FROM numbers";
    assert_eq!(foreign(&path).execute(sql, [100_000]).unwrap(), 100_000);

    let sweep = async {
        let swept = store.sweep().await.unwrap();
        assert_eq!(swept, EXPIRED);
    };
    let claims = async {
        let mut between = 0;
        for number in 0..20 {
            new(store.claim(numbered(number)).await.unwrap());
            between += store.writer.commits.load(Ordering::Relaxed);
        }
        between
    };
    let (between, ()) = tokio::join!(claims, sweep);
    let commits = store.writer.commits.load(Ordering::Relaxed);
    assert!(commits >= 100, "{commits} commits");
    // The claims did not wait for the end.
    assert!(between / 20 < commits, "{between} {commits}");
}

/// Prints how many keyed calls a second the disk of this machine allows.
#[expect(clippy::print_stderr, reason = "it is read by a person")]
#[ignore = "a measurement"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_and_keeps_per_second() {
    const TASKS: u32 = 32;
    const CALLS: u32 = 500;
    let folder = tempfile::tempdir().unwrap();
    let store = open(&store_in(&folder));
    let elapsed = claim_and_keep(&store, TASKS, CALLS).await;
    let commits = u32::try_from(store.writer.commits.load(Ordering::Relaxed)).unwrap();
    let calls = f64::from(TASKS * CALLS);
    eprintln!(
        "{:.0} claims and keeps a second, {:.1} of either a commit, {:?} a commit",
        calls / elapsed.as_secs_f64(),
        calls * 2.0 / f64::from(commits),
        elapsed / commits,
    );
    eprintln!("{:?} a look-up", look_up(&store, CALLS).await);
}
