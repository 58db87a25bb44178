//! What is in the database, and how sessions use it.

use std::time::{Duration, Instant, SystemTime};

use super::super::super::suite::{WORDS, assert_no_words, has_word, new, request, write_words};
use super::super::super::{KeptOutcome, RecordKey, Secret, StoreError, UnknownEcho};
use super::{Postgres, Store as _, open, schema};

#[tokio::test]
async fn nothing_is_readable_at_rest() {
    let Some(schema) = schema().await else { return };
    let secret = Secret::random().unwrap();
    let store = Postgres::open(&schema.url(), &secret, None).await.unwrap();
    write_words(&store, &secret).await;
    let contents = schema.contents().await;
    assert_eq!(contents.len(), 12);
    for (_, content) in &contents {
        assert_no_words(content);
    }

    // What is not sealed would be found.
    let echo = UnknownEcho::new(SystemTime::now(), WORDS[0].into());
    let key = RecordKey::from_bytes([1; 32]);
    let put = store.put_unknown(key, echo, Duration::from_mins(1));
    put.await.unwrap();
    let contents = schema.contents().await;
    let found = contents
        .iter()
        .find(|(_, content)| has_word(content, WORDS[0]));
    assert_eq!(
        found.map(|(place, _)| place.as_str()),
        Some("unified_ticketing_echo.sealed")
    );
}

#[tokio::test]
async fn session_is_durable_whatever_was_asked() {
    let Some(schema) = schema().await else { return };
    let url = format!(
        "{}%20-csynchronous_commit%3Doff%20-cdefault_transaction_isolation%3Dserializable",
        schema.url()
    );
    let store = Postgres::open(&url, &super::secret(), None).await.unwrap();
    new(store.claim(request(1)).await.unwrap());
    let client = store.0.client().await.unwrap();
    for (name, expected) in [
        ("synchronous_commit", "on"),
        ("transaction_isolation", "read committed"),
        ("statement_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "2s"),
        ("application_name", "unified-ticketing"),
    ] {
        let row = client
            .query_one(&format!("SHOW {name}"), &[])
            .await
            .unwrap();
        assert_eq!(row.get::<_, &str>(0), expected, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lock_is_waited_for_two_seconds() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let claim = new(store.claim(request(1)).await.unwrap());
    let mut client = schema.connect().await;
    let lock = client.transaction().await.unwrap();
    let sql = "SELECT FROM unified_ticketing_record FOR UPDATE";
    lock.query(sql, &[]).await.unwrap();
    let begin = Instant::now();
    let (claimed, kept, other, found) = tokio::join!(
        store.claim(request(1)),
        store.keep(claim.clone(), KeptOutcome::Done, b"made".into(), None),
        store.claim(request(2)),
        store.find_unknown(request(1).key),
    );
    let waited = begin.elapsed();
    for error in [claimed.map(drop), kept.map(drop)] {
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        assert!(error.to_string().contains("more than 2s"), "{error}");
    }
    let allowed = Duration::from_millis(1_900)..Duration::from_secs(10);
    assert!(allowed.contains(&waited), "{waited:?}");
    // The lock is of one record.
    new(other.unwrap());
    assert_eq!(found.unwrap(), None);

    lock.rollback().await.unwrap();
    let kept = store.keep(claim, KeptOutcome::Done, b"made".into(), None);
    assert!(kept.await.unwrap());
}

#[tokio::test]
async fn read_only_database_is_unavailable() {
    let Some(schema) = schema().await else { return };
    drop(open(&schema).await);
    let url = format!("{}%20-cdefault_transaction_read_only%3Don", schema.url());
    let error = Postgres::open(&url, &super::secret(), None).await;
    let error = error.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(error.to_string().contains("writes"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweep_goes_in_batches() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let mut client = schema.connect().await;
    let sql = "INSERT INTO unified_ticketing_record (key, fingerprint, state, begun, expires) \
         SELECT sha256(number::TEXT::BYTEA), sha256(''), 2, 0, number \
         FROM generate_series(1, 2500) AS number";
    assert_eq!(client.execute(sql, &[]).await.unwrap(), 2_500);
    // Another server sweeps, too: neither waits for the other.
    let other = client.transaction().await.unwrap();
    let sql = "SELECT FROM unified_ticketing_record WHERE expires <= 100 FOR UPDATE";
    assert_eq!(other.query(sql, &[]).await.unwrap().len(), 100);
    assert_eq!(store.sweep().await.unwrap(), 2_400);
    other.rollback().await.unwrap();
    assert_eq!(store.sweep().await.unwrap(), 100);
    assert_eq!(store.sweep().await.unwrap(), 0);
}
