//! The provider requests received.

use std::collections::{BTreeMap, VecDeque};

use http::{StatusCode, request};
use serde::Serialize;
use serde_json::{Value, json};

const MAX_ENTRIES: usize = 10_000;

/// A id for completing an entry later; without effect once the entry is gone.
#[derive(Clone, Copy)]
pub(super) struct EntryId(u64);

#[derive(Default)]
pub(super) struct Journal {
    entries: VecDeque<Entry>,
    next: u64,
    received: BTreeMap<Kind, u64>,
}

/// What requests are counted by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    integration: &'static str,
    method: String,
    route: Option<&'static str>,
}

/// How many requests have arrived, those dropped by a full journal included.
#[derive(Default, Serialize)]
pub(super) struct Counts {
    requests: u64,
    methods: BTreeMap<String, u64>,
    /// By method and route, as in `GET /dixa/v1/agents/{id}`. Requests to other paths are in none.
    routes: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Entry {
    #[serde(skip)]
    number: u64,
    integration: &'static str,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    status: Option<u16>,
}

impl Journal {
    /// Adds a request whose headers have arrived.
    pub(super) fn add(
        &mut self,
        integration: &'static str,
        route: Option<&'static str>,
        parts: &request::Parts,
    ) -> EntryId {
        let number = self.next;
        self.next += 1;
        let kind = Kind {
            integration,
            method: parts.method.to_string(),
            route,
        };
        *self.received.entry(kind).or_default() += 1;
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
        }
        let headers = parts.headers.iter();
        self.entries.push_back(Entry {
            number,
            integration,
            method: parts.method.to_string(),
            target: parts.uri.to_string(),
            headers: headers
                .map(|(name, value)| (name.to_string(), lossy(value.as_bytes())))
                .collect(),
            body: String::new(),
            status: None,
        });
        EntryId(number)
    }

    pub(super) fn set_body(&mut self, id: EntryId, body: &[u8]) {
        if let Some(entry) = self.entry(id) {
            entry.body = lossy(body);
        }
    }

    pub(super) fn set_status(&mut self, id: EntryId, status: Option<StatusCode>) {
        if let Some(entry) = self.entry(id) {
            entry.status = status.map(|status| status.as_u16());
        }
    }

    pub(super) fn counts(&self, wanted: Option<&str>) -> Counts {
        let mut counts = Counts::default();
        for (kind, count) in &self.received {
            let Kind {
                integration,
                method,
                route,
            } = kind;
            if wanted.is_some_and(|wanted| wanted != *integration) {
                continue;
            }
            counts.requests += count;
            *counts.methods.entry(method.clone()).or_default() += count;
            if let Some(route) = route {
                let route = format!("{method} /{integration}{route}");
                *counts.routes.entry(route).or_default() += count;
            }
        }
        counts
    }

    pub(super) fn clear(&mut self, integration: Option<&str>) {
        self.received
            .retain(|kind, _| integration.is_some_and(|wanted| wanted != kind.integration));
        self.entries
            .retain(|entry| integration.is_some_and(|wanted| wanted != entry.integration));
    }

    pub(super) fn to_json(&self, integration: Option<&str>) -> Value {
        let entries = self
            .entries
            .iter()
            .filter(|entry| integration.is_none_or(|wanted| wanted == entry.integration));
        json!(entries.collect::<Vec<_>>())
    }

    fn entry(&mut self, EntryId(number): EntryId) -> Option<&mut Entry> {
        let index = self
            .entries
            .binary_search_by_key(&number, |entry| entry.number)
            .ok()?;
        self.entries.get_mut(index)
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
