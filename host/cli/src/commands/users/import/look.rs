//! `--dry-run=look`: reads, and says what every row would do.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::check::Checked;
use super::reader::ReadError;
use super::summary::rows;
use super::{Import, RowName};
use crate::error::{CliError, ExitStatus};
use crate::terminal::{Terminal, print};

impl Import<'_> {
    /// Says what every valid row would do.
    pub(super) async fn look(
        &self,
        checked: &Checked,
        terminal: &mut Terminal,
    ) -> Result<(), CliError> {
        let calls = self.calls();
        let reader = self.reader();
        let mut input = self.input.rows()?;
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        let mut tasks = JoinSet::new();
        let mut is_over = false;
        loop {
            while tasks.len() < self.arguments.pace.concurrency.into() && !is_over {
                let row = match input.next() {
                    _ if *self.stop.borrow() => None,
                    None => None,
                    Some(Err(ReadError::Input(error))) => return Err(error),
                    // It was told when it was checked.
                    Some(Err(ReadError::Row(_))) => continue,
                    Some(Ok(record)) if checked.invalid.contains_key(&record.line) => continue,
                    Some(Ok(record)) => match reader.read(record) {
                        Ok(row) => Some(row),
                        Err(_) => continue,
                    },
                };
                let Some(row) = row else {
                    is_over = true;
                    break;
                };
                let calls = Arc::clone(&calls);
                tasks.spawn(async move {
                    let would = calls.look(&row).await;
                    (row, would)
                });
            }
            let Some(joined) = tasks.join_next().await else {
                break;
            };
            let (row, would) = joined.map_err(|error| CliError::panicked(&error))?;
            *counts.entry(would.what).or_default() += 1;
            let line = RowName::from(&row).would(&would);
            print(&line).map_err(|error| CliError::output_failed(&error))?;
        }
        let count = |what: &str| counts.get(what).copied().unwrap_or_default();
        terminal.note(&format!(
            "{}: {} would be created, {} changed, {} deleted, {} left; {} would fail",
            self.input.name,
            rows(count("create")),
            count("change"),
            count("delete"),
            count("leave"),
            count("fail")
        ));
        if *self.stop.borrow() {
            let message = "interrupted; nothing was changed";
            return Err(CliError::new(ExitStatus::Interrupted, message));
        }
        match (count("fail"), checked.invalid.len()) {
            (0, 0) => Ok(()),
            (0, _) => Err(CliError::import(
                ExitStatus::Invalid,
                "some rows are invalid",
            )),
            _ => Err(CliError::import(
                ExitStatus::Rejected,
                "some rows would fail",
            )),
        }
    }
}
