//! SQLite as a store: the laws of every store, and what is the file's own.

mod commits;
mod file;
mod processes;
mod schema;

use std::future::{Ready, ready};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::super::record::{Millis, after, time};
use super::super::suite::{Harness, numbered, secret, test_store};
use super::{Secret, Sqlite, Store};

/// Two handles on one file, under a clock that tests move.
struct TwoHandles {
    _folder: TempDir,
    now: Arc<AtomicI64>,
    stores: [Sqlite; 2],
}

impl Harness for TwoHandles {
    fn store(&self) -> &dyn Store {
        &self.stores[0]
    }

    fn other(&self) -> &dyn Store {
        &self.stores[1]
    }

    async fn now(&self) -> SystemTime {
        time(self.now.load(Ordering::SeqCst))
    }

    async fn pass(&self, time: Duration) {
        let millis = Millis::try_from(time.as_millis()).unwrap();
        self.now.fetch_add(millis, Ordering::SeqCst);
    }
}

fn two_handles() -> Ready<Option<TwoHandles>> {
    let folder = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicI64::new(1_795_903_389_123));
    let path = store_in(&folder);
    let open = || {
        let now = Arc::clone(&now);
        let clock = Arc::new(move || now.load(Ordering::SeqCst));
        Sqlite::with_clock(&path, &secret(), clock).unwrap()
    };
    let stores = [open(), open()];
    ready(Some(TwoHandles {
        _folder: folder,
        now,
        stores,
    }))
}

test_store!(two_handles);

fn store_in(folder: &TempDir) -> PathBuf {
    folder.path().join("calls.db")
}

fn open(path: &Path) -> Sqlite {
    Sqlite::open(path, &secret()).unwrap()
}

/// A connection that is none of the store's.
fn foreign(path: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(path).unwrap()
}

#[test]
fn clock_that_overflows_saturates() {
    assert_eq!(after(Millis::MAX, Duration::from_secs(1)), Millis::MAX);
}
