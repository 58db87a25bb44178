//! One connection, which advances only while a call waits for it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};

use super::ResponseLimits;
use super::connect::{self, Stream};
use super::socket::Freshness;

/// How many headers a response may have.
const MAX_HEADERS: usize = 4096;

/// A smaller limit on the headers' bytes counts as this one.
const MIN_HEADERS_LIMIT: usize = 8 * 1024;

/// The least that a connection can buffer: more than the head of a request can have, so that a
/// request is taken with its body, in one step.
const MIN_BUFFER: usize = 128 * 1024;

/// A connection to a provider.
///
/// No task of its own reads it. While it is kept, the system holds whatever comes, or the
/// connection's end, until the next request is there; hyper then reads before it takes the request,
/// in the same step that writes it, and gives the request back untouched if it has read anything.
/// With fresh reads of the [`Socket`](super::socket::Socket) below, that is the state of the connection
/// at that moment. TLS takes its own bytes out first: a session ticket counts as nothing.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    freshness: Freshness,
    /// `None` once it has ended.
    wire: Option<http1::Connection<Stream, Full<Bytes>>>,
}

/// Has the allocator keep the memory that hyper takes for each response.
///
/// The room for [`MAX_HEADERS`] is two pieces of 128 KiB. On glibc an allocation of that size is
/// mapped and unmapped anew each time, which takes ten times as long as the rest of an exchange,
/// until a larger piece was freed (mallopt(3), `M_MMAP_THRESHOLD`).
pub(super) fn keep_room_for_headers() {
    drop(std::hint::black_box(vec![0_u8; 1 << 20]));
}

impl Connection {
    pub(super) async fn new(stream: Stream, limits: ResponseLimits) -> hyper::Result<Self> {
        let freshness = connect::socket(&stream).freshness().clone();
        let headers = limits.headers.max(MIN_HEADERS_LIMIT);
        let (sender, wire) = http1::Builder::new()
            .max_headers(MAX_HEADERS)
            .max_header_size(headers)
            .max_buf_size(headers.max(MIN_BUFFER))
            .handshake(stream)
            .await?;
        Ok(Self {
            sender,
            freshness,
            wire: Some(wire),
        })
    }

    /// Sends a request, and waits for the head of its response. The first poll takes the request
    /// and writes it. The error holds the request if the connection has not taken it.
    pub(super) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>> {
        self.freshness.demand();
        let response = self.sender.try_send_request(request);
        self.drive(response).await
    }

    /// Advances the connection until a future that depends on it is ready.
    pub(super) async fn drive<T>(&mut self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|context| {
            self.advance(context);
            future.as_mut().poll(context)
        })
        .await
    }

    /// Whether it can take another request: it is open, and nothing of the last exchange is left.
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
            // The waiting call has its result. Dropping the connection gives a request that it has
            // not taken back.
            self.wire = None;
        }
    }
}
