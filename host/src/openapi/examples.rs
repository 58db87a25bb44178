//! Examples: golden cases, with the component's responses. A test keeps them current.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use unified_ticketing_guest::integration::OperationName;

/// A call of a golden case.
#[derive(Deserialize)]
pub(super) struct Example {
    /// The case: the integration, and its aspect.
    case: String,
    /// The case's subject, in a sentence.
    about: String,
    update: bool,
    body: Value,
    status: u16,
    response: Value,
}

impl Example {
    fn is_of(&self, operation: OperationName) -> bool {
        self.update == (operation == OperationName::Update)
    }

    fn entry(&self, value: &Value) -> (String, Value) {
        (
            self.case.replace('/', "-"),
            json!({ "summary": self.about, "value": value }),
        )
    }
}

/// Every example; none if the embedded file were not the one that a test checks.
pub(super) fn all() -> Vec<Example> {
    serde_json::from_str(include_str!("examples.json")).unwrap_or_default()
}

fn entries<'a>(
    examples: impl Iterator<Item = &'a Example>,
    value: fn(&Example) -> &Value,
) -> Map<String, Value> {
    examples
        .map(|example| example.entry(value(example)))
        .collect()
}

/// Bodies of an operation that were accepted.
pub(super) fn bodies(operation: OperationName, examples: &[Example]) -> Map<String, Value> {
    let accepted = examples
        .iter()
        .filter(|example| example.is_of(operation) && example.status == 200);
    entries(accepted, |example| &example.body)
}

/// The responses to accepted bodies.
pub(super) fn successes(operation: OperationName, examples: &[Example]) -> Map<String, Value> {
    let accepted = examples
        .iter()
        .filter(|example| example.is_of(operation) && example.status == 200);
    entries(accepted, |example| &example.response)
}

/// Errors of a status.
pub(super) fn errors(status: u16, examples: &[Example]) -> Map<String, Value> {
    entries(
        examples.iter().filter(|example| example.status == status),
        |example| &example.response,
    )
}
