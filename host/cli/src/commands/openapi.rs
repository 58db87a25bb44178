//! `openapi`: the HTTP API as an OpenAPI document.

use crate::failure::Failure;
use crate::terminal::Terminal;

pub(super) fn print(terminal: &mut Terminal) -> Result<(), Failure> {
    terminal.json(unified_ticketing::openapi().to_string().as_bytes())
}
