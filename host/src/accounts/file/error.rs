//! Why an accounts file cannot be used.

use std::fmt;
use std::path::PathBuf;

/// Why an accounts file cannot be used: every violation at once, in the order of the file. No message holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountsFileError {
    violations: Vec<FileFinding>,
}

impl AccountsFileError {
    pub(super) fn new(violations: Vec<FileFinding>) -> Self {
        Self { violations }
    }

    /// The violations. There is at least one.
    #[must_use]
    pub fn violations(&self) -> &[FileFinding] {
        &self.violations
    }
}

impl fmt::Display for AccountsFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, violation) in self.violations.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for AccountsFileError {}

/// A violation or a warning in an accounts file. Its `Display` is the location and the message. It never holds a credential's value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileFinding {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; `None` for the file as a whole.
    pub line: Option<usize>,
    /// The character in the line, from 1.
    pub column: Option<usize>,
    /// The account's name, else its id, if it has one.
    pub account: Option<String>,
    /// A sentence for people; programs do not match on it.
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
