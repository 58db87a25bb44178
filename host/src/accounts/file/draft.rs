//! An account as far as it has been read, and where in the text each part of it is.

use secrecy::SecretString;

use super::super::Account;
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
    /// The names of the credentials that stand in the file itself.
    pub(super) in_text: Vec<String>,
}

impl Draft {
    /// The account, or every fault that the integration's table finds, with its place.
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
        builder.build().map_err(|invalid| {
            let placed = |message: String| (self.place(&message), message);
            invalid.faults.into_iter().map(placed).collect()
        })
    }

    /// Where the part is that a message begins with; else the account's header.
    fn place(&self, message: &str) -> Span {
        let integration = self
            .integration
            .iter()
            .map(|(_, span)| ("`integration`".to_owned(), span));
        let base_url = self
            .base_url
            .iter()
            .map(|(_, span)| ("`base_url`".to_owned(), span));
        let settings = self
            .settings
            .iter()
            .map(|(name, _, span)| (format!("setting `{name}`"), span));
        let credentials = self
            .credentials
            .iter()
            .map(|(name, _, span)| (format!("credential `{name}`"), span));
        let mut places = integration
            .chain(base_url)
            .chain(settings)
            .chain(credentials);
        let found = places.find(|(start, _)| message.starts_with(start.as_str()));
        found.map_or(&self.header, |(_, span)| span).clone()
    }
}
