//! A request to a simulator, and the response.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, AsHeaderName, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, Uri, request};
use http_body_util::Full;
use serde_json::Value;

use super::store::Record;

/// A response as the connection sends it.
pub(super) type HttpResponse = Response<Full<Bytes>>;

/// The response to a request, or its rejection, which is a response too.
pub(super) type CallResult = Result<JsonResponse, JsonResponse>;

/// The first segment of the path.
pub(super) fn integration(uri: &Uri) -> &str {
    uri.path().split('/').nth(1).unwrap_or_default()
}

/// A request with its whole body.
pub(super) struct Call {
    pub(super) parts: request::Parts,
    pub(super) body: Bytes,
    /// The simulator's route that the path belongs to, if it is one.
    pub(super) route: Option<&'static str>,
}

impl Call {
    pub(super) fn method(&self) -> &Method {
        &self.parts.method
    }

    pub(super) fn integration(&self) -> &str {
        integration(&self.parts.uri)
    }

    /// The segments after the first, as sent.
    pub(super) fn path(&self) -> Vec<&str> {
        self.parts.uri.path().split('/').skip(2).collect()
    }

    /// The value of a query parameter, if it is given once.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let mut values = self.queries(name);
        values.pop().filter(|_| values.is_empty())
    }

    /// All values of a query parameter.
    pub(super) fn queries(&self, name: &str) -> Vec<String> {
        let query = self.parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
        pairs.map(|(_, value)| value.into_owned()).collect()
    }

    /// A query parameter as a number, if it is one.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.query(name)?.parse().ok()
    }

    /// The value of a header, if it is given once.
    pub(super) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        let mut values = self.parts.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }

    /// The token of `Authorization: Bearer TOKEN`.
    pub(super) fn bearer(&self) -> Option<&str> {
        self.header(AUTHORIZATION)?.strip_prefix("Bearer ")
    }

    /// User name and password of `Authorization: Basic …` (RFC 7617).
    pub(super) fn basic(&self) -> Option<(String, String)> {
        let encoded = self.header(AUTHORIZATION)?.strip_prefix("Basic ")?;
        let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        text.split_once(':')
            .map(|(user, password)| (user.to_owned(), password.to_owned()))
    }

    /// The body, if it is a JSON object and its content type is JSON.
    pub(super) fn object(&self) -> Option<Record> {
        let media_type = self.header(CONTENT_TYPE)?.split(';').next()?.trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return None;
        }
        serde_json::from_slice(&self.body).ok()
    }
}

/// A simulator's response: JSON, or nothing.
pub(super) struct JsonResponse {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl JsonResponse {
    pub(super) fn new(status: u16, body: impl Into<Value>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Some(body.into()),
        }
    }

    /// 204, which has no body.
    pub(super) fn no_content() -> Self {
        Self {
            status: 204,
            headers: Vec::new(),
            body: None,
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn into_http(self) -> HttpResponse {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        if let Some(body) = self.body {
            *response.body_mut() = Full::from(body.to_string());
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response
                    .headers_mut()
                    .insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
