//! A made-up directory.

use serde_json::{Value, json};

use super::provider::{Entry, has_further, user};

/// The address that is looked up.
pub const ADDRESS: &str = "ines.duarte@menge.example";

#[derive(Clone, Copy, Debug)]
pub enum Spelling {
    Lower,
    Title,
    Upper,
    Mixed,
}

impl Spelling {
    pub const ALL: [Self; 4] = [Self::Lower, Self::Title, Self::Upper, Self::Mixed];

    pub fn apply(self, address: &str) -> String {
        let mut before = '.';
        let spelled = address.char_indices().map(|(position, character)| {
            let is_upper = match self {
                Self::Lower => false,
                Self::Title => matches!(before, '.' | '@'),
                Self::Upper => true,
                Self::Mixed => position % 2 == 1,
            };
            before = character;
            if is_upper {
                character.to_ascii_uppercase()
            } else {
                character
            }
        });
        spelled.collect()
    }
}

/// Somebody in a directory, among the many.
#[derive(Clone, Copy, Debug)]
pub enum Somebody {
    /// Has the address, as the primary one or a further one.
    Wanted(Spelling, bool),
    /// So many users have it.
    Crowd(usize, Spelling),
    /// Has an address that contains it, or is close to it.
    Near(usize, Spelling),
    WithoutAddress,
    /// Is no user at all.
    Odd(usize),
}

fn near(number: usize) -> String {
    let near = [
        format!("re{ADDRESS}"),
        format!("{ADDRESS}.pt"),
        ADDRESS.replace('@', "+desk@"),
        ADDRESS.replace("ines", "ínes"),
        ADDRESS.replace('.', ""),
    ];
    near[number % near.len()].clone()
}

fn odd(number: usize) -> Value {
    let odd = [
        Value::Null,
        json!(7),
        json!("text"),
        json!({}),
        json!([]),
        json!({"id": {}, "email": 7, "data": [], "person": null}),
        json!({"id": "x", "_id": "x", "email": "", "email-address": null}),
    ];
    odd[number % odd.len()].clone()
}

/// A directory: so many users, and some who are placed among them (in thousandths of its length), from a request on.
#[derive(Clone, Debug)]
pub struct Directory {
    pub many: usize,
    pub among: Vec<(usize, u32, Somebody)>,
}

impl Directory {
    pub fn entries(&self, integration: &str) -> Vec<Entry> {
        let mut among = self.among.clone();
        among.sort_by_key(|(place, _, _)| *place);
        let mut among = among.into_iter().peekable();
        let mut entries = Vec::new();
        for number in 0..=self.many {
            let is_last = number == self.many;
            while let Some((_, from, somebody)) =
                among.next_if(|(place, _, _)| is_last || place * self.many <= number * 1000)
            {
                add(&mut entries, integration, from, somebody);
            }
            if !is_last {
                let address = format!("user.{number}@menge.example");
                let addresses = match number % 41 {
                    40 => vec![],
                    one => vec![Spelling::ALL[one % 4].apply(&address)],
                };
                push(&mut entries, integration, 1, addresses);
            }
        }
        entries
    }
}

fn add(entries: &mut Vec<Entry>, integration: &str, from: u32, somebody: Somebody) {
    match somebody {
        Somebody::Wanted(spelling, further) => {
            let mut addresses = vec![spelling.apply(ADDRESS)];
            if further && has_further(integration) {
                addresses.insert(0, format!("first.{}@menge.example", entries.len()));
            }
            push(entries, integration, from, addresses);
        }
        Somebody::Crowd(number, spelling) => {
            for _ in 0..number {
                push(entries, integration, from, vec![spelling.apply(ADDRESS)]);
            }
        }
        Somebody::Near(number, spelling) => {
            let address = spelling.apply(&near(number));
            push(entries, integration, from, vec![address]);
        }
        Somebody::WithoutAddress => push(entries, integration, from, vec![]),
        Somebody::Odd(number) => entries.push(Entry {
            serial: entries.len() + 1,
            json: odd(number),
            addresses: vec![],
            from,
        }),
    }
}

fn push(entries: &mut Vec<Entry>, integration: &str, from: u32, addresses: Vec<String>) {
    let serial = entries.len() + 1;
    entries.push(Entry {
        serial,
        json: user(integration, serial, &addresses),
        addresses,
        from,
    });
}
