//! `--delete`: no more of an account's users than is allowed.

use unified_ticketing_guest::integration::{self, OperationName};

use super::Import;
use super::check::Checked;
use super::row::Row;
use super::summary::rows;
use crate::args::{ImportArgs, MaxDelete};
use crate::error::{CliError, ExitStatus};
use crate::json::Object;

/// Checks that a deletion is meant.
pub(super) fn check(arguments: &ImportArgs) -> Result<(), CliError> {
    let deletion = &arguments.deletion;
    if !deletion.delete || deletion.yes || arguments.dry_run.is_some() {
        return Ok(());
    }
    let message = "deleting needs `--yes`; `integrations NAME` says what deleting means";
    Err(CliError::new(ExitStatus::Usage, message)
        .hint("`--dry-run` shows the requests, and sends nothing"))
}

impl Import<'_> {
    /// Counts the users of each account, and fails where more of them would be deleted than is allowed.
    pub(super) async fn bound_deletion(&self, checked: &Checked) -> Result<(), CliError> {
        for (of_account, first) in checked.by_account.values() {
            let users = self.count_users(first).await?;
            let max = self.arguments.deletion.max_delete;
            let most = match max {
                MaxDelete::Users(users) => users,
                MaxDelete::Percent(percent) => (users * percent).div_ceil(100).max(1),
            };
            if *of_account <= most {
                continue;
            }
            let account = &first.account;
            let effect = integration::find(account.integration).and_then(|it| {
                let effect = it.operation(OperationName::Delete)?.effect?;
                Some(format!("; in {} it means: {effect}", it.title))
            });
            let effect = effect.unwrap_or_default();
            let message = format!(
                "{}: {} would delete of {users} users, and at most {most} ({max}) may{effect}",
                account.label,
                rows(*of_account),
            );
            return Err(CliError::import(ExitStatus::Invalid, &message)
                .hint("nothing was deleted; `--max-delete N` or `N%` allows more"));
        }
        Ok(())
    }

    async fn count_users(&self, row: &Row) -> Result<u64, CliError> {
        let mut cursor: Option<String> = None;
        let mut count = 0;
        let mut stop = self.stop.clone();
        loop {
            let request = row.list(cursor.as_deref());
            let response = tokio::select! {
                response = self.engine.http(request) => response,
                _ = stop.wait_for(|stopped| *stopped) => {
                    let message = "interrupted; nothing was deleted";
                    return Err(CliError::new(ExitStatus::Interrupted, message));
                }
            };
            let body = Object::parse(&response.body).unwrap_or_default();
            if response.status != 200 {
                let status = response.error.as_ref().map_or(ExitStatus::Other, |error| {
                    ExitStatus::from_error(error.code, error.outcome)
                });
                let message = format!(
                    "the users of {} cannot be counted: {}",
                    row.account.label,
                    body.string("message")
                );
                return Err(CliError::import(status, &message));
            }
            count += u64::try_from(body.array("result").len()).unwrap_or(u64::MAX);
            let next = body.string("next_cursor");
            if next.is_empty() {
                return Ok(count);
            }
            cursor = Some(next);
        }
    }
}
