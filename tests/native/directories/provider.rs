//! A provider with a directory, written from the providers' documentation: its pages, its filter, and its faults.

use std::fmt;

use serde_json::{Value, json};
use unified_ticketing_guest::bindings::types::{ProviderRequest, ProviderResponse, TransportError};

use crate::support::{SERVER, provider_response};

/// How a provider compares addresses, where it looks users up by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    Exact,
    IgnoresCase,
    /// The given address in lower case, with the stored one as it is.
    FoldsGiven,
    Substring,
    SubstringIgnoresCase,
    PassedOver,
}

impl Filter {
    pub const ALL: [Self; 6] = [
        Self::Exact,
        Self::IgnoresCase,
        Self::FoldsGiven,
        Self::Substring,
        Self::SubstringIgnoresCase,
        Self::PassedOver,
    ];

    fn finds(self, given: &str, stored: &str) -> bool {
        let lower = |address: &str| address.to_ascii_lowercase();
        match self {
            Self::Exact => given == stored,
            Self::IgnoresCase => lower(given) == lower(stored),
            Self::FoldsGiven => lower(given) == stored,
            Self::Substring => stored.contains(given),
            Self::SubstringIgnoresCase => lower(stored).contains(&lower(given)),
            Self::PassedOver => true,
        }
    }
}

/// What becomes of a request that fails.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    Status(u16),
    Body(&'static str),
    Lost,
    Deadline,
}

/// An entry of a directory.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place in the order of the directory, from 1.
    pub serial: usize,
    pub json: Value,
    /// The primary address first.
    pub addresses: Vec<String>,
    /// The first request whose response may have it.
    pub from: u32,
}

impl Entry {
    pub fn has(&self, address: &str) -> bool {
        let mut addresses = self.addresses.iter();
        addresses.any(|own| own.eq_ignore_ascii_case(address))
    }
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a habit of a provider that has nothing to do with the others"
)]
#[derive(Clone)]
pub struct Provider {
    pub integration: &'static str,
    pub entries: Vec<Entry>,
    pub filter: Filter,
    /// Whether the filter regards the primary address alone.
    pub primary_only: bool,
    /// Whether entries without an address pass every filter.
    pub leaks: bool,
    /// The largest page that it gives, whatever it is asked for.
    pub cap: Option<usize>,
    /// Whether pages with numbers come with their count.
    pub counts_pages: bool,
    /// Whether a list with cursors begins with an empty page.
    pub begins_empty: bool,
    pub failure: Option<(u32, Failure)>,
    /// The path and the address of every request.
    pub requests: Vec<(String, Option<String>)>,
}

impl fmt::Debug for Provider {
    /// The entries are made of the directory, which is shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct(self.integration)
            .field("filter", &self.filter)
            .field("primary_only", &self.primary_only)
            .field("leaks", &self.leaks)
            .field("cap", &self.cap)
            .field("counts_pages", &self.counts_pages)
            .field("begins_empty", &self.begins_empty)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

/// The parameters of an integration: address; size, and position of a page; the member that has the users.
type Names = (
    Option<&'static str>,
    [&'static str; 2],
    Option<&'static str>,
);

fn names(integration: &str) -> Names {
    match integration {
        "dixa" => (Some("email"), ["pageLimit", "pageKey"], Some("data")),
        "gorgias" => (Some("email"), ["limit", "cursor"], Some("data")),
        "hive" => (Some("email"), ["", ""], None),
        "pivotal_tracker" => (None, ["", ""], None),
        "planhat" => (Some("email"), ["limit", "offset"], None),
        "teamwork" => (Some("emailaddress"), ["pageSize", "page"], Some("people")),
        other => panic!("{other} has no directory yet"),
    }
}

/// A user as the provider writes one.
pub fn user(integration: &str, serial: usize, addresses: &[String]) -> Value {
    let first = addresses.first();
    let rest = addresses.get(1..).unwrap_or_default();
    let id = serial.to_string();
    match integration {
        "dixa" => json!({"id": id, "displayName": "A", "email": first, "additionalEmails": rest}),
        "gorgias" => json!({"id": serial, "name": "A", "email": first}),
        "hive" => json!({"id": id, "fullName": "A", "email": first}),
        "pivotal_tracker" => json!({"id": serial, "person": {"name": "A", "email": first}}),
        "planhat" => json!({"_id": id, "nickName": "A", "email": first}),
        "teamwork" => json!({
            "id": id, "email-address": first, "email-alt-1": "", "email-alt-2": rest.first(), "email-alt-3": rest.get(1),
        }),
        other => panic!("{other} has no directory yet"),
    }
}

/// Whether users of an integration have further addresses.
pub fn has_further(integration: &str) -> bool {
    matches!(integration, "dixa" | "teamwork")
}

impl Provider {
    /// Whether a look-up of this address, in this spelling or in lower case, shows an entry.
    pub fn shows(&self, entry: &Entry, address: &str) -> bool {
        let lower = address.to_ascii_lowercase();
        let (by_email, _, _) = names(self.integration);
        by_email.is_none() || self.finds(entry, address) || self.finds(entry, &lower)
    }

    fn finds(&self, entry: &Entry, given: &str) -> bool {
        let regarded = if self.primary_only { 1 } else { usize::MAX };
        let mut addresses = entry.addresses.iter().take(regarded);
        self.filter == Filter::PassedOver
            || (self.leaks && entry.addresses.is_empty())
            || addresses.any(|stored| self.filter.finds(given, stored))
    }

    /// Whether only the last page is shorter than asked for, where nothing else tells which is the last.
    pub fn pages_are_full(&self) -> bool {
        match self.integration {
            "planhat" => self.cap.is_none(),
            "teamwork" => self.cap.is_none() || self.counts_pages,
            _ => true,
        }
    }

    /// The users of a response, as it has them.
    pub fn users_of(&self, body: &[u8]) -> Vec<Value> {
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let (_, _, member) = names(self.integration);
        let users = member.map_or(&body, |member| &body[member]);
        users.as_array().expect("an array of users").clone()
    }

    pub fn respond(
        &mut self,
        request: &ProviderRequest,
    ) -> Result<ProviderResponse, TransportError> {
        let target = request.url.strip_prefix(SERVER).expect("its own server");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let value = |name: &str| {
            let mut found = query.iter().filter(|(given, _)| given == name);
            let value = found.next().map(|(_, value)| value.clone());
            assert!(found.next().is_none(), "{target}: {name} once");
            value
        };
        let (by_email, [size, position], _) = names(self.integration);
        let given = by_email.and_then(value);
        self.requests.push((path.to_owned(), given.clone()));
        let number = u32::try_from(self.requests.len()).expect("few requests");
        assert!(number <= 32, "more than 32 requests");
        match self.failure.filter(|(at, _)| *at == number) {
            None => {}
            Some((_, Failure::Status(status))) => return Ok(provider_response(status, &[], "{}")),
            Some((_, Failure::Body(body))) => return Ok(provider_response(200, &[], body)),
            Some((_, Failure::Lost)) => {
                return Err(TransportError::ConnectionLost("reset".to_owned()));
            }
            Some((_, Failure::Deadline)) => return Err(TransportError::Deadline(true)),
        }
        let shown = self.entries.iter().filter(|entry| entry.from <= number);
        let shown: Vec<&Entry> = shown
            .filter(|entry| given.as_ref().is_none_or(|it| self.finds(entry, it)))
            .collect();
        let asked = value(size).map(|size| size.parse::<usize>().expect("a size"));
        let size = asked.map_or(usize::MAX, |size| size.min(self.cap.unwrap_or(usize::MAX)));
        Ok(self.page(&shown, size, value(position).as_deref()))
    }

    fn page(&self, shown: &[&Entry], size: usize, position: Option<&str>) -> ProviderResponse {
        let users = |from: usize, size: usize| -> Vec<&Value> {
            let entries = shown.iter().skip(from).take(size);
            entries.map(|entry| &entry.json).collect()
        };
        match self.integration {
            "dixa" | "gorgias" => {
                let after = position.map(|key| key.strip_prefix("k+/").expect("our own key"));
                let after = after.map(|key| key.parse::<usize>().expect("our own key"));
                let is_empty = after.is_none() && self.begins_empty;
                let size = if is_empty { 0 } else { size };
                let from = shown.partition_point(|entry| entry.serial <= after.unwrap_or(0));
                let end = from.saturating_add(size).min(shown.len());
                let last = shown[from..end].last().map_or(0, |entry| entry.serial);
                let next = (end < shown.len()).then(|| format!("k+/{last}"));
                let meta = if self.integration == "dixa" {
                    let url = next.map(|key| {
                        let mut query = form_urlencoded::Serializer::new(String::new());
                        query
                            .append_pair("pageLimit", "9")
                            .append_pair("pageKey", &key);
                        format!("https://dev.dixa.io/v1/agents?{}", query.finish())
                    });
                    json!({ "next": url })
                } else {
                    json!({"prev_cursor": null, "next_cursor": next})
                };
                let body = json!({"data": users(from, size), "meta": meta}).to_string();
                provider_response(200, &[], &body)
            }
            "planhat" => {
                let from = position.map_or(0, |offset| offset.parse().expect("an offset"));
                provider_response(200, &[], &json!(users(from, size)).to_string())
            }
            "teamwork" => {
                let page: usize = position.map_or(1, |page| page.parse().expect("a page"));
                let users = users((page - 1) * size, size);
                let pages = shown.len().div_ceil(size).to_string();
                let headers = [("X-Pages", pages.as_str())];
                let headers = if self.counts_pages { &headers[..] } else { &[] };
                let body = json!({"STATUS": "OK", "people": users}).to_string();
                provider_response(200, headers, &body)
            }
            _ => provider_response(200, &[], &json!(users(0, usize::MAX)).to_string()),
        }
    }
}
