//! `--tokens` and `--token-file`.

use std::path::PathBuf;

use unified_ticketing::FileAccounts;
use unified_ticketing::server::Tokens;

use crate::args::ServeArgs;

/// Where the tokens of the server are.
#[derive(Clone, Debug)]
pub(super) enum TokenSource {
    /// In the file of `--tokens`.
    Toml(PathBuf),
    /// In the file of `--token-file`.
    Lines(PathBuf),
}

impl TokenSource {
    pub(super) fn from_arguments(arguments: &ServeArgs) -> Option<Self> {
        let toml = arguments.tokens.clone().map(Self::Toml);
        toml.or_else(|| arguments.token_file.clone().map(Self::Lines))
    }

    /// Reads the tokens. Without accounts, which cannot be read then, those of a token are not looked for.
    ///
    /// # Errors
    ///
    /// Every violation. None holds a token or a digest.
    pub(super) fn read(&self, accounts: Option<&FileAccounts>) -> Result<Tokens, Vec<String>> {
        match self {
            Self::Toml(file) => {
                let has_account = |id: &str| accounts.is_none_or(|accounts| accounts.contains(id));
                Tokens::from_toml_file(file, has_account).map_err(|error| {
                    let violations = error.violations().iter();
                    violations.map(ToString::to_string).collect()
                })
            }
            Self::Lines(file) => Tokens::from_file(file)
                .map_err(|error| vec![format!("--token-file {}: {error}", file.display())]),
        }
    }

    /// Returns a warning if others can read a file that has the tokens themselves.
    pub(super) fn warning(&self, tokens: &Tokens) -> Option<String> {
        let (Self::Toml(file) | Self::Lines(file)) = self;
        let warning = tokens.warning()?;
        Some(format!("--token-file {}: {warning}", file.display()))
    }
}
