//! The command line `unified-ticketing`: parse, dispatch, exit code. Everything else is the library's.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Terminal};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut terminal = Terminal::new(cli.global.log_format);
    cli.global.start_log();
    match cli::run(&cli, &mut terminal) {
        Ok(()) => cli::Status::Done.into(),
        Err(failure) => terminal.fail(&failure).into(),
    }
}
