//! A thread with a connection: runs what is asked of it, all that waits in one transaction.

use std::convert::identity;
use std::sync::Arc;
#[cfg(test)]
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::super::{ClaimRequest, Claimed, StoreError};
use super::database::{Access, Database, StepError, is_busy};
use super::tables::Tables;
use super::{Clock, schema};

/// The jobs of one transaction, at most.
const MAX_BATCH: usize = 1_024;

/// The thread, as others see it. It ends after what it has been asked when this is dropped.
pub(super) struct Worker {
    jobs: Sender<Box<dyn Job>>,
    /// The transactions that have been committed.
    #[cfg(test)]
    pub(super) commits: Arc<AtomicU64>,
}

/// Something to do in a transaction, and who waits for it.
trait Job: Send {
    /// Whether there is no need to begin.
    fn is_abandoned(&self) -> bool;

    /// Does it, and remembers what came of it. Returns what makes the whole transaction fail.
    fn run(&mut self, tables: &Tables<'_>) -> Result<(), StepError>;

    /// Says what came of it, now that the transaction is durable or has failed.
    fn finish(self: Box<Self>, transaction: Result<(), StoreError>);
}

impl Worker {
    pub(super) fn start(name: &str, database: Database, clock: Clock) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel();
        let worker = Self {
            jobs,
            #[cfg(test)]
            commits: Arc::default(),
        };
        let thread = Thread {
            database,
            clock,
            #[cfg(test)]
            commits: Arc::clone(&worker.commits),
        };
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || thread.work(&queue))
            .map_err(|error| {
                StoreError::unavailable(format!("its thread cannot be started: {error}"))
            })?;
        Ok(worker)
    }

    /// Runs this in a transaction, and returns after it is durable. It runs even if the future is dropped.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tables<'_>) -> Result<T, StepError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, receiver) = oneshot::channel();
        self.send(Task::new(work, identity, reply))?;
        receiver.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Claims a record. A claim whose future is dropped is released.
    pub(super) async fn claim(&self, request: ClaimRequest) -> Result<Claimed, StoreError> {
        let (reply, receiver) = oneshot::channel();
        let jobs = self.jobs.clone();
        let mut task = Task::new(
            move |tables: &Tables<'_>| tables.claim(&request),
            move |claimed| Unclaimed {
                claimed: Some(claimed),
                jobs,
            },
            reply,
        );
        task.abandonable = true;
        self.send(task)?;
        let mut unclaimed = receiver.await.unwrap_or_else(|_| Err(ended()))?;
        unclaimed.claimed.take().ok_or_else(ended)
    }

    fn send(&self, job: impl Job + 'static) -> Result<(), StoreError> {
        self.jobs.send(Box::new(job)).map_err(|_| ended())
    }
}

fn ended() -> StoreError {
    StoreError::unavailable("its thread has ended")
}

/// A claim that is durable, on its way to whoever has asked for it. It is released where it does not arrive.
struct Unclaimed {
    claimed: Option<Claimed>,
    jobs: Sender<Box<dyn Job>>,
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        let claim = match self.claimed.take() {
            Some(Claimed::New(claim) | Claimed::Unknown { claim, .. }) => claim,
            Some(Claimed::InFlight { .. } | Claimed::Mismatch | Claimed::Done(_)) | None => return,
        };
        let (reply, _) = oneshot::channel();
        let release = move |tables: &Tables<'_>| tables.release(&claim);
        // Where the thread has ended the lease runs out.
        let _ = self
            .jobs
            .send(Box::new(Task::new(release, identity, reply)));
    }
}

/// A job made of a function. `deliver` makes what is sent of what it returns.
struct Task<W, D, T, U> {
    work: Option<W>,
    deliver: D,
    done: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<U, StoreError>>,
    abandonable: bool,
}

impl<W, D, T, U> Task<W, D, T, U> {
    fn new(work: W, deliver: D, reply: oneshot::Sender<Result<U, StoreError>>) -> Self
    where
        W: FnOnce(&Tables<'_>) -> Result<T, StepError>,
        D: FnOnce(T) -> U,
    {
        Self {
            work: Some(work),
            deliver,
            done: None,
            reply,
            abandonable: false,
        }
    }
}

impl<W, D, T, U> Job for Task<W, D, T, U>
where
    W: FnOnce(&Tables<'_>) -> Result<T, StepError> + Send,
    D: FnOnce(T) -> U + Send,
    T: Send,
    U: Send,
{
    fn is_abandoned(&self) -> bool {
        self.abandonable && self.reply.is_closed()
    }

    fn run(&mut self, tables: &Tables<'_>) -> Result<(), StepError> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        match work(tables) {
            Ok(value) => self.done = Some(Ok(value)),
            // One record cannot be read; the others can.
            Err(StepError::Store(error)) => self.done = Some(Err(error)),
            Err(error @ StepError::Sqlite(_)) => return Err(error),
        }
        Ok(())
    }

    fn finish(self: Box<Self>, transaction: Result<(), StoreError>) {
        let Self {
            done,
            deliver,
            reply,
            ..
        } = *self;
        let result = transaction.and_then(|()| done.unwrap_or_else(|| Err(ended())));
        // Who does not wait any more needs no word.
        let _ = reply.send(result.map(deliver));
    }
}

struct Thread {
    database: Database,
    clock: Clock,
    #[cfg(test)]
    commits: Arc<AtomicU64>,
}

impl Thread {
    fn work(mut self, queue: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = queue.recv() {
            let mut batch = vec![first];
            let committed = self.transact(&mut batch, queue);
            for job in batch {
                job.finish(committed.clone());
            }
        }
    }

    /// Runs the jobs of the batch, and all others that wait by the time the lock is taken, in one transaction. Where the lock is
    /// not to be had, those that have come meanwhile wait for it anew.
    fn transact(
        &mut self,
        batch: &mut Vec<Box<dyn Job>>,
        queue: &Receiver<Box<dyn Job>>,
    ) -> Result<(), StoreError> {
        let access = self.database.access();
        let clock = Arc::clone(&self.clock);
        let connection = self.database.connection()?;
        let mut run = || {
            batch.extend(queue.try_iter().take(MAX_BATCH));
            begin(connection, access)?;
            batch.extend(queue.try_iter().take(MAX_BATCH));
            batch.retain(|job| !job.is_abandoned());
            schema::check_version(connection)?;
            let now = clock();
            let tables = Tables { connection, now };
            batch.iter_mut().try_for_each(|job| job.run(&tables))?;
            Ok(connection
                .prepare_cached("COMMIT")?
                .execute([])
                .map(|_| ())?)
        };
        let committed: Result<(), StepError> = run();
        #[cfg(test)]
        self.commits.fetch_add(1, Ordering::Relaxed);
        let Err(error) = committed else {
            return Ok(());
        };
        // Some errors have ended the transaction already (<https://sqlite.org/lang_transaction.html>).
        let rolled_back =
            connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok();
        if !(rolled_back && matches!(&error, StepError::Sqlite(error) if is_busy(error))) {
            self.database.disconnect();
        }
        Err(error.into())
    }
}

fn begin(connection: &Connection, access: Access) -> Result<(), StepError> {
    let sql = match access {
        Access::Read => "BEGIN",
        Access::Write => "BEGIN IMMEDIATE",
    };
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
