//! The provider's request: URL, headers, body.
//!
//! Nothing from a caller changes the host, the shape of the path, or the authentication.

use form_urlencoded::byte_serialize;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::account::{self, AccountError};
use crate::bindings::accounts::{Account, Credentials};
use crate::bindings::types::ProviderRequest;
use crate::integration::{Auth, Integration, Operation};

/// The value of a header that authenticates where the host adds the real one, or where people read the request.
pub const MASK: &str = "***";

/// Everything but the unreserved characters of RFC 3986.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The target and the authentication of an account's requests.
pub(super) struct Endpoint<'a> {
    account: &'a Account,
    integration: &'static Integration,
    base_url: String,
    auth: &'static Auth,
    authentication: String,
}

impl<'a> Endpoint<'a> {
    /// # Errors
    ///
    /// Why the account cannot be used.
    pub(super) fn new(
        account: &'a Account,
        integration: &'static Integration,
    ) -> Result<Self, AccountError> {
        let base_url =
            account::base_url(integration, account.base_url.as_deref(), &account.settings)?;
        // The base URL has checked those of the host. An account is checked before the input is.
        for each in integration.settings.iter().filter(|each| !each.in_host) {
            account::setting(each, &account.settings)?;
        }
        let (auth, authentication) = match &account.credentials {
            Credentials::Injected(names) => (
                account::scheme(integration, names.iter().map(String::as_str))?,
                MASK.to_owned(),
            ),
            Credentials::Disclosed(pairs) => {
                let auth =
                    account::scheme(integration, pairs.iter().map(|(name, _)| name.as_str()))?;
                (auth, account::authentication(auth, pairs)?)
            }
        };
        Ok(Self {
            account,
            integration,
            base_url,
            auth,
            authentication,
        })
    }

    /// # Errors
    ///
    /// A setting that is missing or cannot be right.
    pub(super) fn request(
        self,
        operation: &Operation,
        own: &OwnRequest<'_>,
        target: &Target<'_>,
        body: Option<Vec<u8>>,
    ) -> Result<ProviderRequest, AccountError> {
        let mut url = self.base_url.clone();
        self.path(own.path.unwrap_or(operation.path), target, &mut url)?;
        self.query(operation.query, &own.parameters, target, &mut url)?;
        let mut headers = Vec::with_capacity(5);
        if let Some(body) = &body {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
            headers.push(("content-length".to_owned(), body.len().to_string()));
        }
        let user_agent = concat!("unified-ticketing/", env!("CARGO_PKG_VERSION"));
        headers.push(("accept".to_owned(), "application/json".to_owned()));
        headers.push(("user-agent".to_owned(), user_agent.to_owned()));
        headers.push((self.auth.header.to_owned(), self.authentication));
        Ok(ProviderRequest {
            method: operation.method.to_owned(),
            url,
            headers,
            body: body.unwrap_or_default(),
        })
    }

    fn setting(&self, name: &str) -> Result<&str, AccountError> {
        account::named_setting(self.integration, name, &self.account.settings)
    }

    /// The path with its placeholders filled, each as one segment or a part of one.
    fn path(
        &self,
        template: &str,
        target: &Target<'_>,
        url: &mut String,
    ) -> Result<(), AccountError> {
        account::fill(template, url, |url, name| {
            let value = match name {
                "id" => target.id.unwrap_or_default(),
                "project" => target.project.unwrap_or_default(),
                setting => self.setting(setting)?,
            };
            url.extend(utf8_percent_encode(value, SEGMENT));
            Ok(())
        })
    }

    /// The settings that the caller does not set, the request's own parameters, then the caller's.
    fn query(
        &self,
        settings: &[(&str, &str)],
        own: &[(&str, String)],
        target: &Target<'_>,
        url: &mut String,
    ) -> Result<(), AccountError> {
        let mut separator = '?';
        let mut append = |name: &str, value: &str| {
            url.push(separator);
            url.extend(byte_serialize(name.as_bytes()));
            url.push('=');
            url.extend(byte_serialize(value.as_bytes()));
            separator = '&';
        };
        for (name, setting) in settings {
            if target.remote_query.iter().all(|(given, _)| given != name) {
                append(name, self.setting(setting)?);
            }
        }
        // A caller may not name these.
        for (name, value) in own {
            append(name, value);
        }
        for (name, value) in target.remote_query {
            append(name, value);
        }
        Ok(())
    }
}

/// What a request of a list has besides its row.
#[derive(Default)]
pub(crate) struct OwnRequest<'a> {
    /// The path, where it is not the row's.
    pub(crate) path: Option<&'static str>,
    /// Parameters that page and filter.
    pub(crate) parameters: Vec<(&'a str, String)>,
}

/// The valid target of a call.
pub(super) struct Target<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) project: Option<&'a str>,
    pub(super) remote_query: &'a [(String, String)],
}

/// Masks the authentication of a request, so that people may see it.
pub fn mask(request: &mut ProviderRequest, integration: &Integration) {
    for (name, value) in &mut request.headers {
        if integration.auth.iter().any(|auth| auth.header == name) {
            MASK.clone_into(value);
        }
    }
}
