//! The incoming handler: bytes in, the HTTP API, bytes out.

use wasi::http::types::{
    ErrorCode, Fields, IncomingRequest, Method, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::StreamError;

use super::send::NO_CLOCK;
#[cfg(feature = "standalone")]
use super::standalone::admit;
use super::{Component, resolve, send};
use crate::bindings::http_api::{HttpRequest, HttpResponse, HttpStep};
use crate::bindings::incoming_handler;
use crate::http_api::{self, MAX_BODY};

impl incoming_handler::Guest for Component {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        match read(&request) {
            Ok(mut request) => write(respond(&mut request), out),
            // The client is gone, or broke the protocol: no response can reach it.
            Err(()) => ResponseOutparam::set(out, Err(ErrorCode::HttpProtocolError)),
        }
    }
}

fn respond(request: &mut HttpRequest) -> HttpResponse {
    let account = match admit(request) {
        Ok(account) => account,
        Err(response) => return response,
    };
    let mut step = http_api::start(&account, request, &NO_CLOCK, resolve);
    loop {
        match step {
            HttpStep::Send(sending) => {
                let response = send::send_at_once(&sending);
                step = http_api::resume(&account, &sending.context, response.as_ref(), resolve);
            }
            HttpStep::Respond(response) => return response,
        }
    }
}

/// The id of the account that a request names. The host has dealt with authentication before.
#[cfg(not(feature = "standalone"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the standalone component lets not every request in"
)]
fn admit(request: &mut HttpRequest) -> Result<String, HttpResponse> {
    Ok(http_api::account_id(&request.target).unwrap_or_default())
}

fn read(request: &IncomingRequest) -> Result<HttpRequest, ()> {
    let method = match request.method() {
        Method::Get => "GET".to_owned(),
        Method::Head => "HEAD".to_owned(),
        Method::Post => "POST".to_owned(),
        Method::Put => "PUT".to_owned(),
        Method::Delete => "DELETE".to_owned(),
        Method::Connect => "CONNECT".to_owned(),
        Method::Options => "OPTIONS".to_owned(),
        Method::Trace => "TRACE".to_owned(),
        Method::Patch => "PATCH".to_owned(),
        Method::Other(method) => method,
    };
    let headers = send::headers(&request.headers());
    let target = request.path_with_query().unwrap_or_default();
    let body = request.consume()?;
    let stream = body.stream()?;
    let mut bytes = Vec::new();
    // One byte beyond the limit is enough to reject a body for its size.
    while bytes.len() <= MAX_BODY {
        match stream.blocking_read(64 * 1024) {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(_)) => return Err(()),
        }
    }
    Ok(HttpRequest {
        method,
        target,
        headers,
        body: bytes,
    })
}

fn write(response: HttpResponse, out: ResponseOutparam) {
    let HttpResponse {
        status,
        headers,
        body,
        warnings: _,
        error: _,
    } = response;
    let fields = Fields::new();
    for (name, value) in &headers {
        // A name or value that the host does not allow is one of the provider: the content type of `raw`.
        let _ = fields.append(name, value.as_bytes());
    }
    let _ = fields.append("content-length", body.len().to_string().as_bytes());
    let outgoing = OutgoingResponse::new(fields);
    let stream = outgoing
        .set_status_code(status)
        .and_then(|()| outgoing.body());
    match stream {
        Ok(stream) => {
            ResponseOutparam::set(out, Ok(outgoing));
            // A client that is gone gets no response; what the provider did stays done.
            let _: Result<(), StreamError> = send::write(stream, &body);
        }
        Err(()) => ResponseOutparam::set(out, Err(ErrorCode::InternalError(None))),
    }
}
