//! The program `unified-ticketing`: arguments, a command, the exit code. What it does is the library's.

mod args;
mod commands;
mod digest;
mod error;
mod escape;
mod input;
mod json;
mod location;
mod log;
mod operation;
mod setup;
mod signal;
mod stdout;
mod table;
mod terminal;

use std::process::ExitCode;

use crate::args::find_log_format;
use crate::error::ExitStatus;
use crate::log::Log;
use crate::terminal::Terminal;

fn main() -> ExitCode {
    run().into()
}

/// Parses the arguments and runs the command.
fn run() -> ExitStatus {
    let log = FlushOnDrop(Log::start());
    match args::parse() {
        Ok(cli) => {
            let log = log.0.clone().with_format(cli.global.log_format);
            log.subscribe(cli.global.verbose);
            let mut terminal = Terminal::new(log);
            match commands::run(&cli, &mut terminal) {
                Ok(()) => ExitStatus::Done,
                Err(error) => terminal.error(&error),
            }
        }
        Err(error) => {
            let format = find_log_format(std::env::args_os());
            let mut terminal = Terminal::new(log.0.clone().with_format(format));
            if error.use_stderr() {
                return terminal.usage_error(&error);
            }
            match terminal::print_help(&error) {
                Ok(()) => ExitStatus::Done,
                Err(error) => terminal.error(&error),
            }
        }
    }
}

/// Waits for the last lines of the log when it is dropped, after a panic too.
struct FlushOnDrop(Log);

impl Drop for FlushOnDrop {
    fn drop(&mut self) {
        self.0.flush();
    }
}
