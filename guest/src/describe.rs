//! What is derived from the tables: what `integrations` lists, and the README's matrix.

use serde::Serialize;

use crate::account::credential_names;
use crate::bindings::integrations;
use crate::field::{Field, ResponseField};
use crate::integration::{ALL, Integration, OperationName, Setting, Table};
use crate::plan::need;

/// Every integration, as the contract lists them.
#[must_use]
pub fn integrations() -> Vec<integrations::Integration> {
    ALL.into_iter().map(integration).collect()
}

/// An integration, as the contract describes it.
#[must_use]
pub fn integration(integration: &Integration) -> integrations::Integration {
    let create = operation(integration, &integration.create, OperationName::Create);
    let update = integration
        .update
        .as_ref()
        .map(|update| operation(integration, update, OperationName::Update));
    integrations::Integration {
        name: integration.name.to_owned(),
        title: integration.title.to_owned(),
        docs: integration.docs.to_owned(),
        base_url: integration.base_url.to_owned(),
        settings: integration.settings.iter().map(setting).collect(),
        credentials: integration
            .auth
            .iter()
            .map(|auth| {
                credential_names(auth)
                    .into_iter()
                    .map(str::to_owned)
                    .collect()
            })
            .collect(),
        operations: std::iter::once(create).chain(update).collect(),
    }
}

fn setting(setting: &Setting) -> integrations::Setting {
    integrations::Setting {
        name: setting.name.to_owned(),
        description: setting.description.to_owned(),
        default: setting.default.map(str::to_owned),
        in_host: setting.in_host,
    }
}

fn operation(
    integration: &Integration,
    operation: &Table,
    name: OperationName,
) -> integrations::Operation {
    integrations::Operation {
        name: name.as_str().to_owned(),
        method: operation.method.to_owned(),
        path: operation.path.to_owned(),
        docs: operation.docs.to_owned(),
        fields: operation
            .fields
            .iter()
            .map(|rule| integrations::Field {
                name: rule.field.name().to_owned(),
                required: rule.required,
                values: rule
                    .values
                    .iter()
                    .map(|value| (*value).to_owned())
                    .collect(),
                single: rule.single,
            })
            .collect(),
        collections: operation
            .collection()
            .map(str::to_owned)
            .into_iter()
            .collect(),
        conditions: conditions(integration, operation),
        response: operation
            .response
            .iter()
            .map(|field| field.name().to_owned())
            .collect(),
    }
}

/// What the provider needs beyond required fields, in sentences.
fn conditions(integration: &Integration, operation: &Table) -> Vec<String> {
    let mut conditions: Vec<String> = operation
        .needs
        .iter()
        .map(|fields| need(integration, fields))
        .collect();
    for rule in operation.fields {
        let name = rule.field.name();
        if rule.by_id {
            conditions.push(format!("each entry of `{name}` needs an `id`"));
        }
        if rule.object {
            conditions.push(format!("`{name}` must be an object"));
        }
    }
    conditions
}

/// The matrix of integrations and fields in Markdown, one table per operation.
///
/// `●` is required, `○` supported, `→` comes back in the answer.
#[must_use]
pub fn matrix() -> String {
    let mut matrix = String::new();
    let creates: Vec<Column<'_>> = ALL
        .into_iter()
        .map(|each| Column::new(each, &each.create))
        .collect();
    let updates: Vec<Column<'_>> = ALL
        .into_iter()
        .filter_map(|each| Some(Column::new(each, each.update.as_ref()?)))
        .collect();
    for (title, columns) in [("Create", creates), ("Update", updates)] {
        if !matrix.is_empty() {
            matrix.push('\n');
        }
        table(&mut matrix, title, &columns);
    }
    matrix
}

/// What a matrix says of one integration.
struct Column<'a> {
    title: &'a str,
    fields: &'a [crate::field::Rule],
    response: &'a [ResponseField],
    collection: Option<&'a str>,
}

impl<'a> Column<'a> {
    fn new(integration: &'a Integration, operation: &'a Table) -> Self {
        Self {
            title: integration.title,
            fields: operation.fields,
            response: operation.response,
            collection: operation.collection(),
        }
    }

    /// The cell of a name that the request, the answer or both have.
    fn cell(&self, name: &str) -> String {
        let rule = self.fields.iter().find(|rule| rule.field.name() == name);
        let asked = match rule {
            Some(rule) if rule.required => "●",
            Some(_) => "○",
            None if name == "collections" && self.collection.is_some() => "●",
            None => "",
        };
        let given = if self.response.iter().any(|field| field.name() == name) {
            "→"
        } else {
            ""
        };
        [asked, given]
            .into_iter()
            .filter(|mark| !mark.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn table(matrix: &mut String, title: &str, columns: &[Column<'_>]) {
    let titles = std::iter::once(title).chain(columns.iter().map(|column| column.title));
    let mut rows = vec![titles.map(str::to_owned).collect::<Vec<String>>()];
    let request = Field::ALL.into_iter().map(Field::name);
    let answer = ResponseField::ALL.into_iter().map(ResponseField::name);
    let answer = answer.filter(|name| Field::ALL.iter().all(|field| field.name() != *name));
    for name in std::iter::once("collections").chain(request).chain(answer) {
        let cells: Vec<String> = columns.iter().map(|column| column.cell(name)).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push(std::iter::once(format!("`{name}`")).chain(cells).collect());
        }
    }
    // As wide as the widest cell, so that it reads well without being rendered.
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..=columns.len()).map(width).collect();
    for (position, row) in rows.iter().enumerate() {
        line(matrix, row, &widths);
        if position == 0 {
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            line(matrix, &rule, &widths);
        }
    }
}

fn line(matrix: &mut String, cells: &[String], widths: &[usize]) {
    for (cell, width) in cells.iter().zip(widths) {
        matrix.push_str("| ");
        matrix.push_str(cell);
        matrix.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 1));
    }
    matrix.push_str("|\n");
}

/// The JSON of one or all integrations, in the words of the published tables.
#[must_use]
pub fn json(integrations: &[integrations::Integration]) -> Vec<u8> {
    crate::json::write(&integrations.iter().map(Described::from).collect::<Vec<_>>())
}

#[derive(Serialize)]
struct Described<'a> {
    name: &'a str,
    title: &'a str,
    docs: &'a str,
    base_url: &'a str,
    settings: Vec<DescribedSetting<'a>>,
    credentials: &'a [Vec<String>],
    operations: Vec<DescribedOperation<'a>>,
}

#[derive(Serialize)]
struct DescribedSetting<'a> {
    name: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'a str>,
    in_host: bool,
}

#[derive(Serialize)]
struct DescribedOperation<'a> {
    name: &'a str,
    method: &'a str,
    path: &'a str,
    docs: &'a str,
    request: DescribedRequest<'a>,
    response: &'a [String],
}

#[derive(Serialize)]
struct DescribedRequest<'a> {
    required: Vec<&'a str>,
    supported: Vec<&'a str>,
    collections: &'a [String],
    values: std::collections::BTreeMap<&'a str, &'a [String]>,
    conditions: &'a [String],
}

impl<'a> From<&'a integrations::Integration> for Described<'a> {
    fn from(integration: &'a integrations::Integration) -> Self {
        let integrations::Integration {
            name,
            title,
            docs,
            base_url,
            settings,
            credentials,
            operations,
        } = integration;
        let setting = |setting: &'a integrations::Setting| {
            let integrations::Setting {
                name,
                description,
                default,
                in_host,
            } = setting;
            DescribedSetting {
                name,
                description,
                default: default.as_deref(),
                in_host: *in_host,
            }
        };
        Self {
            name,
            title,
            docs,
            base_url,
            settings: settings.iter().map(setting).collect(),
            credentials,
            operations: operations.iter().map(DescribedOperation::from).collect(),
        }
    }
}

impl<'a> From<&'a integrations::Operation> for DescribedOperation<'a> {
    fn from(operation: &'a integrations::Operation) -> Self {
        let integrations::Operation {
            name,
            method,
            path,
            docs,
            fields,
            collections,
            conditions,
            response,
        } = operation;
        let names = |required| {
            fields
                .iter()
                .filter(move |field| field.required == required)
                .map(|field| field.name.as_str())
        };
        let limited = fields.iter().filter(|field| !field.values.is_empty());
        Self {
            name,
            method,
            path,
            docs,
            request: DescribedRequest {
                required: names(true).collect(),
                supported: names(false).collect(),
                collections,
                values: limited
                    .map(|field| (field.name.as_str(), field.values.as_slice()))
                    .collect(),
                conditions,
            },
            response,
        }
    }
}
