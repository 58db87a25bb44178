//! Reads the query of the published API, in every spelling that its clients send.
//!
//! `a[b]=c`, `a[]=b`, `a[0]=b`, `a[0][id]=1` and `a[][id]=1`, percent-encoded or not; `+` is a space. Decoding is the
//! `form_urlencoded` crate's. Reading the brackets is our own: the crates that do it give up at the first fault, do not read
//! `a[][id]`, and let the last of two values win in silence.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::bindings::types::{Collection, FindingCode as Code, Format, Location, Options};
use crate::findings::{Findings, quoted};

/// The parameter that names the account.
pub const ACCOUNT: &str = "integrated_account_id";

/// What a query says, besides the account.
#[derive(Debug, PartialEq)]
pub struct Query {
    /// How the call is made and answered.
    pub options: Options,
    /// Whether to answer with the plan, and send nothing.
    pub dry_run: bool,
}

/// One parameter: `name[key][key]=value`.
struct Parameter<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
}

impl Parameter<'_> {
    /// The name before the brackets, and what is in them.
    fn keys(&self) -> (&str, Vec<&str>) {
        let Some((base, rest)) = self.name.split_once('[') else {
            return (&self.name, Vec::new());
        };
        match rest.strip_suffix(']') {
            Some(keys) => (base, split(keys)),
            None => (&self.name, Vec::new()),
        }
    }

    /// Whether it is this one, which has one value. Clients that spell every parameter as a list spell this one so, too.
    fn is_scalar(&self, name: &str) -> bool {
        let Some(rest) = self.name.strip_prefix(name) else {
            return false;
        };
        let index = rest
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        rest.is_empty()
            || index.is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Whether the name is one that this API may have, in this version or another: what it asks for must not be passed over.
    fn is_reserved(&self) -> bool {
        let name = self.name.trim_start().as_bytes();
        RESERVED.iter().any(|prefix| {
            let begin = name.get(..prefix.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(prefix.as_bytes()))
        })
    }
}

/// What the names of this API's own parameters begin with.
const RESERVED: [&str; 2] = ["truto_", "unified_"];

/// Keys between `][`.
fn split(mut keys: &str) -> Vec<&str> {
    let mut list = Vec::new();
    while let Some(end) = keys.as_bytes().windows(2).position(|pair| pair == b"][")
        && let (Some(key), Some(rest)) = (keys.get(..end), keys.get(end + 2..))
    {
        list.push(key);
        keys = rest;
    }
    list.push(keys);
    list
}

fn parameters(query: &str) -> Vec<Parameter<'_>> {
    query
        .split('&')
        .filter(|text| !text.is_empty())
        .filter_map(parameter)
        .collect()
}

/// One parameter, decoded where there is something to decode: most have nothing.
fn parameter(text: &str) -> Option<Parameter<'_>> {
    if text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        let (name, value) = form_urlencoded::parse(text.as_bytes()).next()?;
        return Some(Parameter { name, value });
    }
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    Some(Parameter {
        name: Cow::Borrowed(name),
        value: Cow::Borrowed(value),
    })
}

/// The query of a request target.
#[must_use]
pub fn of(target: &str) -> &str {
    target.split_once('?').map_or("", |(_, query)| query)
}

/// The account's id in a request target, as given; `None` when it is missing, or given more than once.
#[must_use]
pub fn account_id(target: &str) -> Option<String> {
    let mut ids = parameters(of(target))
        .into_iter()
        .filter(|parameter| parameter.is_scalar(ACCOUNT));
    match (ids.next(), ids.next()) {
        (Some(id), None) if !id.value.is_empty() => Some(id.value.into_owned()),
        _ => None,
    }
}

/// The account's id, checked.
///
/// # Errors
///
/// The findings, when it is missing, given twice, or no UUID.
pub fn account(query: &str) -> Result<String, Findings> {
    let mut findings = Findings::default();
    let parameters = parameters(query);
    match scalar(&parameters, ACCOUNT, &mut findings) {
        None | Some("") => {
            let message = format_args!("`{ACCOUNT}` is required: expected a UUID, but found none");
            findings.violation(Code::Required, Location::Query, ACCOUNT, message);
        }
        Some(id) if !is_uuid(id) => {
            findings.violation(
                Code::Format,
                Location::Query,
                ACCOUNT,
                format_args!("expected a UUID, but found {}", quoted(id)),
            );
        }
        Some(id) if findings.violations.is_empty() => return Ok(id.to_owned()),
        Some(_) => {}
    }
    Err(findings)
}

/// A UUID as RFC 9562 writes it: 36 characters with hyphens, in either case.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// Reads everything but the account's id.
#[must_use]
pub fn read(query: &str) -> (Query, Findings) {
    let parameters = parameters(query);
    let mut findings = Findings::default();
    let strict = boolean(&parameters, "unified_strict", &mut findings);
    findings.set_strict(strict);
    let options = Options {
        format: format(&parameters, &mut findings),
        ignore_remote_data: boolean(&parameters, "truto_ignore_remote_data", &mut findings),
        exclude_fields: Vec::new(),
        remote_query: Vec::new(),
        collections: Vec::new(),
        strict,
    };
    let dry_run = boolean(&parameters, "unified_dry_run", &mut findings);
    let mut query = Query { options, dry_run };
    let mut collections = Collections::default();
    let is_scalar =
        |parameter: &Parameter<'_>| SCALARS.iter().any(|name| parameter.is_scalar(name));
    for parameter in &parameters {
        if is_scalar(parameter) {
            continue;
        }
        let (base, keys) = parameter.keys();
        let value = parameter.value.as_ref();
        match (base, keys.as_slice()) {
            ("truto_exclude_fields", [] | [_]) => {
                let names = value
                    .split(',')
                    .map(str::trim)
                    .filter(|name| !name.is_empty());
                query
                    .options
                    .exclude_fields
                    .extend(names.map(str::to_owned));
            }
            ("remote_query", [name, keys @ ..]) if !name.is_empty() => {
                let mut name = (*name).to_owned();
                for key in keys {
                    name.push('[');
                    name.push_str(key);
                    name.push(']');
                }
                query.options.remote_query.push((name, value.to_owned()));
            }
            ("collections", [index, member @ ("id" | "type")]) => {
                collections.add(index, member, value, &mut findings);
            }
            ("collections" | "remote_query", _) => {
                let expected = if base == "collections" {
                    "collections[][id]"
                } else {
                    "remote_query[NAME]"
                };
                let message = format_args!(
                    "expected `{expected}`, but found {}",
                    quoted(&parameter.name)
                );
                findings.violation(Code::Type, Location::Query, base, message);
            }
            _ => {
                let (path, message) = (&parameter.name, "there is no such parameter");
                if parameter.is_reserved() {
                    findings.violation(Code::UnknownField, Location::Query, path, message);
                } else {
                    findings.tolerated(Code::UnknownField, Location::Query, path, message);
                }
            }
        }
    }
    query.options.collections = collections.finish(&mut findings);
    (query, findings)
}

/// The parameters that have one value.
const SCALARS: [&str; 5] = [
    ACCOUNT,
    "truto_response_format",
    "truto_ignore_remote_data",
    "unified_dry_run",
    "unified_strict",
];

/// The one value of a parameter.
fn scalar<'a>(
    parameters: &'a [Parameter<'_>],
    name: &str,
    findings: &mut Findings,
) -> Option<&'a str> {
    let mut values = parameters
        .iter()
        .filter(|parameter| parameter.is_scalar(name))
        .map(|parameter| parameter.value.as_ref());
    let first = values.next();
    let more = values.count();
    if more > 0 {
        let message = format_args!("expected one value, but found {}", more + 1);
        findings.violation(Code::TooMany, Location::Query, name, message);
    }
    first
}

fn boolean(parameters: &[Parameter<'_>], name: &str, findings: &mut Findings) -> bool {
    match scalar(parameters, name, findings) {
        // In any case: Python writes `True`.
        Some(value) if value.eq_ignore_ascii_case("true") => true,
        None => false,
        Some(value) if value.eq_ignore_ascii_case("false") => false,
        Some(other) => {
            let message = format_args!("expected `true` or `false`, but found {}", quoted(other));
            findings.violation(Code::Type, Location::Query, name, message);
            false
        }
    }
}

fn format(parameters: &[Parameter<'_>], findings: &mut Findings) -> Format {
    let name = "truto_response_format";
    match scalar(parameters, name, findings) {
        None | Some("unified") => Format::Unified,
        Some("raw") => Format::Raw,
        Some("normalized") => Format::Normalized,
        Some(other) => {
            let message = format_args!(
                "expected `unified`, `raw` or `normalized`, but found {}",
                quoted(other)
            );
            findings.violation(Code::Enum, Location::Query, name, message);
            Format::Unified
        }
    }
}

/// Entries of `collections` as they come in: by their index, or, where the brackets are empty, in turn.
#[derive(Default)]
struct Collections<'a> {
    entries: Vec<Entry<'a>>,
    /// Where the last entry of an index is.
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
    fn add(&mut self, index: &'a str, name: &str, value: &'a str, findings: &mut Findings) {
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

    fn finish(self, findings: &mut Findings) -> Vec<Collection> {
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
