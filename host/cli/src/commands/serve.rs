//! `serve`: serves the HTTP API.

mod audit;
mod reload;
mod tokens;

use tokio::sync::watch;
use unified_ticketing::metrics::{Metrics, MetricsListener};
use unified_ticketing::server::{BindError, Server};
use unified_ticketing::{ReloadableAccounts, Sender};

use self::reload::Reload;
use self::tokens::TokenSource;
use crate::args::{Global, SenderName, ServeArgs};
use crate::error::{CliError, ExitStatus};
use crate::setup::server_runtime;
use crate::signal::StopSignal;
use crate::terminal::{Started, Terminal};

pub(super) fn serve(
    global: &Global,
    arguments: &ServeArgs,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let ServeArgs {
        listen,
        tokens: _,
        token_file: _,
        audit,
        metrics,
        sender,
        reuse,
        max_in_flight,
        max_connections,
        grace,
    } = arguments;
    let source = TokenSource::from_arguments(arguments);
    if !listen.ip().is_loopback() && source.is_none() {
        let message =
            format!("--listen {listen}: others can reach this address, so requests need tokens");
        let hint = "give `--tokens FILE` or `--token-file FILE`, or listen on 127.0.0.1";
        return Err(CliError::new(ExitStatus::Configuration, message).hint(hint));
    }
    server_runtime()?.block_on(async {
        let accounts = global.open_accounts().await;
        let tokens = source
            .as_ref()
            .map(|source| source.read(accounts.as_ref().ok()));
        let (accounts, tokens) = match (accounts, tokens.transpose()) {
            (Ok(accounts), Ok(tokens)) => (accounts, tokens),
            (Ok(_), Err(faults)) => return Err(CliError::configuration(&faults)),
            (Err(error), tokens) => return Err(error.and_faults(tokens.err().unwrap_or_default())),
        };
        let mut warnings: Vec<String> = accounts.warnings().map(ToString::to_string).collect();
        if let (Some(source), Some(tokens)) = (&source, &tokens) {
            warnings.extend(source.warning(tokens));
        }
        let count = accounts.iter().count();
        let accounts = ReloadableAccounts::new(accounts);
        let (sender, sender_name) = match sender {
            SenderName::Host => (Sender::Host, "host"),
            SenderName::Component => (Sender::Component, "component"),
        };
        let mut builder = global.engine_builder(accounts.clone()).await?;
        if let Some(file) = audit {
            builder = audit::open(file, global, builder)?;
        }
        let metrics = match metrics {
            Some(address) => {
                let metrics = Metrics::new();
                builder = builder.metrics(metrics.clone());
                let listener = MetricsListener::bind(*address, metrics).await;
                Some(listener.map_err(|error| CliError::cannot_listen(*address, &error))?)
            }
            None => None,
        };
        let engine = builder.sender(sender).reuse(*reuse).build();
        let engine =
            engine.map_err(|error| CliError::new(ExitStatus::Configuration, error.to_string()))?;
        // A supervisor may send a signal as soon as it knows the address.
        let mut stops = count_stop_signals()?;
        let server = Server::builder(engine)
            .tokens(tokens)
            .max_in_flight(usize::from(*max_in_flight))
            .max_connections(usize::try_from(*max_connections).unwrap_or(usize::MAX))
            .grace(*grace)
            .bind(*listen)
            .await;
        let server = server.map_err(|error| match error {
            BindError::Io(error) => CliError::cannot_listen(*listen, &error),
            error => CliError::new(ExitStatus::Configuration, error.to_string()),
        })?;
        reload::on_hangup(Reload {
            accounts_file: (!global.sandbox).then(|| global.accounts.clone()),
            accounts,
            tokens: source.zip(server.tokens()),
        })?;
        terminal.listening(server.address());
        terminal.started(&Started {
            accounts: count,
            sender: sender_name,
            store: global.store_kind(),
            metrics: metrics.as_ref().and_then(|it| it.address().ok()),
        });
        if let Some(metrics) = metrics {
            // It ends with the process: what the server does while it stops is measured, too.
            tokio::spawn(metrics.serve());
        }
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        let mut repeated_stops = stops.clone();
        let stop = async { drop(stops.wait_for(|stops| *stops > 0).await) };
        let abort = async { drop(repeated_stops.wait_for(|stops| *stops > 1).await) };
        server.serve_until(stop, abort).await;
        Ok(())
    })
}

/// Counts the signals to stop.
fn count_stop_signals() -> Result<watch::Receiver<usize>, CliError> {
    let mut stop = StopSignal::try_listen().map_err(|error| CliError::signals(&error))?;
    let (count, stops) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            stop.received().await;
            count.send_modify(|count| *count += 1);
        }
    });
    Ok(stops)
}
