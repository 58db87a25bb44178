//! The parameter `collections`.

use std::collections::BTreeMap;

use crate::bindings::types::{Collection, FindingCode as Code, Location};
use crate::findings::{Findings, quoted};

/// Entries of `collections` as they come in: by their index, or, where the brackets are empty, in turn.
#[derive(Default)]
pub(super) struct Collections<'a> {
    entries: Vec<Entry<'a>>,
    /// The position of the last entry of an index.
    last: BTreeMap<&'a str, usize>,
}

struct Entry<'a> {
    index: &'a str,
    id: Option<&'a str>,
    kind: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn member(&mut self, name: &str) -> &mut Option<&'a str> {
        if name == "id" {
            &mut self.id
        } else {
            &mut self.kind
        }
    }
}

impl<'a> Collections<'a> {
    pub(super) fn add(
        &mut self,
        index: &'a str,
        name: &str,
        value: &'a str,
        findings: &mut Findings,
    ) {
        let last = self.last.get(index);
        if let Some(entry) = last.and_then(|position| self.entries.get_mut(*position)) {
            let member = entry.member(name);
            if member.is_none() {
                *member = Some(value);
                return;
            }
            // With empty brackets, a member that the last entry has already begins the next entry.
            if !index.is_empty() {
                let message = format_args!(
                    "expected one value of `[{name}]` for the index {}, but found more",
                    quoted(index)
                );
                findings.violation(Code::TooMany, Location::Query, "collections", message);
                return;
            }
        }
        let mut entry = Entry {
            index,
            id: None,
            kind: None,
        };
        *entry.member(name) = Some(value);
        self.last.insert(index, self.entries.len());
        self.entries.push(entry);
    }

    pub(super) fn finish(self, findings: &mut Findings) -> Vec<Collection> {
        let mut collections = Vec::with_capacity(self.entries.len());
        for Entry { index, id, kind } in self.entries {
            if let Some(id) = id {
                collections.push(Collection {
                    id: id.to_owned(),
                    type_: kind.map(str::to_owned),
                });
            } else {
                let message = format_args!(
                    "expected an `[id]` for the index {}, but found a type alone",
                    quoted(index)
                );
                findings.violation(Code::Required, Location::Query, "collections", message);
            }
        }
        collections
    }
}
