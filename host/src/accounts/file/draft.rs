//! An account before its checks, with the location of each part in the text.

use secrecy::SecretString;

use super::super::{Account, AccountLocation};
use crate::files::Span;

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
    /// The names of the credentials that stand in the file itself.
    pub(super) in_text: Vec<String>,
}

impl Draft {
    /// The account's name for findings.
    pub(super) fn entry(&self) -> Option<String> {
        let label = self.label.as_ref()?;
        Some(format!("account `{label}`"))
    }

    /// The account, or every violation that the integration's table finds, with its location.
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
        builder.build().map_err(|error| {
            let violations = error.violations().iter();
            violations
                .map(|violation| (self.locate(&violation.location), violation.message.clone()))
                .collect()
        })
    }

    /// The location of a part in the text; the account's header if the part is missing there.
    fn locate(&self, part: &AccountLocation) -> Span {
        let found = match part {
            AccountLocation::Integration => self.integration.as_ref().map(|(_, span)| span.clone()),
            AccountLocation::BaseUrl => self.base_url.as_ref().map(|(_, span)| span.clone()),
            AccountLocation::Setting(name) => {
                let mut settings = self.settings.iter();
                let found = settings.find(|(known, _, _)| known == name);
                found.map(|(_, _, span)| span.clone())
            }
            AccountLocation::Credential(name) => {
                let mut credentials = self.credentials.iter();
                let found = credentials.find(|(known, _, _)| known == name);
                found.map(|(_, _, span)| span.clone())
            }
            AccountLocation::Account => None,
        };
        found.unwrap_or_else(|| self.header.clone())
    }
}
