//! SIGHUP: accounts and tokens are read again.

use std::path::PathBuf;

use unified_ticketing::server::TokenSet;
use unified_ticketing::{FileAccounts, FileFinding, ReloadableAccounts};

use super::tokens::{self, TokenFileError};
use crate::error::CliError;

/// What SIGHUP reloads.
pub(super) struct Reload {
    /// None where the accounts are the sandbox's.
    pub(super) accounts_file: Option<PathBuf>,
    pub(super) accounts: ReloadableAccounts<FileAccounts>,
    pub(super) tokens: Option<(PathBuf, TokenSet)>,
}

/// Why a file cannot be reloaded.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    #[error("{0}")]
    Accounts(FileFinding),
    #[error(transparent)]
    Tokens(#[from] TokenFileError),
}

impl Reload {
    /// Reads every file and replaces what the server uses: all of it, or nothing. Returns the warnings, or every error.
    fn reload(&self) -> Result<Vec<String>, Vec<ReloadError>> {
        let accounts = self.accounts_file.as_ref().map(FileAccounts::from_file);
        let tokens = self.tokens.as_ref().map(|(file, _)| tokens::read(file));
        let (accounts, tokens) = match (accounts.transpose(), tokens.transpose()) {
            (Ok(accounts), Ok(tokens)) => (accounts, tokens),
            (accounts, tokens) => {
                let violations = accounts.err().map(|error| error.violations().to_vec());
                let errors = violations.into_iter().flatten().map(ReloadError::Accounts);
                return Err(errors
                    .chain(tokens.err().map(ReloadError::Tokens))
                    .collect());
            }
        };
        let mut warnings = Vec::new();
        if let Some(accounts) = accounts {
            warnings.extend(accounts.warnings().map(ToString::to_string));
            self.accounts.replace(accounts);
        }
        if let (Some((file, set)), Some(tokens)) = (&self.tokens, tokens) {
            warnings.extend(tokens::warning(file, &tokens));
            set.replace(tokens);
        }
        Ok(warnings)
    }
}

/// Reloads accounts and tokens on every SIGHUP, which would end the process otherwise.
#[cfg(unix)]
pub(super) fn on_hangup(reload: Reload) -> Result<(), CliError> {
    use std::sync::Arc;
    use tokio::signal::unix::{SignalKind, signal};

    let mut hangups = signal(SignalKind::hangup()).map_err(|error| CliError::signals(&error))?;
    let reload = Arc::new(reload);
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let reload = Arc::clone(&reload);
            // Files may be slow to read.
            let reloaded = tokio::task::spawn_blocking(move || reload.reload());
            match reloaded.await {
                Ok(Ok(warnings)) => {
                    for warning in &warnings {
                        tracing::warn!("{warning}");
                    }
                    tracing::warn!("accounts and tokens are read anew");
                }
                Ok(Err(errors)) => {
                    for error in &errors {
                        tracing::error!("{error}");
                    }
                    let faults = errors.len();
                    tracing::error!(faults, "accounts and tokens stay as they were");
                }
                Err(error) => tracing::error!(%error, "accounts and tokens stay as they were"),
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "on Unix, listening for signals can fail"
)]
pub(super) fn on_hangup(_: Reload) -> Result<(), CliError> {
    Ok(())
}
