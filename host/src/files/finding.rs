//! What is wrong with a configuration file, each with its line.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a file of accounts or tokens cannot be used: every violation at once, in the order of the file. No message holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TomlFileError {
    violations: Vec<FileFinding>,
}

impl TomlFileError {
    /// The error for these violations, which may be in any order.
    pub(crate) fn new(mut violations: Vec<FileFinding>) -> Self {
        violations.sort_by_key(|violation| (violation.line, violation.column));
        Self { violations }
    }

    /// The violations. There is at least one.
    #[must_use]
    pub fn violations(&self) -> &[FileFinding] {
        &self.violations
    }
}

impl fmt::Display for TomlFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, violation) in self.violations.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for TomlFileError {}

/// A violation or a warning in a file of accounts or tokens. Its `Display` is the location and the message. It never holds a
/// credential's value, a token or its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileFinding {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; `None` for the file as a whole.
    pub line: Option<usize>,
    /// The character in the line, from 1.
    pub column: Option<usize>,
    /// The entry that it is in, such as ``account `acme` ``: named after its name, else its id, if it has one.
    pub entry: Option<String>,
    /// A sentence for people; programs do not match on it.
    pub message: String,
}

impl FileFinding {
    /// A finding about a file as a whole.
    pub(crate) fn whole(file: &Path, message: String) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            column: None,
            entry: None,
            message,
        }
    }
}

impl fmt::Display for FileFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if let Some(entry) = &self.entry {
            write!(f, " {entry}:")?;
        }
        write!(f, " {}", self.message)
    }
}
