//! `component`: the embedded component as a file.

use std::path::Path;

use unified_ticketing::Engine;

use crate::failure::Failure;

pub(super) fn write(out: &Path, standalone: bool) -> Result<(), Failure> {
    let component = if standalone {
        Engine::standalone()
    } else {
        Engine::component()
    };
    std::fs::write(out, component).map_err(|error| Failure::io(out, &error))
}
