//! One connection: hyper's HTTP/1.1 over a socket that stays in reach, because several faults are
//! the socket's.

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
use super::{Shared, handle};

/// Ends a connection in another way than with a response.
#[derive(Debug)]
pub(super) enum Interruption {
    /// With a TCP reset.
    Reset,
    /// In the ordinary way: the client is gone already.
    Close,
    /// After these bytes, a pause before each of them if there is an interval; `status` is what
    /// they say.
    Write {
        bytes: Bytes,
        interval: Duration,
        status: Option<StatusCode>,
    },
}

impl Interruption {
    /// The response with the length of its body, but only half of the body.
    pub(super) async fn half_of(sent: &HttpResponse) -> Self {
        let body = body(sent).await;
        let half = body.slice(..body.len() / 2);
        Self::Write {
            bytes: wire(sent, body.len().max(1), &half),
            interval: Duration::ZERO,
            status: Some(sent.status()),
        }
    }

    /// The whole response, byte by byte.
    pub(super) async fn trickle(sent: &HttpResponse, interval: Duration) -> Self {
        let body = body(sent).await;
        Self::Write {
            bytes: wire(sent, body.len(), &body),
            interval,
            status: Some(sent.status()),
        }
    }

    /// These bytes, which may or may not be a response.
    pub(super) fn verbatim(bytes: Bytes) -> Self {
        Self::Write {
            bytes,
            interval: Duration::ZERO,
            status: None,
        }
    }

    /// The status that the client gets to see.
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
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
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
            // A client that has left meanwhile has nothing to be told.
            let _ = write(&stream, bytes, *interval).await;
        }
        Some(Interruption::Close) | None => {}
    }
}

/// Outlives what can go wrong with a single connection, and a shortage of file descriptors.
pub(super) async fn survive(error: io::Error) -> io::Result<()> {
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
fn wire(sent: &HttpResponse, length: usize, body: &[u8]) -> Bytes {
    let status = sent.status();
    let mut bytes = BytesMut::new();
    bytes.put_slice(
        format!(
            "HTTP/1.1 {} {}\r\n",
            status.as_u16(),
            status.canonical_reason().unwrap_or_default()
        )
        .as_bytes(),
    );
    for (name, value) in sent.headers() {
        bytes.put_slice(name.as_str().as_bytes());
        bytes.put_slice(b": ");
        bytes.put_slice(value.as_bytes());
        bytes.put_slice(b"\r\n");
    }
    bytes.put_slice(format!("content-length: {length}\r\nconnection: close\r\n\r\n").as_bytes());
    bytes.put_slice(body);
    bytes.freeze()
}

async fn body(sent: &HttpResponse) -> Bytes {
    let Ok(body) = sent.body().clone().collect().await;
    body.to_bytes()
}
