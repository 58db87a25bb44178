//! A TCP connection that is read as it is, and not as it was when the reactor last looked.

use std::io::{self, IoSlice, Read as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::TcpStream;

/// Of what the reactor has not seen yet, as much as is taken at a time.
const UNSEEN: usize = 1024;

/// A TCP connection.
///
/// Tokio answers that there is nothing to read without asking the system, for as long as its
/// reactor has not been told otherwise; on a busy machine that can be long after a connection was
/// closed. Here the system is always asked: nothing to read means that just now there was nothing,
/// and no end.
#[derive(Debug)]
pub(super) struct Socket(TokioIo<TcpStream>);

impl Socket {
    pub(super) fn new(stream: TokioIo<TcpStream>) -> Self {
        Self(stream)
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(&mut self.get_mut().0)
    }
}

impl Read for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let tcp = self.0.inner();
        // This has us woken before the system is asked, so nothing that comes later is missed.
        if tcp.poll_read_ready(context)?.is_ready() {
            return self.stream().poll_read(context, buffer);
        }
        let mut bytes = [0; UNSEEN];
        let room = buffer.remaining().min(UNSEEN);
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
        self.stream().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(context, slices)
    }
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        self.0.connected()
    }
}
