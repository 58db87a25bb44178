//! What is wrong with a row.

use serde_json::json;

use super::columns::{Columns, Field};

/// What is wrong with a row, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The line, from 1.
    pub(super) line: u64,
    /// The position of the column, from 0, and its name.
    pub(super) column: Option<(usize, String)>,
    /// A JSON Pointer into the body of the request; empty where it is about another part.
    pub(super) pointer: String,
    pub(super) code: String,
    pub(super) message: String,
}

impl Fault {
    /// A fault of a whole row.
    pub(super) fn of_row(line: u64, code: &str, message: String) -> Self {
        Self {
            line,
            column: None,
            pointer: String::new(),
            code: code.to_owned(),
            message,
        }
    }

    /// A fault of a field.
    pub(super) fn of_field(
        line: u64,
        columns: &Columns,
        field: &Field,
        code: &str,
        message: String,
    ) -> Self {
        let column = columns.find(field, 0);
        Self {
            column: column.map(|(position, name)| (position, name.to_owned())),
            ..Self::of_row(line, code, message)
        }
    }

    /// The fault, for people.
    pub(super) fn text(&self) -> String {
        let Self {
            line,
            column,
            pointer,
            code,
            message,
        } = self;
        let column = column
            .as_ref()
            .map_or_else(String::new, |(position, name)| {
                format!(", column {} `{name}`", position + 1)
            });
        let pointer = if pointer.is_empty() {
            String::new()
        } else {
            format!(", {pointer}")
        };
        format!("line {line}{column}{pointer}: {message} ({code})")
    }

    /// The fault, for programs.
    pub(super) fn json(&self) -> String {
        let column = self.column.as_ref();
        json!({
            "line": self.line,
            "column": column.map(|(position, _)| position + 1),
            "name": column.map(|(_, name)| name),
            "path": self.pointer,
            "code": self.code,
            "message": self.message,
        })
        .to_string()
    }
}

/// The column of a location of the HTTP API.
pub(super) fn column(columns: &Columns, part: &str, path: &str) -> Option<(usize, String)> {
    let (field, index) = match part {
        "body" => body_field(path)?,
        "path" => (Field::Id, 0),
        "header" => (Field::Key, 0),
        _ if path.starts_with("collections") => (Field::Collection, 0),
        _ => return None,
    };
    let found = columns.find(&field, index).or_else(|| match field {
        // A role that is named where an id is wanted.
        Field::RoleId => columns.find(&Field::Role, index),
        _ => None,
    });
    found.map(|(position, name)| (position, name.to_owned()))
}

/// The field that a pointer leads to, and which one of several.
fn body_field(pointer: &str) -> Option<(Field, usize)> {
    let mut steps = pointer.split('/').skip(1);
    let member = steps.next()?;
    let step = steps.next();
    let index = step.and_then(|step| step.parse().ok()).unwrap_or_default();
    let unescaped = || step.map(|step| step.replace("~1", "/").replace("~0", "~"));
    Some(match member {
        "emails" => (Field::Email, index),
        "roles" if steps.next() == Some("id") => (Field::RoleId, index),
        "roles" => (Field::Role, index),
        "custom_fields" => (Field::Custom(unescaped()?), 0),
        "remote_data" => (Field::RemoteData(unescaped()?), 0),
        name => (Field::parse(name)?, 0),
    })
}
