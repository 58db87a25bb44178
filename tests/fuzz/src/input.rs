//! The layout of an input: a few bytes of choices, then parts.
//!
//! Bytes that UTF-8 never uses separate them, so that strings stay strings: 0xFF ends a part, 0xFE an entry of a part, and 0xFD a
//! member of an entry. The last part is the rest, and may have any bytes.

use std::borrow::Cow;

use unified_ticketing_guest::bindings::types::{ProviderResponse, TransportError};

/// Ends a part.
pub const PART: u8 = 0xff;
/// Ends an entry of a part.
pub const ENTRY: u8 = 0xfe;
/// Ends a member of an entry.
pub const MEMBER: u8 = 0xfd;

/// A reader of an input. A missing part is empty, and a missing byte zero.
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

    /// The next part, as a string.
    pub fn string(&mut self) -> String {
        string(self.part())
    }

    /// The next part, as names and values.
    pub fn pairs(&mut self) -> Vec<(String, String)> {
        entries(self.part())
            .map(|entry| {
                (
                    string(entry[0]),
                    entry.get(1).map_or_else(String::new, |value| string(value)),
                )
            })
            .collect()
    }

    /// The last three parts, as the result of a request: its kind, the response's headers, its body.
    ///
    /// The kind is a status, or the name of a case of `transport-error` and its payload.
    pub fn response(&mut self) -> Result<ProviderResponse, TransportError> {
        let kind = self.string();
        let headers = self.pairs();
        let (word, rest) = kind.split_once(' ').unwrap_or((&kind, ""));
        let why = rest.to_owned();
        Err(match word {
            "no-connection" => TransportError::NoConnection(why),
            "egress-denied" => TransportError::EgressDenied(why),
            "connection-lost" => TransportError::ConnectionLost(why),
            "response-truncated" => {
                let (status, why) = rest.split_once(' ').unwrap_or((rest, ""));
                TransportError::ResponseTruncated((
                    status.parse().unwrap_or_default(),
                    why.to_owned(),
                ))
            }
            "deadline" => TransportError::Deadline(rest == "sent"),
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

/// Bytes as a string.
pub fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The entries of a part, with the members of each: at least one.
pub fn entries(part: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let part = part.strip_suffix(&[ENTRY]).unwrap_or(part);
    let split = (!part.is_empty()).then(|| part.split(|byte| *byte == ENTRY));
    split
        .into_iter()
        .flatten()
        .map(|entry| entry.split(|byte| *byte == MEMBER).collect())
}

/// A part as [`entries`] reads it.
pub fn encode<'a>(entries: impl IntoIterator<Item = Vec<&'a str>>) -> Vec<u8> {
    let mut part = Vec::new();
    for entry in entries {
        let members: Vec<Cow<'_, [u8]>> = entry
            .into_iter()
            .map(|member| Cow::Borrowed(member.as_bytes()))
            .collect();
        part.extend(members.join(&MEMBER));
        part.push(ENTRY);
    }
    part
}
