//! The commands, a file each.

mod accounts;
mod completions;
mod component;
mod integrations;
mod man;
mod openapi;
mod sandbox;
mod serve;
mod token;
mod users;

use crate::args::{AccountsCommand, Cli, Command, TokenCommand};
use crate::error::CliError;
use crate::terminal::Terminal;

/// Runs the command that the arguments name.
pub(crate) fn run(cli: &Cli, terminal: &mut Terminal) -> Result<(), CliError> {
    let global = &cli.global;
    match &cli.command {
        Command::Users(command) => users::run(global, command, terminal),
        Command::Integrations { name, json } => {
            integrations::show(name.as_deref(), *json, terminal)
        }
        Command::Accounts(AccountsCommand::Add(arguments)) => {
            accounts::add(global, arguments, terminal)
        }
        Command::Accounts(AccountsCommand::List) => accounts::list(global, terminal),
        Command::Accounts(AccountsCommand::Check(arguments)) => {
            accounts::check(global, arguments, terminal)
        }
        Command::Token(TokenCommand::New(arguments)) => token::create(arguments, terminal),
        Command::Serve(arguments) => serve::serve(global, arguments, terminal),
        Command::Sandbox { listen } => sandbox::serve(*listen, terminal),
        Command::Component {
            out,
            core,
            standalone,
        } => component::write(out, *core, *standalone, terminal),
        Command::Openapi => openapi::print(terminal),
        Command::Completions { shell } => completions::print(*shell, terminal),
        Command::Man { out } => man::write(out.as_deref(), terminal),
    }
}
