//! The command line `unified-ticketing`: parse, dispatch, exit code. Everything else is the library's.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::start().into()
}
