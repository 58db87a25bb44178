//! `serve`: the HTTP API as a server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use unified_ticketing::Route;
use unified_ticketing::server::{Server, Tokens};

use super::failure::{Failure, Status};
use super::sandbox::stopped;
use super::setup::server_runtime;
use super::{Global, RouteName, Terminal};

/// What `serve` takes besides the global options.
#[derive(clap::Args, Debug)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 lets the system choose
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// A file of bearer tokens, one a line; every request but `GET /healthz` then needs one
    ///
    /// Needed to listen anywhere but on loopback. Every token reaches every account.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// How requests are carried out
    #[arg(long, default_value = "halves")]
    route: RouteName,

    /// How many calls of an account an instance of the component may serve, or halves of calls; by default, one
    ///
    /// An instance never serves two accounts. Faster, for what an instance may then find in its memory: what earlier calls of the
    /// same account have left there.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    reuse: u32,

    /// How many requests may be in flight; the next is answered with 503
    #[arg(long, value_name = "N", default_value = "1024", value_parser = clap::value_parser!(u16).range(1..))]
    max_in_flight: u16,
}

pub(super) fn serve(
    global: &Global,
    arguments: &ServeArgs,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let ServeArgs {
        listen,
        token_file,
        route,
        reuse,
        max_in_flight,
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
        if let (Some(file), Some(warning)) = (token_file, tokens.as_ref().and_then(Tokens::warning))
        {
            warnings.push(format!("--token-file {}: {warning}", file.display()));
        }
        let route = match route {
            RouteName::Halves => Route::Halves,
            RouteName::Handler => Route::Handler,
        };
        let engine = global.builder(accounts)?.route(route).reuse(*reuse).build();
        let engine =
            engine.map_err(|error| Failure::new(Status::Configuration, error.to_string()))?;
        let server = Server::bind(*listen, engine, tokens, usize::from(*max_in_flight)).await;
        let server = server.map_err(|error| Failure::cannot_listen(*listen, &error))?;
        terminal.listening(server.address());
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        server.serve(stopped()).await;
        Ok(())
    })
}

fn read(file: &Path) -> Result<Tokens, Failure> {
    Tokens::read(file).map_err(|message| {
        Failure::new(
            Status::Configuration,
            format!("--token-file {}: {message}", file.display()),
        )
    })
}
