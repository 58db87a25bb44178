//! `man`: the manual pages, from the definitions of the arguments.

use std::path::Path;

use clap::Command;
use clap_mangen::Man;

use crate::args::command_with_global_options_once;
use crate::error::CliError;
use crate::terminal::Terminal;

pub(super) fn write(out: Option<&Path>, terminal: &mut Terminal) -> Result<(), CliError> {
    let command = command_with_global_options_once();
    let Some(folder) = out else {
        return terminal.result(&render(&command)?);
    };
    std::fs::create_dir_all(folder).map_err(|error| CliError::io(folder, &error))?;
    write_pages(&command, folder)
}

/// Writes the page of a command, and those of its subcommands.
fn write_pages(command: &Command, folder: &Path) -> Result<(), CliError> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let file = folder.join(format!("{name}.1"));
    std::fs::write(&file, render(command)?).map_err(|error| CliError::io(&file, &error))?;
    for subcommand in command.get_subcommands() {
        // It prints what the pages have.
        if subcommand.get_name() != "help" {
            write_pages(subcommand, folder)?;
        }
    }
    Ok(())
}

fn render(command: &Command) -> Result<Vec<u8>, CliError> {
    let mut page = Vec::new();
    let written = Man::new(command.clone()).render(&mut page);
    written.map_err(|error| CliError::output_failed(&error))?;
    Ok(page)
}
