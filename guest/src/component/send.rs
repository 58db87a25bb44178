//! Sends a request over `wasi:http`, once.

use wasi::http::outgoing_handler;
use wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, Scheme,
};
use wasi::io::streams::{OutputStream, StreamError};

use crate::bindings::types::{Begun, ProviderRequest, ProviderResponse, Sending, TransportError};

/// When a call began, where there is no clock.
pub(super) static NO_CLOCK: Begun = Begun::Now(String::new());

/// Sends the request of a step, and reads the whole response. There is no clock to wait by: what is to wait is not sent.
pub(super) fn send_at_once(sending: &Sending) -> Result<ProviderResponse, TransportError> {
    if sending.wait_ms > 0 {
        return Err(TransportError::Deadline(false));
    }
    send(&sending.request)
}

/// Sends a request and reads the whole response.
///
/// No `request-options` are set: they would import a clock, and deadlines are the host's.
fn send(request: &ProviderRequest) -> Result<ProviderResponse, TransportError> {
    let outgoing = outgoing(request)?;
    // A body that is taken and stays empty is a chunked one to a host, which only sees its end come: a request without a body takes
    // none.
    let body = if request.body.is_empty() {
        None
    } else {
        let body = outgoing.body();
        Some(body.map_err(|()| denied("the host gives no body to write"))?)
    };
    let future = outgoing_handler::handle(outgoing, None).map_err(|code| transport_error(&code))?;
    if let Some(body) = body {
        // A host may respond, or fail, before it has taken the whole body. That response or failure counts, so a body that cannot
        // be written is no error yet.
        let _ = write(body, &request.body);
    }
    read(&wait(&future)?)
}

fn denied(why: &str) -> TransportError {
    TransportError::EgressDenied(why.to_owned())
}

fn unconnected(why: &str) -> TransportError {
    TransportError::NoConnection(why.to_owned())
}

fn lost(why: &str) -> TransportError {
    TransportError::ConnectionLost(why.to_owned())
}

fn outgoing(request: &ProviderRequest) -> Result<OutgoingRequest, TransportError> {
    let headers = Fields::new();
    for (name, value) in &request.headers {
        // The host adds its own header where the value is masked.
        if value != crate::plan::MASK {
            let name = name.as_str();
            headers
                .append(name, value.as_bytes())
                .map_err(|_| denied(&format!("the header `{name}` is rejected")))?;
        }
    }
    // The plan has made it of a base URL that was checked: scheme, authority, path, query.
    let (scheme, rest) = request.url.split_once(':').unwrap_or_default();
    let scheme = if scheme.eq_ignore_ascii_case("http") {
        Scheme::Http
    } else {
        Scheme::Https
    };
    let rest = rest.trim_start_matches('/');
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let method = match request.method.as_str() {
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "GET" => Method::Get,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => Method::Other(other.to_owned()),
    };
    let outgoing = OutgoingRequest::new(headers);
    outgoing
        .set_method(&method)
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(path)))
        .map_err(|()| denied("the host rejects the method or the URL"))?;
    Ok(outgoing)
}

/// Writes as much at a time as the host permits: `blocking-write-and-flush` traps beyond 4,096 bytes.
pub(super) fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), StreamError> {
    let stream = body.write().map_err(|()| StreamError::Closed)?;
    write_all(&stream, bytes)?;
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|_| StreamError::Closed)
}

fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        let permitted = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if permitted == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, later) = bytes.split_at(permitted.min(bytes.len()));
        stream.write(now)?;
        bytes = later;
    }
    stream.flush()?;
    stream.subscribe().block();
    stream.check_write().map(|_| ())
}

fn wait(future: &FutureIncomingResponse) -> Result<IncomingResponse, TransportError> {
    loop {
        match future.get() {
            None => future.subscribe().block(),
            Some(Ok(Ok(response))) => return Ok(response),
            Some(Ok(Err(code))) => return Err(transport_error(&code)),
            Some(Err(())) => {
                return Err(lost("the response was taken already"));
            }
        }
    }
}

fn read(response: &IncomingResponse) -> Result<ProviderResponse, TransportError> {
    let status = response.status();
    let headers = headers(&response.headers());
    let body = response
        .consume()
        .map_err(|()| lost("the response has no body to read"))?;
    let stream = body
        .stream()
        .map_err(|()| lost("the response's body cannot be read"))?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(match wasi::http::types::http_error_code(&error) {
                    Some(ErrorCode::HttpResponseBodySize(_)) => {
                        TransportError::ResponseTooLarge(Some(status))
                    }
                    Some(ErrorCode::HttpResponseTimeout | ErrorCode::ConnectionReadTimeout) => {
                        TransportError::Deadline(true)
                    }
                    _ => TransportError::ResponseTruncated((status, error.to_debug_string())),
                });
            }
        }
    }
    drop(stream);
    drop(IncomingBody::finish(body));
    Ok(ProviderResponse {
        status,
        headers,
        body: bytes,
    })
}

/// Names and values; a value that is not UTF-8 becomes a string with U+FFFD.
pub(super) fn headers(fields: &Fields) -> Vec<(String, String)> {
    let entries = fields.entries().into_iter();
    entries
        .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
        .collect()
}

/// The meaning of an error code instead of a response: the list of codes that mean it was not sent is closed, with any
/// other it may have been.
///
/// The sentences are ours, one for all codes that call for the same action: printing the codes themselves takes 7 kB.
fn transport_error(code: &ErrorCode) -> TransportError {
    match code {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
            unconnected("its host's name cannot be resolved")
        }
        ErrorCode::DestinationUnavailable | ErrorCode::DestinationIpUnroutable => {
            unconnected("its host cannot be reached")
        }
        ErrorCode::ConnectionRefused => unconnected("the connection was refused"),
        ErrorCode::ConnectionTimeout => unconnected("connecting took too long"),
        ErrorCode::ConnectionLimitReached => unconnected("too many connections are open"),
        ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => unconnected("no secure connection could be made"),
        ErrorCode::DestinationIpProhibited => denied("the address is not allowed"),
        ErrorCode::HttpRequestDenied => denied("the request was denied"),
        ErrorCode::HttpRequestMethodInvalid => denied("the method is rejected"),
        ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestUriTooLong => {
            denied("the URL is rejected")
        }
        ErrorCode::HttpRequestHeaderSectionSize(_) | ErrorCode::HttpRequestHeaderSize(_) => {
            denied("the headers are too large")
        }
        ErrorCode::HttpResponseHeaderSectionSize(_) | ErrorCode::HttpResponseHeaderSize(_) => {
            TransportError::ResponseTooLarge(None)
        }
        ErrorCode::HttpResponseBodySize(_) => lost("the response is too large"),
        ErrorCode::HttpResponseTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout => TransportError::Deadline(true),
        ErrorCode::ConnectionTerminated => lost("it was closed"),
        ErrorCode::HttpRequestLengthRequired
        | ErrorCode::HttpRequestBodySize(_)
        | ErrorCode::HttpRequestTrailerSectionSize(_)
        | ErrorCode::HttpRequestTrailerSize(_) => lost("the request's body was rejected"),
        ErrorCode::HttpResponseIncomplete
        | ErrorCode::HttpResponseTrailerSectionSize(_)
        | ErrorCode::HttpResponseTrailerSize(_)
        | ErrorCode::HttpResponseTransferCoding(_)
        | ErrorCode::HttpResponseContentCoding(_) => {
            lost("the response is truncated, or not as HTTP has it")
        }
        ErrorCode::HttpUpgradeFailed | ErrorCode::HttpProtocolError => {
            lost("the provider does not speak HTTP as expected")
        }
        ErrorCode::LoopDetected | ErrorCode::ConfigurationError => {
            lost("the host is not set up for this request")
        }
        ErrorCode::InternalError(why) => lost(
            why.as_deref()
                .unwrap_or("the host failed, and does not say why"),
        ),
    }
}
