//! Checks the options of a call.

use crate::bindings::types::{Collection, FindingCode as Code, Location, Options};
use crate::field::{OptionField, REMOTE_DATA, ResponseField};
use crate::findings::{Findings, quoted};
use crate::integration::{Integration, Operation};

pub(super) fn check_options(integration: &Integration, options: &Options, findings: &mut Findings) {
    for (name, _) in &options.remote_query {
        if integration.authenticates(name) {
            let base = name.split('[').next().unwrap_or_default();
            findings.violation(
                Code::UnsupportedField,
                Location::Query,
                findings.remote_query_path(name),
                format_args!(
                    "{} authenticates the account and cannot be set",
                    quoted(base)
                ),
            );
        }
    }
    for name in &options.exclude_fields {
        if name != REMOTE_DATA && ResponseField::ALL.iter().all(|field| field.name() != name) {
            findings.tolerated(
                Code::UnknownField,
                Location::Query,
                findings.option_name(OptionField::ExcludeFields),
                format_args!(
                    "expected a field of the response, but found {}",
                    quoted(name)
                ),
            );
        }
    }
}

/// The id of the collection that the operation needs.
pub(super) fn check_collections<'a>(
    integration: &Integration,
    operation: &Operation,
    options: &'a Options,
    findings: &mut Findings,
) -> Option<&'a str> {
    let path = findings.option_name(OptionField::Collections);
    let Some(kind) = operation.collection() else {
        if !options.collections.is_empty() {
            let message = format_args!("{} does not take `collections`", integration.title);
            findings.tolerated(Code::UnsupportedField, Location::Query, path, message);
        }
        return None;
    };
    let fits = |entry: &&Collection| entry.type_.as_deref().is_none_or(|given| given == kind);
    let found: Vec<&Collection> = options.collections.iter().filter(fits).collect();
    match found.as_slice() {
        [] => {
            let message = format_args!(
                "{} requires a collection of type `{kind}`, but found none",
                integration.title
            );
            findings.violation(Code::Required, Location::Query, path, message);
            None
        }
        [collection] if is_number(&collection.id) => Some(&collection.id),
        [collection] => {
            let message = format_args!(
                "expected the digits of a {kind}'s id, but found {}",
                quoted(&collection.id)
            );
            findings.violation(Code::Format, Location::Query, path, message);
            None
        }
        more => {
            let message = format_args!(
                "expected one collection of type `{kind}`, but found {}",
                more.len()
            );
            findings.violation(Code::TooMany, Location::Query, path, message);
            None
        }
    }
}

fn is_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}
