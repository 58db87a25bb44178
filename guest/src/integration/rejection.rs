//! Why a provider rejected a request, as its own response says.

use crate::bindings::types::ErrorCode;
use crate::field::Field;
use crate::findings::{MAX_FINDINGS, MAX_MESSAGE};
use crate::json::{Value, escaped};
use crate::member::string;

/// Why a provider rejected a request, as its own body says.
#[derive(Debug, Default, PartialEq)]
pub struct Rejection {
    /// The code, where the body says more than the status. Without it, the status decides.
    pub code: Option<ErrorCode>,
    /// The provider's own sentence.
    pub message: Option<String>,
    /// The fields that it rejects.
    pub fields: RejectedFields,
}

/// Fields that a provider rejects, up to [`MAX_FINDINGS`] of them; the rest is counted.
#[derive(Debug, Default, PartialEq)]
pub struct RejectedFields {
    /// The fields that are reported.
    pub reported: Vec<RejectedField>,
    /// How many are not reported.
    pub left_out: usize,
}

impl RejectedFields {
    pub(super) fn push(&mut self, field: Option<Field>, path: &str, message: &str) {
        if self.reported.len() == MAX_FINDINGS {
            self.left_out += 1;
        } else {
            self.reported.push(RejectedField {
                field,
                path: path.to_owned(),
                message: message.to_owned(),
            });
        }
    }
}

/// A field that a provider rejects.
#[derive(Debug, PartialEq)]
pub struct RejectedField {
    /// The unified field, where the provider's own is made of one.
    pub field: Option<Field>,
    /// Its location in the provider's request: a JSON Pointer of the provider's names.
    pub path: String,
    /// The provider's sentence.
    pub message: String,
}

/// The sentences of an array of strings, or of objects that have one in a usual member; or of a string alone.
pub(super) fn sentences<'a>(array: &'a Value<'_>) -> impl Iterator<Item = String> + 'a {
    array.entries().filter_map(|entry| sentence(&entry))
}

fn sentence(entry: &Value<'_>) -> Option<String> {
    match entry.as_str() {
        Some(sentence) => Some(sentence.to_owned()).filter(|sentence| !sentence.is_empty()),
        None => ["detail", "title", "message", "error"]
            .iter()
            .find_map(|name| string(entry, name)),
    }
}

/// Sentences as one, up to where a message is long enough: a provider may send any number of them.
pub(super) fn joined_sentences(
    sentences: impl Iterator<Item = String>,
    between: &str,
) -> Option<String> {
    let mut joined = String::new();
    for sentence in sentences {
        if joined.len() > MAX_MESSAGE {
            break;
        }
        if !joined.is_empty() {
            joined.push_str(between);
        }
        joined.push_str(&sentence);
    }
    (!joined.is_empty()).then_some(joined)
}

/// Reasons nest as deep as the fields that they are about; deeper ones are not read.
const MAX_REASON_DEPTH: usize = 4;

/// The sentences of reasons by name: `{"role": {"name": ["…", …]}}`. `found` takes the JSON Pointer and the sentence of each.
pub(super) fn reasons(
    value: &Value<'_>,
    path: &str,
    depth: usize,
    found: &mut dyn FnMut(&str, &str),
) {
    if depth > MAX_REASON_DEPTH {
        return;
    }
    if let Some(members) = value.as_object() {
        for (name, reasons_of_member) in members.iter() {
            let path = format!("{path}/{}", escaped(&name));
            reasons(&reasons_of_member.into(), &path, depth + 1, found);
        }
        return;
    }
    for entry in value.entries() {
        match sentence(&entry) {
            Some(message) => found(path, &message),
            None if entry.as_object().is_some() => reasons(&entry, path, depth + 1, found),
            None => {}
        }
    }
}
