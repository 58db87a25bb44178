//! `component`: the embedded component as a file.

use std::path::Path;

use unified_ticketing::Engine;

use super::failure::Failure;

pub(super) fn write(out: &Path) -> Result<(), Failure> {
    std::fs::write(out, Engine::component()).map_err(|error| Failure::io(out, &error))
}
