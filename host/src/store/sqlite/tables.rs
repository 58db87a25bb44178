//! The statements: what each method of the store does within a transaction.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::super::record::{
    Decision, Millis, Record, State, after, decide, fingerprint, kept_for, millis, new_claim_id,
    time,
};
use super::super::{Claim, ClaimRequest, Claimed, KeptOutcome, RecordKey, UnknownEcho};
use super::database::StepError;

/// The tables in a transaction that began at this time.
pub(super) struct Tables<'a> {
    pub(super) connection: &'a Connection,
    pub(super) now: Millis,
}

impl Tables<'_> {
    pub(super) fn claim(&self, request: &ClaimRequest) -> Result<Claimed, StepError> {
        let now = self.now;
        let lease_until = after(now, request.lease);
        match decide(self.record(request.key)?, request, now)? {
            Decision::Answer(claimed) => Ok(claimed),
            Decision::New => {
                let claim = Claim::new(request.key, new_claim_id()?, time(now));
                let sql = "INSERT OR REPLACE INTO record \
                     (key, fingerprint, state, claim, lease_until, begun, expires, sealed) \
                     VALUES (:key, :fingerprint, :state, :claim, :lease_until, :begun, :expires, NULL)";
                self.connection
                    .prepare_cached(sql)?
                    .execute(named_params! {
                        ":key": request.key.as_bytes(),
                        ":fingerprint": request.fingerprint.as_bytes(),
                        ":state": State::Open.number(),
                        ":claim": claim.id,
                        ":lease_until": lease_until,
                        ":begun": now,
                        ":expires": after(now, kept_for(request)),
                    })?;
                Ok(Claimed::New(claim))
            }
            Decision::TakeOver {
                begun,
                expires,
                kept,
            } => {
                let claim = Claim::new(request.key, new_claim_id()?, time(begun));
                let sql = "UPDATE record SET \
                     state = :state, claim = :claim, lease_until = :lease_until, expires = :expires \
                     WHERE key = :key";
                self.connection
                    .prepare_cached(sql)?
                    .execute(named_params! {
                        ":key": request.key.as_bytes(),
                        ":state": State::Unknown.number(),
                        ":claim": claim.id,
                        ":lease_until": lease_until,
                        ":expires": expires,
                    })?;
                Ok(Claimed::Unknown { claim, kept })
            }
        }
    }

    pub(super) fn keep(
        &self,
        claim: &Claim,
        outcome: KeptOutcome,
        sealed: &[u8],
        lifetime: Option<Duration>,
    ) -> Result<bool, StepError> {
        let sql = "UPDATE record SET \
             state = :state, claim = NULL, lease_until = NULL, sealed = :sealed, \
             expires = coalesce(:expires, expires) \
             WHERE key = :key AND claim = :claim";
        let changed = self
            .connection
            .prepare_cached(sql)?
            .execute(named_params! {
                ":key": claim.key.as_bytes(),
                ":claim": claim.id,
                ":state": State::from(outcome).number(),
                ":sealed": sealed,
                ":expires": lifetime.map(|lifetime| after(self.now, lifetime)),
            })?;
        Ok(changed > 0)
    }

    pub(super) fn give_back(&self, claim: &Claim) -> Result<bool, StepError> {
        let sql = "DELETE FROM record WHERE key = ?1 AND claim = ?2";
        self.of_claim(sql, claim)
    }

    pub(super) fn release(&self, claim: &Claim) -> Result<bool, StepError> {
        let open = State::Open.number();
        let sql = format!("DELETE FROM record WHERE key = ?1 AND claim = ?2 AND state = {open}");
        if self.of_claim(&sql, claim)? {
            return Ok(true);
        }
        let sql =
            "UPDATE record SET claim = NULL, lease_until = NULL WHERE key = ?1 AND claim = ?2";
        self.of_claim(sql, claim)
    }

    pub(super) fn find_unknown(&self, key: RecordKey) -> Result<Option<UnknownEcho>, StepError> {
        let sql = "SELECT begun, sealed FROM echo WHERE key = ?1 AND expires > ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let echo = statement.query_row(params![key.as_bytes(), self.now], |row| {
            Ok(UnknownEcho::new(time(row.get(0)?), row.get(1)?))
        });
        Ok(echo.optional()?)
    }

    pub(super) fn put_unknown(
        &self,
        key: RecordKey,
        echo: &UnknownEcho,
        lifetime: Duration,
    ) -> Result<(), StepError> {
        let sql = "INSERT OR REPLACE INTO echo (key, begun, expires, sealed) \
             VALUES (:key, :begun, :expires, :sealed)";
        self.connection
            .prepare_cached(sql)?
            .execute(named_params! {
                ":key": key.as_bytes(),
                ":begun": millis(echo.begun),
                ":expires": after(self.now, lifetime),
                ":sealed": echo.sealed,
            })?;
        Ok(())
    }

    pub(super) fn forget_unknown(&self, key: RecordKey) -> Result<(), StepError> {
        let sql = "DELETE FROM echo WHERE key = ?1";
        self.connection
            .prepare_cached(sql)?
            .execute([key.as_bytes()])?;
        Ok(())
    }

    /// Deletes expired records and echoes, each at most `batch`; returns how many.
    pub(super) fn sweep(&self, batch: usize) -> Result<usize, StepError> {
        let limit = i64::try_from(batch).unwrap_or(i64::MAX);
        let mut swept = 0;
        for sql in [
            "DELETE FROM record WHERE key IN (SELECT key FROM record WHERE expires <= ?1 LIMIT ?2)",
            "DELETE FROM echo WHERE key IN (SELECT key FROM echo WHERE expires <= ?1 LIMIT ?2)",
        ] {
            swept += self
                .connection
                .prepare_cached(sql)?
                .execute([self.now, limit])?;
        }
        Ok(swept)
    }

    fn record(&self, key: RecordKey) -> Result<Option<Record>, StepError> {
        let sql = "SELECT fingerprint, state, lease_until, begun, expires, sealed \
             FROM record WHERE key = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([key.as_bytes()])?;
        rows.next()?.map(record).transpose()
    }

    fn of_claim(&self, sql: &str, claim: &Claim) -> Result<bool, StepError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.execute(params![claim.key.as_bytes(), claim.id])? > 0)
    }
}

fn record(row: &Row<'_>) -> Result<Record, StepError> {
    Ok(Record {
        fingerprint: fingerprint(&row.get::<_, Vec<u8>>(0)?)?,
        state: State::from_number(row.get(1)?)?,
        lease_until: row.get(2)?,
        begun: row.get(3)?,
        expires: row.get(4)?,
        sealed: row.get(5)?,
    })
}
