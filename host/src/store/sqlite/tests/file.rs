//! The file: locked, read-only, gone, replaced, somebody else's, stolen.

use std::fs;
use std::time::{Duration, Instant};

use super::super::super::suite::{assert_no_words, new, request, write_words};
use super::super::super::{KeptOutcome, StoreError};
use super::{Secret, Sqlite, Store as _, foreign, open, secret, store_in};

#[track_caller]
fn assert_unavailable<T>(result: Result<T, StoreError>, reason: &str) {
    match result {
        Err(StoreError::Unavailable(found)) => assert!(found.contains(reason), "{found}"),
        Err(other) => panic!("expected an unavailable store, but found {other:?}"),
        Ok(_) => panic!("expected an unavailable store"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lock_is_waited_for_two_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let store = open(&path);
    let claim = new(store.claim(request(1)).await.unwrap());
    let lock = foreign(&path);
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begin = Instant::now();
    let (claimed, kept, found) = tokio::join!(
        store.claim(request(2)),
        store.keep(claim.clone(), KeptOutcome::Done, b"made".into(), None),
        store.find_unknown(request(2).key),
    );
    let waited = begin.elapsed();
    assert_unavailable(claimed, "locked");
    assert_unavailable(kept, "locked");
    // Looking up waits for no lock.
    assert_eq!(found.unwrap(), None);
    let allowed = Duration::from_millis(1_900)..Duration::from_secs(10);
    assert!(allowed.contains(&waited), "{waited:?}");
    let opened = Sqlite::open(&path, &secret());
    assert_unavailable(opened, "locked");

    lock.execute_batch("COMMIT").unwrap();
    new(store.claim(request(2)).await.unwrap());
    let kept = store.keep(claim, KeptOutcome::Done, b"made".into(), None);
    assert!(kept.await.unwrap());
}

#[tokio::test]
async fn removed_file_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let store = open(&path);
    let claim = new(store.claim(request(1)).await.unwrap());
    let saved = folder.path().join("saved");
    fs::rename(&path, &saved).unwrap();
    assert_unavailable(store.claim(request(2)).await, "is not there");
    let kept = store.keep(claim.clone(), KeptOutcome::Done, b"made".into(), None);
    assert_unavailable(kept.await, "is not there");
    assert_unavailable(store.find_unknown(request(2).key).await, "is not there");

    // Somebody puts it back.
    fs::rename(&saved, &path).unwrap();
    new(store.claim(request(2)).await.unwrap());
    let kept = store.keep(claim, KeptOutcome::Done, b"made".into(), None);
    assert!(kept.await.unwrap());
}

#[tokio::test]
async fn replaced_file_is_checked_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let store = open(&path);
    new(store.claim(request(1)).await.unwrap());
    let remove = || {
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(folder.path().join(format!("calls.db{suffix}")));
        }
    };
    remove();
    drop(Sqlite::open(&path, &Secret::from_bytes(&[8; 32])).unwrap());
    assert_eq!(
        store.claim(request(2)).await.unwrap_err(),
        StoreError::WrongSecret
    );
    let found = store.find_unknown(request(2).key).await;
    assert_eq!(found.unwrap_err(), StoreError::WrongSecret);

    remove();
    fs::write(&path, "").unwrap();
    let emptied = store.claim(request(2)).await.unwrap_err();
    assert!(matches!(emptied, StoreError::Corrupt(_)), "{emptied}");

    remove();
    drop(open(&path));
    new(store.claim(request(2)).await.unwrap());
}

#[tokio::test]
async fn wrong_secret_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    drop(open(&path));
    let error = Sqlite::open(&path, &Secret::from_bytes(&[8; 32])).unwrap_err();
    assert_eq!(error, StoreError::WrongSecret);
    drop(open(&path));
}

#[test]
fn foreign_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let text = "a letter, and no database, of some length ".repeat(30);
    fs::write(&path, &text).unwrap();
    let error = Sqlite::open(&path, &secret()).unwrap_err();
    assert_eq!(error, StoreError::corrupt("its file is no SQLite database"));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);

    fs::remove_file(&path).unwrap();
    for version in [0, 1] {
        let other = foreign(&path);
        let sql = "CREATE TABLE IF NOT EXISTS letter (text TEXT)";
        other.execute_batch(sql).unwrap();
        other.pragma_update(None, "user_version", version).unwrap();
        let error = Sqlite::open(&path, &secret()).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    }
}

#[test]
fn path_that_cannot_be_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Sqlite::open(folder.path().join("no/such/calls.db"), &secret());
    assert_unavailable(opened, "its file cannot be made");
    assert_unavailable(Sqlite::open(folder.path(), &secret()), "");
}

#[cfg(unix)]
#[tokio::test]
async fn file_is_its_owners() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let store = open(&store_in(&folder));
    new(store.claim(request(1)).await.unwrap());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o600, "{entry:?}");
        names.push(entry.file_name());
    }
    assert_eq!(names.len(), 3, "{names:?}");
}

#[tokio::test]
async fn nothing_is_readable_at_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let secret = Secret::create_beside(&path).unwrap();
    let store = Sqlite::open(&path, &secret).unwrap();
    write_words(&store, &secret).await;
    let mut bytes = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let file = entry.unwrap().path();
        bytes += fs::metadata(&file).unwrap().len();
        assert_no_words(&fs::read(&file).unwrap());
    }
    assert!(bytes > 1_000);
}
