//! The schema, and how a database of an older version gets it.

use tokio_postgres::{Client, Row, Transaction};

use super::super::StoreError;
use super::super::version::{check_secret, missing, newest};
use super::error::StepError;

/// The advisory lock of whoever upgrades: `utst` as a number. Two who make the same table at once would both fail.
const UPGRADE_LOCK: i64 = 0x7574_7374;

/// What each version adds. None is ever changed. The tables are in the schema that the connection's `search_path` begins with, and
/// named so that they do not meet others there. What is sealed does not compress, so nobody tries (`EXTERNAL`).
pub(super) const MIGRATIONS: &[&str] = &["
    CREATE TABLE unified_ticketing_meta (
        version BIGINT NOT NULL,
        secret_check BYTEA NOT NULL
    );
    CREATE TABLE unified_ticketing_record (
        key BYTEA PRIMARY KEY,
        fingerprint BYTEA NOT NULL,
        state BIGINT NOT NULL,
        claim BYTEA,
        lease_until BIGINT,
        begun BIGINT NOT NULL,
        expires BIGINT NOT NULL,
        sealed BYTEA
    );
    ALTER TABLE unified_ticketing_record ALTER COLUMN sealed SET STORAGE EXTERNAL;
    CREATE INDEX unified_ticketing_record_expires ON unified_ticketing_record (expires);
    CREATE TABLE unified_ticketing_echo (
        key BYTEA PRIMARY KEY,
        begun BIGINT NOT NULL,
        expires BIGINT NOT NULL,
        sealed BYTEA NOT NULL
    );
    CREATE INDEX unified_ticketing_echo_expires ON unified_ticketing_echo (expires);
"];

const META: &str = "SELECT version, secret_check FROM unified_ticketing_meta";

/// Brings a database to the newest version. One without a store becomes a store, made with the secret of this check value.
pub(super) async fn upgrade(
    client: &mut Client,
    migrations: &[&str],
    check: &[u8; 32],
) -> Result<(), StepError> {
    let transaction = client.transaction().await?;
    let lock = "SELECT pg_advisory_xact_lock($1)";
    transaction.query(lock, &[&UPGRADE_LOCK]).await?;
    let found = version(&transaction).await?;
    let missing = missing(migrations, found)?;
    if !missing.is_empty() {
        // A table may take longer than a call waits.
        let unlimited = "SET LOCAL statement_timeout = 0";
        transaction.batch_execute(unlimited).await?;
    }
    if found > 0 && !missing.is_empty() {
        // Every statement of the store reads this table: none that is of the old version runs beside the upgrade.
        let lock = "LOCK TABLE unified_ticketing_meta IN ACCESS EXCLUSIVE MODE";
        transaction.batch_execute(lock).await?;
    }
    for migration in missing {
        transaction.batch_execute(migration).await?;
    }
    if found == 0 {
        let sql = "INSERT INTO unified_ticketing_meta (version, secret_check) VALUES (0, $1)";
        transaction.execute(sql, &[&check.as_slice()]).await?;
    }
    if !missing.is_empty() {
        let sql = "UPDATE unified_ticketing_meta SET version = $1";
        transaction.execute(sql, &[&newest(migrations)]).await?;
    }
    check_meta(transaction.query_opt(META, &[]).await?, migrations, check)?;
    Ok(transaction.commit().await?)
}

/// Checks that a database is a store of the version of this program, made with the secret of this check value.
pub(super) async fn check(client: &Client, check: &[u8; 32]) -> Result<(), StepError> {
    check_meta(client.query_opt(META, &[]).await?, MIGRATIONS, check)
}

/// The version of the store in this database; 0 if there is none.
async fn version(transaction: &Transaction<'_>) -> Result<i64, StepError> {
    let sql = "SELECT to_regclass('unified_ticketing_meta') IS NOT NULL";
    let is_store: bool = transaction.query_one(sql, &[]).await?.try_get(0)?;
    if !is_store {
        return Ok(0);
    }
    let meta = transaction.query_opt(META, &[]).await?;
    Ok(meta.ok_or_else(not_a_store)?.try_get(0)?)
}

fn check_meta(meta: Option<Row>, migrations: &[&str], check: &[u8; 32]) -> Result<(), StepError> {
    let meta = meta.ok_or_else(not_a_store)?;
    if !missing(migrations, meta.try_get(0)?)?.is_empty() {
        return Err(not_a_store().into());
    }
    Ok(check_secret(meta.try_get(1)?, check)?)
}

pub(super) fn not_a_store() -> StoreError {
    StoreError::corrupt("the database has tables of a store, but is none")
}
