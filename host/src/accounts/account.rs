//! One account: checked when it is made, its secrets in a type that cannot be printed.

mod error;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use http::uri::Scheme as UriScheme;
use secrecy::zeroize::{Zeroize as _, Zeroizing};
use secrecy::{ExposeSecret as _, SecretString};
use unified_ticketing_guest::account::{
    AccountError as CoreError, authentication, base_url, errors, is_user_name, normalized, scheme,
};
use unified_ticketing_guest::integration::{self, Auth, Integration};

pub use self::error::{AccountError, AccountLocation, AccountViolation};
use crate::secret::{MIN_SECRET, Redactor};

/// An account of one integration, known to be usable. Cheap to clone.
#[derive(Clone)]
pub struct Account(Arc<Inner>);

struct Inner {
    id: String,
    name: Option<String>,
    integration: &'static Integration,
    base_url: Option<String>,
    settings: Vec<(String, String)>,
    credentials: Vec<(String, SecretString)>,
    origin: Origin,
    authentication: (&'static str, SecretString),
    redactor: Redactor,
}

/// The one origin that an account's requests may go to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) scheme: UriScheme,
    /// In lower case.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Origin {
    /// The origin of an absolute URL.
    pub(crate) fn from_uri(uri: &Uri) -> Option<Self> {
        let scheme = uri.scheme()?.clone();
        let port = uri
            .port_u16()
            .unwrap_or(if scheme == UriScheme::HTTPS { 443 } else { 80 });
        Some(Self {
            host: uri.host()?.to_ascii_lowercase(),
            scheme,
            port,
        })
    }
}

impl Origin {
    /// Whether the host is an address, which needs no look-up.
    pub(crate) fn is_address(&self) -> bool {
        let address = self.host.trim_matches(['[', ']']);
        address.parse::<std::net::IpAddr>().is_ok()
    }

    /// Host and port, the port only if it is not the scheme's default (RFC 9110, 4.2.3).
    pub(crate) fn authority(&self) -> String {
        let Self { scheme, host, port } = self;
        let own = if *scheme == UriScheme::HTTPS { 443 } else { 80 };
        if *port == own {
            host.clone()
        } else {
            format!("{host}:{port}")
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.scheme, self.host, self.port)
    }
}

impl Account {
    /// Starts an account with this id, of the integration of this name.
    ///
    /// Any id does in memory; the HTTP API accepts only UUIDs.
    pub fn builder(id: impl Into<String>, integration: impl Into<String>) -> AccountBuilder {
        AccountBuilder {
            id: id.into(),
            integration: integration.into(),
            name: None,
            base_url: None,
            settings: Vec::new(),
            credentials: Vec::new(),
        }
    }

    /// The id by which calls name it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The name for people, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The integration's name.
    #[must_use]
    pub fn integration(&self) -> &'static str {
        self.0.integration.name
    }

    /// The base URL of its requests: its own, else the integration's.
    #[must_use]
    pub fn base_url(&self) -> String {
        // `build` has made it once, so it can be made.
        base_url(
            self.0.integration,
            self.0.base_url.as_deref(),
            &self.0.settings,
        )
        .unwrap_or_default()
    }

    /// The names of its credentials.
    pub fn credential_names(&self) -> impl Iterator<Item = &str> {
        self.0.credentials.iter().map(|(name, _)| name.as_str())
    }

    /// Its settings, names and values.
    #[must_use]
    pub fn settings(&self) -> &[(String, String)] {
        &self.0.settings
    }

    pub(crate) fn table(&self) -> &'static Integration {
        self.0.integration
    }

    pub(crate) fn explicit_base_url(&self) -> Option<&str> {
        self.0.base_url.as_deref()
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// The header that authenticates, and its value.
    pub(crate) fn authentication(&self) -> (&'static str, &SecretString) {
        (self.0.authentication.0, &self.0.authentication.1)
    }

    pub(crate) fn redactor(&self) -> &Redactor {
        &self.0.redactor
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.0.id)
            .field("name", &self.0.name)
            .field("integration", &self.0.integration.name)
            .field("base_url", &self.0.base_url)
            .field("settings", &self.0.settings)
            .field("credentials", &self.credential_names().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// An account in the making.
#[must_use = "an account is made by `build`"]
pub struct AccountBuilder {
    id: String,
    integration: String,
    name: Option<String>,
    base_url: Option<String>,
    settings: Vec<(String, String)>,
    credentials: Vec<(String, SecretString)>,
}

impl AccountBuilder {
    /// Sets its name, which is for people.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Replaces the integration's own base URL, path prefix included. It may lead to any address.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// Adds a setting.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Adds a credential. White space at its ends, and a pasted `Bearer` before it, are not part of it.
    pub fn credential(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.credentials.push((name.into(), value.into()));
        self
    }

    /// Makes the account.
    ///
    /// # Errors
    ///
    /// Every violation at once, when its calls could not work: the integration is not known, a setting
    /// or a credential is missing, unknown or malformed, or the base URL is invalid.
    pub fn build(self) -> Result<Account, AccountError> {
        let Some(integration) = integration::find(&self.integration) else {
            let violation = AccountViolation::unknown_integration(&self.integration);
            return Err(AccountError::new(vec![violation]));
        };
        let base = self.base_url.as_deref();
        // From here on there are only the values that the provider receives: these must not come back.
        let mut plain: Vec<(String, String)> = self
            .credentials
            .iter()
            .map(|(name, value)| (name.clone(), normalized(value.expose_secret()).to_owned()))
            .collect();
        let found = errors(integration, base, &self.settings, &plain);
        let endpoint = endpoint(integration, base, &self.settings, &plain);
        let credentials: Vec<(String, SecretString)> = plain
            .iter()
            .map(|(name, value)| (name.clone(), SecretString::from(value.as_str())))
            .collect();
        for (_, value) in &mut plain {
            value.zeroize();
        }
        match endpoint {
            Ok((origin, auth, header)) if found.is_empty() => {
                let redactor = Redactor::new(secrets(integration, &credentials, &header));
                let Self {
                    id,
                    integration: _,
                    name,
                    base_url,
                    settings,
                    credentials: _,
                } = self;
                let authentication = (auth.header, header);
                Ok(Account(Arc::new(Inner {
                    id,
                    name,
                    integration,
                    base_url,
                    settings,
                    credentials,
                    origin,
                    authentication,
                    redactor,
                })))
            }
            endpoint => {
                let last = endpoint.err().filter(|error| !found.contains(error));
                let all = found.iter().chain(&last);
                let violations = all.map(AccountViolation::from).collect();
                Err(AccountError::new(violations))
            }
        }
    }
}

impl fmt::Debug for AccountBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountBuilder")
            .field("id", &self.id)
            .field("integration", &self.integration)
            .finish_non_exhaustive()
    }
}

/// The origin of requests and the header that authenticates them, made of settings and credentials.
fn endpoint(
    integration: &'static Integration,
    base: Option<&str>,
    settings: &[(String, String)],
    credentials: &[(String, String)],
) -> Result<(Origin, &'static Auth, SecretString), CoreError> {
    let url = base_url(integration, base, settings)?;
    let origin = url.parse().ok().and_then(|uri| Origin::from_uri(&uri));
    let origin = origin.ok_or(CoreError::BaseUrl {
        expected: "an absolute URL",
        found: url,
    })?;
    let auth = scheme(
        integration,
        credentials.iter().map(|(name, _)| name.as_str()),
    )?;
    let header = authentication(auth, credentials)?;
    Ok((origin, auth, SecretString::from(header)))
}

/// The values that must not come back: the credentials except user names, the header's value
/// made of them, and both as base64.
fn secrets(
    integration: &Integration,
    credentials: &[(String, SecretString)],
    header: &SecretString,
) -> Vec<SecretString> {
    let mut secrets = Vec::new();
    for (name, value) in credentials {
        let secret = value.expose_secret();
        if !is_user_name(integration, name) && secret.len() >= MIN_SECRET {
            secrets.push(value.clone());
            secrets.extend(spellings(&SecretString::from(STANDARD.encode(secret))));
        }
    }
    let header = header.expose_secret();
    if let Some(pair) = header.strip_prefix("Basic ") {
        secrets.extend(spellings(&SecretString::from(pair)));
    }
    secrets
}

/// The spellings of a base64 text: with both alphabets, with padding and without (RFC 4648, sections
/// 3.2, 4 and 5).
fn spellings(base64: &SecretString) -> impl Iterator<Item = SecretString> {
    let standard = base64.expose_secret().to_owned();
    let dashed = Zeroizing::new(standard.replace('+', "-"));
    let url_safe = dashed.replace('/', "_");
    [standard, url_safe].into_iter().flat_map(|padded| {
        let unpadded = SecretString::from(padded.trim_end_matches('='));
        [SecretString::from(padded), unpadded]
    })
}
