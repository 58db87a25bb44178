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
    operation: String,
    form: Form,
    body: Value,
    status: u16,
    response: Value,
}

/// The form of a response.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    /// The default one, or `normalized`, which is a case of it.
    Default,
    /// A plan, for a dry run.
    Plan,
    /// The format `debug`.
    Debug,
    /// An error.
    Error,
}

impl Example {
    fn is_accepted(&self, operation: OperationName) -> bool {
        self.operation == operation.as_str() && self.form != Form::Error
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
    let accepted = examples.iter();
    let accepted = accepted.filter(|example| example.is_accepted(operation));
    entries(accepted, |example| &example.body)
}

/// The responses to accepted bodies, in the default form.
pub(super) fn successes(operation: OperationName, examples: &[Example]) -> Map<String, Value> {
    let accepted = examples
        .iter()
        .filter(|example| example.is_accepted(operation) && example.form == Form::Default);
    entries(accepted, |example| &example.response)
}

/// The responses of another form, of these operations, without names.
pub(super) fn values(form: Form, operations: &[&str], examples: &[Example]) -> Value {
    let examples = examples
        .iter()
        .filter(|example| example.form == form && operations.contains(&example.operation.as_str()));
    examples.map(|example| example.response.clone()).collect()
}

/// Errors of a status.
pub(super) fn errors(status: u16, examples: &[Example]) -> Map<String, Value> {
    let examples = examples.iter();
    entries(
        examples.filter(|example| example.form == Form::Error && example.status == status),
        |example| &example.response,
    )
}
