//! `serve`: the HTTP API as a server.

use std::path::{Path, PathBuf};

use tokio::sync::watch;
use unified_ticketing::server::{Server, TokenSet, Tokens};
use unified_ticketing::{FileAccounts, ReloadableAccounts, Sender};

use crate::args::{Global, SenderName, ServeArgs};
use crate::failure::{Failure, Status};
use crate::setup::server_runtime;
use crate::signal::Stop;
use crate::terminal::Terminal;

pub(super) fn serve(
    global: &Global,
    arguments: &ServeArgs,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let ServeArgs {
        listen,
        token_file,
        sender,
        reuse,
        max_in_flight,
        max_connections,
        grace,
    } = arguments;
    let tokens = token_file.as_deref().map(read).transpose()?;
    if !listen.ip().is_loopback() && tokens.is_none() {
        let message =
            format!("--listen {listen}: others can reach this address, so requests need tokens");
        let hint = "give `--token-file FILE`, or listen on 127.0.0.1";
        return Err(Failure::new(Status::Configuration, message).hint(hint));
    }
    server_runtime()?.block_on(async {
        let accounts = global.open_accounts().await?;
        let mut warnings: Vec<String> = accounts.warnings().map(ToString::to_string).collect();
        if let (Some(file), Some(tokens)) = (token_file, &tokens) {
            warnings.extend(token_warning(file, tokens));
        }
        let accounts = ReloadableAccounts::new(accounts);
        let sender = match sender {
            SenderName::Host => Sender::Host,
            SenderName::Component => Sender::Component,
        };
        let builder = global.builder(accounts.clone())?;
        let engine = builder.sender(sender).reuse(*reuse).build();
        let engine =
            engine.map_err(|error| Failure::new(Status::Configuration, error.to_string()))?;
        // Before there is an address that a supervisor could know of.
        let mut stops = stops()?;
        let server = Server::bind(*listen, engine, tokens, usize::from(*max_in_flight)).await;
        let server = server
            .map_err(|error| Failure::cannot_listen(*listen, &error))?
            .max_connections(usize::try_from(*max_connections).unwrap_or(usize::MAX))
            .grace(*grace);
        reload_on_hangup(Reload {
            accounts_file: (!global.sandbox).then(|| global.accounts.clone()),
            accounts,
            tokens: token_file.clone().zip(server.tokens()),
        })?;
        terminal.listening(server.address());
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        let mut again = stops.clone();
        let stop = async { drop(stops.wait_for(|stops| *stops > 0).await) };
        let over = async { drop(again.wait_for(|stops| *stops > 1).await) };
        server.serve_until(stop, over).await;
        Ok(())
    })
}

fn read(file: &Path) -> Result<Tokens, Failure> {
    read_tokens(file).map_err(|message| Failure::new(Status::Configuration, message))
}

fn read_tokens(file: &Path) -> Result<Tokens, String> {
    Tokens::read(file).map_err(|message| format!("--token-file {}: {message}", file.display()))
}

/// What to say where others can read the file of tokens.
fn token_warning(file: &Path, tokens: &Tokens) -> Option<String> {
    let warning = tokens.warning()?;
    Some(format!("--token-file {}: {warning}", file.display()))
}

fn no_signals(error: &std::io::Error) -> Failure {
    let message = format!("signals cannot be received: {error}");
    Failure::new(Status::Other, message)
}

/// Counts how often the process is asked to stop.
fn stops() -> Result<watch::Receiver<usize>, Failure> {
    let mut stop = Stop::try_listen().map_err(|error| no_signals(&error))?;
    let (count, stops) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            stop.signalled().await;
            count.send_modify(|count| *count += 1);
        }
    });
    Ok(stops)
}

/// What can be read anew.
struct Reload {
    /// Nothing where the accounts are the sandbox's.
    accounts_file: Option<PathBuf>,
    accounts: ReloadableAccounts<FileAccounts>,
    tokens: Option<(PathBuf, TokenSet)>,
}

impl Reload {
    /// Reads everything anew: all of it is used, or nothing. Returns what to warn of, or every fault.
    fn read(&self) -> Result<Vec<String>, Vec<String>> {
        let accounts = self.accounts_file.as_ref().map(FileAccounts::read);
        let tokens = self.tokens.as_ref().map(|(file, _)| read_tokens(file));
        let mut faults = Vec::new();
        if let Some(Err(found)) = &accounts {
            faults.extend(found.iter().map(ToString::to_string));
        }
        if let Some(Err(found)) = &tokens {
            faults.push(found.clone());
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut warnings = Vec::new();
        if let Some(Ok(accounts)) = accounts {
            warnings.extend(accounts.warnings().map(ToString::to_string));
            self.accounts.replace(accounts);
        }
        if let (Some((file, set)), Some(Ok(tokens))) = (&self.tokens, tokens) {
            warnings.extend(token_warning(file, &tokens));
            set.replace(tokens);
        }
        Ok(warnings)
    }
}

/// Reads accounts and tokens anew whenever SIGHUP comes, which would end the process otherwise.
#[cfg(unix)]
fn reload_on_hangup(reload: Reload) -> Result<(), Failure> {
    use std::sync::Arc;
    use tokio::signal::unix::{SignalKind, signal};

    let mut hangups = signal(SignalKind::hangup()).map_err(|error| no_signals(&error))?;
    let reload = Arc::new(reload);
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let reload = Arc::clone(&reload);
            // Files may be slow to read.
            let read = tokio::task::spawn_blocking(move || reload.read());
            match read.await {
                Ok(Ok(warnings)) => {
                    for warning in &warnings {
                        tracing::warn!("{warning}");
                    }
                    tracing::warn!("accounts and tokens are read anew");
                }
                Ok(Err(faults)) => {
                    for fault in &faults {
                        tracing::error!("{fault}");
                    }
                    let faults = faults.len();
                    tracing::error!(faults, "accounts and tokens stay as they were");
                }
                Err(error) => tracing::error!(%error, "accounts and tokens stay as they were"),
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "where there are signals, listening for them can fail"
)]
fn reload_on_hangup(_: Reload) -> Result<(), Failure> {
    Ok(())
}
