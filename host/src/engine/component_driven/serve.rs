//! The component's own HTTP handler, as a stock runtime calls it.

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use percent_encoding::percent_decode_str;
use tokio::sync::oneshot;
use wasmtime::component::Resource;
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::p2::types::{HostIncomingRequest, HostResponseOutparam};

use super::{ComponentDriven, SharedRequests};
use crate::bindings::http_api::{HttpError, HttpRequest, HttpResponse};
use crate::bindings::parse_word;
use crate::bindings::types::{FindingCode, Location, Warning};
use crate::engine::call::{Call, Stop};
use crate::engine::error;

type Parameters = (
    Resource<HostIncomingRequest>,
    Resource<HostResponseOutparam>,
);
type Outgoing = Result<Response<HyperOutgoingBody>, ErrorCode>;

impl ComponentDriven {
    /// Has the component's handler respond to a request of the HTTP API.
    pub(super) async fn serve(
        &self,
        request: HttpRequest,
        call: &Call,
        requests: &SharedRequests,
    ) -> Result<HttpResponse, Stop> {
        let _permit = self.guest.permits.acquire().await;
        let _running = self.guest.running();
        let mut pooled = self.pooled(call, requests);
        let result = async {
            let (sender, receiver) = oneshot::channel();
            let instance = self.instance(&mut pooled).await?;
            let store = &mut pooled.store;
            let mut view = store.data_mut().http();
            let request = view.new_incoming_request(Scheme::Http, incoming(request)?)?;
            let out = view.new_response_outparam(sender)?;
            let function = instance.get_typed_func::<Parameters, ()>(&mut *store, &self.handle)?;
            // The handler writes the body while it is read here; a trap ends both.
            let handled = function.call_async(store, (request, out));
            let max = self.guest.limits.memory;
            let ((), response) = tokio::try_join!(handled, outgoing(receiver, max))?;
            Ok::<_, wasmtime::Error>(response)
        }
        .await;
        self.ended(pooled, result)
    }
}

/// The request as the handler reads it.
fn incoming(request: HttpRequest) -> Result<Request<Full<Bytes>>, wasmtime::Error> {
    let HttpRequest {
        method,
        target,
        headers,
        body,
    } = request;
    let mut incoming = Request::builder()
        .method(method.as_str())
        .uri(target)
        .body(Full::new(Bytes::from(body)))?;
    let fields = incoming.headers_mut();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            fields.append(name, value);
        }
    }
    // wasi:http has no request without an authority; HTTP/1.0 has.
    fields
        .entry(HOST)
        .or_insert(HeaderValue::from_static("localhost"));
    Ok(incoming)
}

/// The complete response of the handler. It may be as large as one in the component's memory; here it is in the host's.
async fn outgoing(
    receiver: oneshot::Receiver<Outgoing>,
    max: usize,
) -> Result<HttpResponse, wasmtime::Error> {
    let (head, body) = receiver.await??.into_parts();
    let body = Limited::new(body, max)
        .collect()
        .await
        .map_err(wasmtime::Error::from_boxed)?
        .to_bytes()
        .to_vec();
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    Ok(HttpResponse {
        status: head.status.as_u16(),
        error: error_of(&headers),
        warnings: warnings_of(&headers),
        headers,
        body,
    })
}

/// Code and outcome of an error, from its headers.
fn error_of(headers: &[(String, String)]) -> Option<HttpError> {
    let header = |name| {
        let mut headers = headers.iter();
        headers.find_map(|(given, value)| (given == name).then_some(value.as_str()))
    };
    Some(HttpError {
        code: parse_word(header(error::CODE)?)?,
        outcome: parse_word(header(error::OUTCOME)?)?,
    })
}

/// The warnings that the headers name.
fn warnings_of(headers: &[(String, String)]) -> Vec<Warning> {
    let headers = headers.iter().filter(|(name, _)| name == error::WARNING);
    headers.filter_map(|(_, value)| warning(value)).collect()
}

/// The warning of a header: `CODE; path="…"`, or `more; count=N`. Its message does not pass `wasi:http`.
fn warning(value: &str) -> Option<Warning> {
    let (code, parameter) = value.split_once("; ")?;
    let code = parse_word(code)?;
    if let Some(count) = parameter.strip_prefix("count=") {
        return Some(Warning {
            code,
            in_: Location::Body,
            path: String::new(),
            message: format!("{count} more"),
        });
    }
    let path = parameter.strip_prefix("path=\"")?.strip_suffix('"')?;
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    // The header does not say where; a path in the body is a JSON Pointer (RFC 6901).
    let in_ = match code {
        FindingCode::IdempotencyKeyIgnored => Location::Header,
        _ if path.is_empty() || path.starts_with('/') => Location::Body,
        _ => Location::Query,
    };
    Some(Warning {
        code,
        in_,
        path,
        message: "the component named this in a header, which has no message".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_gives_a_typed_warning() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let warnings = warnings_of(&[
            header(
                error::WARNING,
                "unsupported-field; path=\"/a%20b/%E2%80%A6\"",
            ),
            header(error::WARNING, "unknown-field; path=\"x%5By%5D\""),
            header(
                error::WARNING,
                "idempotency-key-ignored; path=\"idempotency-key\"",
            ),
            header(error::WARNING, "more; count=68"),
            header(error::WARNING, "surprise; path=\"/a\""),
            header(error::WARNING, "more"),
            header("x-warning", "id-missing; path=\"/id\""),
        ]);
        let found: Vec<_> = warnings
            .iter()
            .map(|warning| (warning.code, warning.in_, warning.path.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (FindingCode::UnsupportedField, Location::Body, "/a b/…"),
                (FindingCode::UnknownField, Location::Query, "x[y]"),
                (
                    FindingCode::IdempotencyKeyIgnored,
                    Location::Header,
                    "idempotency-key"
                ),
                (FindingCode::More, Location::Body, ""),
            ]
        );
        assert_eq!(warnings.last().unwrap().message, "68 more");
    }
}
