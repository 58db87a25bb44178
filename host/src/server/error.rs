//! The server's own errors, as responses.

use bytes::Bytes;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use http::uri::Authority;
use http::{Request, Response, StatusCode, Uri, Version};
use http_body_util::Full;

use crate::bindings::http_api::HttpResponse;
use crate::bindings::types::{Error, ErrorCode, Outcome};
use crate::engine::{http_response, plain};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The response for an error of the server itself.
pub(super) fn response(
    code: ErrorCode,
    message: &str,
    retry_after: Option<u32>,
) -> Response<Full<Bytes>> {
    let error = error(code, message.to_owned(), retry_after);
    from_http_response(http_response(&error))
}

/// An error of the server itself. Nothing has been sent.
pub(super) fn error(code: ErrorCode, message: String, retry_after: Option<u32>) -> Error {
    Error {
        retry_after,
        ..plain(code, status(code), Outcome::NotSent, message)
    }
}

/// The status of each of the server's errors.
fn status(code: ErrorCode) -> u16 {
    let status = match code {
        ErrorCode::MalformedRequest => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        ErrorCode::UriTooLong => StatusCode::URI_TOO_LONG,
        ErrorCode::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        ErrorCode::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    status.as_u16()
}

/// A response of the component, or of the engine, for hyper.
pub(super) fn from_http_response(response: HttpResponse) -> Response<Full<Bytes>> {
    let HttpResponse {
        status,
        headers,
        body,
        warnings: _,
        error: _,
    } = response;
    let mut converted = Response::new(Full::new(Bytes::from(body)));
    *converted.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        // The content type of `raw` is the provider's own; an invalid one is left out.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            converted.headers_mut().append(name, value);
        }
    }
    converted
}

/// Why a request is not valid HTTP/1.1, which has exactly one `host` (RFC 9112, 3.2). A request of HTTP/1.0 may have none.
pub(super) fn malformed<T>(request: &Request<T>) -> Option<&'static str> {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() == Version::HTTP_10 => None,
        (None, _) => Some("expected a `host` header, but found none"),
        (Some(_), Some(_)) => Some("expected one `host` header, but found more"),
        (Some(host), None) => (!host.is_empty() && authority(host).is_none())
            .then_some("expected a host and a port in the `host` header, but found something else"),
    }
}

/// Why a request may come from a foreign page that a browser on this machine has loaded. Without tokens, every client on this
/// machine is let in, and a browser there runs pages from everywhere.
pub(super) fn foreign<T>(request: &Request<T>) -> Option<&'static str> {
    let headers = request.headers();
    let hosts = headers.get_all(HOST).iter();
    let mut named = hosts.map(|host| authority(host).as_ref().is_some_and(is_local));
    // A page whose own name leads here would have the server's origin. In the absolute form, the target has the name.
    let target = request.uri().authority().is_none_or(is_local);
    if !(named.all(|local| local) && target) {
        return Some(
            "expected `localhost` or a loopback address as `host`: the server has no tokens",
        );
    }
    if !headers.get_all(ORIGIN).iter().all(is_local_origin) {
        return Some("a page of another origin may not use this server: it has no tokens");
    }
    let cross_site = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"cross-site");
    if headers.get_all(SEC_FETCH_SITE).iter().any(cross_site) {
        return Some("a page of another site may not use this server: it has no tokens");
    }
    None
}

fn authority(host: &HeaderValue) -> Option<Authority> {
    let authority = Authority::try_from(host.as_bytes()).ok()?;
    (!authority.as_str().contains('@')).then_some(authority)
}

fn is_local(authority: &Authority) -> bool {
    let host = authority.host();
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// `null` is the origin of a page that hides its own, and not a local one.
fn is_local_origin(origin: &HeaderValue) -> bool {
    let origin = Uri::try_from(origin.as_bytes()).ok();
    let authority = origin.as_ref().filter(|origin| origin.scheme().is_some());
    authority
        .and_then(Uri::authority)
        .is_some_and(|authority| !authority.as_str().contains('@') && is_local(authority))
}

/// Adds the headers of every response.
pub(super) fn add_common_headers(headers: &mut HeaderMap, request: &str) {
    if let Ok(request) = HeaderValue::try_from(request) {
        headers.insert(HeaderName::from_static("x-request-id"), request);
    }
    headers.insert(
        http::header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        http::header::CACHE_CONTROL,
        HeaderValue::from_static("no-store"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri("/unified/ticketing/users");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn foreign_names_and_origins_are_forbidden() {
        for host in [
            "localhost",
            "LocalHost:8080",
            "127.0.0.1",
            "127.8.9.1:80",
            "[::1]",
            "[::1]:8080",
        ] {
            assert_eq!(foreign(&request(&[("host", host)])), None, "{host}");
            let origin = format!("http://{host}");
            let request = request(&[("host", "localhost"), ("origin", &origin)]);
            assert_eq!(foreign(&request), None, "{origin}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "0.0.0.0",
            "192.0.2.1:8080",
            "[::]",
            "[::ffff:7f00:1]",
            "2130706433",
        ] {
            assert!(foreign(&request(&[("host", host)])).is_some(), "{host}");
            let origin = format!("http://{host}");
            let request = request(&[("host", "localhost"), ("origin", &origin)]);
            assert!(foreign(&request).is_some(), "{origin}");
        }
        for (name, value, allowed) in [
            ("origin", "null", false),
            ("origin", "localhost", false),
            ("origin", "file://", false),
            ("sec-fetch-site", "cross-site", false),
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "none", true),
        ] {
            let request = request(&[("host", "localhost"), (name, value)]);
            assert_eq!(foreign(&request).is_none(), allowed, "{name}: {value}");
        }
        let mut absolute = request(&[("host", "localhost")]);
        *absolute.uri_mut() = Uri::from_static("http://evil.example/unified/ticketing/users");
        assert!(foreign(&absolute).is_some());
    }

    #[test]
    fn invalid_host_is_malformed() {
        for (headers, accepted) in [
            (vec![("host", "localhost")], true),
            (vec![("host", "")], true),
            (vec![], false),
            (vec![("host", "a"), ("host", "a")], false),
            (vec![("host", "a/b")], false),
            (vec![("host", "a@b")], false),
            (vec![("host", "a, b")], false),
        ] {
            assert_eq!(
                malformed(&request(&headers)).is_none(),
                accepted,
                "{headers:?}"
            );
        }
    }
}
