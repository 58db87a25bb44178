//! `integrations`: the matrix, or one integration in full.

use std::fmt::Write as _;

use unified_ticketing_guest::bindings::integrations::{Integration, Operation};
use unified_ticketing_guest::describe;
use unified_ticketing_guest::integration::{ALL, find};

use super::Terminal;
use super::failure::{Failure, Status};

/// What the marks of the matrix say.
const LEGEND: &str = "● required   ○ supported   → can be in the answer";

pub(super) fn show(name: Option<&str>, json: bool, terminal: &mut Terminal) -> Result<(), Failure> {
    let one = name
        .map(|name| {
            find(name)
                .map(describe::integration)
                .ok_or_else(|| unknown(name))
        })
        .transpose()?;
    match (one, json) {
        (None, false) => terminal.result(format!("{}\n{LEGEND}\n", describe::matrix()).as_bytes()),
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
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "  {label:<13}{value}");
        }
    };
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
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "  {label:<13}{value}");
        }
    };
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
