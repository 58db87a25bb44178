//! An account as far as it has been read, with the location of each part in the file.

use secrecy::SecretString;
use unified_ticketing_guest::account::AccountError;

use super::super::account::{Account, Violation};
use super::reader::Span;

#[derive(Default)]
pub(super) struct Draft {
    /// The name, else the id, for messages.
    pub(super) label: Option<String>,
    pub(super) header: Span,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) integration: Option<(String, Span)>,
    pub(super) base_url: Option<(String, Span)>,
    pub(super) settings: Vec<(String, String, Span)>,
    pub(super) credentials: Vec<(String, SecretString, Span)>,
    /// The names of the credentials whose values are in the file itself.
    pub(super) in_file: Vec<String>,
}

impl Draft {
    /// The account, or every violation of the integration's table, with its location.
    pub(super) fn build(&self) -> Result<Account, Vec<(Span, String)>> {
        let integration = self.integration.as_ref().map_or("", |(name, _)| name);
        let mut builder = Account::builder(self.id.clone().unwrap_or_default(), integration);
        if let Some(name) = &self.name {
            builder = builder.name(name);
        }
        if let Some((base_url, _)) = &self.base_url {
            builder = builder.base_url(base_url);
        }
        for (name, value, _) in &self.settings {
            builder = builder.setting(name, value);
        }
        for (name, value, _) in &self.credentials {
            builder = builder.credential(name, value.clone());
        }
        builder.checked().map_err(|violations| {
            let located = |violation: Violation| (self.location(&violation), violation.to_string());
            violations.into_iter().map(located).collect()
        })
    }

    /// The location of the part that a violation is about; the account's header where the part is missing.
    fn location(&self, violation: &Violation) -> Span {
        let setting = |name: &str| {
            let mut settings = self.settings.iter();
            let found = settings.find(|(given, ..)| given == name);
            found.map(|(_, _, span)| span)
        };
        let credential = |name: &str| {
            let mut credentials = self.credentials.iter();
            let found = credentials.find(|(given, ..)| given == name);
            found.map(|(_, _, span)| span)
        };
        let found = match violation {
            Violation::UnknownIntegration(_) => self.integration.as_ref().map(|(_, span)| span),
            Violation::Account(error) => match error {
                AccountError::MissingSetting { name, .. }
                | AccountError::InvalidSetting { name, .. } => setting(name),
                AccountError::UnknownSetting { name, .. } => setting(name),
                AccountError::BaseUrl { .. } | AccountError::BaseUrlUserInfo => {
                    self.base_url.as_ref().map(|(_, span)| span)
                }
                AccountError::UnknownCredential { name, .. } => {
                    name.as_deref().and_then(credential)
                }
                // Of two that belong together, the first one.
                AccountError::Credential(names, _) => names.split('`').next().and_then(credential),
                // Among them the credentials that are missing.
                _ => None,
            },
        };
        found.unwrap_or(&self.header).clone()
    }
}
