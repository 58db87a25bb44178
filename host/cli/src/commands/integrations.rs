//! `integrations`: the matrix, or one integration in full.

use std::fmt::Write as _;

use unified_ticketing_guest::bindings::integrations::{Integration, Operation, Paging, Rate};
use unified_ticketing_guest::describe;
use unified_ticketing_guest::integration::{ALL, find};

use crate::error::{CliError, ExitStatus};
use crate::terminal::Terminal;

/// The meaning of the marks in the matrix.
const LEGEND: &str =
    "● required   ○ supported   → can be in the response   + beyond the published API";

/// The width of a description, and the column of its values.
const WIDTH: usize = 80;
const INDENT: usize = 13;

pub(super) fn show(
    name: Option<&str>,
    json: bool,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let integration = name
        .map(|name| {
            find(name)
                .map(describe::integration)
                .ok_or_else(|| unknown_integration(name))
        })
        .transpose()?;
    match (integration, json) {
        (None, false) => terminal.result(format!("{}\n{LEGEND}\n", matrix()).as_bytes()),
        (None, true) => terminal.json(&describe::json(&describe::integrations())),
        (Some(integration), false) => terminal.result(description(&integration).as_bytes()),
        (Some(integration), true) => {
            let array = describe::json(&[integration]);
            let object = array
                .strip_prefix(b"[")
                .and_then(|rest| rest.strip_suffix(b"]"));
            terminal.json(object.unwrap_or(&array))
        }
    }
}

/// Returns the README's matrix, without Markdown, and with the names that the command line takes as headings.
fn matrix() -> String {
    let cell = |cell: &str| {
        let cell = cell.trim().trim_matches('`');
        let integration = ALL.iter().find(|integration| integration.title == cell);
        integration
            .map_or(cell, |integration| integration.name)
            .to_owned()
    };
    let markdown = describe::matrix();
    let rows: Vec<Vec<String>> = markdown
        .lines()
        .filter(|line| !line.starts_with("| -"))
        .map(|line| line.trim_matches('|').split('|').map(cell).collect())
        .collect();
    let mut matrix = String::new();
    // There is a table for each operation, with an empty line between them.
    for table in rows.split_inclusive(|row| row.len() == 1) {
        let width = |column: usize| {
            let cells = table.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max()
        };
        for row in table {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let width = width(column).unwrap_or_default();
                let _ = write!(line, "{cell:<width$}  ");
            }
            matrix.push_str(line.trim_end());
            matrix.push('\n');
        }
    }
    matrix
}

/// Writes a value with its label, wrapped at the width of a description; nothing where the value is empty.
fn write_value(text: &mut String, label: &str, value: &str) {
    let mut column = 0;
    for word in value.split_whitespace() {
        let length = word.chars().count();
        if column == 0 {
            let _ = write!(text, "  {label:<INDENT$}{word}");
        } else if column + 1 + length > WIDTH - 2 - INDENT {
            let _ = write!(text, "\n  {:<INDENT$}{word}", "");
            column = 0;
        } else {
            let _ = write!(text, " {word}");
            column += 1;
        }
        column += length;
    }
    if column > 0 {
        text.push('\n');
    }
}

fn unknown_integration(name: &str) -> CliError {
    let known: Vec<&str> = ALL.iter().map(|integration| integration.name).collect();
    CliError::new(
        ExitStatus::Invalid,
        format!(
            "there is no integration `{name}`: there is `{}`",
            known.join("`, `")
        ),
    )
}

fn description(integration: &Integration) -> String {
    let Integration {
        name,
        title,
        docs,
        base_url,
        settings,
        credentials,
        operations,
        rate,
    } = integration;
    let mut text = format!("{title} ({name})\n");
    let mut line = |label: &str, value: &str| write_value(&mut text, label, value);
    line("docs", docs);
    line("base URL", base_url);
    for setting in settings {
        let default = setting
            .default
            .as_ref()
            .map(|default| format!("; default {default}"))
            .unwrap_or_default();
        line(
            "setting",
            &format!("{}: {}{default}", setting.name, setting.description),
        );
    }
    let sets: Vec<String> = credentials
        .iter()
        .map(|set| set.names.join(" + "))
        .collect();
    line("credentials", &sets.join(", or "));
    if let Some(Rate {
        requests,
        seconds,
        burst,
    }) = rate
    {
        let burst = burst.map(|burst| format!(", {burst} at once"));
        let burst = burst.unwrap_or_default();
        line(
            "rate",
            &format!("{requests} requests in {seconds} s{burst}"),
        );
    }
    for operation in operations {
        write_operation(&mut text, operation);
    }
    text
}

fn write_operation(text: &mut String, operation: &Operation) {
    let Operation {
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
    let extension = if *extension { "  (extension)" } else { "" };
    let _ = writeln!(text, "\n{name}: {method} {path}{extension}");
    let mut line = |label: &str, value: &str| write_value(text, label, value);
    let names = |required| {
        let names: Vec<&str> = describe::field_names(fields, required).collect();
        names.join(", ")
    };
    line("docs", docs);
    line("required", &names(true));
    line("supported", &names(false));
    line("collections", &collections.join(", "));
    for field in fields.iter().filter(|field| !field.values.is_empty()) {
        let prefix = if field.single { "one of " } else { "" };
        line(&field.name, &format!("{prefix}{}", field.values.join(", ")));
    }
    for condition in conditions {
        line("condition", condition);
    }
    line("answers with", &response.join(", "));
    if let Some(Paging {
        max_page_size,
        by_email,
    }) = paging
    {
        let pages = max_page_size.map_or_else(
            || "none, the whole list at once".to_owned(),
            |max| format!("of at most {max} users"),
        );
        line("pages", &pages);
        let look_up = if *by_email {
            "by the provider"
        } else {
            "over the whole list"
        };
        line("by address", look_up);
    }
    line("effect", effect.as_deref().unwrap_or_default());
}
