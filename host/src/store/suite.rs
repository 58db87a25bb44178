//! What every store has to do: the table of the store, row by row, on two handles of one store.

mod laws;

use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use super::{
    Claim, ClaimRequest, Claimed, Fingerprint, Kept, KeptOutcome, RecordKey, Secret, Store,
    UnknownEcho,
};

/// A store, and its time.
pub(super) trait Harness: Sync {
    /// The store.
    fn store(&self) -> &dyn Store;

    /// Another handle on the same store, as that of another process.
    fn other(&self) -> &dyn Store;

    /// The store's time.
    fn now(&self) -> impl Future<Output = SystemTime> + Send;

    /// Lets time pass.
    fn pass(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// Makes a test of every law in this file, each on a store of its own; where there is none, the harness has said so.
macro_rules! test_store {
    ($harness:path) => {
        $crate::store::suite::test_store! { $harness:
            fresh_record_is_new
            claimed_record_is_in_flight
            done_record_is_kept
            unknown_record_is_leased
            lapsed_record_is_unknown
            other_fingerprint_is_mismatch
            replace_claims_other_fingerprint
            given_back_record_is_new
            resend_claims_unknown_anew
            short_lived_claim_lapses_away
            lost_claim_changes_nothing
            release_leaves_record_as_found
            keep_without_lifetime_keeps_expiry
            take_over_outlives_expiry
            echo_is_found_until_forgotten
            sweep_deletes_what_has_expired
            claims_at_once_have_one_winner
            large_record_is_kept_whole
        }
    };
    ($harness:path: $($law:ident)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(harness) = $harness().await {
                    $crate::store::suite::$law(&harness).await;
                }
            }
        )+
    };
}
pub(super) use self::laws::*;
pub(super) use test_store;

const LEASE: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
const WEEK: Duration = Duration::from_hours(7 * 24);

/// How far two readings of one clock may be apart.
const TOLERANCE: Duration = Duration::from_secs(5);

fn key(name: u8) -> RecordKey {
    RecordKey::from_bytes([name; 32])
}

/// A request for the record of this name, by a create.
pub(super) fn request(name: u8) -> ClaimRequest {
    let fingerprint = Fingerprint::from_bytes([1; 32]);
    ClaimRequest::new(key(name), fingerprint, LEASE, WEEK)
}

/// A request for the record of this number.
pub(super) fn numbered(number: u32) -> ClaimRequest {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&number.to_le_bytes());
    ClaimRequest {
        key: RecordKey::from_bytes(key),
        ..request(0)
    }
}

/// The secret of stores of tests.
pub(super) fn secret() -> Secret {
    Secret::from_bytes(&[7; 32])
}

/// What [`write_words`] keeps, sealed.
pub(super) const WORDS: [&str; 4] = [
    "ines@acme.example",
    "Ines Duarte",
    "joiner 4711",
    "62f44730-dd91",
];

/// Keeps a record and an echo of a call that has these words.
pub(super) async fn write_words(store: &dyn Store, secret: &Secret) {
    let [address, name, client_key, account] = WORDS;
    let body = format!(r#"{{"email":"{address}","name":"{name}"}}"#);
    let key = secret.record_key("cli", account, "create-user", None, client_key);
    let fingerprint = secret.fingerprint("POST", "https://a.example/users", body.as_bytes());
    let sealed = secret.seal(client_key, &key, body.as_bytes()).unwrap();
    let wanted = ClaimRequest::new(key, fingerprint, LEASE, WEEK);
    let claim = new(claim(store, wanted).await);
    let kept = store.keep(claim, KeptOutcome::Unknown, sealed, None);
    assert!(kept.await.unwrap());

    let key = secret.echo_key("cli", account, "create-user", &fingerprint);
    let sealed = secret.seal_echo(&fingerprint, &key, body.as_bytes());
    let echo = UnknownEcho::new(SystemTime::now(), sealed.unwrap());
    store.put_unknown(key, echo, MINUTE).await.unwrap();
}

/// Asserts that none of these words is among the bytes.
#[track_caller]
pub(super) fn assert_no_words(content: &[u8]) {
    for word in WORDS {
        assert!(!has_word(content, word), "`{word}` is readable");
    }
}

/// Whether a word is among the bytes.
pub(super) fn has_word(content: &[u8], word: &str) -> bool {
    content
        .windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// Claims and keeps a record, `calls` times in each of `tasks` tasks at once, and returns how long that takes.
pub(super) async fn claim_and_keep(store: &dyn Store, tasks: u32, calls: u32) -> Duration {
    let begin = Instant::now();
    join_all((0..tasks).map(|task| async move {
        for call in 0..calls {
            let claim = new(claim(store, numbered(task << 16 | call)).await);
            let kept = store.keep(claim, KeptOutcome::Done, vec![7; 600], None);
            assert!(kept.await.unwrap());
        }
    }))
    .await;
    begin.elapsed()
}

/// Looks up a creation of unknown outcome so many times, and returns how long each takes.
pub(super) async fn look_up(store: &dyn Store, calls: u32) -> Duration {
    let key = RecordKey::from_bytes([9; 32]);
    let echo = UnknownEcho::new(SystemTime::now(), vec![7; 600]);
    let put = store.put_unknown(key, echo, Duration::from_mins(1));
    put.await.unwrap();
    let begin = Instant::now();
    for _ in 0..calls {
        store.find_unknown(key).await.unwrap().unwrap();
    }
    begin.elapsed() / calls
}

async fn claim(store: &dyn Store, request: ClaimRequest) -> Claimed {
    store.claim(request).await.unwrap()
}

/// The claim of a record that is new.
#[track_caller]
pub(super) fn new(claimed: Claimed) -> Claim {
    match claimed {
        Claimed::New(claim) => claim,
        other => panic!("expected a new record, but found {other:?}"),
    }
}

/// The claim of an unknown record, and what was kept of it.
#[track_caller]
pub(super) fn unknown(claimed: Claimed) -> (Claim, Option<Vec<u8>>) {
    match claimed {
        Claimed::Unknown { claim, kept } => (claim, kept.map(|kept| kept.sealed)),
        other => panic!("expected an unknown record, but found {other:?}"),
    }
}

#[track_caller]
fn done(claimed: Claimed) -> Kept {
    match claimed {
        Claimed::Done(kept) => kept,
        other => panic!("expected a record that is done, but found {other:?}"),
    }
}

#[track_caller]
fn in_flight(claimed: &Claimed) -> Duration {
    match claimed {
        Claimed::InFlight { retry_after } => *retry_after,
        other => panic!("expected a record in flight, but found {other:?}"),
    }
}

/// Keeps a record as unknown.
async fn keep_unknown(store: &dyn Store, name: u8) -> Claim {
    let claim = new(claim(store, request(name)).await);
    let outcome = KeptOutcome::Unknown;
    let kept = store.keep(claim.clone(), outcome, b"lost".into(), Some(WEEK));
    assert!(kept.await.unwrap());
    claim
}

/// Keeps a record as done.
async fn keep_done(store: &dyn Store, name: u8) -> Claim {
    let claim = new(claim(store, request(name)).await);
    let outcome = KeptOutcome::Done;
    let kept = store.keep(claim.clone(), outcome, b"made".into(), Some(DAY));
    assert!(kept.await.unwrap());
    claim
}

/// Checks how long ago a call began, by the store's time.
async fn assert_age(harness: &impl Harness, begun: SystemTime, age: Duration) {
    let found = harness
        .now()
        .await
        .duration_since(begun)
        .unwrap_or_default();
    let allowed = age.saturating_sub(TOLERANCE)..=age + TOLERANCE;
    assert!(allowed.contains(&found), "{found:?} is not {age:?}");
}

/// Polls all of them until all are done.
pub(super) async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *output = Some(value),
                    Poll::Pending => {}
                }
            }
        }
        if outputs.iter().all(Option::is_some) {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
    outputs.into_iter().flatten().collect()
}
