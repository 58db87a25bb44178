//! The benchmark: one run, one machine, one table of ratios.
//!
//! `CONTRIBUTING.md` has the command. What is compared with what:
//!
//! | Name | What it is |
//! | --- | --- |
//! | bare | a server that passes a request on to the provider and its response back, on the same HTTP stack |
//! | native | the core's HTTP API called in process, with the same server and the same client |
//! | fresh | the component, with an instance of its own for each step of a call, or for the whole call where the component sends |
//! | reused | the same, with instances that serve 1,000 steps, or calls |
//! | keyed | fresh, each call with an idempotency key of its own, and a store in a file that is synced |
//! | stock | `wasmtime serve` with the standalone component |
//!
//! Rounds of all variants alternate, so that other work of the machine slows all of them alike. Every figure is the median of the rounds,
//! with the lowest and the highest. One response that is not 2xx, and there is no table.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints a table, and says what it is doing"
)]

mod core;
mod load;
mod native;
mod process;
mod provider;
#[path = "../../resident.rs"]
mod resident;
mod server;
mod slow;
mod stock;
mod table;
#[path = "../../tls.rs"]
mod tls;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

use self::server::Kind;

/// Measures, and prints a table of ratios.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many rounds of everything
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many seconds each server is under load, in each round
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    #[command(subcommand)]
    part: Option<Part>,
}

/// A process of the benchmark.
#[derive(Debug, Subcommand)]
enum Part {
    /// The provider: the same response to every request.
    #[command(hide = true)]
    Provider {
        /// Milliseconds before each response.
        #[arg(long, default_value_t = 0)]
        wait: u64,
        /// Speak TLS, and write the root certificate here.
        #[arg(long)]
        tls: Option<PathBuf>,
    },
    /// A server in front of a provider.
    #[command(hide = true)]
    Server {
        kind: Kind,
        #[arg(long)]
        provider: String,
        #[arg(long, default_value_t = 0)]
        reuse: u32,
        #[arg(long)]
        root: Option<PathBuf>,
        /// The file of a store.
        #[arg(long)]
        store: Option<PathBuf>,
    },
    /// The measurements without HTTP.
    #[command(hide = true)]
    Core,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.part {
        None => table::run(arguments.rounds, arguments.seconds),
        Some(Part::Provider { wait, tls }) => provider::serve(wait, tls.as_deref()),
        Some(Part::Server {
            kind,
            provider,
            reuse,
            root,
            store,
        }) => {
            let (root, store) = (root.as_deref(), store.as_deref());
            server::serve(kind, &provider, reuse, root, store)
        }
        Some(Part::Core) => core::measure(),
    }
}
