//! `component`: writes the embedded component to a file.

use std::path::Path;

use unified_ticketing::Engine;

use crate::error::CliError;

pub(super) fn write(out: &Path, standalone: bool) -> Result<(), CliError> {
    let component = if standalone {
        Engine::standalone()
    } else {
        Engine::component()
    };
    std::fs::write(out, component).map_err(|error| CliError::io(out, &error))
}
