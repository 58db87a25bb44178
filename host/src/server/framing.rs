//! Where messages begin and end on a connection.
//!
//! hyper itself responds to bytes that it cannot parse, with a head and no body, and accepts a bare line feed as the end of a line.
//! Both are seen here, without guessing: hyper gets a head and the bytes after it apart, and every response that is not hyper's own
//! is announced with its length.

use std::collections::VecDeque;

use super::access_log::AccessLog;

/// hyper's request for a body that the client holds back.
const INTERIM: &[u8] = b"HTTP/1.1 100 ";

/// The next bytes of a connection's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadState {
    /// The head of a request.
    Head(Lines),
    /// A body's rest, in bytes.
    Body(u64),
    /// A body whose end only hyper knows. The connection ends after it.
    Rest,
}

impl Default for ReadState {
    fn default() -> Self {
        Self::Head(Lines::default())
    }
}

/// The lines of a head, up to the last byte read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// Whether the last byte was a carriage return.
    returned: bool,
    /// The length of the current line.
    line: usize,
    /// Whether a line has ended.
    ended: bool,
    /// Whether there has been a byte of a line: empty lines before a request are skipped (RFC 9112, 2.2).
    pub(super) started: bool,
}

/// The result of scanning a piece of a head.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// The head is not complete.
    Partial,
    /// The head ends after this number of bytes.
    Complete(usize),
    /// A line feed without a carriage return before it. A proxy may see other lines there than we do (RFC 9112, 2.2).
    BareLineFeed,
}

impl Lines {
    /// Whether the first line has not ended and is longer than `max`.
    pub(super) fn is_long_first_line(&self, max: usize) -> bool {
        !self.ended && self.line > max
    }

    pub(super) fn scan(&mut self, bytes: &[u8]) -> Head {
        for (position, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if !self.returned => return Head::BareLineFeed,
                b'\n' => {
                    let empty = self.line == 0;
                    (self.returned, self.line) = (false, 0);
                    if empty && self.started {
                        return Head::Complete(position + 1);
                    }
                    self.ended = self.started;
                }
                b'\r' => self.returned = true,
                _ => {
                    (self.returned, self.started) = (false, true);
                    self.line += 1;
                }
            }
        }
        Head::Partial
    }
}

/// The next bytes of a connection's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum WriteState {
    /// The beginning of a message.
    #[default]
    Start,
    /// The rest of a head, with the number of bytes of the final CR LF CR LF that have been seen, and the length of the body that
    /// follows; no body length for an interim response.
    Head { seen: u8, body: Option<u64> },
    /// A body's rest, in bytes.
    Body(u64),
}

/// A response that hyper has and has not written yet.
pub(super) struct PendingResponse {
    /// The length of its body on the wire.
    pub(super) body: u64,
    pub(super) log: AccessLog,
}

/// The responses in bytes that are about to be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Walk {
    /// The number of bytes that belong to pending responses. The bytes after them are hyper's own.
    pub(super) bytes: usize,
    pub(super) writing: WriteState,
    /// The number of responses that end within them.
    pub(super) ended: usize,
}

/// Finds the responses in bytes that hyper writes.
pub(super) fn walk(
    mut writing: WriteState,
    pending: &VecDeque<PendingResponse>,
    bytes: &[u8],
) -> Walk {
    let (mut at, mut ended) = (0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        writing = match writing {
            WriteState::Start if rest.starts_with(INTERIM) => WriteState::Head {
                seen: 0,
                body: None,
            },
            WriteState::Start => match pending.get(ended) {
                Some(response) => WriteState::Head {
                    seen: 0,
                    body: Some(response.body),
                },
                None => break,
            },
            WriteState::Head { mut seen, body } => {
                let end = rest.iter().position(|byte| {
                    seen = match (byte, seen) {
                        (b'\r', 2) => 3,
                        (b'\r', _) => 1,
                        (b'\n', 1) => 2,
                        (b'\n', 3) => 4,
                        _ => 0,
                    };
                    seen == 4
                });
                match (end, body) {
                    (None, body) => {
                        at = bytes.len();
                        WriteState::Head { seen, body }
                    }
                    (Some(end), None) => {
                        at += end + 1;
                        WriteState::Start
                    }
                    (Some(end), Some(0)) => {
                        at += end + 1;
                        ended += 1;
                        WriteState::Start
                    }
                    (Some(end), Some(body)) => {
                        at += end + 1;
                        WriteState::Body(body)
                    }
                }
            }
            WriteState::Body(left) => {
                let here = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
                at += here;
                let left = left - u64::try_from(here).unwrap_or(left);
                if left == 0 {
                    ended += 1;
                    WriteState::Start
                } else {
                    WriteState::Body(left)
                }
            }
        };
    }
    Walk {
        bytes: at,
        writing,
        ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(bodies: impl IntoIterator<Item = u64>) -> VecDeque<PendingResponse> {
        let response = |body| PendingResponse {
            body,
            log: AccessLog::new("test".into(), "GET", "/healthz", None),
        };
        bodies.into_iter().map(response).collect()
    }

    #[test]
    fn empty_line_ends_a_head() {
        let head = b"\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\nGET";
        for cut in 0..head.len() {
            let (one, other) = head.split_at(cut);
            let mut lines = Lines::default();
            let found = match lines.scan(one) {
                Head::Partial => match lines.scan(other) {
                    Head::Complete(end) => cut + end,
                    other => panic!("{other:?}"),
                },
                Head::Complete(end) => end,
                Head::BareLineFeed => panic!("{cut}"),
            };
            assert_eq!(found, head.len() - 3, "{cut}");
        }
    }

    #[test]
    fn bare_line_feed_is_seen_anywhere() {
        for head in [
            "\nGET / HTTP/1.1\r\n",
            "GET / HTTP/1.1\nhost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\n\n",
            "GET / HTTP/1.1\r\nhost: x\r\r\na\n",
        ] {
            assert_eq!(
                Lines::default().scan(head.as_bytes()),
                Head::BareLineFeed,
                "{head:?}"
            );
        }
    }

    #[test]
    fn unannounced_response_is_hypers_own() {
        let own = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
        let bytes = format!(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{own}HTTP/1.1 200 OK\r\n\r\n{own}",
            own.len()
        );
        let responses = pending([own.len() as u64, 0]);
        let last = bytes.len() - own.len();
        for cut in 0..last {
            let first = walk(WriteState::Start, &responses, &bytes.as_bytes()[..cut]);
            // The first bytes of a message tell whether it is an interim one.
            if first.writing == WriteState::Start || cut < INTERIM.len() {
                continue;
            }
            let left = pending(
                responses
                    .iter()
                    .skip(first.ended)
                    .map(|response| response.body),
            );
            let second = walk(first.writing, &left, &bytes.as_bytes()[cut..]);
            assert_eq!(
                (
                    cut + second.bytes,
                    first.ended + second.ended,
                    second.writing
                ),
                (last, 2, WriteState::Start),
                "{cut}"
            );
        }
    }
}
