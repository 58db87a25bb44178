//! Descriptions that are derived from the tables: the list of `integrations`, and the README's matrix.

mod json;

use crate::account::{authentication, credential_names, scheme};
use crate::bindings::integrations;
use crate::field::{Field, ResponseField};
use crate::integration::{ALL, Auth, Integration, Operation, OperationName, Scheme, Setting, find};
use crate::plan::need;
pub use json::{field_names, json};

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

/// The matrix of integrations in Markdown: their operations, then the fields of each operation.
///
/// `●` is required, `○` supported, `→` is in the response; an operation is there (`●`), or is an extension (`+`).
#[must_use]
pub fn matrix() -> String {
    let mut matrix = String::new();
    write_operations(&mut matrix);
    for name in OperationName::ALL {
        let columns: Vec<Column<'_>> = ALL
            .iter()
            .filter_map(|each| Some(Column::new(each, each.operation(*name)?)))
            .collect();
        let title = match name {
            // The entries of a list have what a user who is read alone has.
            OperationName::Get => "Get, list".to_owned(),
            OperationName::Create | OperationName::Update => capitalized(name.verb()),
            OperationName::List | OperationName::Delete => continue,
        };
        matrix.push('\n');
        write_table(&mut matrix, &title, &columns);
    }
    matrix
}

fn capitalized(word: &str) -> String {
    let mut word = word.to_owned();
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    word
}

/// The table of operations.
fn write_operations(matrix: &mut String) {
    let titles = ALL.iter().map(|integration| integration.title.to_owned());
    let mut rows = vec![
        std::iter::once("Operation".to_owned())
            .chain(titles)
            .collect(),
    ];
    for name in OperationName::ALL {
        let cells = ALL.iter().map(|integration| {
            let mark = match integration.operation(*name) {
                Some(row) if row.extension => "+",
                Some(_) => "●",
                None => "",
            };
            mark.to_owned()
        });
        rows.push(
            std::iter::once(format!("`{}`", name.as_str()))
                .chain(cells)
                .collect(),
        );
    }
    write_rows(matrix, &rows);
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
    write_rows(matrix, &rows);
}

/// A table, the first row its head.
fn write_rows(matrix: &mut String, rows: &[Vec<String>]) {
    // As wide as the widest cell, so that it reads well without being rendered.
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns).map(width).collect();
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
