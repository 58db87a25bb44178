//! `integrations`: the matrix, or one integration in full.

use std::fmt::Write as _;

use unified_ticketing_guest::bindings::integrations::{Integration, Operation};
use unified_ticketing_guest::describe;
use unified_ticketing_guest::integration::{ALL, find};

use crate::failure::{Failure, Status};
use crate::terminal::Terminal;

/// What the marks of the matrix say.
const LEGEND: &str = "● required   ○ supported   → can be in the answer";

/// How wide a description is, and where its values begin.
const WIDTH: usize = 80;
const INDENT: usize = 13;

pub(super) fn show(name: Option<&str>, json: bool, terminal: &mut Terminal) -> Result<(), Failure> {
    let one = name
        .map(|name| {
            find(name)
                .map(describe::integration)
                .ok_or_else(|| unknown(name))
        })
        .transpose()?;
    match (one, json) {
        (None, false) => terminal.result(format!("{}\n{LEGEND}\n", matrix()).as_bytes()),
        (None, true) => terminal.json(&describe::json(&describe::integrations())),
        (Some(one), false) => terminal.result(text(&one).as_bytes()),
        (Some(one), true) => {
            let array = describe::json(&[one]);
            let one = array
                .strip_prefix(b"[")
                .and_then(|rest| rest.strip_suffix(b"]"));
            terminal.json(one.unwrap_or(&array))
        }
    }
}

/// The README's matrix, its columns under the names that the command line takes, and without the marks of Markdown.
fn matrix() -> String {
    let cell = |cell: &str| {
        let cell = cell.trim().trim_matches('`');
        let titled = ALL.iter().find(|integration| integration.title == cell);
        titled
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
    // A table for each operation, with an empty line between them.
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

/// Writes a line of a description, broken between words where it would be too wide.
fn line(text: &mut String, label: &str, value: &str) {
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

fn unknown(name: &str) -> Failure {
    let known: Vec<&str> = ALL.iter().map(|integration| integration.name).collect();
    Failure::new(
        Status::Invalid,
        format!(
            "there is no integration `{name}`: there is `{}`",
            known.join("`, `")
        ),
    )
}

fn text(integration: &Integration) -> String {
    let Integration {
        name,
        title,
        docs,
        base_url,
        settings,
        credentials,
        operations,
    } = integration;
    let mut text = format!("{title} ({name})\n");
    let mut line = |label: &str, value: &str| line(&mut text, label, value);
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
    let sets: Vec<String> = credentials.iter().map(|set| set.join(" + ")).collect();
    line("credentials", &sets.join(", or "));
    for operation in operations {
        describe(&mut text, operation);
    }
    text
}

fn describe(text: &mut String, operation: &Operation) {
    let Operation {
        name,
        method,
        path,
        docs,
        fields,
        collections,
        conditions,
        response,
    } = operation;
    let _ = writeln!(text, "\n{name}: {method} {path}");
    let mut line = |label: &str, value: &str| line(text, label, value);
    let names = |required| {
        let names: Vec<&str> = fields
            .iter()
            .filter(|field| field.required == required)
            .map(|field| field.name.as_str())
            .collect();
        names.join(", ")
    };
    line("docs", docs);
    line("required", &names(true));
    line("supported", &names(false));
    line("collections", &collections.join(", "));
    for field in fields.iter().filter(|field| !field.values.is_empty()) {
        let one = if field.single { "one of " } else { "" };
        line(&field.name, &format!("{one}{}", field.values.join(", ")));
    }
    for condition in conditions {
        line("condition", condition);
    }
    line("answers with", &response.join(", "));
}
