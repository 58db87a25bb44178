//! `users import`: a file of users, each row once.
//!
//! The file is read twice: to check every row, then to send them. Nothing of it is kept in between but what is wrong.

mod call;
mod check;
mod columns;
mod delete;
mod fault;
mod limiter;
mod look;
mod outcome;
mod progress;
mod reader;
mod results;
mod row;
mod send;
mod summary;

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;
use unified_ticketing::{Engine, FileAccounts};

use self::call::RowCalls;
use self::check::{Checked, Checker, Observer};
use self::columns::{Columns, Field};
use self::fault::Fault;
use self::limiter::Limiter;
use self::progress::Progress;
use self::reader::Input;
use self::results::{Results, RowName};
use self::row::{Row, RowAccounts, RowReader};
use self::send::{Report, Sender};
use self::summary::{are, elapsed, grouped, rows};
use crate::args::{DryRun, Global, ImportArgs};
use crate::error::{CliError, ExitStatus};
use crate::setup::{SCOPE, find_account, server_runtime};
use crate::signal::StopSignal;
use crate::terminal::{Terminal, print};

/// Imports a file.
pub(super) fn run(
    global: &Global,
    arguments: &ImportArgs,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    delete::check(arguments)?;
    let input = Input::open(&arguments.file, &arguments.columns, |name| {
        is_known(name, arguments)
    })?;
    let columns = columns(&input, arguments)?;
    let runtime = server_runtime()?;
    let result = runtime.block_on(async {
        let import = Import::open(global, arguments, input, columns).await?;
        let result = import.run(terminal).await;
        import.engine.keys_given_back().await;
        result
    });
    // A thread that still looks up a name ends with the process.
    runtime.shutdown_background();
    result
}

fn is_known(name: &str, arguments: &ImportArgs) -> bool {
    let arguments = &arguments.columns;
    Field::parse(name).is_some()
        || arguments.map.iter().any(|(_, column)| column == name)
        || arguments.ignored.iter().any(|column| column == name)
}

fn columns(input: &Input, arguments: &ImportArgs) -> Result<Columns, CliError> {
    let columns = match input.rows()?.header()? {
        None => Columns::of_objects(&arguments.columns)?,
        Some(names) => {
            let names = names.into_iter().map(|name| {
                if arguments.columns.trim {
                    name.trim().to_owned()
                } else {
                    name
                }
            });
            Columns::new(&input.name, names.collect(), &arguments.columns)?
        }
    };
    let is_set = |(field, _): &(Field, String)| *field == Field::Account;
    let has_account = arguments.account.is_some()
        || columns.columns.is_empty()
        || columns.find(&Field::Account, 0).is_some()
        || columns.defaults.iter().any(is_set);
    if has_account {
        Ok(columns)
    } else {
        let message = format!("{}: no column says the account of a row", input.name);
        let hint = "`--account ID|NAME` says the account of all rows; `accounts list` lists them";
        Err(CliError::new(ExitStatus::Usage, message).hint(hint))
    }
}

/// An import, ready to run.
struct Import<'a> {
    arguments: &'a ImportArgs,
    input: Input,
    columns: Columns,
    accounts: RowAccounts,
    limiter: Limiter,
    engine: Engine,
    stop: watch::Receiver<bool>,
    /// The folder of a store that ends with the process.
    _scratch: Option<tempfile::TempDir>,
}

impl<'a> Import<'a> {
    /// Must be called within a runtime.
    async fn open(
        global: &Global,
        arguments: &'a ImportArgs,
        input: Input,
        columns: Columns,
    ) -> Result<Self, CliError> {
        let accounts = global.open_accounts().await?;
        let default = arguments.account.as_deref();
        let default = default
            .map(|name| find_account(&accounts, name))
            .transpose()?;
        let of_rows = RowAccounts::new(&accounts, default);
        let limiter = Limiter::new(&of_rows, arguments.pace.rate, arguments.pace.concurrency);
        let (engine, scratch) = engine(global, arguments, accounts, limiter.clone()).await?;
        Ok(Self {
            arguments,
            input,
            columns,
            accounts: of_rows,
            limiter,
            engine,
            stop: listen(),
            _scratch: scratch,
        })
    }

    fn reader(&self) -> RowReader<'_> {
        RowReader {
            columns: &self.columns,
            accounts: &self.accounts,
            trim: self.arguments.columns.trim,
            deletes: self.arguments.deletion.delete,
        }
    }

    async fn run(&self, terminal: &mut Terminal) -> Result<(), CliError> {
        let started = Instant::now();
        let checked = self.check(terminal).await?;
        for warning in checked.warnings.iter() {
            terminal.import_warning(&warning);
        }
        if checked.blank > 0 {
            terminal.note(&format!(
                "{}: {} blank",
                self.input.name,
                are(checked.blank)
            ));
        }
        let invalid = u64::try_from(checked.invalid.len()).unwrap_or(u64::MAX);
        if invalid > 0 && !self.arguments.skip_invalid {
            let message = format!(
                "{}: {} of {} invalid; nothing was sent",
                self.input.name,
                grouped(invalid),
                are(checked.rows)
            );
            return Err(CliError::import(ExitStatus::Invalid, &message)
                .hint("correct these rows, or import the others with `--skip-invalid`"));
        }
        let valid = checked.rows - invalid;
        match self.arguments.dry_run {
            Some(DryRun::Plan) => {
                let time = elapsed(started.elapsed());
                let would = format!("{}: {} would be sent, {time}", self.input.name, rows(valid));
                terminal.note(&would);
                match invalid {
                    0 => Ok(()),
                    _ => Err(CliError::import(
                        ExitStatus::Invalid,
                        &format!("{} invalid", are(invalid)),
                    )),
                }
            }
            Some(DryRun::Look) => self.look(&checked, terminal).await,
            None => {
                if self.arguments.deletion.delete {
                    self.bound_deletion(&checked).await?;
                }
                self.send(&checked, started, terminal).await
            }
        }
    }

    /// Checks every row. What is wrong is printed.
    async fn check(&self, terminal: &mut Terminal) -> Result<Checked, CliError> {
        let check = Checker {
            engine: &self.engine,
            input: &self.input,
            reader: self.reader(),
            if_exists: self.arguments.if_exists,
        };
        let mut observer = Printer {
            terminal,
            prints_plans: self.arguments.dry_run == Some(DryRun::Plan),
        };
        let mut stop = self.stop.clone();
        tokio::select! {
            result = check.check(&mut observer) => result,
            _ = stop.wait_for(|stopped| *stopped) => {
                Err(CliError::new(ExitStatus::Interrupted, "interrupted; nothing was sent"))
            }
        }
    }

    fn calls(&self) -> Arc<RowCalls> {
        Arc::new(RowCalls {
            engine: self.engine.clone(),
            limiter: self.limiter.clone(),
            if_exists: self.arguments.if_exists,
            attempts: self.arguments.pace.attempts,
            resend_absent: self.arguments.resend_absent,
            stop: self.stop.clone(),
        })
    }

    async fn send(
        &self,
        checked: &Checked,
        started: Instant,
        terminal: &mut Terminal,
    ) -> Result<(), CliError> {
        let delimiter = self.input.delimiter();
        let results = Results::open(&self.arguments.results, &self.columns, delimiter)?;
        let progress = Progress::new(checked.rows, terminal.format());
        let mut report = Report::new(results, progress, terminal);
        let sender = Sender {
            input: &self.input,
            reader: self.reader(),
            calls: self.calls(),
            concurrency: self.arguments.pace.concurrency.into(),
            invalid: &checked.invalid,
            stop: self.stop.clone(),
            total: checked.rows,
        };
        let sent = sender.send(&mut report).await;
        let Report {
            summary,
            progress,
            terminal,
            ..
        } = report;
        progress.finish();
        terminal.summary(
            &summary.text(&self.input.name, started.elapsed()),
            &summary.json(&self.input.name),
        );
        sent?;
        summary
            .error(self.arguments.resend_absent)
            .map_or(Ok(()), Err)
    }
}

/// Builds the engine. It has a store where rows are sent; the folder of a store that ends with the process is returned.
async fn engine(
    global: &Global,
    arguments: &ImportArgs,
    accounts: FileAccounts,
    limiter: Limiter,
) -> Result<(Engine, Option<tempfile::TempDir>), CliError> {
    let failed =
        |error: &dyn std::error::Error| CliError::new(ExitStatus::Configuration, error.to_string());
    let (builder, scratch) = if arguments.dry_run.is_some() {
        let mut global = global.clone();
        global.store = None;
        (global.engine_builder(accounts).await?, None)
    } else {
        let scratch = tempfile::tempdir().map_err(|error| failed(&error))?;
        let global = global.with_store(scratch.path())?;
        (global.engine_builder(accounts).await?, Some(scratch))
    };
    let engine = builder.scope(SCOPE).pacer(limiter).build();
    Ok((engine.map_err(|error| failed(&error))?, scratch))
}

/// Listens for signals: the first stops taking rows, the second ends the process.
fn listen() -> watch::Receiver<bool> {
    let mut signal = StopSignal::listen();
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        signal.received().await;
        sender.send_replace(true);
        signal.received().await;
        std::process::exit(ExitStatus::Interrupted as i32);
    });
    receiver
}

/// Prints what is wrong, and plans.
struct Printer<'a> {
    terminal: &'a mut Terminal,
    prints_plans: bool,
}

impl Observer for Printer<'_> {
    fn fault(&mut self, fault: &Fault) {
        self.terminal.fault(&fault.text(), &fault.json());
    }

    fn plan(&mut self, row: &Row, plan: &str) -> Result<(), CliError> {
        if !self.prints_plans {
            return Ok(());
        }
        let account = serde_json::Value::from(row.account.label.as_str());
        let line = format!(
            "{{\"line\":{},\"account\":{account},\"plan\":{plan}}}\n",
            row.line
        );
        print(line.as_bytes()).map_err(|error| CliError::output_failed(&error))
    }
}
