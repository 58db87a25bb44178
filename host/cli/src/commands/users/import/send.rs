//! Sends the rows, some at a time, and takes note of what comes of each.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::call::{ABSENT_AFTER, RowCalls};
use super::fault::Fault;
use super::outcome::{RowOutcome, RowResult};
use super::progress::Progress;
use super::reader::{Input, ReadError, Rows};
use super::results::{Results, RowName};
use super::row::{Row, RowReader};
use super::summary::{Summary, rows as count_of};
use crate::error::{CliError, ExitStatus};
use crate::terminal::Terminal;

/// How often progress is shown while nothing happens.
const TICK: Duration = Duration::from_millis(500);

/// What rows are sent by.
pub(super) struct Sender<'a> {
    pub(super) input: &'a Input,
    pub(super) reader: RowReader<'a>,
    pub(super) calls: Arc<RowCalls>,
    pub(super) concurrency: usize,
    /// The rows that are not sent.
    pub(super) invalid: &'a HashMap<u64, Fault>,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) total: u64,
}

/// Where what comes of rows goes.
pub(super) struct Report<'a> {
    pub(super) results: Results,
    pub(super) summary: Summary,
    pub(super) progress: Progress,
    pub(super) terminal: &'a mut Terminal,
    /// Why results are not written any more.
    failed: Option<std::io::Error>,
}

impl<'a> Report<'a> {
    pub(super) fn new(results: Results, progress: Progress, terminal: &'a mut Terminal) -> Self {
        Self {
            results,
            summary: Summary::default(),
            progress,
            terminal,
            failed: None,
        }
    }

    fn add(&mut self, row: &RowName<'_>, outcome: &RowOutcome) {
        self.summary.add(row.line, outcome);
        if self.failed.is_none() {
            let results = &mut self.results;
            let written = self.progress.suspend(|| results.add(row, outcome));
            self.failed = written.err();
        }
    }

    fn show(&mut self, calls: &RowCalls) {
        let paused = calls.limiter.paused();
        let done = self.summary.total();
        self.progress.set(done, paused.as_ref(), self.terminal);
    }
}

/// Takes a row whose time has come.
fn take_due(later: &mut Vec<(Instant, Row)>) -> Option<Row> {
    let now = Instant::now();
    let position = later.iter().position(|(at, _)| *at <= now)?;
    Some(later.swap_remove(position).1)
}

/// A row that may be sent again, and since when its user is looked for in vain.
struct Absent {
    row: Row,
    since: SystemTime,
    outcome: RowOutcome,
}

impl Sender<'_> {
    /// Sends every row.
    ///
    /// # Errors
    ///
    /// The input cannot be read any more, or the results cannot be written; what was sent until then is in the report.
    pub(super) async fn send(&self, report: &mut Report<'_>) -> Result<(), CliError> {
        let mut absent = Vec::new();
        let mut rows = self.input.rows()?;
        let mut failed = None;
        self.all(
            report,
            |report| match self.next(&mut rows, report) {
                Ok(row) => row,
                Err(error) => {
                    failed = Some(error);
                    None
                }
            },
            |row, outcome| match outcome.absent_since {
                Some(since) if self.calls.resend_absent => {
                    absent.push(Absent {
                        row,
                        since,
                        outcome,
                    });
                    None
                }
                _ => Some((row, outcome)),
            },
        )
        .await;
        self.resend(absent, report).await;
        report.summary.is_interrupted = *self.stop.borrow();
        report.summary.left = self.total.saturating_sub(report.summary.total());
        if let Some(error) = report.failed.take() {
            let message = format!("the results cannot be written: {error}");
            return Err(CliError::import(ExitStatus::Unknown, &message)
                .hint("the same command again goes on: for rows that are done nothing is sent"));
        }
        failed.map_or(Ok(()), Err)
    }

    /// Sends what `next` gives, some at a time. What `end` returns is over.
    async fn all(
        &self,
        report: &mut Report<'_>,
        mut next: impl FnMut(&mut Report<'_>) -> Option<Row>,
        mut end: impl FnMut(Row, RowOutcome) -> Option<(Row, RowOutcome)>,
    ) {
        let mut tasks = JoinSet::new();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Rows that another process has in flight do not keep the others waiting.
        let mut later: Vec<(Instant, Row)> = Vec::new();
        let mut is_over = false;
        let mut is_noted = false;
        loop {
            if *self.stop.borrow() || report.failed.is_some() {
                is_over = true;
                later.clear();
            }
            while tasks.len() < self.concurrency {
                let row = match take_due(&mut later) {
                    Some(row) => Some(row),
                    None if is_over => break,
                    None => next(report),
                };
                match row {
                    Some(row) => {
                        let calls = Arc::clone(&self.calls);
                        tasks.spawn(async move {
                            let outcome = calls.carry_out(&row).await;
                            (row, outcome)
                        });
                    }
                    None => is_over = true,
                }
            }
            if *self.stop.borrow() && !is_noted && !tasks.is_empty() {
                is_noted = true;
                let terminal = &mut *report.terminal;
                report.progress.suspend(|| {
                    terminal.note(
                        "stopping: rows in flight are waited for; interrupt again to end at once",
                    );
                });
            }
            if tasks.is_empty() && later.is_empty() {
                break;
            }
            tokio::select! {
                joined = tasks.join_next(), if !tasks.is_empty() => match joined {
                    Some(Ok((row, RowOutcome { again_after: Some(after), .. }))) => {
                        later.push((Instant::now() + after, row));
                    }
                    Some(Ok((row, outcome))) => {
                        if let Some((row, outcome)) = end(row, outcome) {
                            report.add(&RowName::from(&row), &outcome);
                        }
                    }
                    // Its panic is in the log; the row counts as left.
                    Some(Err(_)) | None => {}
                },
                _ = tick.tick() => {}
            }
            report.show(&self.calls);
        }
    }

    /// The next row that is valid.
    fn next(&self, rows: &mut Rows, report: &mut Report<'_>) -> Result<Option<Row>, CliError> {
        loop {
            let (line, row) = match rows.next() {
                None => return Ok(None),
                Some(Err(ReadError::Input(error))) => return Err(error),
                Some(Err(ReadError::Row(fault))) => (fault.line, Err(vec![fault])),
                Some(Ok(record)) => (record.line, self.reader.read(record)),
            };
            let invalid = self.invalid.get(&line).cloned();
            let (row, fault) = match (row, invalid) {
                (Ok(row), None) => return Ok(Some(row)),
                (Ok(row), Some(fault)) => (Some(row), fault),
                (Err(_), Some(fault)) => (None, fault),
                // The file has changed since it was checked.
                (Err(faults), None) => match faults.into_iter().next() {
                    Some(fault) => (None, fault),
                    None => continue,
                },
            };
            let outcome = RowOutcome::failed(RowResult::Invalid, &fault.code, fault.message);
            let name = match &row {
                Some(row) => RowName::from(row),
                None => RowName {
                    line,
                    account: None,
                    email: None,
                    cells: &[],
                },
            };
            report.add(&name, &outcome);
        }
    }

    /// Looks again for those who were absent, a minute after, and sends their rows again.
    async fn resend(&self, absent: Vec<Absent>, report: &mut Report<'_>) {
        let last = absent.iter().map(|absent| absent.since).max();
        let Some(last) = last else {
            return;
        };
        let wait = (last + ABSENT_AFTER).duration_since(SystemTime::now());
        let wait = wait.unwrap_or_default();
        let count = u64::try_from(absent.len()).unwrap_or(u64::MAX);
        let note = format!(
            "{} may be sent again: waiting {} s, to look once more",
            count_of(count),
            wait.as_secs() + 1
        );
        let terminal = &mut *report.terminal;
        report.progress.suspend(|| terminal.note(&note));
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stop.wait_for(|stopped| *stopped) => {}
        }
        let mut waiting = absent.into_iter();
        self.all(
            report,
            |_| waiting.next().map(|absent| absent.row),
            |row, outcome| Some((row, outcome)),
        )
        .await;
        // Interrupted, they are as they were.
        for Absent { row, outcome, .. } in waiting {
            report.add(&RowName::from(&row), &outcome);
        }
    }
}
