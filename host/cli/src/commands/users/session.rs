//! A command's calls: with one engine, for one account, until a signal.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use unified_ticketing::http_api::HttpResponse;
use unified_ticketing::types::{FindingCode, Warning};
use unified_ticketing::{Engine, SendState, how_to_look};
use unified_ticketing_guest::integration::{self, OperationName};

use super::header;
use super::request::request;
use crate::args::Global;
use crate::error::{CliError, ExitStatus, OutputError};
use crate::location::location;
use crate::operation::{Call, Operation};
use crate::setup::find_account;
use crate::signal::StopSignal;
use crate::terminal::{Terminal, print};

/// How long an interrupted call waits for the store.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) struct Session<'a> {
    pub(super) call: Call<'a>,
    engine: Engine,
    /// The id of the account.
    account: String,
    stop: StopSignal,
    /// The warnings that were printed. The pages of a list have the same.
    warned: Vec<Warning>,
}

impl<'a> Session<'a> {
    /// Finds the account and builds the engine. Must be called within a runtime.
    pub(super) async fn open(global: &Global, call: Call<'a>) -> Result<Self, CliError> {
        let accounts = global.open_accounts().await?;
        let account = find_account(&accounts, &call.options.account)?;
        if let Operation::Delete(_, false) = call.operation
            && !call.dry_run
        {
            return Err(unconfirmed(account.integration()));
        }
        let account = account.id().to_owned();
        Ok(Self {
            call,
            engine: global.engine(accounts)?,
            account,
            stop: StopSignal::listen(),
            warned: Vec::new(),
        })
    }

    /// Makes the call, and prints its warnings. `cursor` is the one of a list.
    ///
    /// # Errors
    ///
    /// The response is an error, or a signal has interrupted the call.
    pub(super) async fn respond(
        &mut self,
        cursor: Option<&str>,
        body: Vec<u8>,
        terminal: &mut Terminal,
    ) -> Result<HttpResponse, CliError> {
        let request = request(&self.account, &self.call, cursor, body);
        let (state, advice) = (SendState::default(), how_to_look(&request));
        let response = tokio::select! {
            biased;
            response = self.engine.http_observed(request, &state) => response,
            () = self.stop.received() => {
                // Whatever a read has sent, it changes nothing.
                let writes = state.withdraw() && self.call.writes();
                let operation = self.call.operation;
                // Where nothing was sent, the same key can be used at once.
                let _ = timeout(STORE_TIMEOUT, self.engine.keys_given_back()).await;
                return Err(if writes {
                    CliError::interrupted_write(operation, &advice)
                } else {
                    CliError::interrupted(operation)
                });
            }
        };
        if response.status != 200 {
            return Err(CliError::from_response(&response, &self.call));
        }
        log_rate_limit(&response);
        for warning in &response.warnings {
            if !self.warned.contains(warning) {
                terminal.warning(warning, &warning_location(warning, &self.call));
                self.warned.push(warning.clone());
            }
        }
        Ok(response)
    }

    /// Writes to standard output on a thread of its own: it blocks while the result is not read, and a signal must still end the
    /// call.
    pub(super) async fn write(&mut self, result: Vec<u8>) -> Result<(), OutputError> {
        let (sender, receiver) = oneshot::channel();
        std::thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || sender.send(print(&result)))?;
        tokio::select! {
            biased;
            written = receiver => Ok(written.map_err(std::io::Error::other)??),
            () = self.stop.received() => Err(OutputError::Interrupted),
        }
    }

    /// Writes the result of a call that changes nothing.
    pub(super) async fn write_read(&mut self, result: Vec<u8>) -> Result<(), CliError> {
        self.write(result).await.map_err(|error| match error {
            OutputError::Io(error) => CliError::output_failed(&error),
            OutputError::Interrupted => CliError::interrupted(self.call.operation),
        })
    }
}

/// The error for a deletion without `--yes`. It says what deleting means.
fn unconfirmed(integration: &str) -> CliError {
    let integration = integration::find(integration);
    let meaning = integration.and_then(|integration| {
        let row = integration.operation(OperationName::Delete)?;
        Some(format!(
            "; in {} it means: {}",
            integration.title, row.effect?
        ))
    });
    let message = format!("deleting needs `--yes`{}", meaning.unwrap_or_default());
    CliError::new(ExitStatus::Usage, message)
        .hint("`--dry-run` shows the request, and sends nothing")
}

/// Logs the provider's rate limit, where the response has one.
fn log_rate_limit(response: &HttpResponse) {
    let figure = |name: &str| header(response, name)?.parse::<u64>().ok();
    let [limit, remaining, reset] =
        ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(figure);
    if limit.or(remaining).or(reset).is_some() {
        tracing::info!(limit, remaining, reset, "rate limit");
    }
}

/// Returns the location of a warning in terms of flags; nothing for a warning of the response.
fn warning_location(warning: &Warning, call: &Call<'_>) -> String {
    match warning.code {
        FindingCode::IdMissing
        | FindingCode::More
        | FindingCode::Settled
        | FindingCode::NotRecorded => String::new(),
        _ => location(&warning.in_.to_string(), &warning.path, call),
    }
}
