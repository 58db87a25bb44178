//! Sends over `wasi:http`, without any check.

use wasi::http::outgoing_handler;
use wasi::http::types::{
    Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use wasi::io::streams::{OutputStream, StreamError};

use crate::bindings::types::{ProviderRequest, ProviderResponse};

/// The open parts of a request that was handed over.
pub(crate) struct Sending {
    pub(crate) body: OutgoingBody,
    pub(crate) future: FutureIncomingResponse,
}

/// Hands a request over, without its body. A part that the host rejects is left out and added to
/// `rejected`.
pub(crate) fn hand_over(
    request: &ProviderRequest,
    rejected: &mut Vec<String>,
) -> Result<Sending, String> {
    let fields = Fields::new();
    for (name, value) in &request.headers {
        if let Err(error) = fields.append(name, value.as_bytes()) {
            rejected.push(format!("header {}: {error}", name.escape_debug()));
        }
    }
    let (scheme, rest) = request.url.split_once("://").unwrap_or(("", &request.url));
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
    let scheme = match scheme {
        "" => None,
        "http" => Some(Scheme::Http),
        "https" => Some(Scheme::Https),
        other => Some(Scheme::Other(other.to_owned())),
    };
    let outgoing = OutgoingRequest::new(fields);
    let mut check = |what: &str, result: Result<(), ()>| {
        if result.is_err() {
            rejected.push(what.to_owned());
        }
    };
    check(
        "method",
        outgoing.set_method(&Method::Other(request.method.clone())),
    );
    check("scheme", outgoing.set_scheme(scheme.as_ref()));
    check("authority", outgoing.set_authority(Some(authority)));
    check("path", outgoing.set_path_with_query(Some(path)));
    let body = outgoing.body().map_err(|()| "no body".to_owned())?;
    let future = outgoing_handler::handle(outgoing, None).map_err(|code| code.to_string())?;
    Ok(Sending { body, future })
}

/// Sends a request and reads the response.
pub(crate) fn send(
    request: &ProviderRequest,
    rejected: &mut Vec<String>,
) -> Result<ProviderResponse, String> {
    let Sending { body, future } = hand_over(request, rejected)?;
    match write(&body, &request.body) {
        Ok(()) => drop(OutgoingBody::finish(body, None)),
        // The host waits for the end of a body that is still open.
        Err(_) => drop(body),
    }
    wait(&future)
}

/// Waits for the response.
pub(crate) fn wait(future: &FutureIncomingResponse) -> Result<ProviderResponse, String> {
    let response = loop {
        match future.get() {
            None => future.subscribe().block(),
            Some(Ok(Ok(response))) => break response,
            Some(Ok(Err(code))) => return Err(code.to_string()),
            Some(Err(())) => return Err("taken already".to_owned()),
        }
    };
    let headers = headers(&response.headers());
    let mut body = Vec::new();
    let incoming = response.consume().map_err(|()| "no body".to_owned())?;
    let stream = incoming.stream().map_err(|()| "no stream".to_owned())?;
    loop {
        match stream.blocking_read(65_536) {
            Ok(chunk) => body.extend_from_slice(&chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
    Ok(ProviderResponse {
        status: response.status(),
        headers,
        body,
    })
}

/// Writes a body, as much at a time as the host permits.
pub(crate) fn write(body: &OutgoingBody, bytes: &[u8]) -> Result<(), StreamError> {
    let stream = body.write().map_err(|()| StreamError::Closed)?;
    write_all(&stream, bytes)?;
    stream.blocking_flush()
}

/// Writes bytes to a stream, as much at a time as the host permits.
pub(crate) fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
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
    Ok(())
}

/// Names and values.
pub(crate) fn headers(fields: &Fields) -> Vec<(String, String)> {
    let entries = fields.entries().into_iter();
    entries
        .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
        .collect()
}
