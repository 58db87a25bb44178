//! `completions`: a script for a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;
use crate::error::CliError;
use crate::terminal::Terminal;

pub(super) fn print(shell: Shell, terminal: &mut Terminal) -> Result<(), CliError> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    terminal.result(&script)
}
