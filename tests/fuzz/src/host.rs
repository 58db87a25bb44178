//! The parts of the host that keep secrets and permit requests, compiled from their own sources.
//!
//! The modules are private to the host, and its other parts (the engine, the client, the server) are not needed here.

#[path = "../../../host/src"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "the host uses what is unused here"
)]
pub(crate) mod sources {
    pub(crate) mod accounts;
    pub(crate) mod client {
        pub(crate) mod addresses;
    }
    pub(crate) mod egress {
        pub(crate) mod error;
        pub(crate) mod policy;
    }
    pub(crate) mod files;
    pub(crate) mod hexadecimal;
    pub(crate) mod secret;
    pub(crate) mod server {
        pub(crate) mod tokens;
    }
}

use std::path::Path;

use http::{HeaderMap, Method, Request, Uri};
use secrecy::{ExposeSecret as _, SecretString};

use sources::egress::policy;
use sources::files::TomlFileError;
use sources::secret::Redactor;
use sources::server::tokens::Tokens as Accepted;

pub use sources::accounts::{Account, FileAccounts};

/// The bytes without these secrets.
pub fn redacted(secrets: &[&str], text: &[u8]) -> Vec<u8> {
    let secrets = secrets.iter().map(|secret| SecretString::from(*secret));
    Redactor::new(secrets).redact(text).into_owned()
}

/// The bytes without the account's secrets.
pub fn redacted_of(account: &Account, text: &[u8]) -> Vec<u8> {
    account.redactor().redact(text).into_owned()
}

/// The header that authenticates an account's requests, and its value.
pub fn authentication(account: &Account) -> (&'static str, String) {
    let (name, value) = account.authentication();
    (name, value.expose_secret().to_owned())
}

/// The request as it leaves, or the message of its denial.
pub fn permitted(
    account: &Account,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Request<bytes::Bytes>, String> {
    let mut request = Request::new(bytes::Bytes::from_static(b"{}"));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    policy::permit(account, request).map_err(|error| error.to_string())
}

/// The accounts of a file, or all messages about it.
pub fn accounts(text: &str, environment: &str) -> Result<FileAccounts, Vec<String>> {
    let parsed = FileAccounts::parse(Path::new("/no-such-folder/accounts.toml"), text, |_| {
        Some(environment.to_owned())
    });
    parsed.map_err(|error| {
        let violations = error.violations().iter();
        violations
            .map(|violation| format!("{violation} {violation:?}"))
            .collect()
    })
}

/// The tokens of a file.
pub struct Tokens(Accepted);

impl Tokens {
    /// Parses the file.
    pub fn parse(text: &str) -> Result<Self, String> {
        Accepted::parse(text)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// All messages about a TOML file; none where it is valid. It may name any account.
    pub fn toml_messages(text: &str) -> Vec<String> {
        let parsed = Accepted::parse_toml(Path::new("tokens.toml"), text, |_| true);
        let error = parsed.err();
        let violations = error.iter().flat_map(TomlFileError::violations);
        violations
            .map(|violation| format!("{violation} {violation:?}"))
            .collect()
    }

    /// Whether a header with this value is accepted.
    pub fn accept(&self, value: &[u8]) -> bool {
        http::HeaderValue::from_bytes(value).is_ok_and(|value| self.0.find(Some(&value)).is_some())
    }

    /// The output of `Debug`.
    pub fn debug(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// Whether an address is public.
pub fn is_public(address: std::net::IpAddr) -> bool {
    sources::client::addresses::is_public(address)
}
