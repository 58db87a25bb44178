//! The statements, as text.
//!
//! Each is a transaction of its own, and looks at what the database says of its store first: without a store of this program's
//! version that was made with the same secret (its check value is `$1`), it finds nothing and does nothing. A claim that finds a
//! record locks it, and takes a transaction of two statements.

use super::super::record::State;
use super::super::version::newest;
use super::schema::MIGRATIONS;

/// The database's clock, in milliseconds since 1970: the time of now, and not of when a transaction began that has waited for a lock.
pub(super) const CLOCK: &str = "floor(extract(epoch FROM clock_timestamp()) * 1000)::BIGINT";

/// The records that one statement sweeps, at most: a call may wait for one of them.
const SWEEP_BATCH: u32 = 1_000;

pub(super) struct Statements {
    /// Check, key, fingerprint, claim, lease, lifetime. Returns when it began, unless there is a record.
    pub(super) insert_record: String,
    /// Check, key. Returns the time and the record, which is null where there is none.
    pub(super) lock_record: String,
    /// Key, fingerprint, claim, end of the lease, begun, expires; for a record that is locked.
    pub(super) renew_record: String,
    /// Key, claim, end of the lease, expires; for a record that is locked.
    pub(super) take_record_over: String,
    /// Check, key, claim, state, sealed, lifetime or null.
    pub(super) keep_record: String,
    /// Check, key, claim.
    pub(super) give_record_back: String,
    /// Check, key, claim.
    pub(super) release_record: String,
    /// Check, key. Returns the echo, which is null where there is none.
    pub(super) find_echo: String,
    /// Check, key, begun, lifetime, sealed.
    pub(super) put_echo: String,
    /// Check, key.
    pub(super) forget_echo: String,
    /// Check; one for each table.
    pub(super) sweep: [String; 2],
}

impl Statements {
    /// The statements by this clock, an expression.
    pub(super) fn new(clock: &str) -> Self {
        let (open, unknown) = (State::Open.number(), State::Unknown.number());
        let version = newest(MIGRATIONS);
        let meta = "unified_ticketing_meta AS meta";
        let guard = format!("meta.version = {version} AND meta.secret_check = $1");
        let guarded = format!("EXISTS (SELECT FROM {meta} WHERE {guard})");
        let sweep = |table: &str| {
            // In a subselect the time is taken once, and an index can be used.
            format!(
                "WITH expired AS MATERIALIZED ( \
                     SELECT key FROM {table} WHERE expires <= (SELECT {clock}) \
                     ORDER BY expires LIMIT {SWEEP_BATCH} FOR UPDATE SKIP LOCKED \
                 ) \
                 DELETE FROM {table} AS swept USING expired WHERE swept.key = expired.key AND {guarded}"
            )
        };
        Self {
            insert_record: format!(
                "INSERT INTO unified_ticketing_record \
                     (key, fingerprint, state, claim, lease_until, begun, expires) \
                 SELECT $2::BYTEA, $3::BYTEA, {open}, $4::BYTEA, time.now + $5, time.now, time.now + $6 \
                 FROM {meta}, (SELECT {clock} AS now) AS time WHERE {guard} \
                 ON CONFLICT (key) DO NOTHING RETURNING begun"
            ),
            // The time is taken after the lock: the record is complete before what is selected of it is computed.
            lock_record: format!(
                "WITH found AS MATERIALIZED ( \
                     SELECT fingerprint, state, lease_until, begun, expires, sealed \
                     FROM unified_ticketing_record WHERE key = $2 FOR UPDATE \
                 ) \
                 SELECT {clock} AS now, found.* FROM {meta} LEFT JOIN found ON true WHERE {guard}"
            ),
            renew_record: format!(
                "UPDATE unified_ticketing_record SET fingerprint = $2, state = {open}, claim = $3, \
                     lease_until = $4, begun = $5, expires = $6, sealed = NULL \
                 WHERE key = $1"
            ),
            take_record_over: format!(
                "UPDATE unified_ticketing_record SET state = {unknown}, claim = $2, lease_until = $3, \
                     expires = $4 \
                 WHERE key = $1"
            ),
            keep_record: format!(
                "UPDATE unified_ticketing_record SET state = $4, claim = NULL, lease_until = NULL, \
                     sealed = $5, expires = coalesce({clock} + $6, expires) \
                 WHERE key = $2 AND claim = $3 AND {guarded}"
            ),
            give_record_back: format!(
                "DELETE FROM unified_ticketing_record WHERE key = $2 AND claim = $3 AND {guarded}"
            ),
            // While a claim lasts, its record's state does not change: one of the two finds it.
            release_record: format!(
                "WITH deleted AS ( \
                     DELETE FROM unified_ticketing_record \
                     WHERE key = $2 AND claim = $3 AND state = {open} AND {guarded} RETURNING key \
                 ), freed AS ( \
                     UPDATE unified_ticketing_record SET claim = NULL, lease_until = NULL \
                     WHERE key = $2 AND claim = $3 AND state <> {open} AND {guarded} RETURNING key \
                 ) \
                 SELECT key FROM deleted UNION ALL SELECT key FROM freed"
            ),
            find_echo: format!(
                "SELECT echo.begun, echo.sealed FROM {meta} \
                 LEFT JOIN unified_ticketing_echo AS echo \
                     ON echo.key = $2 AND echo.expires > (SELECT {clock}) \
                 WHERE {guard}"
            ),
            put_echo: format!(
                "INSERT INTO unified_ticketing_echo (key, begun, expires, sealed) \
                 SELECT $2::BYTEA, $3::BIGINT, {clock} + $4, $5::BYTEA FROM {meta} WHERE {guard} \
                 ON CONFLICT (key) DO UPDATE SET \
                     begun = excluded.begun, expires = excluded.expires, sealed = excluded.sealed"
            ),
            forget_echo: format!("DELETE FROM unified_ticketing_echo WHERE key = $2 AND {guarded}"),
            sweep: ["unified_ticketing_record", "unified_ticketing_echo"].map(sweep),
        }
    }
}
