//! Versions of the schema, and databases that are something else.

use super::super::super::StoreError;
use super::super::super::suite::{join_all, new, request, secret};
use super::super::schema::{MIGRATIONS, upgrade};
use super::{Postgres, Store as _, open, schema};
use crate::store::Secret;

#[tokio::test]
async fn older_store_is_upgraded() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    new(store.claim(request(1)).await.unwrap());

    let next = "ALTER TABLE unified_ticketing_record ADD COLUMN note TEXT NOT NULL DEFAULT 'old'";
    let migrations: Vec<_> = MIGRATIONS.iter().copied().chain([next]).collect();
    let known = i64::try_from(MIGRATIONS.len()).unwrap();
    let mut client = schema.connect().await;
    for _ in 0..2 {
        let check = secret().check_value();
        upgrade(&mut client, &migrations, &check).await.unwrap();
        let sql = "SELECT note, version FROM unified_ticketing_record, unified_ticketing_meta";
        let row = client.query_one(sql, &[]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), "old");
        assert_eq!(row.get::<_, i64>(1), known + 1);
    }
    // A program that was there before the upgrade finds out.
    let found = known + 1;
    let claimed = store.claim(request(1)).await.unwrap_err();
    assert_eq!(claimed, StoreError::TooNew { found, known });
}

#[tokio::test]
async fn upgrade_waits_for_running_claim() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let mut other = schema.connect().await;
    let claiming = other.transaction().await.unwrap();
    let sql = "SELECT FROM unified_ticketing_meta";
    claiming.query(sql, &[]).await.unwrap();
    let migrations: Vec<_> = MIGRATIONS.iter().copied().chain(["SELECT 1"]).collect();
    let mut client = schema.connect().await;
    let impatient = "SET lock_timeout = 100";
    client.batch_execute(impatient).await.unwrap();
    let check = secret().check_value();
    let error = upgrade(&mut client, &migrations, &check).await.unwrap_err();
    let error = StoreError::from(error).to_string();
    assert!(error.contains("55P03"), "{error}");
    claiming.rollback().await.unwrap();
    new(store.claim(request(1)).await.unwrap());
    upgrade(&mut client, &migrations, &check).await.unwrap();
}

#[tokio::test]
async fn upgrade_that_fails_changes_nothing() {
    let Some(schema) = schema().await else { return };
    drop(open(&schema).await);
    let broken = ["CREATE TABLE extra (number BIGINT)", "no SQL"];
    let migrations: Vec<_> = MIGRATIONS.iter().copied().chain(broken).collect();
    let mut client = schema.connect().await;
    let check = secret().check_value();
    upgrade(&mut client, &migrations, &check).await.unwrap_err();
    let sql = "SELECT to_regclass('extra') IS NULL";
    let is_absent: bool = client.query_one(sql, &[]).await.unwrap().get(0);
    assert!(is_absent);
    new(open(&schema).await.claim(request(1)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openers_at_once_agree() {
    let Some(schema) = schema().await else { return };
    let url = schema.url();
    let stores = join_all((0..8).map(|_| async {
        let secret = secret();
        Postgres::open(&url, &secret, None).await.unwrap()
    }))
    .await;
    for (number, store) in stores.iter().enumerate() {
        let name = u8::try_from(number).unwrap();
        new(store.claim(request(name)).await.unwrap());
    }
}

#[tokio::test]
async fn newer_store_is_an_error() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let claim = new(store.claim(request(1)).await.unwrap());
    let known = i64::try_from(MIGRATIONS.len()).unwrap();
    let found = known + 1;
    let client = schema.connect().await;
    let sql = "UPDATE unified_ticketing_meta SET version = $1";
    client.execute(sql, &[&found]).await.unwrap();

    let expected = StoreError::TooNew { found, known };
    let opened = Postgres::open(&schema.url(), &secret(), None).await;
    assert_eq!(opened.unwrap_err(), expected);
    // A program that was there before finds out, whatever it does.
    for name in [1, 2] {
        assert_eq!(store.claim(request(name)).await.unwrap_err(), expected);
    }
    assert_refused(&store, claim, &expected).await;
}

/// Asserts that the other methods of a store change nothing, and say why.
async fn assert_refused(store: &Postgres, claim: crate::store::Claim, expected: &StoreError) {
    use crate::store::{KeptOutcome, UnknownEcho};
    use std::time::Duration;

    let kept = store.keep(claim.clone(), KeptOutcome::Done, b"made".into(), None);
    assert_eq!(kept.await.as_ref(), Err(expected));
    assert_eq!(store.release(claim.clone()).await.as_ref(), Err(expected));
    let key = claim.key;
    assert_eq!(store.give_back(claim).await.as_ref(), Err(expected));
    assert_eq!(store.find_unknown(key).await.as_ref(), Err(expected));
    let echo = UnknownEcho::new(std::time::SystemTime::now(), Vec::new());
    let put = store.put_unknown(key, echo, Duration::from_mins(1));
    assert_eq!(put.await.as_ref(), Err(expected));
    assert_eq!(store.forget_unknown(key).await.as_ref(), Err(expected));
    assert_eq!(store.sweep().await.as_ref(), Err(expected));
}

#[tokio::test]
async fn wrong_secret_opens_nothing() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let claim = new(store.claim(request(1)).await.unwrap());
    let other = Secret::from_bytes(&[8; 32]);
    let opened = Postgres::open(&schema.url(), &other, None).await;
    assert_eq!(opened.unwrap_err(), StoreError::WrongSecret);

    // Somebody makes the store anew, by another secret.
    let sql = "DROP TABLE unified_ticketing_meta, unified_ticketing_record, unified_ticketing_echo";
    let client = schema.connect().await;
    client.batch_execute(sql).await.unwrap();
    let dropped = store.claim(request(1)).await.unwrap_err();
    assert!(matches!(dropped, StoreError::Corrupt(_)), "{dropped}");
    let made = Postgres::open(&schema.url(), &other, None).await.unwrap();
    let claimed = store.claim(request(1)).await;
    assert_eq!(claimed.unwrap_err(), StoreError::WrongSecret);
    assert_refused(&store, claim, &StoreError::WrongSecret).await;
    new(made.claim(request(1)).await.unwrap());
}

#[tokio::test]
async fn foreign_tables_are_left_alone() {
    let Some(schema) = schema().await else { return };
    let client = schema.connect().await;
    for sql in [
        "CREATE TABLE unified_ticketing_echo (letter TEXT)",
        "DROP TABLE unified_ticketing_echo; CREATE TABLE unified_ticketing_meta (letter TEXT)",
        "DROP TABLE unified_ticketing_meta; \
         CREATE TABLE unified_ticketing_meta (version BIGINT, secret_check BYTEA)",
    ] {
        client.batch_execute(sql).await.unwrap();
        let error = Postgres::open(&schema.url(), &secret(), None).await;
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    }
    let sql = "SELECT count(*) FROM pg_class WHERE relnamespace = $1::TEXT::REGNAMESPACE";
    let row = client.query_one(sql, &[&schema.name()]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 1);
}

#[tokio::test]
async fn damaged_record_is_its_own() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    new(store.claim(request(1)).await.unwrap());
    let client = schema.connect().await;
    let sql = "UPDATE unified_ticketing_record SET state = 9";
    assert_eq!(client.execute(sql, &[]).await.unwrap(), 1);
    let (damaged, sound) = tokio::join!(store.claim(request(1)), store.claim(request(2)));
    let damaged = damaged.unwrap_err();
    assert!(matches!(damaged, StoreError::Corrupt(_)), "{damaged}");
    new(sound.unwrap());
}
