//! What each method of the store does with a connection.

use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::super::record::{
    Decision, Millis, Record, State, after, decide, fingerprint, kept_for, millis, time,
};
use super::super::{Claim, ClaimRequest, Claimed, KeptOutcome, RecordKey, UnknownEcho};
use super::error::StepError;
use super::schema;
use super::statements::Statements;

/// A connection to the store that was made with the secret of this check value.
pub(super) struct Session<'a> {
    pub(super) client: &'a mut ClientWrapper,
    pub(super) statements: &'a Statements,
    pub(super) check: &'a [u8; 32],
}

impl Session<'_> {
    /// Claims a record, by a claim with this number.
    ///
    /// A record that is not there is inserted, and of those who insert at once the first one wins: the others wait for its commit,
    /// and find a record. A record that is there is locked before it is judged: of those who lock at once each sees what the one
    /// before has made of it. So no two hold a claim, and no lock but Postgres's own on a row is needed.
    pub(super) async fn claim(
        mut self,
        request: ClaimRequest,
        id: [u8; 16],
    ) -> Result<Claimed, StepError> {
        loop {
            if let Some(begun) = self.insert(&request, id).await? {
                return Ok(Claimed::New(Claim::new(request.key, id, time(begun))));
            }
            // Without a record, it has been given back in between.
            if let Some(claimed) = self.judge(&request, id).await? {
                return Ok(claimed);
            }
        }
    }

    /// Inserts a record, and returns when it began; `None` if it is there.
    async fn insert(
        &self,
        request: &ClaimRequest,
        id: [u8; 16],
    ) -> Result<Option<Millis>, StepError> {
        let parameters: [&(dyn ToSql + Sync); 6] = [
            &self.check.as_slice(),
            &request.key.as_bytes().as_slice(),
            &request.fingerprint.as_bytes().as_slice(),
            &id.as_slice(),
            &span(request.lease),
            &span(kept_for(request)),
        ];
        let insert = &self.statements.insert_record;
        let insert = self.client.prepare_cached(insert).await?;
        let row = self.client.query_opt(&insert, &parameters).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Decides what a claim finds in a record, and writes what follows from it; `None` if there is none.
    async fn judge(
        &mut self,
        request: &ClaimRequest,
        id: [u8; 16],
    ) -> Result<Option<Claimed>, StepError> {
        let statements = self.statements;
        let (key, id_bytes) = (request.key.as_bytes().as_slice(), id.as_slice());
        let transaction = self.client.transaction().await?;
        let lock = transaction.prepare_cached(&statements.lock_record).await?;
        let parameters: [&(dyn ToSql + Sync); 2] = [&self.check.as_slice(), &key];
        let Some(row) = transaction.query_opt(&lock, &parameters).await? else {
            schema::check(transaction.client(), self.check).await?;
            return Ok(None);
        };
        let now = row.try_get(0)?;
        let Some(record) = record(&row)? else {
            return Ok(None);
        };
        let lease_until = after(now, request.lease);
        let claimed = match decide(Some(record), request, now)? {
            Decision::Answer(claimed) => claimed,
            Decision::New => {
                let fingerprint = request.fingerprint.as_bytes().as_slice();
                let expires = after(now, kept_for(request));
                let parameters: [&(dyn ToSql + Sync); 6] =
                    [&key, &fingerprint, &id_bytes, &lease_until, &now, &expires];
                let renew = transaction.prepare_cached(&statements.renew_record).await?;
                transaction.execute(&renew, &parameters).await?;
                Claimed::New(Claim::new(request.key, id, time(now)))
            }
            Decision::TakeOver {
                begun,
                expires,
                kept,
            } => {
                let parameters: [&(dyn ToSql + Sync); 4] =
                    [&key, &id_bytes, &lease_until, &expires];
                let take_over = &statements.take_record_over;
                let take_over = transaction.prepare_cached(take_over).await?;
                transaction.execute(&take_over, &parameters).await?;
                let claim = Claim::new(request.key, id, time(begun));
                Claimed::Unknown { claim, kept }
            }
        };
        transaction.commit().await?;
        Ok(Some(claimed))
    }

    pub(super) async fn keep(
        self,
        claim: Claim,
        outcome: KeptOutcome,
        sealed: Vec<u8>,
        lifetime: Option<Duration>,
    ) -> Result<bool, StepError> {
        let (key, id) = (claim.key.as_bytes().as_slice(), claim.id.as_slice());
        let (state, lifetime) = (State::from(outcome).number(), lifetime.map(span));
        let parameters: [&(dyn ToSql + Sync); 5] = [&key, &id, &state, &sealed, &lifetime];
        self.has_changed(&self.statements.keep_record, &parameters)
            .await
    }

    pub(super) async fn give_back(self, claim: Claim) -> Result<bool, StepError> {
        let (key, id) = (claim.key.as_bytes().as_slice(), claim.id.as_slice());
        self.has_changed(&self.statements.give_record_back, &[&key, &id])
            .await
    }

    pub(super) async fn release(self, claim: Claim) -> Result<bool, StepError> {
        let (key, id) = (claim.key.as_bytes().as_slice(), claim.id.as_slice());
        self.has_changed(&self.statements.release_record, &[&key, &id])
            .await
    }

    pub(super) async fn find_unknown(
        self,
        key: RecordKey,
    ) -> Result<Option<UnknownEcho>, StepError> {
        let parameters: [&(dyn ToSql + Sync); 2] =
            [&self.check.as_slice(), &key.as_bytes().as_slice()];
        let find = self
            .client
            .prepare_cached(&self.statements.find_echo)
            .await?;
        let Some(row) = self.client.query_opt(&find, &parameters).await? else {
            schema::check(self.client, self.check).await?;
            return Ok(None);
        };
        let begun: Option<Millis> = row.try_get(0)?;
        let Some(begun) = begun else {
            return Ok(None);
        };
        Ok(Some(UnknownEcho::new(time(begun), row.try_get(1)?)))
    }

    pub(super) async fn put_unknown(
        self,
        key: RecordKey,
        echo: UnknownEcho,
        lifetime: Duration,
    ) -> Result<(), StepError> {
        let (key, begun) = (key.as_bytes().as_slice(), millis(echo.begun));
        let parameters: [&(dyn ToSql + Sync); 4] = [&key, &begun, &span(lifetime), &echo.sealed];
        self.has_changed(&self.statements.put_echo, &parameters)
            .await?;
        Ok(())
    }

    pub(super) async fn forget_unknown(self, key: RecordKey) -> Result<(), StepError> {
        let key = key.as_bytes().as_slice();
        self.has_changed(&self.statements.forget_echo, &[&key])
            .await?;
        Ok(())
    }

    /// Deletes expired records and echoes, each at most a batch; returns how many.
    pub(super) async fn sweep(self) -> Result<u64, StepError> {
        let mut swept = 0;
        for sweep in &self.statements.sweep {
            swept += self.change(sweep, &[]).await?;
        }
        Ok(swept)
    }

    async fn has_changed(
        &self,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<bool, StepError> {
        Ok(self.change(statement, parameters).await? > 0)
    }

    /// Runs a statement, and returns how many rows it changes. These are the parameters after the check value.
    async fn change(
        &self,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, StepError> {
        let statement = self.client.prepare_cached(statement).await?;
        let check = self.check.as_slice();
        let check: &(dyn ToSql + Sync) = &check;
        let parameters = [&[check], parameters].concat();
        let changed = self.client.execute(&statement, &parameters).await?;
        if changed == 0 {
            // Nothing to change, or no store to change.
            schema::check(self.client, self.check).await?;
        }
        Ok(changed)
    }
}

/// The record in a row that has one after the time.
fn record(row: &Row) -> Result<Option<Record>, StepError> {
    let kept: Option<&[u8]> = row.try_get(1)?;
    let Some(kept) = kept else {
        return Ok(None);
    };
    Ok(Some(Record {
        fingerprint: fingerprint(kept)?,
        state: State::from_number(row.try_get(2)?)?,
        lease_until: row.try_get(3)?,
        begun: row.try_get(4)?,
        expires: row.try_get(5)?,
        sealed: row.try_get(6)?,
    }))
}

/// A duration that can be added to the time.
fn span(duration: Duration) -> Millis {
    after(0, duration).min(Millis::MAX / 2)
}
