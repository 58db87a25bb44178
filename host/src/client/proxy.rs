//! The proxy that connections to the providers go through.

use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use secrecy::zeroize::Zeroizing;

/// A proxy that makes tunnels (`CONNECT`: RFC 9110, section 9.3.6), with what it wants to know of its clients.
///
/// It is made of a URL, `http://[USER:PASSWORD@]HOST[:PORT]`; a character of the user or the password that a URL cannot have is
/// percent-encoded. No error and no `Debug` has the user or the password.
#[derive(Clone)]
pub struct Proxy {
    pub(super) address: Uri,
    pub(super) authorization: Option<HeaderValue>,
}

/// The URL of a proxy cannot be right. What it is stays unsaid, as it may hold a password.
#[derive(Debug, thiserror::Error)]
#[error("expected `http://[USER:PASSWORD@]HOST[:PORT]`, but found something else")]
pub struct InvalidProxy;

impl FromStr for Proxy {
    type Err = InvalidProxy;

    fn from_str(url: &str) -> Result<Self, InvalidProxy> {
        let url: Uri = url.parse().map_err(|_| InvalidProxy)?;
        let is_bare = url.path_and_query().is_none_or(|path| path == "/");
        let authority = url.authority().filter(|_| is_bare).ok_or(InvalidProxy)?;
        if url.scheme() != Some(&Scheme::HTTP) {
            return Err(InvalidProxy);
        }
        let (user, host) = match authority.as_str().rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority.as_str()),
        };
        let host: Authority = host.parse().map_err(|_| InvalidProxy)?;
        if host.host().is_empty() {
            return Err(InvalidProxy);
        }
        let address = Uri::builder().scheme(Scheme::HTTP).authority(host);
        Ok(Self {
            address: address
                .path_and_query("/")
                .build()
                .map_err(|_| InvalidProxy)?,
            authorization: user.map(authorization).transpose()?,
        })
    }
}

/// The header's value for `USER:PASSWORD` (RFC 7617).
fn authorization(user: &str) -> Result<HeaderValue, InvalidProxy> {
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let mut pair: Zeroizing<Vec<u8>> = Zeroizing::new(percent_decode_str(user).collect());
    // Where the user ends could not be told.
    if pair.contains(&b':') {
        return Err(InvalidProxy);
    }
    pair.push(b':');
    pair.extend(percent_decode_str(password));
    let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(&*pair)));
    let mut value = HeaderValue::try_from(value.as_str()).map_err(|_| InvalidProxy)?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut proxy = formatter.debug_struct("Proxy");
        proxy
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// The proxy makes no tunnel.
#[derive(Debug, thiserror::Error)]
#[error("the proxy makes no connection: {0}")]
pub(crate) struct TunnelError(#[source] pub(super) Box<dyn StdError + Send + Sync>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_is_read() {
        for (url, address, authorization) in [
            (
                "http://proxy.example:3128",
                "http://proxy.example:3128/",
                None,
            ),
            ("http://proxy.example/", "http://proxy.example/", None),
            ("http://[::1]:3128", "http://[::1]:3128/", None),
            (
                "http://ines:p%40ss@proxy.example:3128",
                "http://proxy.example:3128/",
                Some("Basic aW5lczpwQHNz"),
            ),
            (
                "http://ines@proxy.example",
                "http://proxy.example/",
                Some("Basic aW5lczo="),
            ),
        ] {
            let proxy: Proxy = url.parse().unwrap();
            assert_eq!(proxy.address, address, "{url}");
            let found = proxy.authorization.as_ref();
            let found = found.map(|value| value.to_str().unwrap());
            assert_eq!(found, authorization, "{url}");
            let debug = format!("{proxy:?}");
            assert!(
                !debug.contains("ines") && !debug.contains("aW5l"),
                "{debug}"
            );
        }
    }

    #[test]
    fn other_url_shows_no_password() {
        for url in [
            "https://ines:secret@proxy.example",
            "socks5://ines:secret@proxy.example",
            "http://ines:secret@proxy.example/path",
            "http://ines:secret@proxy.example?query",
            "http://in%3aes:secret@proxy.example",
            "http://ines:secret@",
            "ines:secret@proxy.example:3128",
            "proxy.example:3128",
            "",
        ] {
            let error = url.parse::<Proxy>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{url}");
        }
    }
}
