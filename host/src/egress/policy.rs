//! What may leave: a request to the account's own origin, with the account's own authentication.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use secrecy::ExposeSecret as _;

use super::error::EgressError;
use crate::accounts::{Account, Origin};

/// The largest head of a request, in bytes: more than any provider reads.
pub(crate) const MAX_HEAD: usize = 64 * 1024;

/// Headers that are the client's own, besides those that begin with `proxy-`, and headers by which a
/// response would come compressed, in another character set or in pieces: there, redaction would not
/// find a secret that the provider repeats.
const DROPPED: [HeaderName; 13] = [
    header::ACCEPT_CHARSET,
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::FORWARDED,
    header::HOST,
    header::IF_RANGE,
    header::RANGE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Makes a request fit to leave.
///
/// # Errors
///
/// When the request is for another origin than the account's, or could not be sent.
pub(crate) fn permit(
    account: &Account,
    request: Request<Bytes>,
) -> Result<Request<Bytes>, EgressError> {
    let (head, body) = request.into_parts();
    let (method, uri, mut headers) = (head.method, head.uri, head.headers);
    allow(account, &uri)?;
    if matches!(method, Method::CONNECT | Method::TRACE) {
        return Err(EgressError::MethodDenied(method));
    }
    let uri = strip_query(account, uri)?;
    let integration = account.table();
    let dropped: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            DROPPED.contains(name)
                || name.as_str().starts_with("proxy-")
                || name.as_str() == "keep-alive"
                || integration
                    .auth
                    .iter()
                    .any(|auth| is_same_variable(auth.header, name.as_str()))
        })
        .cloned()
        .collect();
    for name in dropped {
        headers.remove(name);
    }
    let (name, value) = account.authentication();
    let mut value = HeaderValue::from_str(value.expose_secret())
        .map_err(|_| EgressError::InvalidCredentials)?;
    value.set_sensitive(true);
    headers.insert(HeaderName::from_static(name), value);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));

    let lines: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    let target = uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if lines + target > MAX_HEAD {
        return Err(EgressError::HeadTooLarge);
    }
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Whether two header names are one to a server that passes them to programs as variables (RFC 3875,
/// 4.1.18), where `-` is `_` and every letter a capital.
fn is_same_variable(one: &str, other: &str) -> bool {
    let variable = |byte: u8| match byte {
        b'-' => b'_',
        byte => byte.to_ascii_uppercase(),
    };
    one.bytes().map(variable).eq(other.bytes().map(variable))
}

/// Checks that a URL is within the account's origin.
fn allow(account: &Account, uri: &Uri) -> Result<(), EgressError> {
    let allowed = account.origin();
    let plain = uri
        .authority()
        .is_some_and(|authority| !authority.as_str().contains('@'));
    match Origin::from_uri(uri) {
        Some(origin) if origin == *allowed && plain => Ok(()),
        Some(origin) => Err(EgressError::OtherOrigin {
            origin: origin.to_string(),
            account: account.id().to_owned(),
            allowed: allowed.to_string(),
        }),
        None => Err(EgressError::NoHost {
            allowed: allowed.to_string(),
        }),
    }
}

/// Removes query parameters that authenticate, or could, except one that is a setting of the account
/// with its value.
fn strip_query(account: &Account, uri: Uri) -> Result<Uri, EgressError> {
    let integration = account.table();
    let Some(query) = uri.query().filter(|_| !integration.auth_query.is_empty()) else {
        return Ok(uri);
    };
    let keep = |part: &&str| {
        form_urlencoded::parse(part.as_bytes()).all(|(name, value)| {
            let own = || {
                account
                    .settings()
                    .iter()
                    .any(|(setting, of_account)| *setting == *name && *of_account == *value)
            };
            !integration.authenticates(&name) || own()
        })
    };
    let kept: Vec<&str> = query.split('&').filter(keep).collect();
    let target = if kept.is_empty() {
        uri.path().to_owned()
    } else {
        format!("{}?{}", uri.path(), kept.join("&"))
    };
    let mut parts = uri.into_parts();
    let target = PathAndQuery::try_from(target).map_err(|_| EgressError::InvalidUrl)?;
    parts.path_and_query = Some(target);
    Uri::from_parts(parts).map_err(|_| EgressError::InvalidUrl)
}
