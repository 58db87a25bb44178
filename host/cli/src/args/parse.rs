//! Parses the arguments of the process.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory as _, FromArgMatches as _};
use sha2::{Digest as _, Sha256};
use unified_ticketing::Engine;

use super::Cli;
use crate::digest::hexadecimal;

/// Parses the arguments of the process.
///
/// # Errors
///
/// The help and the version, too, are errors here; their text is that of the error.
pub(crate) fn parse() -> Result<Cli, clap::Error> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let mut command = Cli::command();
    // Only this needs the digest, which takes a moment.
    if arguments.iter().any(|argument| argument == "--version") {
        // The process ends with it.
        command = command.long_version(&*long_version().leak());
    }
    let matches = match command.try_get_matches_from_mut(&arguments) {
        Err(error) if is_help(&error) => {
            return Err(command_with_global_options_once()
                .try_get_matches_from(&arguments)
                .err()
                .unwrap_or(error));
        }
        matches => matches?,
    };
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

fn is_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// The version, the commit, and the digest of the component that the program embeds and `component` writes.
fn long_version() -> String {
    let version = env!("UNIFIED_TICKETING_VERSION");
    let digest = hexadecimal(&Sha256::digest(Engine::component()));
    format!("{version}\ncomponent sha256:{digest}")
}

/// The definition of the program, with the global options in its own help alone: each command would repeat all of them.
pub(crate) fn command_with_global_options_once() -> Command {
    let mut command = Cli::command();
    // Global options are copied to the commands here.
    command.build();
    for subcommand in command.get_subcommands_mut() {
        hide_global_options(subcommand);
    }
    command
}

fn hide_global_options(command: &mut Command) {
    for subcommand in command.get_subcommands_mut() {
        hide_global_options(subcommand);
    }
    let mut after = command
        .get_after_help()
        .map(|text| format!("{text}\n\n"))
        .unwrap_or_default();
    after.push_str("Global options, such as --accounts and --log-format: unified-ticketing --help");
    *command = std::mem::take(command)
        .mut_args(|argument| {
            let is_global = argument.is_global_set();
            argument.hide(is_global)
        })
        .after_help(after);
}
