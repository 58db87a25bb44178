//! One parameter of a query: its decoding, and its brackets.

use std::borrow::Cow;

/// One parameter: `name[key][key]=value`.
#[derive(Debug)]
pub(super) struct Parameter<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) value: Cow<'a, str>,
}

impl Parameter<'_> {
    /// The name before the brackets, and what is in them.
    pub(super) fn keys(&self) -> (&str, Vec<&str>) {
        let Some((base, rest)) = self.name.split_once('[') else {
            return (&self.name, Vec::new());
        };
        match rest.strip_suffix(']') {
            Some(keys) => (base, split(keys)),
            None => (&self.name, Vec::new()),
        }
    }

    /// Whether it is this one, which has one value. Clients that spell every parameter as an array spell this one so, too.
    pub(super) fn is_scalar(&self, name: &str) -> bool {
        let Some(rest) = self.name.strip_prefix(name) else {
            return false;
        };
        let index = rest
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        rest.is_empty()
            || index.is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Whether the name is one that this API may have, in this version or another: such a parameter must not be ignored.
    pub(super) fn is_reserved(&self) -> bool {
        let name = self.name.trim_start().as_bytes();
        RESERVED.iter().any(|prefix| {
            let start = name.get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        })
    }
}

/// The prefixes of this API's own parameters.
const RESERVED: [&str; 2] = ["truto_", "unified_"];

/// Keys between `][`.
fn split(mut keys: &str) -> Vec<&str> {
    let mut split = Vec::new();
    while let Some(end) = keys.as_bytes().windows(2).position(|pair| pair == b"][")
        && let (Some(key), Some(rest)) = (keys.get(..end), keys.get(end + 2..))
    {
        split.push(key);
        keys = rest;
    }
    split.push(keys);
    split
}

/// One parameter, decoded where there is something to decode: most have nothing.
pub(super) fn parameter(encoded: &str) -> Option<Parameter<'_>> {
    if encoded.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        let (name, value) = form_urlencoded::parse(encoded.as_bytes()).next()?;
        return Some(Parameter { name, value });
    }
    let (name, value) = encoded.split_once('=').unwrap_or((encoded, ""));
    Some(Parameter {
        name: Cow::Borrowed(name),
        value: Cow::Borrowed(value),
    })
}
