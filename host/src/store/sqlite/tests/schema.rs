//! Versions of the schema.

use super::super::super::StoreError;
use super::super::super::suite::{new, request};
use super::super::schema::{MIGRATIONS, upgrade};
use super::{Sqlite, Store as _, foreign, open, secret, store_in};

#[tokio::test]
async fn older_store_is_upgraded() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let store = open(&path);
    new(store.claim(request(1)).await.unwrap());
    drop(store);

    let next = "ALTER TABLE record ADD COLUMN note TEXT NOT NULL DEFAULT 'old'";
    let migrations: Vec<_> = MIGRATIONS.iter().copied().chain([next]).collect();
    let mut connection = foreign(&path);
    for _ in 0..2 {
        upgrade(&mut connection, &migrations, &secret().check_value()).unwrap();
        let note: String = connection
            .query_row("SELECT note FROM record", [], |row| row.get(0))
            .unwrap();
        assert_eq!(note, "old");
    }
    let version: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(usize::try_from(version), Ok(migrations.len()));
}

#[test]
fn upgrade_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    drop(open(&path));
    let mut connection = foreign(&path);
    let broken = ["CREATE TABLE extra (number INTEGER) STRICT", "no SQL"];
    let migrations: Vec<_> = MIGRATIONS.iter().copied().chain(broken).collect();
    upgrade(&mut connection, &migrations, &secret().check_value()).unwrap_err();
    drop(connection);
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'";
    let count: i64 = foreign(&path).query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(count, 0);
    drop(open(&path));
}

#[tokio::test]
async fn newer_store_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let store = open(&path);
    new(store.claim(request(1)).await.unwrap());
    let known = i64::try_from(MIGRATIONS.len()).unwrap();
    let found = known + 1;
    foreign(&path)
        .pragma_update(None, "user_version", found)
        .unwrap();

    let expected = StoreError::TooNew { found, known };
    assert_eq!(Sqlite::open(&path, &secret()).unwrap_err(), expected);
    // A program that was there before the upgrade finds out.
    assert_eq!(store.claim(request(2)).await.unwrap_err(), expected);
    let looked = store.find_unknown(request(2).key).await;
    assert_eq!(looked.unwrap_err(), expected);
}

#[tokio::test]
async fn damaged_record_is_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let store = open(&path);
    new(store.claim(request(1)).await.unwrap());
    let sql = "UPDATE record SET state = 9";
    assert_eq!(foreign(&path).execute(sql, []).unwrap(), 1);
    let (damaged, sound) = tokio::join!(store.claim(request(1)), store.claim(request(2)));
    let damaged = damaged.unwrap_err();
    assert!(matches!(damaged, StoreError::Corrupt(_)), "{damaged}");
    new(sound.unwrap());
}
