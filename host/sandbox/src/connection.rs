//! One connection: hyper's HTTP/1.1 over a socket that stays accessible, because several faults
//! concern the socket.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::call::HttpResponse;
use super::{SharedState, handle};

/// Another end of a connection than a response by hyper.
#[derive(Debug)]
pub(super) enum Interruption {
    /// A TCP reset.
    Reset,
    /// An ordinary close: the client has left already.
    Close,
    /// These bytes, each after a pause if there is an interval. `status` is the status in them.
    Write {
        bytes: Bytes,
        interval: Duration,
        status: Option<StatusCode>,
    },
}

impl Interruption {
    /// The response with the length of its whole body, and half of the body.
    pub(super) async fn truncated(response: &HttpResponse) -> Self {
        let body = body(response).await;
        let half = body.slice(..body.len() / 2);
        Self::Write {
            bytes: encode(response, body.len().max(1), &half),
            interval: Duration::ZERO,
            status: Some(response.status()),
        }
    }

    /// The whole response, byte by byte.
    pub(super) async fn slow(response: &HttpResponse, interval: Duration) -> Self {
        let body = body(response).await;
        Self::Write {
            bytes: encode(response, body.len(), &body),
            interval,
            status: Some(response.status()),
        }
    }

    /// These bytes, a response or not.
    pub(super) fn raw(bytes: Bytes) -> Self {
        Self::Write {
            bytes,
            interval: Duration::ZERO,
            status: None,
        }
    }

    /// The status that the client sees.
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Reset | Self::Close => None,
            Self::Write { status, .. } => *status,
        }
    }
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sandbox ends the connection")
    }
}

impl Error for Interruption {}

/// Serves a connection to its end.
pub(super) async fn serve(stream: TcpStream, shared: Arc<SharedState>) {
    // Without this, Nagle's algorithm holds back small responses; failing to set it costs only time.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| handle(Arc::clone(&shared), request));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let Err(error) = (&mut connection).await else {
        return;
    };
    let stream = connection.into_parts().io.into_inner();
    match error
        .source()
        .and_then(|source| source.downcast_ref::<Interruption>())
    {
        Some(Interruption::Reset) => {
            // Closing with a linger time of zero is the ABORT call of RFC 9293, section 3.10.5: it
            // discards what is unsent and sends RST.
            let _ = stream.set_zero_linger();
        }
        Some(Interruption::Write {
            bytes, interval, ..
        }) => {
            // A client that has left meanwhile needs no response.
            let _ = write(&stream, bytes, *interval).await;
        }
        Some(Interruption::Close) | None => {}
    }
}

/// Returns the error of `accept`, unless it concerns a single connection or a shortage of file
/// descriptors.
pub(super) async fn ignore_transient(error: io::Error) -> io::Result<()> {
    // ENFILE and EMFILE on every Unix in use; `io::ErrorKind` has no stable name for them.
    const TOO_MANY_FILES: [Option<i32>; 2] = [Some(23), Some(24)];
    match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted => Ok(()),
        _ if TOO_MANY_FILES.contains(&error.raw_os_error()) => {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(())
        }
        _ => Err(error),
    }
}

async fn write(stream: &TcpStream, mut bytes: &[u8], interval: Duration) -> io::Result<()> {
    while !bytes.is_empty() {
        let ready = if interval.is_zero() {
            bytes
        } else {
            tokio::time::sleep(interval).await;
            bytes.get(..1).unwrap_or_default()
        };
        stream.writable().await?;
        match stream.try_write(ready) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The bytes of a response whose headers announce `length` bytes of body.
fn encode(response: &HttpResponse, length: usize, body: &[u8]) -> Bytes {
    let status = response.status();
    let mut bytes = BytesMut::new();
    bytes.put_slice(
        format!(
            "HTTP/1.1 {} {}\r\n",
            status.as_u16(),
            status.canonical_reason().unwrap_or_default()
        )
        .as_bytes(),
    );
    for (name, value) in response.headers() {
        bytes.put_slice(name.as_str().as_bytes());
        bytes.put_slice(b": ");
        bytes.put_slice(value.as_bytes());
        bytes.put_slice(b"\r\n");
    }
    // A 204 has no body, and RFC 9110, section 8.6, forbids it a length.
    if status != StatusCode::NO_CONTENT {
        bytes.put_slice(format!("content-length: {length}\r\n").as_bytes());
    }
    bytes.put_slice(b"connection: close\r\n\r\n");
    bytes.put_slice(body);
    bytes.freeze()
}

async fn body(response: &HttpResponse) -> Bytes {
    let Ok(body) = response.body().clone().collect().await;
    body.to_bytes()
}
