//! Redaction: takes the account's secrets out of a provider's response.
//!
//! A provider that echoes a request's headers into an error page would otherwise put a token into
//! every log along the way. A secret is found as it is, escaped as in JSON, percent-encoded, and
//! escaped as in HTML; any character may be escaped or not, so `a/b`, `a\/b`, `a\u002fb`, `a%2Fb`,
//! `a&sol;b` and `a&#x2f;b` are all the same secret. Each becomes `***`. The account says which values
//! are its secrets: a credential, its base64 forms.
//!
//! The time is linear in the text, for all secrets and texts.

mod escape;
mod pattern;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use secrecy::{ExposeSecret as _, SecretString};

use self::escape::{INTRODUCERS, MAX_ESCAPE, readings};
use self::pattern::{Pattern, Search};

/// The replacement of a secret.
const MASK: &[u8] = b"***";

/// The length of the shortest secret, in bytes. A shorter value protects nothing, and would be found by
/// chance.
pub(crate) const MIN_SECRET: usize = 8;

/// How often a text is searched at most. Once is enough, except for a secret with the mask in it.
const MAX_PASSES: usize = 8;

/// Finds the secrets of one account.
pub(crate) struct Redactor {
    patterns: Vec<Pattern>,
    /// The bytes that the last character of a secret can begin with.
    lasts: [bool; 256],
}

impl Redactor {
    /// A redactor of these values, without those that are too short to be secrets.
    pub(crate) fn new(values: impl IntoIterator<Item = SecretString>) -> Self {
        let mut secrets: Vec<SecretString> = values
            .into_iter()
            .filter(|value| value.expose_secret().len() >= MIN_SECRET)
            .collect();
        secrets.sort_unstable_by(|one, other| one.expose_secret().cmp(other.expose_secret()));
        secrets.dedup_by(|one, other| one.expose_secret() == other.expose_secret());
        let patterns: Vec<Pattern> = secrets
            .iter()
            .filter_map(|secret| Pattern::new(secret.expose_secret()))
            .collect();
        let mut lasts = [false; 256];
        let ends = patterns.iter().map(Pattern::last);
        // A space can be a plus.
        let plus = ends.clone().filter(|last| *last == b' ').map(|_| b'+');
        for byte in ends.chain(plus).chain(INTRODUCERS) {
            if let Some(last) = lasts.get_mut(usize::from(byte)) {
                *last = true;
            }
        }
        Self { patterns, lasts }
    }

    /// The same bytes without secrets: borrowed if there is none.
    pub(crate) fn redact<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(mut clean) = self.pass(bytes) else {
            return Cow::Borrowed(bytes);
        };
        for _ in 1..MAX_PASSES {
            match self.pass(&clean) {
                Some(cleaner) => clean = cleaner,
                None => return Cow::Owned(clean),
            }
        }
        Cow::Owned(MASK.to_vec())
    }

    /// The same text without secrets.
    pub(crate) fn redact_text(&self, text: &mut String) {
        if let Cow::Owned(clean) = self.redact(text.as_bytes()) {
            // A secret is found by whole characters, so the rest is still UTF-8.
            *text = String::from_utf8_lossy(&clean).into_owned();
        }
    }

    /// The same bytes with a mask in place of each secret; `None` if there is none.
    fn pass(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let found = self.find(bytes);
        if found.is_empty() {
            return None;
        }
        let mut clean = Vec::with_capacity(bytes.len());
        let mut copied = 0;
        for Range { start, end } in found {
            let before = bytes.get(copied..start).unwrap_or_default();
            // A backslash that escapes the secret's first character goes with it: alone it would
            // escape the mask.
            let backslashes = before
                .iter()
                .rev()
                .take_while(|byte| **byte == b'\\')
                .count();
            let kept = before.get(..before.len() - backslashes % 2);
            clean.extend_from_slice(kept.unwrap_or_default());
            clean.extend_from_slice(MASK);
            copied = end;
        }
        clean.extend_from_slice(bytes.get(copied..).unwrap_or_default());
        Some(clean)
    }

    /// The ranges of secrets, in order; those that overlap are one.
    fn find(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        if bytes.len() < MIN_SECRET || self.patterns.is_empty() {
            return Vec::new();
        }
        let mut searches: Vec<Search<'_>> = Vec::new();
        // The last position at which a part of a secret was found.
        let mut live = usize::MAX;
        let mut at = bytes.len();
        while at > 0 {
            at -= 1;
            if live - at > MAX_ESCAPE {
                // No escape leads to that position from here: skip to where a secret can end.
                let Some(last) = self.last(bytes, at) else {
                    break;
                };
                at = last;
            }
            if searches.is_empty() {
                searches.extend(self.patterns.iter().map(Search::new));
            }
            readings(bytes, at, |meant, end| {
                for search in &mut searches {
                    if search.step(bytes, at, meant, end) {
                        live = at;
                    }
                }
            });
        }
        let mut found = Vec::new();
        for search in searches {
            search.found(bytes, &mut found);
        }
        found.sort_unstable_by_key(|range| range.start);
        found.dedup_by(|next, before| {
            let overlaps = next.start < before.end;
            if overlaps {
                before.end = before.end.max(next.end);
            }
            overlaps
        });
        found
    }

    /// The last position up to `at` at which a secret can end.
    fn last(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let last = |byte: &u8| self.lasts.get(usize::from(*byte)) == Some(&true);
        bytes.get(..=at)?.iter().rposition(last)
    }
}
