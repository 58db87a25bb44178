//! `openapi`: the HTTP API as an OpenAPI document.

use crate::error::CliError;
use crate::terminal::Terminal;

pub(super) fn print(terminal: &mut Terminal) -> Result<(), CliError> {
    terminal.json(unified_ticketing::openapi().to_string().as_bytes())
}
