//! A connection to the file, and what becomes of it when the file goes away.

use std::fs::{self, Metadata};
use std::path::{self, Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::super::StoreError;
use super::schema;
use crate::files::private;

/// How long a lock of another process is waited for.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// How often a lock is asked for. SQLite's own handler waits up to 100 ms between two attempts, and would seldom find the lock free
/// that another busy process takes again and again.
const LOCK_INTERVAL: Duration = Duration::from_millis(1);

/// How many prepared statements are kept; there are fewer.
const MAX_STATEMENTS: usize = 32;

/// The bytes at which the log is cut when all of it is in the database.
const MAX_LOG: i64 = 64 << 20;

const READ_ONLY: &str = "its file cannot be written";

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Why a step of a transaction fails.
#[derive(Debug)]
pub(super) enum StepError {
    Sqlite(rusqlite::Error),
    Store(StoreError),
}

/// The file of a store, and a connection to it while there is one.
pub(super) struct Database {
    path: PathBuf,
    check: [u8; 32],
    access: Access,
    connection: Option<(Connection, Identity)>,
}

/// What says whether a path still leads to the file that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Database {
    /// Opens the store in this file for writing; makes it, if it is not there.
    pub(super) fn create(path: &Path, check: [u8; 32]) -> Result<Self, StoreError> {
        let mut database = Self::new(path, check, Access::Write)?;
        // SQLite gives its log the permissions of the database (<https://sqlite.org/src/file/src/os_unix.c>, `findCreateFileMode`).
        create_file(&database.path).map_err(|error| {
            StoreError::unavailable(format!("its file cannot be made: {error}"))
        })?;
        let (mut connection, identity) = database.connect()?;
        schema::upgrade(&mut connection, schema::MIGRATIONS, &check)?;
        database.connection = Some((connection, identity));
        Ok(database)
    }

    /// Opens a store that is there.
    pub(super) fn open(path: &Path, check: [u8; 32], access: Access) -> Result<Self, StoreError> {
        let mut database = Self::new(path, check, access)?;
        database.connection()?;
        Ok(database)
    }

    fn new(path: &Path, check: [u8; 32], access: Access) -> Result<Self, StoreError> {
        // An absolute path is none of the names that SQLite gives a meaning to (`:memory:`, the empty one).
        let path = path::absolute(path).map_err(|error| {
            StoreError::unavailable(format!("its path cannot be used: {error}"))
        })?;
        Ok(Self {
            path,
            check,
            access,
            connection: None,
        })
    }

    pub(super) fn access(&self) -> Access {
        self.access
    }

    /// The connection to the file that the path leads to now.
    pub(super) fn connection(&mut self) -> Result<&Connection, StoreError> {
        let identity = identity(&self.path)?;
        if self
            .connection
            .as_ref()
            .is_none_or(|(_, open)| *open != identity)
        {
            self.connection = None;
            let (connection, identity) = self.connect()?;
            schema::check(&connection, &self.check)?;
            self.connection = Some((connection, identity));
        }
        let connection = self.connection.as_ref().map(|(connection, _)| connection);
        connection.ok_or_else(|| StoreError::unavailable("there is no connection to its file"))
    }

    /// Closes the connection, so that the next one is a new one: what was wrong with this one may be so for ever, as with one that
    /// could be opened for reading only.
    pub(super) fn disconnect(&mut self) {
        self.connection = None;
    }

    fn connect(&self) -> Result<(Connection, Identity), StoreError> {
        let before = identity(&self.path)?;
        // For reading, too: a log needs its index, which is written (<https://sqlite.org/wal.html#read_only_databases>).
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection =
            Connection::open_with_flags(&self.path, flags).map_err(StepError::Sqlite)?;
        // SQLite opens what it may not write for reading only, and begins no transaction that writes then, but says nothing.
        let is_read_only = connection.is_readonly("main").map_err(StepError::Sqlite)?;
        if is_read_only && self.access == Access::Write {
            return Err(StoreError::unavailable(READ_ONLY));
        }
        configure(&mut connection).map_err(StepError::Sqlite)?;
        if identity(&self.path)? != before {
            return Err(moved());
        }
        Ok((connection, before))
    }
}

fn configure(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(wait()))?;
    connection.set_prepared_statement_cache_capacity(MAX_STATEMENTS);
    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        let journal = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        match journal {
            Ok(mode) if mode == "wal" => break,
            Ok(_) => {
                let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
                return Err(rusqlite::Error::SqliteFailure(error, None));
            }
            // Two who turn a new file to a log at once may block each other; SQLite asks no handler then.
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                thread::sleep(LOCK_INTERVAL);
            }
            Err(error) => return Err(error),
        }
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On macOS `fsync` leaves data in the disk's own memory (<https://sqlite.org/pragma.html#pragma_fullfsync>).
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update_and_check(None, "journal_size_limit", MAX_LOG, |_| Ok(()))
}

/// Returns what SQLite asks whether to try a lock again.
fn wait() -> impl FnMut(i32) -> bool + Send + 'static {
    let mut since = Instant::now();
    move |attempts| {
        if attempts == 0 {
            since = Instant::now();
        }
        if since.elapsed() >= LOCK_TIMEOUT {
            return false;
        }
        thread::sleep(LOCK_INTERVAL);
        true
    }
}

fn create_file(path: &Path) -> std::io::Result<()> {
    match private().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

fn identity(path: &Path) -> Result<Identity, StoreError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(identity_of(&metadata)),
        Err(error) => Err(StoreError::unavailable(format!(
            "its file is not there: {error}"
        ))),
    }
}

#[cfg(unix)]
fn identity_of(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
    }
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn identity_of(_: &Metadata) -> Identity {
    Identity {}
}

fn moved() -> StoreError {
    StoreError::unavailable("its file has been replaced")
}

pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

impl From<rusqlite::Error> for StepError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<StepError> for StoreError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Sqlite(error) => store_error(&error),
            StepError::Store(error) => error,
        }
    }
}

/// SQLite's code in words. What a statement was about is not in it.
fn store_error(error: &rusqlite::Error) -> StoreError {
    let reason = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("another process has locked its file for more than {LOCK_TIMEOUT:?}")
        }
        Some(ErrorCode::ReadOnly) => READ_ONLY.to_owned(),
        Some(ErrorCode::CannotOpen) => {
            "its file, or the log beside it, cannot be opened".to_owned()
        }
        Some(ErrorCode::PermissionDenied) => "its file may not be opened".to_owned(),
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(ErrorCode::DatabaseCorrupt) => return StoreError::corrupt("its file is damaged"),
        Some(ErrorCode::NotADatabase) => {
            return StoreError::corrupt("its file is no SQLite database");
        }
        Some(_) => match error.sqlite_error() {
            Some(error) => format!("SQLite says: {error}"),
            None => "SQLite fails".to_owned(),
        },
        None => return StoreError::corrupt("a value in its file is of another type than expected"),
    };
    StoreError::unavailable(reason)
}
