//! The layout of an input: a few bytes that choose, then parts.
//!
//! What UTF-8 never has takes them apart, so that text stays text: 0xFF ends a part, 0xFE an entry of a list, and 0xFD a member
//! of an entry. The last part is all that is left, and may have any bytes.

use std::borrow::Cow;

use unified_ticketing_guest::bindings::types::{ProviderResponse, TransportError};

/// Ends a part.
pub const PART: u8 = 0xff;
/// Ends an entry of a list.
pub const ENTRY: u8 = 0xfe;
/// Ends a member of an entry.
pub const MEMBER: u8 = 0xfd;

/// An input that is being read. What is not there is empty, or zero.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let (byte, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *byte
    }

    /// The next part.
    pub fn part(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == PART);
        let (part, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest.get(1..).unwrap_or_default();
        part
    }

    /// The next part, as text.
    pub fn text(&mut self) -> String {
        text(self.part())
    }

    /// The next part, as names and values.
    pub fn pairs(&mut self) -> Vec<(String, String)> {
        list(self.part())
            .map(|entry| {
                (
                    text(entry[0]),
                    entry.get(1).map_or_else(String::new, |value| text(value)),
                )
            })
            .collect()
    }

    /// The last three parts, as what became of a request: what happened, the headers of the answer, its body.
    ///
    /// What happened is a status, or the name of a case of `transport-error` and what that holds.
    pub fn answer(&mut self) -> Result<ProviderResponse, TransportError> {
        let happened = self.text();
        let headers = self.pairs();
        let (word, rest) = happened.split_once(' ').unwrap_or((&happened, ""));
        let why = rest.to_owned();
        Err(match word {
            "no-connection" => TransportError::NoConnection(why),
            "egress-denied" => TransportError::EgressDenied(why),
            "connection-lost" => TransportError::ConnectionLost(why),
            "response-truncated" => {
                let (status, why) = rest.split_once(' ').unwrap_or((rest, ""));
                TransportError::ResponseTruncated((status.parse().unwrap_or_default(), why.to_owned()))
            }
            "deadline" => TransportError::Deadline(rest == "begun"),
            "response-too-large" => TransportError::ResponseTooLarge(rest.parse().ok()),
            status => {
                return Ok(ProviderResponse {
                    status: status.parse().unwrap_or(200),
                    headers,
                    body: self.0.to_vec(),
                });
            }
        })
    }
}

/// Bytes as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The entries of a list, with the members of each: at least one.
pub fn list(part: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let part = part.strip_suffix(&[ENTRY]).unwrap_or(part);
    let entries = (!part.is_empty()).then(|| part.split(|byte| *byte == ENTRY));
    entries
        .into_iter()
        .flatten()
        .map(|entry| entry.split(|byte| *byte == MEMBER).collect())
}

/// A list as `list` reads it.
pub fn written<'a>(entries: impl IntoIterator<Item = Vec<&'a str>>) -> Vec<u8> {
    let mut list = Vec::new();
    for entry in entries {
        let members: Vec<Cow<'_, [u8]>> = entry
            .into_iter()
            .map(|member| Cow::Borrowed(member.as_bytes()))
            .collect();
        list.extend(members.join(&MEMBER));
        list.push(ENTRY);
    }
    list
}
