//! The program `unified-ticketing`: arguments, a command, the exit code. What it does is the library's.

mod args;
mod commands;
mod escape;
mod failure;
mod input;
mod json;
mod log;
mod place;
mod setup;
mod signal;
mod stdout;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, asked_format};
use crate::failure::Status;
use crate::log::Log;
use crate::terminal::Terminal;

fn main() -> ExitCode {
    start().into()
}

/// Runs the program: its arguments, a command, and the last lines on standard error.
fn start() -> Status {
    let log = Flushed(Log::start());
    match Cli::try_parse() {
        Ok(cli) => {
            let log = log.0.clone().with_format(cli.global.log_format);
            log.subscribe(cli.global.verbose);
            let mut terminal = Terminal::new(log);
            match commands::run(&cli, &mut terminal) {
                Ok(()) => Status::Done,
                Err(failure) => terminal.fail(&failure),
            }
        }
        Err(error) => {
            let format = asked_format(std::env::args_os());
            let mut terminal = Terminal::new(log.0.clone().with_format(format));
            if error.use_stderr() {
                return terminal.usage(&error);
            }
            match terminal::help(&error) {
                Ok(()) => Status::Done,
                Err(failure) => terminal.fail(&failure),
            }
        }
    }
}

/// Waits for the last lines at its end, after a panic too.
struct Flushed(Log);

impl Drop for Flushed {
    fn drop(&mut self) {
        self.0.flush();
    }
}
