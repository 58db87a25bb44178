//! The schema, and how a file of an older version gets it.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::super::StoreError;
use super::super::version::{self, missing, newest};
use super::database::StepError;

/// What says that a SQLite file is a store of ours: `utst` as a number (<https://sqlite.org/pragma.html#pragma_application_id>).
const APPLICATION_ID: i64 = 0x7574_7374;

/// What each version adds. A file has the version that is the number of those it has been through; none is ever changed.
pub(super) const MIGRATIONS: &[&str] = &["
    CREATE TABLE meta (
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL
    ) STRICT;
    CREATE TABLE record (
        key BLOB PRIMARY KEY,
        fingerprint BLOB NOT NULL,
        state INTEGER NOT NULL,
        claim BLOB,
        lease_until INTEGER,
        begun INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        sealed BLOB
    ) STRICT;
    CREATE INDEX record_expires ON record (expires);
    CREATE TABLE echo (
        key BLOB PRIMARY KEY,
        begun INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;
    CREATE INDEX echo_expires ON echo (expires);
"];

/// Brings a database to the newest version. An empty one becomes a store, made with the secret of this check value.
pub(super) fn upgrade(
    connection: &mut Connection,
    migrations: &[&str],
    check: &[u8; 32],
) -> Result<(), StepError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found == 0 && !is_empty(&transaction)? {
        return Err(not_a_store());
    }
    if found != 0 {
        check_application(&transaction)?;
    }
    let missing = missing(migrations, found)?;
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    if found == 0 {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.execute(
            "INSERT INTO meta (name, value) VALUES ('check', ?1)",
            [check.as_slice()],
        )?;
    }
    if !missing.is_empty() {
        transaction.pragma_update(None, "user_version", newest(migrations))?;
    }
    check_secret(&transaction, check)?;
    Ok(transaction.commit()?)
}

/// Checks that a database is a store of a version that is known, made with the secret of this check value.
pub(super) fn check(connection: &Connection, check: &[u8; 32]) -> Result<(), StepError> {
    check_version(connection)?;
    check_application(connection)?;
    check_secret(connection, check)
}

/// Checks that a database has the version of this program. A program of another version may share the file, and upgrade it at any
/// time.
pub(super) fn check_version(connection: &Connection) -> Result<(), StepError> {
    if missing(MIGRATIONS, version(connection)?)?.is_empty() {
        return Ok(());
    }
    Err(not_a_store())
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached("PRAGMA user_version")?;
    statement.query_row([], |row| row.get(0))
}

fn is_empty(transaction: &Transaction<'_>) -> rusqlite::Result<bool> {
    transaction.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)",
        [],
        |row| row.get(0),
    )
}

fn check_application(connection: &Connection) -> Result<(), StepError> {
    let id: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if id == APPLICATION_ID {
        return Ok(());
    }
    Err(not_a_store())
}

fn check_secret(connection: &Connection, check: &[u8; 32]) -> Result<(), StepError> {
    let query = "SELECT value FROM meta WHERE name = 'check'";
    let value: Vec<u8> = connection.query_row(query, [], |row| row.get(0))?;
    Ok(version::check_secret(&value, check)?)
}

fn not_a_store() -> StepError {
    StoreError::corrupt("the file is a SQLite database, but no store").into()
}
