//! One connection, from its first byte to its last.

use std::fmt::Write as _;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::access_log::AccessLog;
use super::socket::{Exchange, Socket, State};
use super::{Phase, Shared, error};
use crate::bindings::types::ErrorCode;

/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 128 << 10;

/// The longest first line of a head, in bytes: hyper's own limit for a target.
const MAX_LINE: usize = 64 << 10;

/// How long a connection that is new does not count as idle: its first request may be on its way.
const NEW: Duration = Duration::from_secs(1);

/// How long a connection that ends with an error is read on, so that the client can read the error: when bytes arrive for a closed
/// socket, the system discards the response (RFC 9112, 9.6).
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a client may take to show that it is gone: its system sends a reset for a response that no program reads.
const RESET_TIMEOUT: Duration = Duration::from_millis(250);

/// How long writing the last responses may take after the grace period.
const LAST_WRITE_TIMEOUT: Duration = Duration::from_secs(1);

/// The settings of HTTP.
pub(super) fn http(progress_timeout: Duration) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(progress_timeout)
        .half_close(true)
        .max_buf_size(MAX_HEAD)
        // The socket distinguishes hyper's own responses from ours, in one buffer.
        .writev(false);
    http
}

/// Serves a connection until it ends.
pub(super) async fn serve(
    stream: TcpStream,
    shared: Arc<Shared>,
    mut phase: watch::Receiver<Phase>,
) {
    let accepted = Instant::now();
    let exchange = Arc::new(Exchange::default());
    let socket = Socket::new(stream, Arc::clone(&exchange), shared.progress_timeout);
    let service = {
        let (shared, exchange) = (Arc::clone(&shared), Arc::clone(&exchange));
        service_fn(move |request: Request<Incoming>| {
            // hyper reads on only afterwards, so the socket knows the body's length in time.
            exchange
                .lock()
                .start_request(request.body().size_hint().exact());
            let (shared, exchange) = (Arc::clone(&shared), Arc::clone(&exchange));
            async move { shared.respond(request, &exchange).await }
        })
    };
    let mut connection = shared.http.serve_connection(TokioIo::new(socket), service);
    let ended = loop {
        tokio::select! {
            biased;
            ended = poll_fn(|cx| Pin::new(&mut connection).poll(cx)) => break ended,
            () = shared.full.notified() => {
                if accepted.elapsed() < NEW && exchange.lock().is_unused() {
                    continue;
                }
            }
            changed = phase.changed() => {
                if changed.is_err() || *phase.borrow_and_update() == Phase::Stopped {
                    // The calls end by themselves now.
                    let _ = timeout(LAST_WRITE_TIMEOUT, &mut connection).await;
                    return;
                }
            }
        }
        // An idle connection, or one with only a part of a head, closes at once; a busy one, after its response.
        if !exchange.lock().is_busy() {
            return;
        }
        Pin::new(&mut connection).graceful_shutdown();
    };
    let socket = connection.into_parts().io.into_inner();
    let (unconfirmed, error) = {
        let mut state = exchange.lock();
        (state.unconfirmed.take(), protocol_error(&state, &ended))
    };
    let stream = socket.into_stream();
    if let Some(log) = unconfirmed {
        confirm(log, &stream).await;
    }
    if let Some((code, message)) = error {
        let sending = send_error(&shared, stream, code, message);
        let _ = timeout(shared.progress_timeout, sending).await;
    }
}

/// Writes the log line, as the line of a client that is gone if the client's system resets the connection.
async fn confirm(log: AccessLog, stream: &TcpStream) {
    let reset = stream.ready(Interest::ERROR);
    if timeout(RESET_TIMEOUT, reset).await.is_err() {
        log.responded();
    }
}

/// The error of a request that hyper cannot read, for which its own response has no body.
fn protocol_error(
    state: &State,
    ended: &Result<(), hyper::Error>,
) -> Option<(ErrorCode, &'static str)> {
    if state.bare_line_feed {
        let message = "expected lines that end with CR LF, but found a bare line feed";
        return Some((ErrorCode::MalformedRequest, message));
    }
    match state.hyper_status {
        Some(414) => return Some((ErrorCode::UriTooLong, URI_TOO_LONG)),
        Some(431) if state.is_in_long_line(MAX_LINE) => {
            return Some((ErrorCode::UriTooLong, URI_TOO_LONG));
        }
        Some(431) => {
            let message = "expected a head of at most 128 KiB with at most 100 headers";
            return Some((ErrorCode::HeadersTooLarge, message));
        }
        Some(_) => return Some((ErrorCode::MalformedRequest, MALFORMED)),
        None => {}
    }
    let error = ended.as_ref().err().filter(|_| !state.is_busy())?;
    if error.is_parse() {
        return Some((ErrorCode::MalformedRequest, MALFORMED));
    }
    if !state.is_in_head() {
        // No request has come.
        return None;
    }
    if error.is_timeout() {
        let message = "the head of the request did not come in time";
        return Some((ErrorCode::RequestTimeout, message));
    }
    error
        .is_incomplete_message()
        .then_some((ErrorCode::MalformedRequest, MALFORMED))
}

const MALFORMED: &str = "expected a request of HTTP/1.1, but found something else";
const URI_TOO_LONG: &str = "expected a request target of at most 64 KiB";

/// Sends an error to a client whose request hyper has not passed on, and closes the connection.
async fn send_error(
    shared: &Shared,
    mut stream: TcpStream,
    code: ErrorCode,
    message: &str,
) -> io::Result<()> {
    let mut log = AccessLog::new(shared.next_id(), "other", "other", shared.engine.metrics());
    let response = error::response(code, message, None);
    let mut head = format!("HTTP/1.1 {}\r\nconnection: close\r\n", response.status());
    let response = Shared::complete(response, &mut log);
    for (name, value) in response.headers() {
        let value = value.to_str().unwrap_or_default();
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let body = response.into_body().into_inner().unwrap_or_default();
    let date = httpdate::fmt_http_date(SystemTime::now());
    let _ = write!(
        head,
        "content-length: {}\r\ndate: {date}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await?;
    log.responded();
    let mut rest = [0; 4096];
    let drained = async { while matches!(stream.read(&mut rest).await, Ok(1..)) {} };
    let _ = timeout(LINGER_TIMEOUT, drained).await;
    Ok(())
}
