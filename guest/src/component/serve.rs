//! The incoming handler: bytes in, the HTTP API, bytes out.

use wasi::http::types::{
    ErrorCode, Fields, IncomingRequest, Method, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::StreamError;

use super::send;
use crate::bindings::accounts;
use crate::bindings::http_api::{HttpRequest, HttpResponse, HttpStep};
use crate::http_api::{self, LARGEST_BODY};
use crate::query::account_id;

/// Answers a request.
pub(super) fn handle(request: &IncomingRequest, out: ResponseOutparam) {
    match read(request) {
        Ok(request) => write(respond(&request), out),
        // The client is gone, or broke the protocol: there is nobody to answer.
        Err(()) => ResponseOutparam::set(out, Err(ErrorCode::HttpProtocolError)),
    }
}

fn respond(request: &HttpRequest) -> HttpResponse {
    let account = account_id(&request.target).unwrap_or_default();
    match http_api::start(&account, request, accounts::resolve) {
        HttpStep::Respond(response) => response,
        HttpStep::Send((request, context)) => {
            http_api::resume(&context, send::send(&request).as_ref())
        }
    }
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
    // One byte beyond the limit is enough to refuse a body for its size.
    while bytes.len() <= LARGEST_BODY {
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
    } = response;
    let fields = Fields::new();
    for (name, value) in &headers {
        // A name or value that the host does not allow is one that the provider made up: the content type of `raw`.
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
            // A client that is gone does not get its answer; what the provider did stays done.
            let _: Result<(), StreamError> = send::write(stream, &body);
        }
        Err(()) => ResponseOutparam::set(out, Err(ErrorCode::InternalError(None))),
    }
}
