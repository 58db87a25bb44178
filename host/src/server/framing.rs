//! Where messages begin and end on a connection.
//!
//! hyper answers what it cannot parse by itself, with a head and no body, and takes a bare line feed for the end of a line. Both
//! are seen here, without guessing: a head is read to its end before the rest is handed on, and every response that is not hyper's
//! own is announced, with its length.

use std::collections::VecDeque;

use super::report::Report;

/// What hyper sends before a body that its client waits to be asked for.
const INTERIM: &[u8] = b"HTTP/1.1 100 ";

/// What is read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The head of a request.
    Head(Lines),
    /// So many bytes of a body.
    Body(u64),
    /// A body whose end only hyper knows. The connection is not kept after it.
    Rest,
}

impl Default for Reading {
    fn default() -> Self {
        Self::Head(Lines::default())
    }
}

/// The lines of a head, as far as they have been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// Whether the last byte was a carriage return.
    returned: bool,
    /// The length of the line that is being read.
    line: usize,
    /// Whether a line has been read to its end.
    more: bool,
    /// Whether there has been a line with something in it: empty ones before a request are skipped (RFC 9112, 2.2).
    pub(super) started: bool,
}

/// What a piece of a head shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// It goes on.
    Open,
    /// It ends after so many bytes.
    Ends(usize),
    /// There is a line feed without a carriage return before it. A proxy may see other lines there than we do (RFC 9112, 2.2).
    BareLineFeed,
}

impl Lines {
    /// Whether these are the beginning of a first line that is longer than `most`.
    pub(super) fn is_long_first_line(&self, most: usize) -> bool {
        !self.more && self.line > most
    }

    pub(super) fn read(&mut self, bytes: &[u8]) -> Head {
        for (position, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if !self.returned => return Head::BareLineFeed,
                b'\n' => {
                    let empty = self.line == 0;
                    (self.returned, self.line) = (false, 0);
                    if empty && self.started {
                        return Head::Ends(position + 1);
                    }
                    self.more = self.started;
                }
                b'\r' => self.returned = true,
                _ => {
                    (self.returned, self.started) = (false, true);
                    self.line += 1;
                }
            }
        }
        Head::Open
    }
}

/// What is written next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Writing {
    /// The beginning of a message.
    #[default]
    Start,
    /// The rest of a head, of whose last four bytes so many have been seen; and the length of the body that follows, if it is not
    /// an interim response.
    Head { seen: u8, body: Option<u64> },
    /// So many bytes of a body.
    Body(u64),
}

/// A response that has been handed to hyper.
pub(super) struct Due {
    /// The length of its body on the wire.
    pub(super) body: u64,
    pub(super) report: Report,
}

/// How far bytes reach that are about to be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Walk {
    /// So many bytes belong to responses that are due. What follows is hyper's own.
    pub(super) bytes: usize,
    pub(super) writing: Writing,
    /// So many responses end within them.
    pub(super) ended: usize,
}

/// Walks through bytes that hyper writes.
pub(super) fn walk(mut writing: Writing, due: &VecDeque<Due>, bytes: &[u8]) -> Walk {
    let (mut at, mut ended) = (0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        writing = match writing {
            Writing::Start if rest.starts_with(INTERIM) => Writing::Head {
                seen: 0,
                body: None,
            },
            Writing::Start => match due.get(ended) {
                Some(due) => Writing::Head {
                    seen: 0,
                    body: Some(due.body),
                },
                None => break,
            },
            Writing::Head { mut seen, body } => {
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
                        Writing::Head { seen, body }
                    }
                    (Some(end), None) => {
                        at += end + 1;
                        Writing::Start
                    }
                    (Some(end), Some(0)) => {
                        at += end + 1;
                        ended += 1;
                        Writing::Start
                    }
                    (Some(end), Some(body)) => {
                        at += end + 1;
                        Writing::Body(body)
                    }
                }
            }
            Writing::Body(left) => {
                let here = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
                at += here;
                let left = left - u64::try_from(here).unwrap_or(left);
                if left == 0 {
                    ended += 1;
                    Writing::Start
                } else {
                    Writing::Body(left)
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

    fn due(bodies: &[u64]) -> VecDeque<Due> {
        let report = || Report::new("test".into(), "GET", "/healthz");
        let due = |body: &u64| Due {
            body: *body,
            report: report(),
        };
        bodies.iter().map(due).collect()
    }

    #[test]
    fn a_head_ends_with_an_empty_line_however_it_is_cut() {
        let head = b"\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\nGET";
        for cut in 0..head.len() {
            let (one, other) = head.split_at(cut);
            let mut lines = Lines::default();
            let found = match lines.read(one) {
                Head::Open => match lines.read(other) {
                    Head::Ends(end) => cut + end,
                    other => panic!("{other:?}"),
                },
                Head::Ends(end) => end,
                Head::BareLineFeed => panic!("{cut}"),
            };
            assert_eq!(found, head.len() - 3, "{cut}");
        }
    }

    #[test]
    fn a_bare_line_feed_is_seen_anywhere_in_a_head() {
        for head in [
            "\nGET / HTTP/1.1\r\n",
            "GET / HTTP/1.1\nhost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\n\n",
            "GET / HTTP/1.1\r\nhost: x\r\r\na\n",
        ] {
            assert_eq!(
                Lines::default().read(head.as_bytes()),
                Head::BareLineFeed,
                "{head:?}"
            );
        }
    }

    #[test]
    fn what_is_not_due_is_hypers_own_whatever_a_body_looks_like() {
        let own = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
        let bytes = format!(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{own}HTTP/1.1 200 OK\r\n\r\n{own}",
            own.len()
        );
        let due = due(&[own.len() as u64, 0]);
        let last = bytes.len() - own.len();
        for cut in 0..last {
            let first = walk(Writing::Start, &due, &bytes.as_bytes()[..cut]);
            // The beginning of a message tells whether it is an interim one.
            if first.writing == Writing::Start || cut < INTERIM.len() {
                continue;
            }
            let mut left = VecDeque::new();
            left.extend(due.iter().skip(first.ended).map(|due| Due {
                body: due.body,
                report: Report::new("test".into(), "GET", "/healthz"),
            }));
            let second = walk(first.writing, &left, &bytes.as_bytes()[cut..]);
            assert_eq!(
                (
                    cut + second.bytes,
                    first.ended + second.ended,
                    second.writing
                ),
                (last, 2, Writing::Start),
                "{cut}"
            );
        }
    }
}
