//! Why an account cannot be made.

use std::fmt;

use unified_ticketing_guest::account::{AccountError as CoreError, shown};
use unified_ticketing_guest::integration;

/// Why an account cannot be made: every violation at once. No message holds the value of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountError {
    violations: Vec<AccountViolation>,
}

impl AccountError {
    pub(super) fn new(violations: Vec<AccountViolation>) -> Self {
        Self { violations }
    }

    /// The violations. There is at least one.
    #[must_use]
    pub fn violations(&self) -> &[AccountViolation] {
        &self.violations
    }
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, violation) in self.violations.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for AccountError {}

/// A violation in an account. Its `Display` is the message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountViolation {
    /// The part of the account.
    pub location: AccountLocation,
    /// A sentence for people; programs do not match on it.
    pub message: String,
}

/// A part of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountLocation {
    /// The account as a whole.
    Account,
    /// The name of the integration.
    Integration,
    /// The base URL.
    BaseUrl,
    /// The setting of this name.
    Setting(String),
    /// The credential of this name.
    Credential(String),
}

impl AccountViolation {
    pub(super) fn unknown_integration(name: &str) -> Self {
        let known: Vec<String> = integration::ALL
            .iter()
            .map(|integration| format!("`{}`", integration.name))
            .collect();
        Self {
            location: AccountLocation::Integration,
            message: format!(
                "`integration`: expected one of {}, but found {}",
                known.join(", "),
                shown(name)
            ),
        }
    }
}

impl fmt::Display for AccountViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<&CoreError> for AccountViolation {
    fn from(error: &CoreError) -> Self {
        let location = match error {
            CoreError::MissingSetting { name, .. } | CoreError::InvalidSetting { name, .. } => {
                AccountLocation::Setting((*name).to_owned())
            }
            CoreError::UnknownSetting { name, .. } => AccountLocation::Setting(name.clone()),
            CoreError::BaseUrl { .. } | CoreError::BaseUrlUserInfo => AccountLocation::BaseUrl,
            CoreError::UnknownCredential {
                name: Some(name), ..
            }
            | CoreError::Credential(name, _) => AccountLocation::Credential(name.clone()),
            CoreError::NotAscii(names) => match names.first() {
                Some(name) => AccountLocation::Credential((*name).to_owned()),
                None => AccountLocation::Account,
            },
            // Missing credentials, and an unknown one whose name is not shown.
            _ => AccountLocation::Account,
        };
        Self {
            location,
            message: error.to_string(),
        }
    }
}
