//! The users of a simulator.

use std::collections::{BTreeMap, HashMap};

use http::Method;
use serde_json::{Map, Value};

use super::reads::ReadSettings;

/// A user as the provider stores it, in the order of its response.
pub(super) type Record = Map<String, Value>;

/// A user, and what the sandbox knows about it.
pub(super) struct User {
    pub(super) record: Record,
    /// How many users were created before this one.
    pub(super) number: u64,
    /// As sent.
    addresses: Vec<String>,
    /// The number of the last read that does not see the user.
    unseen_until: u64,
}

impl User {
    /// Whether the user has this address, without regard to ASCII case, as an address is taken in
    /// any case. No provider documents how its filter compares.
    pub(super) fn has_address(&self, address: &str) -> bool {
        let mut addresses = self.addresses.iter();
        addresses.any(|known| known.eq_ignore_ascii_case(address))
    }
}

/// The users in the order of their creation, which a change keeps.
#[derive(Default)]
pub(super) struct Store {
    pub(super) settings: ReadSettings,
    users: BTreeMap<u64, User>,
    /// Numbers by id.
    ids: HashMap<String, u64>,
    /// Numbers by address in lower case.
    holders: HashMap<String, u64>,
    created: u64,
    changes: u64,
    reads: u64,
}

impl Store {
    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    /// How often users were stored or removed.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// The number of the next user, which no user has had before. The same calls give the same
    /// ids, so that examples can be repeated.
    pub(super) fn number(&self) -> u64 {
        self.created
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
        let old = self.take(id);
        let (number, unseen_until) = match old {
            Some(user) => (user.number, user.unseen_until),
            None => (
                self.created,
                self.reads.saturating_add(self.settings.late_by),
            ),
        };
        self.created = self.created.max(number + 1);
        self.ids.insert(id.to_owned(), number);
        let lower = addresses.iter().map(|address| address.to_lowercase());
        self.holders.extend(lower.map(|address| (address, number)));
        let addresses = addresses.iter().map(|address| (*address).to_owned());
        let user = User {
            record,
            number,
            addresses: addresses.collect(),
            unseen_until,
        };
        self.users.insert(number, user);
        self.changes += 1;
    }

    /// Removes a user, whose addresses are free then. Returns whether there was one.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let removed = self.take(id).is_some();
        self.changes += u64::from(removed);
        removed
    }

    fn take(&mut self, id: &str) -> Option<User> {
        let number = self.ids.remove(id)?;
        let user = self.users.remove(&number)?;
        for address in &user.addresses {
            self.holders.remove(&address.to_lowercase());
        }
        Some(user)
    }

    /// The user as a write finds it, late or not.
    pub(super) fn get(&self, id: &str) -> Option<&Record> {
        let user = self.users.get(self.ids.get(id)?)?;
        Some(&user.record)
    }

    /// The user as a request with this method finds it: `GET` is a read.
    pub(super) fn find(&mut self, method: &Method, id: &str) -> Option<Record> {
        let found = match *method {
            Method::GET => self.read().get(id),
            _ => self.get(id),
        };
        found.cloned()
    }

    /// All users as a write finds them, late or not.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.users.values().map(|user| &user.record)
    }

    /// Whether a user other than `id` holds the address, whatever its case.
    pub(super) fn taken(&self, address: &str, id: &str) -> bool {
        self.holders
            .get(&address.to_lowercase())
            .is_some_and(|holder| self.ids.get(id) != Some(holder))
    }

    /// Counts a read, and returns what it sees.
    pub(super) fn read(&mut self) -> Reader<'_> {
        self.reads += 1;
        Reader(self)
    }
}

/// What a read sees, by the settings.
pub(super) struct Reader<'a>(&'a Store);

impl<'a> Reader<'a> {
    pub(super) fn get(&self, id: &str) -> Option<&'a Record> {
        let user = self.0.users.get(self.0.ids.get(id)?)?;
        self.sees(user).then_some(&user.record)
    }

    /// The users that pass the filters, or all of them where filters are ignored.
    pub(super) fn list(&self, passes: impl Fn(&User) -> bool) -> Vec<&'a User> {
        let all = self.0.settings.ignore_filters;
        let seen = self.0.users.values().filter(|user| self.sees(user));
        seen.filter(|user| all || passes(user)).collect()
    }

    /// The size of a page, for the size that the request and the provider lead to.
    pub(super) fn page_size(&self, size: usize) -> usize {
        let max = self.0.settings.max_page_size;
        max.map_or(size, |max| size.min(max.get()))
    }

    fn sees(&self, user: &User) -> bool {
        self.0.reads > user.unseen_until
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

/// The records of users, as an array.
pub(super) fn array<'a>(users: impl IntoIterator<Item = &'a &'a User>) -> Value {
    let records = users.into_iter().map(|user| user.record.clone());
    records.map(Value::Object).collect()
}
