//! Descriptions that are derived from the tables: the list of `integrations`, and the README's matrix.

use serde::Serialize;

use crate::account::{authentication, credential_names, scheme};
use crate::bindings::integrations;
use crate::field::{Field, ResponseField};
use crate::integration::{ALL, Auth, Integration, Operation, OperationName, Scheme, Setting, find};
use crate::plan::need;

/// Every integration, as the contract lists them.
#[must_use]
pub fn integrations() -> Vec<integrations::Integration> {
    ALL.iter().copied().map(integration).collect()
}

/// An integration, as the contract describes it.
#[must_use]
pub fn integration(integration: &Integration) -> integrations::Integration {
    integrations::Integration {
        name: integration.name.to_owned(),
        title: integration.title.to_owned(),
        docs: integration.docs.to_owned(),
        base_url: integration.base_url.to_owned(),
        settings: integration.settings.iter().map(setting).collect(),
        credentials: integration.auth.iter().map(credentials).collect(),
        operations: integration
            .operations
            .iter()
            .map(|row| operation(integration, row))
            .collect(),
        rate: integration.rate.map(|rate| integrations::Rate {
            requests: rate.requests,
            seconds: rate.seconds,
            burst: rate.burst,
        }),
    }
}

fn credentials(auth: &Auth) -> integrations::Credentials {
    integrations::Credentials {
        names: credential_names(auth)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        scheme: match auth.scheme {
            Scheme::Plain(_) => integrations::Scheme::Plain,
            Scheme::Bearer(_) => integrations::Scheme::Bearer,
            Scheme::Basic(..) | Scheme::BasicUser(..) => integrations::Scheme::Basic,
        },
        header: auth.header.to_owned(),
    }
}

/// The headers that authenticate with these credentials. Their values are secrets.
///
/// # Errors
///
/// When there is no such integration, or a credential is missing or cannot be in a header.
pub fn authenticate(
    name: &str,
    credentials: &[(String, String)],
) -> Result<Vec<(String, String)>, integrations::CredentialsError> {
    let integration = find(name).ok_or(integrations::CredentialsError::UnknownIntegration)?;
    let names = credentials.iter().map(|(name, _)| name.as_str());
    scheme(integration, names)
        .and_then(|auth| Ok((auth, authentication(auth, credentials)?)))
        .map(|(auth, value)| vec![(auth.header.to_owned(), value)])
        .map_err(|error| integrations::CredentialsError::Invalid(error.to_string()))
}

fn setting(setting: &Setting) -> integrations::Setting {
    integrations::Setting {
        name: setting.name.to_owned(),
        description: setting.description.to_owned(),
        default: setting.default.map(str::to_owned),
        in_host: setting.in_host,
    }
}

fn operation(integration: &Integration, operation: &Operation) -> integrations::Operation {
    integrations::Operation {
        name: operation.name.as_str().to_owned(),
        extension: operation.extension,
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
        paging: operation.list.map(|listing| integrations::Paging {
            max_page_size: listing.paging.max(),
            by_email: listing.by_email.is_some(),
        }),
        effect: operation.effect.map(str::to_owned),
    }
}

/// The provider's needs beyond required fields, in sentences.
fn conditions(integration: &Integration, operation: &Operation) -> Vec<String> {
    let mut conditions: Vec<String> = operation
        .needs
        .iter()
        .map(|fields| need(integration, fields))
        .collect();
    if operation.joined_name {
        let title = integration.title;
        conditions.push(format!(
            "{title} needs both of `first_name`, `last_name` where `name` is not given"
        ));
    }
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
/// `●` is required, `○` supported, `→` is in the response.
#[must_use]
pub fn matrix() -> String {
    let mut matrix = String::new();
    for name in OperationName::ALL {
        let columns: Vec<Column<'_>> = ALL
            .iter()
            .filter_map(|each| Some(Column::new(each, each.operation(*name)?)))
            .collect();
        let mut title = name.verb().to_owned();
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        if !matrix.is_empty() {
            matrix.push('\n');
        }
        write_table(&mut matrix, &title, &columns);
    }
    matrix
}

/// One integration in a matrix.
struct Column<'a> {
    title: &'a str,
    fields: &'a [crate::field::Rule],
    response: &'a [ResponseField],
    collection: Option<&'a str>,
}

impl<'a> Column<'a> {
    fn new(integration: &'a Integration, operation: &'a Operation) -> Self {
        Self {
            title: integration.title,
            fields: operation.fields,
            response: operation.response,
            collection: operation.collection(),
        }
    }

    /// The cell of a name that the request, the response or both have.
    fn cell(&self, name: &str) -> String {
        let rule = self.fields.iter().find(|rule| rule.field.name() == name);
        let requested = match rule {
            Some(rule) if rule.required => "●",
            Some(_) => "○",
            None if name == "collections" && self.collection.is_some() => "●",
            None => "",
        };
        let returned = if self.response.iter().any(|field| field.name() == name) {
            "→"
        } else {
            ""
        };
        [requested, returned]
            .into_iter()
            .filter(|mark| !mark.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn write_table(matrix: &mut String, title: &str, columns: &[Column<'_>]) {
    let titles = std::iter::once(title).chain(columns.iter().map(|column| column.title));
    let mut rows = vec![titles.map(str::to_owned).collect::<Vec<String>>()];
    let request = Field::ALL.into_iter().map(Field::name);
    let response = ResponseField::ALL.into_iter().map(ResponseField::name);
    let response = response.filter(|name| Field::ALL.iter().all(|field| field.name() != *name));
    for name in std::iter::once("collections")
        .chain(request)
        .chain(response)
    {
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

/// The names of the fields that an operation requires, or of those that it supports besides.
pub fn field_names(fields: &[integrations::Field], required: bool) -> impl Iterator<Item = &str> {
    fields
        .iter()
        .filter(move |field| field.required == required)
        .map(|field| field.name.as_str())
}

#[derive(Serialize)]
struct Described<'a> {
    name: &'a str,
    title: &'a str,
    docs: &'a str,
    base_url: &'a str,
    settings: Vec<DescribedSetting<'a>>,
    credentials: Vec<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<DescribedRate>,
    operations: Vec<DescribedOperation<'a>>,
}

#[derive(Serialize)]
struct DescribedRate {
    requests: u32,
    seconds: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    burst: Option<u32>,
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
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    extension: bool,
    request: DescribedRequest<'a>,
    response: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<DescribedPaging>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<&'a str>,
}

#[derive(Serialize)]
struct DescribedPaging {
    max_page_size: Option<u32>,
    by_email: bool,
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
            rate,
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
            credentials: credentials.iter().map(|set| set.names.as_slice()).collect(),
            rate: rate.map(|rate| DescribedRate {
                requests: rate.requests,
                seconds: rate.seconds,
                burst: rate.burst,
            }),
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
            extension,
            paging,
            effect,
        } = operation;
        let limited = fields.iter().filter(|field| !field.values.is_empty());
        Self {
            name,
            method,
            path,
            docs,
            request: DescribedRequest {
                required: field_names(fields, true).collect(),
                supported: field_names(fields, false).collect(),
                collections,
                values: limited
                    .map(|field| (field.name.as_str(), field.values.as_slice()))
                    .collect(),
                conditions,
            },
            response,
            extension: *extension,
            paging: paging.map(|paging| DescribedPaging {
                max_page_size: paging.max_page_size,
                by_email: paging.by_email,
            }),
            effect: effect.as_deref(),
        }
    }
}
