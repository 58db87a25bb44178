//! One connection, which moves only while somebody waits for what it does.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};

use super::LargestAnswer;
use super::body::RequestBody;
use super::connect::Stream;

/// How many headers an answer may have.
const MAX_HEADERS: usize = 4096;

/// The least that is taken for the limit of a head.
const SMALLEST_HEAD_LIMIT: usize = 8 * 1024;

/// The least room that a connection has for a head: more than a request's can be.
const BUFFER: usize = 128 * 1024;

/// A connection to a provider.
///
/// No task of its own reads it. While it is kept, whatever comes, or its end, stays with the system
/// until the next request is there; hyper then reads before it takes the request, in the same step
/// that writes it, and hands the request back untouched where anything but nothing was there. With
/// [`Socket`](super::socket::Socket) below, that is the state of the connection at that moment. TLS
/// has its own bytes taken out first: a session ticket is nothing.
pub(super) struct Connection {
    sender: SendRequest<RequestBody>,
    /// Nothing once it has ended.
    wire: Option<http1::Connection<Stream, RequestBody>>,
}

/// Has the allocator keep what hyper takes for each answer.
///
/// The room for [`MAX_HEADERS`] is two pieces of 128 KiB, and of that size on glibc maps and unmaps
/// anew each time, which takes ten times as long as all the rest of an exchange; that is until a
/// larger piece was freed (mallopt(3), `M_MMAP_THRESHOLD`).
pub(super) fn keep_room_for_heads() {
    drop(std::hint::black_box(vec![0_u8; 1 << 20]));
}

impl Connection {
    pub(super) async fn new(stream: Stream, largest: LargestAnswer) -> hyper::Result<Self> {
        let head = largest.head.max(SMALLEST_HEAD_LIMIT);
        let (sender, wire) = http1::Builder::new()
            .max_headers(MAX_HEADERS)
            .max_header_size(head)
            .max_buf_size(head.max(BUFFER))
            .handshake(stream)
            .await?;
        Ok(Self {
            sender,
            wire: Some(wire),
        })
    }

    /// Sends a request, and waits for the head of its answer. The error holds the request where the
    /// connection has not begun it.
    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, TrySendError<Request<RequestBody>>> {
        let answer = self.sender.try_send_request(request);
        self.while_waiting_for(answer).await
    }

    /// What a future gives that cannot go on without the connection.
    pub(super) async fn while_waiting_for<T>(&mut self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|context| {
            self.advance(context);
            future.as_mut().poll(context)
        })
        .await
    }

    /// Whether it could take another request: it is open, and nothing of the last one is left.
    pub(super) async fn is_free(&mut self) -> bool {
        poll_fn(|context| {
            self.advance(context);
            Poll::Ready(self.wire.is_some() && self.sender.is_ready())
        })
        .await
    }

    fn advance(&mut self, context: &mut Context<'_>) {
        if let Some(wire) = &mut self.wire
            && Pin::new(wire).poll(context).is_ready()
        {
            // What it ended with has reached who waits. A request that it had not taken yet is given
            // back when it goes.
            self.wire = None;
        }
    }
}
