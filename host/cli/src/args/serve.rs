//! The arguments of `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::value;

/// The options of `serve`.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Where to listen: an address or `localhost`, and a port; port 0 lets the system choose
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", value_parser = value::listen)]
    pub(crate) listen: SocketAddr,

    /// A TOML file of bearer tokens: which accounts each reaches, and what it may do there
    ///
    /// Every request of the API then needs one of the tokens; those for `/healthz`, `/readyz` and `/openapi.json` do not. `token new`
    /// makes a token and its entry. Tokens are required to listen on any address but loopback. SIGHUP reloads this file and the
    /// accounts file.
    #[arg(long, value_name = "FILE", conflicts_with = "token_file")]
    pub(crate) tokens: Option<PathBuf>,

    /// A file of bearer tokens, one a line, in place of `--tokens`; each reaches every account, and may do everything
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// A file to which what is written is audited, as JSON Lines
    ///
    /// Two lines for each call that may write, one before it is sent, and one with what came of it; one for each request that its
    /// token is not for. A call whose first line cannot be written is not sent. Addresses are in it as MACs under the store's
    /// secret; without a store, under that of the variable `UNIFIED_TICKETING_SECRET` or of FILE.secret, which is made on first use.
    #[arg(long, value_name = "FILE")]
    pub(crate) audit: Option<PathBuf>,

    /// Where to listen for Prometheus: `GET /metrics`, without a token; port 0 lets the system choose
    #[arg(long, value_name = "ADDR:PORT", value_parser = value::listen)]
    pub(crate) metrics: Option<SocketAddr>,

    /// Who sends the requests to the providers
    #[arg(long, default_value = "host")]
    pub(crate) sender: SenderName,

    /// How many steps of one account's calls an instance of the component may serve; with `--sender component`, how many calls
    ///
    /// An instance never serves two accounts. More than 1 is faster, but the memory of an instance then holds what earlier calls of
    /// the same account have left in it.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) reuse: u32,

    /// How many calls may be in flight; a further one gets 503. Where there are several accounts, one has at most half
    #[arg(long, value_name = "N", default_value = "256", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) max_in_flight: u16,

    /// How many connections may be open; a further one waits, and idle ones are closed for it
    #[arg(long, value_name = "N", default_value = "1024", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_connections: u32,

    /// How long calls in flight may take to end after a signal to stop
    #[arg(long, value_name = "DURATION", default_value = "25s", value_parser = value::duration)]
    pub(crate) grace: Duration,
}

/// Who sends the requests of a call. The responses are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SenderName {
    /// This program: the component has no network, and none of its instances is held while the provider thinks
    Host,
    /// The component, over `wasi:http`, as in hosts that bring no client: an instance is held for the whole call
    Component,
}
