//! Accounts in a TOML file.
//!
//! ```toml
//! [[account]]
//! id = "62f44730-dd91-461e-bd6a-aedd9e0ad79d"
//! name = "acme-gorgias"
//! integration = "gorgias"
//! settings = { subdomain = "acme" }
//! credentials = { email = "ops@acme.example", api_key = { env = "GORGIAS_API_KEY" } }
//! ```
//!
//! A credential is a string, the name of an environment variable, or `{ file = "PATH" }` relative to
//! the accounts file. Wherever it comes from, white space at its ends and a pasted `Bearer` before it
//! are not part of it.

mod draft;
mod reader;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;

use self::reader::Reader;
use super::{Account, Accounts, Lookup};
use crate::files::{FileFinding, SecretFile, TomlFileError};

/// The largest accounts file, in bytes: tens of thousands of accounts.
const MAX_FILE: usize = 16 * 1024 * 1024;

/// The accounts of a file, read once.
#[derive(Clone, Debug, Default)]
pub struct FileAccounts {
    all: Vec<Account>,
    by_id: HashMap<String, usize>,
    warnings: Vec<FileFinding>,
}

impl FileAccounts {
    /// Reads a file, and the environment and the files that it names.
    ///
    /// # Errors
    ///
    /// Every violation of every account at once, in the order of the file. None holds a secret.
    pub fn from_file(file: impl AsRef<Path>) -> Result<Self, TomlFileError> {
        let file = file.as_ref();
        let whole = |message| FileFinding::whole(file, message);
        let read = SecretFile::from_path(file, MAX_FILE)
            .map_err(|error| TomlFileError::new(vec![whole(error.to_string())]))?;
        let (mut accounts, holds_secrets) =
            Self::parsed(file, &read.text, &|name| std::env::var(name).ok())?;
        if let Some(exposed) = read.exposed.filter(|_| holds_secrets) {
            let warning = whole(format!("holds secrets and {exposed}"));
            accounts.warnings.insert(0, warning);
        }
        Ok(accounts)
    }

    /// Parses accounts from the text of a file. Only its path is used, to find the files that it names
    /// and for messages; `environment` returns the value of a variable.
    ///
    /// # Errors
    ///
    /// As [`Self::from_file`].
    pub fn parse(
        file: &Path,
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, TomlFileError> {
        Self::parsed(file, text, &environment).map(|(accounts, _)| accounts)
    }

    /// The accounts, and whether the text itself holds a secret.
    fn parsed(
        file: &Path,
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(Self, bool), TomlFileError> {
        let mut reader = Reader::new(file, text, environment);
        let all = reader.accounts();
        let (violations, warnings) = (reader.toml.violations, reader.warnings);
        if violations.is_empty() {
            let by_id = all
                .iter()
                .enumerate()
                .map(|(index, account)| (account.id().to_ascii_lowercase(), index))
                .collect();
            let accounts = Self {
                all,
                by_id,
                warnings,
            };
            return Ok((accounts, reader.holds_secrets));
        }
        Err(TomlFileError::new(violations))
    }

    /// Every account, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.all.iter()
    }

    /// The warnings: files with secrets that others can read.
    pub fn warnings(&self) -> impl Iterator<Item = &FileFinding> {
        self.warnings.iter()
    }

    /// The account of this id or name.
    #[must_use]
    pub fn find(&self, id_or_name: &str) -> Option<&Account> {
        self.by_id(id_or_name).or_else(|| {
            self.all
                .iter()
                .find(|account| account.name() == Some(id_or_name))
        })
    }

    /// Whether there is an account of this id.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.by_id(id).is_some()
    }

    fn by_id(&self, id: &str) -> Option<&Account> {
        let index = self
            .by_id
            .get(id)
            .or_else(|| self.by_id.get(&id.to_ascii_lowercase()))?;
        self.all.get(*index)
    }
}

impl Accounts for FileAccounts {
    fn get<'a>(&'a self, id: &'a str) -> Lookup<'a> {
        Box::pin(std::future::ready(Ok(self.by_id(id).cloned())))
    }

    fn is_single(&self) -> bool {
        self.all.len() < 2
    }
}
