//! `--token-file`.

use std::path::{Path, PathBuf};

use unified_ticketing::server::Tokens;

/// Why a token file cannot be used. It never holds a token.
#[derive(Debug, thiserror::Error)]
#[error("--token-file {}: {message}", .file.display())]
pub(super) struct TokenFileError {
    file: PathBuf,
    message: String,
}

pub(super) fn read(file: &Path) -> Result<Tokens, TokenFileError> {
    Tokens::read(file).map_err(|message| TokenFileError {
        file: file.to_owned(),
        message,
    })
}

/// Returns a warning if others can read the token file.
pub(super) fn warning(file: &Path, tokens: &Tokens) -> Option<String> {
    let warning = tokens.warning()?;
    Some(format!("--token-file {}: {warning}", file.display()))
}
