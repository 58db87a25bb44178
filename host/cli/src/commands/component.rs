//! `component`: writes an embedded component to a file.

use std::io::{IsTerminal as _, stdout};
use std::path::Path;

use unified_ticketing::Engine;

use crate::error::{CliError, ExitStatus};
use crate::terminal::Terminal;

pub(super) fn write(
    out: &Path,
    core: bool,
    standalone: bool,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let component = if standalone {
        Engine::standalone()
    } else if core {
        Engine::core()
    } else {
        Engine::component()
    };
    if out == Path::new("-") {
        if stdout().is_terminal() {
            let message = "a component is no text: send it to a file or a pipe";
            return Err(CliError::new(ExitStatus::Usage, message));
        }
        return terminal.result(component);
    }
    std::fs::write(out, component).map_err(|error| CliError::io(out, &error))
}
