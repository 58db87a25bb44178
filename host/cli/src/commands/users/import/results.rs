//! The results: a line for each row, written as soon as it is known.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;

use csv::WriterBuilder;
use serde_json::json;

use super::call::Would;
use super::columns::Columns;
use super::outcome::RowOutcome;
use super::row::Row;
use crate::args::{ResultArgs, ResultForm};
use crate::error::{CliError, ExitStatus};
use crate::json::Object;
use crate::terminal::print;

/// The columns after those of the input.
const MORE: [&str; 3] = ["result", "id", "error"];

/// Where results go.
pub(super) struct Results {
    /// None is standard output.
    file: Option<File>,
    form: ResultForm,
    delimiter: u8,
}

impl Results {
    /// Opens the results. A file that is there is begun anew, if it is one of results: a row that is done says so again.
    ///
    /// # Errors
    ///
    /// The file is another one, or cannot be written; or rows have no columns that the form needs.
    pub(super) fn open(
        arguments: &ResultArgs,
        columns: &Columns,
        delimiter: Option<u8>,
    ) -> Result<Self, CliError> {
        let delimiter = match (arguments.form, delimiter) {
            (ResultForm::Jsonl, _) => b',',
            (ResultForm::Csv, Some(delimiter)) => delimiter,
            (ResultForm::Csv, None) => {
                let message =
                    "`--format csv` goes with CSV: the rows of JSON Lines have no columns";
                return Err(CliError::new(ExitStatus::Usage, message));
            }
        };
        let mut results = Self {
            file: None,
            form: arguments.form,
            delimiter,
        };
        let header = results
            .header(columns)
            .map_err(|error| failed(None, &error))?;
        let path = arguments.file.as_deref();
        if let Some(path) = path {
            check(path, arguments.form, &header)?;
            let file = File::create(path).map_err(|error| failed(Some(path), &error))?;
            results.file = Some(file);
        }
        results
            .write(&header)
            .map_err(|error| failed(path, &error))?;
        Ok(results)
    }

    /// The line before those of rows; none in JSON Lines.
    fn header(&self, columns: &Columns) -> io::Result<Vec<u8>> {
        match self.form {
            ResultForm::Jsonl => Ok(Vec::new()),
            ResultForm::Csv => {
                let names = columns.columns.iter().map(|column| column.name.as_str());
                self.csv_line(names.chain(MORE))
            }
        }
    }

    fn csv_line<'a>(&self, cells: impl Iterator<Item = &'a str>) -> io::Result<Vec<u8>> {
        let mut writer = WriterBuilder::new()
            .delimiter(self.delimiter)
            .from_writer(Vec::new());
        writer.write_record(cells).map_err(io::Error::other)?;
        writer
            .into_inner()
            .map_err(|error| io::Error::other(error.to_string()))
    }

    /// Writes what came of a row.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(super) fn add(&mut self, row: &RowName<'_>, outcome: &RowOutcome) -> io::Result<()> {
        let error = shown(outcome.error.as_ref());
        let result = outcome.result.as_str();
        let line = match self.form {
            ResultForm::Jsonl => {
                row.json("result", result, outcome.id.as_deref(), error.as_deref())
            }
            ResultForm::Csv => {
                let id = outcome.id.as_deref().unwrap_or_default();
                let more = [result, id, error.as_deref().unwrap_or_default()];
                let cells = row.cells.iter().map(String::as_str);
                self.csv_line(cells.chain(more))?
            }
        };
        self.write(&line)
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        match &mut self.file {
            _ if line.is_empty() => Ok(()),
            // Not buffered: a line is there when its row is over.
            Some(file) => file.write_all(line),
            None => print(line),
        }
    }
}

/// What a line says of its row.
pub(super) struct RowName<'a> {
    pub(super) line: u64,
    pub(super) account: Option<&'a str>,
    pub(super) email: Option<&'a str>,
    pub(super) cells: &'a [String],
}

impl<'a> From<&'a Row> for RowName<'a> {
    fn from(row: &'a Row) -> Self {
        Self {
            line: row.line,
            account: Some(&row.account.label),
            email: row.email.as_deref(),
            cells: &row.cells,
        }
    }
}

impl RowName<'_> {
    fn json(&self, name: &str, result: &str, id: Option<&str>, error: Option<&str>) -> Vec<u8> {
        let line = json!({
            "line": self.line,
            "account": self.account,
            "email": self.email,
            name: result,
            "id": id,
            "error": error,
        });
        format!("{line}\n").into_bytes()
    }

    /// What the row would do.
    pub(super) fn would(&self, would: &Would) -> Vec<u8> {
        let error = shown(would.error.as_ref());
        self.json("would", would.what, would.id.as_deref(), error.as_deref())
    }
}

/// An error, as a result has it.
fn shown(error: Option<&(String, String)>) -> Option<String> {
    error.map(|(code, message)| format!("{code}: {message}"))
}

fn failed(path: Option<&Path>, error: &io::Error) -> CliError {
    match path {
        Some(path) => CliError::io(path, error),
        None => CliError::output_failed(error),
    }
}

/// Checks that a file which is there is one of results: an import must not overwrite anything else.
fn check(path: &Path, form: ResultForm, header: &[u8]) -> Result<(), CliError> {
    let Ok(file) = File::open(path) else {
        return Ok(());
    };
    // A device or a pipe has nothing to lose.
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Ok(());
    }
    let mut line = Vec::new();
    let mut file = BufReader::new(file);
    file.read_until(b'\n', &mut line)
        .map_err(|error| CliError::io(path, &error))?;
    let is_ours = match form {
        _ if line.is_empty() => true,
        ResultForm::Csv => line == header,
        ResultForm::Jsonl => Object::parse(&line).is_ok_and(|object| {
            ["line", "account", "result"]
                .iter()
                .all(|name| object.get(name).is_some())
        }),
    };
    if is_ours {
        return Ok(());
    }
    let message = format!(
        "--results {}: expected no file, or the results of such an import, but found another file",
        path.display()
    );
    Err(CliError::new(ExitStatus::Usage, message))
}
