//! `--token-file`.

use std::path::{Path, PathBuf};

use unified_ticketing::server::{Tokens, TokensError};

/// Why a token file cannot be used. It never holds a token.
#[derive(Debug, thiserror::Error)]
#[error("--token-file {}: {error}", .file.display())]
pub(super) struct TokenFileError {
    file: PathBuf,
    error: TokensError,
}

pub(super) fn read(file: &Path) -> Result<Tokens, TokenFileError> {
    Tokens::from_file(file).map_err(|error| TokenFileError {
        file: file.to_owned(),
        error,
    })
}

/// Returns a warning if others can read the token file.
pub(super) fn warning(file: &Path, tokens: &Tokens) -> Option<String> {
    let warning = tokens.warning()?;
    Some(format!("--token-file {}: {warning}", file.display()))
}
