//! The search for one secret through escapes, in time linear in the text.
//!
//! The readings of a text make a graph: its nodes are the positions between bytes, its edges lead over one byte or one escape. A
//! secret is a path that spells it. All positions in the secret that a search can be at are kept as one set of bits, and a step
//! moves them all at once (the shift-and search of Baeza-Yates and Gonnet, <https://doi.org/10.1145/135239.135243>): neither a secret
//! that overlaps itself nor an escape with two readings makes it slower.

use std::ops::Range;

use secrecy::zeroize::Zeroizing;

use super::escape::{MAX_ESCAPE, readings};

/// How many nodes are kept: more than the longest edge leads over.
const KEPT: usize = 64;
const _: () = assert!(MAX_ESCAPE < KEPT);

/// A secret.
pub(super) struct Pattern {
    length: usize,
    last: u8,
    /// For each byte, the number of its row in `positions`; row 0 is empty.
    rows: Zeroizing<Vec<u8>>,
    /// In each row, the bits of the byte's positions.
    positions: Zeroizing<Vec<u64>>,
}

impl Pattern {
    /// The pattern of a secret, which must not be empty.
    pub(super) fn new(secret: &str) -> Option<Self> {
        let last = *secret.as_bytes().last()?;
        let length = secret.len();
        let words = length / 64 + 1;
        let mut rows = Zeroizing::new(vec![0; 256]);
        let distinct = (0..=u8::MAX).filter(|byte| secret.as_bytes().contains(byte));
        // Bytes in a text are fewer than 255: UTF-8 has no 0xFF.
        for (number, byte) in (1..=u8::MAX).zip(distinct) {
            if let Some(row) = rows.get_mut(usize::from(byte)) {
                *row = number;
            }
        }
        let mut positions = Zeroizing::new(vec![0; 256 * words]);
        for (position, byte) in secret.bytes().enumerate() {
            let row = rows.get(usize::from(byte)).copied().unwrap_or_default();
            if let Some(word) = positions.get_mut(usize::from(row) * words + position / 64) {
                *word |= 1 << (position % 64);
            }
        }
        let used = rows.iter().copied().max().unwrap_or_default();
        positions.truncate((usize::from(used) + 1) * words);
        positions.shrink_to_fit();
        Some(Self {
            length,
            last,
            rows,
            positions,
        })
    }

    /// The last byte of the secret.
    pub(super) const fn last(&self) -> u8 {
        self.last
    }

    const fn words(&self) -> usize {
        self.length / 64 + 1
    }

    fn positions(&self, byte: u8) -> &[u64] {
        let row = self.rows.get(usize::from(byte)).copied();
        let start = usize::from(row.unwrap_or_default()) * self.words();
        self.positions
            .get(start..start + self.words())
            .unwrap_or_default()
    }

    /// The end of the longest path from `start` that spells the secret.
    fn end(&self, text: &[u8], start: usize) -> Option<usize> {
        let mut found = None;
        let mut nodes = Nodes::new(self.words());
        let mut states = vec![0; self.words()];
        if let Some(word) = states.first_mut() {
            *word = 1;
        }
        nodes.add(start, &states);
        let (mut at, mut furthest) = (start, start);
        while at <= furthest {
            if let Some(here) = nodes.at(at).map(<[u64]>::to_vec) {
                readings(text, at, |meant, end| {
                    states.copy_from_slice(&here);
                    for byte in meant {
                        advance(&mut states, self.positions(*byte));
                    }
                    if states.iter().any(|word| *word != 0) {
                        nodes.add(end, &states);
                        furthest = furthest.max(end);
                        if has(&states, self.length) {
                            found = found.max(Some(end));
                        }
                    }
                });
            }
            at += 1;
        }
        found
    }
}

/// A search for one secret, from the end of a text to its beginning: on reaching a position, it knows whether the secret begins
/// there.
pub(super) struct Search<'a> {
    pattern: &'a Pattern,
    /// Bit `n` of a node: the secret from its byte `n` on begins here.
    nodes: Nodes,
    states: Vec<u64>,
    /// For each byte, whether the secret begins there. Empty until it is found.
    begins: Vec<bool>,
}

impl<'a> Search<'a> {
    pub(super) fn new(pattern: &'a Pattern) -> Self {
        Self {
            pattern,
            nodes: Nodes::new(pattern.words()),
            states: vec![0; pattern.words()],
            begins: Vec::new(),
        }
    }

    /// Takes one reading from `at` to `end` into account. True if a part of the secret begins at `at`.
    pub(super) fn step(&mut self, text: &[u8], at: usize, meant: &[u8], end: usize) -> bool {
        let pattern = self.pattern;
        match self.nodes.at(end) {
            Some(states) => self.states.copy_from_slice(states),
            None if meant.last() != Some(&pattern.last) => return false,
            None => self.states.fill(0),
        }
        // The secret can end anywhere.
        if let Some(word) = self.states.get_mut(pattern.length / 64) {
            *word |= 1 << (pattern.length % 64);
        }
        for byte in meant.iter().rev() {
            retreat(&mut self.states, pattern.positions(*byte));
        }
        if self.states.iter().all(|word| *word == 0) {
            return false;
        }
        self.nodes.add(at, &self.states);
        if has(&self.states, 0) {
            self.begins.resize(text.len(), false);
            if let Some(begins) = self.begins.get_mut(at) {
                *begins = true;
            }
        }
        true
    }

    /// The ranges of the secret, once every reading has been taken into account.
    pub(super) fn found(self, text: &[u8], found: &mut Vec<Range<usize>>) {
        let mut from = 0;
        while let Some(rest) = self.begins.get(from..)
            && let Some(offset) = rest.iter().position(|begins| *begins)
            && let Some(end) = self.pattern.end(text, from + offset)
        {
            found.push(from + offset..end);
            from = end;
        }
    }
}

/// The last nodes, a set of bits each.
struct Nodes {
    words: usize,
    states: Vec<u64>,
    /// The node of each set.
    owners: [usize; KEPT],
}

impl Nodes {
    fn new(words: usize) -> Self {
        Self {
            words,
            states: vec![0; words * KEPT],
            owners: [usize::MAX; KEPT],
        }
    }

    fn at(&self, node: usize) -> Option<&[u64]> {
        let slot = node % KEPT;
        (self.owners.get(slot) == Some(&node))
            .then(|| self.states.get(slot * self.words..(slot + 1) * self.words))
            .flatten()
    }

    fn add(&mut self, node: usize, states: &[u64]) {
        let slot = node % KEPT;
        let (Some(kept), Some(of)) = (
            self.states
                .get_mut(slot * self.words..(slot + 1) * self.words),
            self.owners.get_mut(slot),
        ) else {
            return;
        };
        if *of == node {
            for (kept, states) in kept.iter_mut().zip(states) {
                *kept |= states;
            }
        } else {
            *of = node;
            kept.copy_from_slice(states);
        }
    }
}

fn has(states: &[u64], bit: usize) -> bool {
    states
        .get(bit / 64)
        .is_some_and(|word| word & (1 << (bit % 64)) != 0)
}

/// Moves every state over a byte, to the next position.
fn advance(states: &mut [u64], positions: &[u64]) {
    let mut carry = 0;
    for (word, positions) in states.iter_mut().zip(positions) {
        let taken = *word & positions;
        *word = taken << 1 | carry;
        carry = taken >> 63;
    }
}

/// Moves every state back over a byte, to the position before.
fn retreat(states: &mut [u64], positions: &[u64]) {
    let mut carry = 0;
    for (word, positions) in states.iter_mut().zip(positions).rev() {
        let next = *word << 63;
        *word = (*word >> 1 | carry) & positions;
        carry = next;
    }
}
