//! Egress: who may be reached, with whose credentials.
//!
//! Every request of the guest passes [`prepare`], on either route. It may go to the origin of the
//! account that the call is bound to and nowhere else. Whatever the guest put where the integration
//! authenticates is removed, and the account's own credentials are added; headers that concern the
//! connection are the client's business and removed too.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use secrecy::ExposeSecret as _;

use crate::accounts::{Account, Origin};
use crate::bindings::types::ProviderRequest;
use crate::client::{Begun, RequestBody};

/// The largest head of a request, in bytes: more than any provider reads.
const LARGEST_HEAD: usize = 64 * 1024;

/// Headers that are the client's own, besides those that begin with `proxy-`.
const DROPPED: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::FORWARDED,
    header::HOST,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// A request as the guest made it.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Outgoing {
    /// Reads a planned request.
    pub(crate) fn of(request: ProviderRequest) -> Result<Self, Denied> {
        let ProviderRequest {
            method,
            url,
            headers,
            body,
        } = request;
        let denied = |what: &str| Denied(format!("the component made a request with {what}"));
        let mut map = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers {
            let name =
                HeaderName::try_from(name).map_err(|_| denied("a header name that is none"))?;
            let value =
                HeaderValue::try_from(value).map_err(|_| denied("a header value that is none"))?;
            map.append(name, value);
        }
        Ok(Self {
            method: method
                .parse()
                .map_err(|_| denied("a method that is none"))?,
            uri: url
                .parse()
                .map_err(|_| denied("a URL that cannot be read"))?,
            headers: map,
            body: Bytes::from(body),
        })
    }
}

/// Why a request may not leave: a sentence for people.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Denied(pub(crate) String);

/// A request that may leave, with the account's credentials in it.
pub(crate) struct Prepared {
    pub(crate) request: Request<RequestBody>,
    pub(crate) account: Account,
    pub(crate) begun: Begun,
}

/// Makes a request fit to leave.
///
/// # Errors
///
/// A sentence that names the host, and what would allow it.
pub(crate) fn prepare(
    account: &Account,
    outgoing: Outgoing,
    begun: &Begun,
) -> Result<Prepared, Denied> {
    let Outgoing {
        method,
        uri,
        mut headers,
        body,
    } = outgoing;
    allow(account, &uri)?;
    if matches!(method, Method::CONNECT | Method::TRACE) {
        return Err(Denied(format!(
            "the method {method} is not one that a provider is asked with"
        )));
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
                    .any(|auth| auth.header.eq_ignore_ascii_case(name.as_str()))
        })
        .cloned()
        .collect();
    for name in dropped {
        headers.remove(name);
    }
    let (name, value) = account.authentication();
    let mut value = HeaderValue::from_str(value.expose_secret())
        .map_err(|_| Denied("the credentials fit no header".to_owned()))?;
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
    if lines + target > LARGEST_HEAD {
        return Err(Denied(format!(
            "the head of the request is over {LARGEST_HEAD} bytes: shorten the id or `remote_query`"
        )));
    }
    let mut request = Request::new(RequestBody::new(body, begun.clone()));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(Prepared {
        request,
        account: account.clone(),
        begun: begun.clone(),
    })
}

/// Sees that a URL is within the account's origin.
fn allow(account: &Account, uri: &Uri) -> Result<(), Denied> {
    let allowed = account.origin();
    let plain = uri
        .authority()
        .is_some_and(|authority| !authority.as_str().contains('@'));
    match Origin::of(uri) {
        Some(origin) if origin == *allowed && plain => Ok(()),
        Some(origin) => Err(Denied(format!(
            "{origin} may not be reached with account `{}`, only {allowed}: a `base_url` in the account decides which",
            account.id()
        ))),
        None => Err(Denied(format!(
            "a URL without a host may not be reached; only {allowed} may"
        ))),
    }
}

/// Removes query parameters that authenticate, or could, but for one that is a setting of the
/// account and has its value.
fn strip_query(account: &Account, uri: Uri) -> Result<Uri, Denied> {
    let secret = account.table().auth_query;
    let Some(query) = uri.query().filter(|_| !secret.is_empty()) else {
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
            !secret
                .iter()
                .any(|secret| secret.eq_ignore_ascii_case(&name))
                || own()
        })
    };
    let kept: Vec<&str> = query.split('&').filter(keep).collect();
    let target = if kept.is_empty() {
        uri.path().to_owned()
    } else {
        format!("{}?{}", uri.path(), kept.join("&"))
    };
    let mut parts = uri.into_parts();
    parts.path_and_query = Some(
        PathAndQuery::try_from(target).map_err(|_| Denied("the URL cannot be read".to_owned()))?,
    );
    Uri::from_parts(parts).map_err(|_| Denied("the URL cannot be read".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planhat() -> Account {
        Account::builder("acme", "planhat")
            .credential("api_token", "the-token-of-planhat")
            .build()
            .unwrap()
    }

    fn hive() -> Account {
        Account::builder("acme", "hive")
            .setting("workspace_id", "ws")
            .setting("user_id", "owner 1")
            .credential("api_key", "the-key-of-hive")
            .build()
            .unwrap()
    }

    fn prepared(
        account: &Account,
        url: &str,
        headers: &[(&str, &str)],
    ) -> Result<Request<RequestBody>, Denied> {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let request = ProviderRequest {
            method: "POST".to_owned(),
            url: url.to_owned(),
            headers,
            body: b"{}".to_vec(),
        };
        prepare(account, Outgoing::of(request)?, &Begun::default()).map(|prepared| prepared.request)
    }

    #[test]
    fn only_the_origin_of_the_account_is_reached() {
        for url in [
            "https://api.planhat.com/users",
            "https://API.planhat.com:443/x?y",
            "https://api.planhat.com",
        ] {
            prepared(&planhat(), url, &[]).unwrap();
        }
        for url in [
            "http://api.planhat.com/users",
            "https://api.planhat.com:8443/users",
            "https://api.planhat.com.evil.example/",
            "https://evil.example/",
            "https://api.planhat.com@evil.example/",
            "https://user@api.planhat.com/",
            "/users",
            "not a url",
        ] {
            assert!(prepared(&planhat(), url, &[]).is_err(), "{url}");
        }
        let Denied(message) = prepared(&planhat(), "https://evil.example/", &[]).unwrap_err();
        assert!(
            message.contains("evil.example") && message.contains("base_url"),
            "{message}"
        );
    }

    #[test]
    fn the_real_credentials_replace_whatever_is_there() {
        let request = prepared(
            &planhat(),
            "https://api.planhat.com/users",
            &[("Authorization", "Bearer x"), ("authorization", "***")],
        )
        .unwrap();
        let values: Vec<_> = request.headers().get_all("authorization").iter().collect();
        assert_eq!(values, ["Bearer the-token-of-planhat"]);
        assert!(values[0].is_sensitive());
        assert!(!format!("{:?}", request.headers()).contains("the-token"));
    }

    #[test]
    fn headers_of_the_connection_are_dropped_and_others_kept() {
        let dropped = [
            "host",
            "connection",
            "transfer-encoding",
            "content-length",
            "proxy-authorization",
            "keep-alive",
            "te",
            "upgrade",
        ];
        let mut headers: Vec<_> = dropped.iter().map(|name| (*name, "1")).collect();
        headers.extend([
            ("content-type", "application/json"),
            ("x-more", "1"),
            ("x-more", "2"),
        ]);
        let request = prepared(&planhat(), "https://api.planhat.com/users", &headers).unwrap();
        let mut names: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "authorization",
                "content-length",
                "content-type",
                "x-more",
                "x-more"
            ]
        );
        assert_eq!(request.headers()["content-length"], "2");
    }

    #[test]
    fn parameters_that_authenticate_are_removed_but_for_the_accounts_own() {
        let query = "user_id=owner+1&user_id=other&a=1&api_key=x&API%5Fkey=y&b=%20&user_id=owner%201&user_id";
        let request = prepared(
            &hive(),
            &format!("https://app.hive.com/api/v1/x?{query}"),
            &[],
        )
        .unwrap();
        assert_eq!(
            request.uri().path_and_query().unwrap(),
            "/api/v1/x?user_id=owner+1&a=1&b=%20&user_id=owner%201"
        );
        let request = prepared(&hive(), "https://app.hive.com/api/v1/x?api_key=x", &[]).unwrap();
        assert_eq!(request.uri().to_string(), "https://app.hive.com/api/v1/x");
    }

    #[test]
    fn a_head_of_any_size_is_not_sent() {
        let long = "x".repeat(LARGEST_HEAD);
        assert!(
            prepared(
                &planhat(),
                "https://api.planhat.com/users",
                &[("x-long", &long)]
            )
            .is_err()
        );
    }
}
