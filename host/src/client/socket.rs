//! A TCP connection whose reads can ask the system, not only the reactor.

use std::io::{self, IoSlice, Read as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::TcpStream;

/// The most bytes that one read takes before the reactor has seen them.
const MAX_UNSEEN: usize = 1024;

/// A TCP connection.
///
/// Tokio reports that there is nothing to read without asking the system until its reactor has an
/// event; on a busy machine that can be long after the connection was closed. From
/// [`Freshness::demand`] to the next write, every read here asks the system: nothing to read means
/// that at this moment the system had neither bytes nor an end.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TokioIo<TcpStream>,
    freshness: Freshness,
}

/// Whether reads ask the system. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Freshness(Arc<AtomicBool>);

impl Freshness {
    /// Has reads ask the system until the next write.
    pub(super) fn demand(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_demanded(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Socket {
    pub(super) fn new(stream: TokioIo<TcpStream>) -> Self {
        Self {
            stream,
            freshness: Freshness::default(),
        }
    }

    pub(super) fn freshness(&self) -> &Freshness {
        &self.freshness
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(&mut self.get_mut().stream)
    }
}

impl Read for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let tcp = self.stream.inner();
        // This registers for a wake-up before the system is asked, so later bytes are not missed.
        if tcp.poll_read_ready(context)?.is_ready() {
            return self.stream().poll_read(context, buffer);
        }
        if !self.freshness.is_demanded() {
            return Poll::Pending;
        }
        let mut bytes = [0; MAX_UNSEEN];
        let room = buffer.remaining().min(MAX_UNSEEN);
        let (bytes, _) = bytes.split_at_mut(room);
        let socket = SockRef::from(tcp);
        match (&*socket).read(bytes) {
            Ok(count) => {
                buffer.put_slice(bytes.get(..count).unwrap_or_default());
                Poll::Ready(Ok(()))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl Write for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.freshness.end();
        self.stream().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.freshness.end();
        self.stream().poll_write_vectored(context, slices)
    }
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}
