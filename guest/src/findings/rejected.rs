//! Which fields of a body have a violation, and which entries of its arrays.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::bounded::write_bounded;
use crate::field::Field;

/// The parts of the body that have a violation. Violations that are only counted are kept here, too.
#[derive(Debug, Default)]
pub(super) struct Rejected {
    pub(super) any: bool,
    /// The body itself: what an unreadable body lacks is not known.
    body: bool,
    fields: [bool; Field::ALL.len()],
    /// The entries of arrays, each with the position of its field, in ascending order: mostly the order of reading.
    entries: Vec<(usize, usize)>,
    /// Entries that are read after a later one: an array can be given twice, and before another.
    others: BTreeSet<(usize, usize)>,
    /// Room to write a path in, to be parsed.
    path: String,
}

/// The part of a path that can name a field and an entry of it, in bytes.
const MAX_NOTED: usize = 32;

impl Rejected {
    /// Notes a JSON Pointer.
    pub(super) fn note(&mut self, pointer: &dyn Display) {
        self.any = true;
        self.path.clear();
        let is_complete = write_bounded(&mut self.path, MAX_NOTED, pointer);
        let mut steps = self.path.split('/').skip(1);
        let Some(name) = steps.next() else {
            self.body = true;
            return;
        };
        let Some(position) = Field::ALL.iter().position(|field| field.name() == name) else {
            return;
        };
        if let Some(field) = self.fields.get_mut(position) {
            *field = true;
        }
        // The last step may be incomplete.
        let entry = steps
            .next()
            .filter(|_| is_complete || steps.next().is_some());
        let Some(entry) = entry.and_then(|step| step.parse().ok()) else {
            return;
        };
        let entry = (position, entry);
        match self.entries.last() {
            Some(last) if *last == entry => {}
            Some(last) if *last > entry => {
                self.others.insert(entry);
            }
            _ => self.entries.push(entry),
        }
    }

    pub(super) fn field(&self, field: Field) -> bool {
        let mut fields = Field::ALL.iter().zip(self.fields);
        self.body || fields.any(|(each, rejected)| rejected && *each == field)
    }

    pub(super) fn entry(&self, field: Field, entry: usize) -> bool {
        let position = Field::ALL.iter().position(|each| *each == field);
        self.body
            || position.is_some_and(|position| {
                let entry = (position, entry);
                self.entries.binary_search(&entry).is_ok() || self.others.contains(&entry)
            })
    }
}
