//! The socket of a connection, as hyper reads and writes it.

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

use super::framing::{Due, Head, Lines, Reading, Walk, Writing, walk};
use super::report::Report;

/// Less than so many bytes are no progress: a client that takes one at a time could hold its connection for ever.
pub(super) const PROGRESS: usize = 16 << 10;

/// What the service and the socket of a connection know of each other.
#[derive(Default)]
pub(super) struct Exchange(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    pub(super) reading: Reading,
    writing: Writing,
    due: VecDeque<Due>,
    /// Requests whose responses are not written yet.
    calls: usize,
    /// A head has a line feed without a carriage return.
    pub(super) bare_line_feed: bool,
    /// What hyper wanted to answer by itself.
    pub(super) refused: Option<u16>,
    /// A response that was written to a client which had closed its side: whether it is still there shows later.
    pub(super) last: Option<Report>,
}

impl State {
    pub(super) fn is_busy(&self) -> bool {
        self.calls > 0
    }

    /// Whether there is a request of which the head has begun to come.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(self.reading, Reading::Head(Lines { started: true, .. }))
    }

    /// Whether the first line of a head is longer than `most`, and goes on.
    pub(super) fn is_in_long_line(&self, most: usize) -> bool {
        matches!(self.reading, Reading::Head(lines) if lines.is_long_first_line(most))
    }

    /// A request has come whose body has this length, if that is known.
    pub(super) fn called(&mut self, body: Option<u64>) {
        self.calls += 1;
        self.reading = match body {
            Some(0) => Reading::default(),
            Some(length) => Reading::Body(length),
            None => Reading::Rest,
        };
    }

    /// A response is handed to hyper.
    pub(super) fn responds(&mut self, due: Due) {
        self.due.push_back(due);
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
    /// Read from the stream, and not by hyper yet.
    ahead: BytesMut,
    /// How long a client may take nothing of a response.
    patience: Duration,
    /// Runs while the client takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Taken since the last progress.
    taken: usize,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, exchange: Arc<Exchange>, patience: Duration) -> Self {
        Self {
            stream,
            exchange,
            ahead: BytesMut::new(),
            patience,
            stalled: None,
            taken: 0,
        }
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Whether the client has closed its side, as far as that is known.
    fn is_read_closed(&self) -> bool {
        let ready = pin!(self.stream.ready(Interest::READABLE));
        let ready = ready.poll(&mut Context::from_waker(Waker::noop()));
        matches!(ready, Poll::Ready(Ok(ready)) if ready.is_read_closed())
    }
}

impl State {
    /// How many of the bytes that come next hyper may have now: never those of a head together with what follows it.
    fn admit(&mut self, bytes: &[u8]) -> usize {
        match &mut self.reading {
            Reading::Head(lines) => match lines.read(bytes) {
                Head::Open => bytes.len(),
                Head::Ends(end) => {
                    self.reading = Reading::default();
                    end
                }
                Head::BareLineFeed => {
                    self.bare_line_feed = true;
                    0
                }
            },
            Reading::Body(left) => {
                let here = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= u64::try_from(here).unwrap_or(*left);
                if *left == 0 {
                    self.reading = Reading::default();
                }
                here
            }
            Reading::Rest => bytes.len(),
        }
    }

    /// Responses have been written to their ends. `gone` says whether the client may be.
    fn wrote(&mut self, walk: &Walk, may_be_gone: impl Fn() -> bool) {
        self.writing = walk.writing;
        for Due { body: _, report } in self.due.drain(..walk.ended.min(self.due.len())) {
            self.calls = self.calls.saturating_sub(1);
            if may_be_gone() {
                self.last = Some(report);
            } else {
                report.answered();
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
            ahead,
            ..
        } = &mut *self;
        if exchange.lock().bare_line_feed {
            // To hyper the connection has ended; what is to be said of it is said elsewhere.
            return Poll::Ready(Ok(()));
        }
        if !ahead.is_empty() {
            let here = buffer.remaining().min(ahead.len());
            let here = ahead.get(..here).unwrap_or_default();
            let count = exchange.lock().admit(here);
            buffer.put_slice(here.get(..count).unwrap_or_default());
            ahead.advance(count);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(cx, buffer))?;
        let fresh = buffer.filled().get(before..).unwrap_or_default();
        let count = exchange.lock().admit(fresh);
        ahead.extend_from_slice(fresh.get(count..).unwrap_or_default());
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
            let walked = walk(state.writing, &state.due, bytes);
            if walked.bytes == 0 && !bytes.is_empty() {
                // `HTTP/1.1 431 …`
                let status = bytes
                    .get(9..12)
                    .and_then(|code| std::str::from_utf8(code).ok());
                state.refused = status.and_then(|code| code.parse().ok());
                return Poll::Ready(Ok(bytes.len()));
            }
            if walked.bytes <= PROGRESS {
                // What the system takes at once holds nobody up, and the client, who then has its response, finds the place free.
                for due in state.due.iter_mut().take(walked.ended) {
                    due.report.place = None;
                }
            }
            walked
        };
        let due = bytes.get(..walked.bytes).unwrap_or_default();
        let Poll::Ready(written) = Pin::new(&mut this.stream).poll_write(cx, due) else {
            let patience = this.patience;
            let stalled = this
                .stalled
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
            ready!(stalled.as_mut().poll(cx));
            let why = "the client takes nothing of its response";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, why)));
        };
        let written = written?;
        this.taken += written;
        let mut state = this.exchange.lock();
        let walked = if written == walked.bytes {
            walked
        } else {
            let due = bytes.get(..written).unwrap_or_default();
            walk(state.writing, &state.due, due)
        };
        state.wrote(&walked, || this.is_read_closed());
        if walked.ended > 0 || this.taken >= PROGRESS {
            (this.stalled, this.taken) = (None, 0);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let has_more_to_say = {
            let state = self.exchange.lock();
            state.refused.is_some() || state.bare_line_feed
        };
        if has_more_to_say {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
