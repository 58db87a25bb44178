//! SIGHUP: accounts and tokens are read again.

use std::path::PathBuf;

use unified_ticketing::server::TokenSet;
use unified_ticketing::{FileAccounts, ReloadableAccounts, TomlFileError};

use super::tokens::TokenSource;
use crate::error::CliError;

/// What SIGHUP reloads.
pub(super) struct Reload {
    /// None where the accounts are the sandbox's.
    pub(super) accounts_file: Option<PathBuf>,
    pub(super) accounts: ReloadableAccounts<FileAccounts>,
    pub(super) tokens: Option<(TokenSource, TokenSet)>,
}

impl Reload {
    /// Reads every file and replaces what the server uses: all of it, or nothing. Returns the warnings, or every violation.
    fn reload(&self) -> Result<Vec<String>, Vec<String>> {
        let accounts = self.accounts_file.as_ref().map(FileAccounts::from_file);
        let accounts = accounts.transpose();
        let current = self.accounts.current();
        let known = match &accounts {
            Ok(accounts) => Some(accounts.as_ref().unwrap_or(&current)),
            Err(_) => None,
        };
        let tokens = self.tokens.as_ref().map(|(source, _)| source.read(known));
        let (accounts, tokens) = match (accounts, tokens.transpose()) {
            (Ok(accounts), Ok(tokens)) => (accounts, tokens),
            (accounts, tokens) => {
                let error = accounts.err();
                let violations = error.iter().flat_map(TomlFileError::violations);
                let mut violations: Vec<String> = violations.map(ToString::to_string).collect();
                violations.extend(tokens.err().into_iter().flatten());
                return Err(violations);
            }
        };
        let mut warnings = Vec::new();
        if let Some(accounts) = &accounts {
            warnings.extend(accounts.warnings().map(ToString::to_string));
        }
        // The tokens first: one that is no longer there never reaches an account that is new.
        if let (Some((source, set)), Some(tokens)) = (&self.tokens, tokens) {
            warnings.extend(source.warning(&tokens));
            set.replace(tokens);
        }
        if let Some(accounts) = accounts {
            self.accounts.replace(accounts);
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
                Ok(Err(violations)) => {
                    for violation in &violations {
                        tracing::error!("{violation}");
                    }
                    let faults = violations.len();
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
