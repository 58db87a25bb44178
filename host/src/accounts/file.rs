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
//! A credential is a string, the name of an environment variable, or `{ file = "PATH" }` relative to the accounts file. White space
//! at its ends and a pasted `Bearer` before it are never part of it.

mod draft;
mod reader;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use self::reader::Reader;
use super::{Account, Accounts, Lookup};
use crate::files;

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
    pub fn read(file: impl AsRef<Path>) -> Result<Self, Vec<FileFinding>> {
        let file = file.as_ref();
        let of_file = |message: String| FileFinding {
            file: file.to_owned(),
            line: None,
            column: None,
            account: None,
            message,
        };
        let read = files::read(file, MAX_FILE).map_err(|message| vec![of_file(message)])?;
        let (mut accounts, holds_secrets) =
            Self::parsed(file, &read.text, &|name| std::env::var(name).ok())?;
        if let Some(exposed) = read.exposed.filter(|_| holds_secrets) {
            let warning = of_file(format!("holds secrets and {exposed}"));
            accounts.warnings.insert(0, warning);
        }
        Ok(accounts)
    }

    /// Reads accounts from TOML. The path of the file serves to find the files that it names, and for messages; `environment` returns
    /// the value of a variable.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn parse(
        file: &Path,
        toml: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<FileFinding>> {
        Self::parsed(file, toml, &environment).map(|(accounts, _)| accounts)
    }

    /// The accounts, and whether the file itself has a secret of one.
    fn parsed(
        file: &Path,
        toml: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(Self, bool), Vec<FileFinding>> {
        let toml = toml.strip_prefix('\u{feff}').unwrap_or(toml);
        let mut reader = Reader::new(file, toml, environment);
        let all = reader.read();
        let (mut violations, warnings) = (reader.violations, reader.warnings);
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
        violations.sort_by_key(|violation| (violation.line, violation.column));
        Err(violations)
    }

    /// Every account, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.all.iter()
    }

    /// The findings that do not stop the accounts from being used: files with secrets that others can read.
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

/// A violation or a warning at one location of an accounts file. It never holds a credential's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFinding {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1. Absent where the finding is about the whole file.
    pub line: Option<usize>,
    /// The character in the line, from 1.
    pub column: Option<usize>,
    /// The account's name, else its id, where it has one.
    pub account: Option<String>,
    /// A sentence for people.
    pub message: String,
}

impl fmt::Display for FileFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if let Some(account) = &self.account {
            write!(f, " account `{account}`:")?;
        }
        write!(f, " {}", self.message)
    }
}

impl std::error::Error for FileFinding {}
