//! The socket of a connection, between hyper and TCP.

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::access_log::AccessLog;
use super::framing::{Head, Lines, PendingResponse, ReadState, Walk, WriteState, walk};

/// The least number of bytes that counts as progress: a client that takes one at a time could hold its connection for ever.
pub(super) const MIN_PROGRESS: usize = 16 << 10;

/// The state that the service and the socket of a connection share.
#[derive(Default)]
pub(super) struct Exchange(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    pub(super) reading: ReadState,
    writing: WriteState,
    pending: VecDeque<PendingResponse>,
    /// The number of requests whose responses are not written yet.
    calls: usize,
    /// A request has come.
    used: bool,
    /// A head has a line feed without a carriage return.
    pub(super) bare_line_feed: bool,
    /// The status of hyper's own response, which is not sent.
    pub(super) hyper_status: Option<u16>,
    /// The log line of a response to a client that has closed its side. Whether the client is gone shows later.
    pub(super) unconfirmed: Option<AccessLog>,
}

impl State {
    pub(super) fn is_busy(&self) -> bool {
        self.calls > 0
    }

    pub(super) fn is_unused(&self) -> bool {
        !self.used
    }

    /// Whether a part of a request's head has arrived.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(self.reading, ReadState::Head(Lines { started: true, .. }))
    }

    /// Whether the first line of a head has not ended and is longer than `max`.
    pub(super) fn is_in_long_line(&self, max: usize) -> bool {
        matches!(self.reading, ReadState::Head(lines) if lines.is_long_first_line(max))
    }

    /// Notes a request whose body has this length, if that is known.
    pub(super) fn start_request(&mut self, body: Option<u64>) {
        self.calls += 1;
        self.used = true;
        self.reading = match body {
            Some(0) => ReadState::default(),
            Some(length) => ReadState::Body(length),
            None => ReadState::Rest,
        };
    }

    /// Notes a response that hyper gets.
    pub(super) fn start_response(&mut self, response: PendingResponse) {
        self.pending.push_back(response);
    }
}

impl Exchange {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Socket {
    stream: TcpStream,
    exchange: Arc<Exchange>,
    /// Bytes that hyper has not read yet.
    buffered: BytesMut,
    /// How long writing a response may make no progress.
    write_timeout: Duration,
    /// Runs while the client takes no bytes.
    stalled: Option<Pin<Box<Sleep>>>,
    /// The bytes written since the last progress.
    written: usize,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, exchange: Arc<Exchange>, write_timeout: Duration) -> Self {
        Self {
            stream,
            exchange,
            buffered: BytesMut::new(),
            write_timeout,
            stalled: None,
            written: 0,
        }
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Whether the client is known to have closed its side.
    fn is_read_closed(&self) -> bool {
        let ready = pin!(self.stream.ready(Interest::READABLE));
        let ready = ready.poll(&mut Context::from_waker(Waker::noop()));
        matches!(ready, Poll::Ready(Ok(ready)) if ready.is_read_closed())
    }
}

impl State {
    /// The number of the next bytes that hyper gets now: a head without the bytes after it.
    fn admit(&mut self, bytes: &[u8]) -> usize {
        match &mut self.reading {
            ReadState::Head(lines) => match lines.scan(bytes) {
                Head::Partial => bytes.len(),
                Head::Complete(end) => {
                    self.reading = ReadState::default();
                    end
                }
                Head::BareLineFeed => {
                    self.bare_line_feed = true;
                    0
                }
            },
            ReadState::Body(left) => {
                let here = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= u64::try_from(here).unwrap_or(*left);
                if *left == 0 {
                    self.reading = ReadState::default();
                }
                here
            }
            ReadState::Rest => bytes.len(),
        }
    }

    /// Notes written bytes, and ends the responses that end within them.
    fn end_responses(&mut self, walk: &Walk, may_be_gone: impl Fn() -> bool) {
        self.writing = walk.writing;
        let ended = walk.ended.min(self.pending.len());
        for PendingResponse { body: _, log } in self.pending.drain(..ended) {
            self.calls = self.calls.saturating_sub(1);
            if may_be_gone() {
                self.unconfirmed = Some(log);
            } else {
                log.responded();
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self {
            stream,
            exchange,
            buffered,
            ..
        } = &mut *self;
        if exchange.lock().bare_line_feed {
            // For hyper the connection ends here; the server sends the error itself.
            return Poll::Ready(Ok(()));
        }
        if !buffered.is_empty() {
            let here = buffer.remaining().min(buffered.len());
            let here = buffered.get(..here).unwrap_or_default();
            let count = exchange.lock().admit(here);
            buffer.put_slice(here.get(..count).unwrap_or_default());
            buffered.advance(count);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(cx, buffer))?;
        let fresh = buffer.filled().get(before..).unwrap_or_default();
        let count = exchange.lock().admit(fresh);
        buffered.extend_from_slice(fresh.get(count..).unwrap_or_default());
        buffer.set_filled(before + count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let walked = {
            let mut state = this.exchange.lock();
            let walked = walk(state.writing, &state.pending, bytes);
            if walked.bytes == 0 && !bytes.is_empty() {
                // `HTTP/1.1 431 …`
                let status = bytes
                    .get(9..12)
                    .and_then(|code| std::str::from_utf8(code).ok());
                state.hyper_status = status.and_then(|code| code.parse().ok());
                return Poll::Ready(Ok(bytes.len()));
            }
            if walked.bytes <= MIN_PROGRESS {
                // The system takes these bytes at once, so the slot can be free before the client has its response.
                for response in state.pending.iter_mut().take(walked.ended) {
                    response.log.slot = None;
                }
            }
            walked
        };
        let ours = bytes.get(..walked.bytes).unwrap_or_default();
        let Poll::Ready(written) = Pin::new(&mut this.stream).poll_write(cx, ours) else {
            let timeout = this.write_timeout;
            let stalled = this
                .stalled
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
            ready!(stalled.as_mut().poll(cx));
            let message = "the client takes nothing of its response";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, message)));
        };
        let written = written?;
        this.written += written;
        let mut state = this.exchange.lock();
        let walked = if written == walked.bytes {
            walked
        } else {
            let taken = bytes.get(..written).unwrap_or_default();
            walk(state.writing, &state.pending, taken)
        };
        state.end_responses(&walked, || this.is_read_closed());
        if walked.ended > 0 || this.written >= MIN_PROGRESS {
            (this.stalled, this.written) = (None, 0);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sends_error = {
            let state = self.exchange.lock();
            state.hyper_status.is_some() || state.bare_line_feed
        };
        if sends_error {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
