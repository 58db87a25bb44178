//! The body of a request, which knows whether a connection has begun to send it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const WITHDRAWN: u8 = 2;

/// Whether a connection has begun a request of a call.
///
/// A request counts as begun from the moment that its body is asked for: until then, nothing that a
/// provider could act on can have left, because the head announces a body. Either a connection
/// begins it or its sender withdraws it; once one has happened, the other cannot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Begun(Arc<AtomicU8>);

impl Begun {
    /// Sees that no connection begins it from now on. True when one has begun it before.
    pub(crate) fn withdraw(&self) -> bool {
        self.0
            .compare_exchange(WAITING, WITHDRAWN, Ordering::AcqRel, Ordering::Acquire)
            == Err(BEGUN)
    }

    /// Notes that a connection begins it. False when it has been withdrawn.
    fn begin(&self) -> bool {
        self.0
            .compare_exchange(WAITING, BEGUN, Ordering::AcqRel, Ordering::Acquire)
            != Err(WITHDRAWN)
    }
}

/// The body of one request.
#[derive(Debug)]
pub(crate) struct RequestBody {
    bytes: Option<Bytes>,
    begun: Begun,
}

impl RequestBody {
    pub(crate) fn new(bytes: Bytes, begun: Begun) -> Self {
        if bytes.is_empty() {
            // No connection asks for an empty body, so it is taken for begun from the start.
            begun.begin();
            return Self { bytes: None, begun };
        }
        Self {
            bytes: Some(bytes),
            begun,
        }
    }
}

/// The sender has given up before a connection began the request.
#[derive(Debug, thiserror::Error)]
#[error("the request is withdrawn")]
pub(crate) struct Withdrawn;

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Withdrawn;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Withdrawn>>> {
        let frame = self.bytes.take().map(|bytes| {
            if self.begun.begin() {
                Ok(Frame::data(bytes))
            } else {
                Err(Withdrawn)
            }
        });
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(
            self.bytes
                .as_ref()
                .map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
        )
    }
}
