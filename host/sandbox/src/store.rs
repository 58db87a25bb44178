//! The users of a simulator.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

/// A user as the provider stores it, in the order of its response.
pub(super) type Record = Map<String, Value>;

/// Users by id, and ids by address.
#[derive(Default)]
pub(super) struct Store {
    users: BTreeMap<String, Record>,
    holders: HashMap<String, String>,
    changes: u64,
}

impl Store {
    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    /// How often users were stored.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// A number for the next user. The same calls give the same ids, so that examples can be
    /// repeated.
    pub(super) fn number(&self) -> u64 {
        self.users.len() as u64
    }

    /// The same number, scattered over 128 bits (each half by the finaliser of `SplitMix64`).
    pub(super) fn scattered(&self) -> u128 {
        let scatter = |salt: u64| {
            let mut z = (2 * self.number() + salt + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            u128::from(z ^ (z >> 31))
        };
        (scatter(0) << 64) | scatter(1)
    }

    /// Stores a user, new or changed, with exactly these addresses.
    pub(super) fn put(&mut self, id: &str, addresses: &[&str], record: Record) {
        if self.users.contains_key(id) {
            self.holders.retain(|_, holder| holder != id);
        }
        let addresses = addresses
            .iter()
            .map(|address| (address.to_lowercase(), id.to_owned()));
        self.holders.extend(addresses);
        self.users.insert(id.to_owned(), record);
        self.changes += 1;
    }

    pub(super) fn get(&self, id: &str) -> Option<&Record> {
        self.users.get(id)
    }

    /// Whether a user other than `id` holds the address, whatever its case.
    pub(super) fn taken(&self, address: &str, id: &str) -> bool {
        self.holders
            .get(&address.to_lowercase())
            .is_some_and(|holder| holder != id)
    }

    /// The user that holds the address, or all users if none is given.
    pub(super) fn find(&self, address: Option<String>) -> Vec<&Record> {
        match address {
            Some(address) => {
                let id = self.holders.get(&address.to_lowercase());
                id.and_then(|id| self.get(id)).into_iter().collect()
            }
            None => self.users.values().collect(),
        }
    }
}

/// The members of a JSON object.
pub(super) fn record(value: Value) -> Record {
    match value {
        Value::Object(record) => record,
        _ => Record::new(),
    }
}

/// The string in a member; empty if the member is absent or holds something else.
pub(super) fn get_str<'a>(record: &'a Record, name: &str) -> &'a str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// First word and the rest.
pub(super) fn split_name(name: &str) -> (&str, &str) {
    let name = name.trim();
    name.split_once(char::is_whitespace)
        .map_or((name, ""), |(first, rest)| (first, rest.trim_start()))
}
