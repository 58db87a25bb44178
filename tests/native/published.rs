//! The compiled tables, compared with a byte copy of the published ones, `tests/published.json`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use unified_ticketing_guest::bindings::types::{CallResult, Safety};
use unified_ticketing_guest::field::{Field, ResponseField, Rule};
use unified_ticketing_guest::integration::{ALL, Body, Integration, Operation, OperationName};

fn published() -> Value {
    serde_json::from_str(include_str!("../published.json")).expect("the published tables are JSON")
}

/// The operations that the published tables have.
fn operations() -> impl Iterator<Item = OperationName> {
    let tables = published();
    let operations = OperationName::ALL.iter().copied();
    operations.filter(move |operation| tables.get(operation.verb()).is_some())
}

fn names(array: &Value) -> BTreeSet<&str> {
    array
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flat_map(Map::iter)
        .map(|(name, value)| (name.as_str(), value))
}

/// The published integrations whose row of an operation fits.
fn having(operation: OperationName, fits: impl Fn(&Operation) -> bool) -> BTreeSet<&'static str> {
    let published = published();
    let is_published = |integration: &&&Integration| {
        operations()
            .any(|each| names(&published[each.verb()]["integrations"]).contains(integration.name))
    };
    ALL.iter()
        .filter(is_published)
        .filter(|integration| {
            let row = integration
                .operation(operation)
                .filter(|row| !row.extension);
            row.is_some_and(&fits)
        })
        .map(|integration| integration.name)
        .collect()
}

#[test]
fn operations_match_published_tables() {
    let published = published();
    for operation in operations() {
        let name = operation.verb();
        assert_eq!(
            having(operation, |_| true),
            names(&published[name]["integrations"]),
            "{name}"
        );
    }
}

#[test]
fn request_fields_match_published_tables() {
    let published = published();
    for operation in operations() {
        let name = operation.verb();
        for field in Field::ALL {
            let table = &published[name]["request"][field.name()];
            for (member, required) in [("required", true), ("supported", false)] {
                let such = |rule: &Rule| rule.field == field && rule.required == required;
                let ours = having(operation, |row| row.fields.iter().any(such));
                assert_eq!(
                    ours,
                    names(&table[member]),
                    "{name} {} {member}",
                    field.name()
                );
            }
            for (integration, values) in members(&table["enum_by_integration"]) {
                let integration = unified_ticketing_guest::integration::find(integration)
                    .expect("a known integration");
                let row = integration
                    .operation(operation)
                    .expect("a published operation");
                let rule = row
                    .fields
                    .iter()
                    .find(|rule| rule.field == field)
                    .expect("a field that is published");
                assert_eq!(
                    rule.values.iter().copied().collect::<BTreeSet<_>>(),
                    names(values),
                    "{name} {}",
                    field.name()
                );
            }
        }
    }
}

#[test]
fn response_fields_match_published_tables() {
    let published = published();
    for operation in operations() {
        let name = operation.verb();
        for field in ResponseField::ALL {
            let ours = having(operation, |row| row.response.contains(&field));
            let table = names(&published[name]["response"][field.name()]["supported"]);
            assert_eq!(ours, table, "{name} {}", field.name());
        }
    }
}

#[test]
fn collections_match_published_tables() {
    let published = published();
    for operation in operations() {
        let name = operation.verb();
        let ours = having(operation, |row| row.collection().is_some());
        assert_eq!(
            ours,
            names(&published[name]["query"]["collections"]["required"]),
            "{name}"
        );
    }
}

#[test]
fn field_names_match_published_order() {
    let published = published();
    let top = |table: &Value| -> Vec<String> {
        members(table)
            .map(|(name, _)| name.to_owned())
            .filter(|name| !name.contains('[') && name != "remote_data")
            .collect()
    };
    let request: Vec<&str> = Field::ALL.into_iter().map(Field::name).collect();
    assert_eq!(top(&published["create"]["request"]), request);
    for update in top(&published["update"]["request"]) {
        assert!(request.contains(&update.as_str()), "{update}");
    }
    let response: Vec<&str> = ResponseField::ALL
        .into_iter()
        .map(ResponseField::name)
        .collect();
    assert_eq!(top(&published["create"]["response"]), response);
    assert_eq!(top(&published["update"]["response"]), response);
}

#[test]
fn integration_tables_are_consistent() {
    let listed: Vec<&str> = ALL.iter().map(|integration| integration.name).collect();
    assert!(listed.is_sorted_by(|a, b| a < b), "{listed:?}");
    for integration in ALL {
        let name = integration.name;
        assert!(
            integration.docs.starts_with("https://"),
            "{name} links to its documentation"
        );
        assert!(!integration.auth.is_empty(), "{name} authenticates");
        let known = |placeholder: &str| {
            ["id", "project"].contains(&placeholder)
                || integration
                    .settings
                    .iter()
                    .any(|setting| setting.name == placeholder)
        };
        for Operation {
            name: operation,
            path,
            query,
            fields,
            docs,
            safety,
            body,
            list,
            effect,
            ..
        } in integration.operations
        {
            let expected = match operation.result() {
                CallResult::Created => Safety::Once,
                CallResult::Updated | CallResult::Deleted => Safety::Idempotent,
                CallResult::Read => Safety::Safe,
            };
            let has_id = path.contains("{id}") || matches!(body, Body::Id(_));
            let operation_name = operation;
            let operation = operation.as_str();
            assert_eq!(has_id, operation_name.has_id(), "{name} {operation}");
            assert_eq!(*safety, expected, "{name} {operation}");
            let is_list = *operation_name == OperationName::List;
            assert_eq!(list.is_some(), is_list, "{name} {operation}");
            let takes_fields = matches!(body, Body::Fields(_));
            assert_eq!(
                takes_fields,
                operation_name.has_fields(),
                "{name} {operation}"
            );
            let deletes = *operation_name == OperationName::Delete;
            assert_eq!(
                effect.is_some(),
                deletes,
                "{name} {operation}: what deleting means"
            );
            assert!(
                docs.starts_with("https://"),
                "{name} {operation} links to its documentation"
            );
            for placeholder in path.split('{').skip(1) {
                let placeholder = placeholder.split('}').next().unwrap_or_default();
                assert!(known(placeholder), "{name} {operation}: {placeholder}");
            }
            for (_, setting) in *query {
                assert!(known(setting), "{name} {operation}: {setting}");
            }
            let order: Vec<usize> = fields
                .iter()
                .filter_map(|rule| Field::ALL.iter().position(|field| *field == rule.field))
                .collect();
            assert!(
                order.windows(2).all(|pair| pair[0] < pair[1]),
                "{name} {operation}: fields in the published order, once"
            );
        }
        for setting in integration
            .settings
            .iter()
            .filter(|setting| setting.in_host)
        {
            assert!(
                integration
                    .base_url
                    .contains(&format!("{{{}}}", setting.name)),
                "{name}: {}",
                setting.name
            );
            assert!(
                setting.default.is_none_or(setting.accepts),
                "{name}: {}",
                setting.name
            );
        }
    }
}
