//! The input: a file or standard input, in the forms that spreadsheets and programs write.

mod form;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};
use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;

use self::form::{Form, LINE_END, form};
use super::fault::Fault;
use crate::args::ColumnArgs;
use crate::error::{CliError, ExitStatus};

/// How much of the input says what form it has.
const HEAD: u64 = 64 << 10;

/// The longest row, in bytes. A request has at most 1 MiB; a row that is longer has lost a quotation mark.
const MAX_ROW: usize = (1 << 20) + (64 << 10);

/// A value without the carriage return before the end of its line.
fn without_return(cell: &[u8]) -> &[u8] {
    cell.strip_suffix(b"\r").unwrap_or(cell)
}

/// The input. It can be read more than once.
pub(super) struct Input {
    /// Its name, for people.
    pub(super) name: String,
    file: File,
    encoding: Option<&'static Encoding>,
    form: Form,
}

/// A row as it is in the input.
#[derive(Debug)]
pub(super) struct Record {
    /// The line that it starts in, from 1.
    pub(super) line: u64,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Cells(Vec<String>),
    Json(String),
}

/// Why reading ends.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The row cannot be read; the next one may.
    Row(Fault),
    /// The input cannot be read.
    Input(CliError),
}

impl Input {
    /// Opens the input and finds its form. `is_known` says whether a column of this name is known.
    ///
    /// # Errors
    ///
    /// It cannot be read, or has no form that is known.
    pub(super) fn open(
        path: &Path,
        arguments: &ColumnArgs,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Self, CliError> {
        let encoding = arguments.encoding.as_deref().map(encoding).transpose()?;
        let is_stdin = path == Path::new("-");
        let name = if is_stdin {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        let file = open(path, is_stdin).map_err(|error| unreadable(&name, &error))?;
        let mut input = Self {
            name,
            file,
            encoding,
            form: Form::JsonLines,
        };
        let mut head = Vec::new();
        let text = input
            .text()
            .and_then(|text| text.take(HEAD).read_to_end(&mut head));
        text.map_err(|error| unreadable(&input.name, &error))?;
        input.form = form(&head, encoding.is_some(), is_known).map_err(|message| {
            CliError::new(ExitStatus::Invalid, format!("{}: {message}", input.name))
        })?;
        Ok(input)
    }

    /// What separates values, where they are separated.
    pub(super) fn delimiter(&self) -> Option<u8> {
        match self.form {
            Form::Csv { delimiter, .. } => Some(delimiter),
            Form::JsonLines => None,
        }
    }

    /// The rows, from the start.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub(super) fn rows(&self) -> Result<Rows, CliError> {
        let failed = |error: io::Error| unreadable(&self.name, &error);
        let text = self.text().map_err(failed)?;
        match self.form {
            Form::JsonLines => Ok(Rows::JsonLines(JsonLines {
                name: self.name.clone(),
                text: BufReader::with_capacity(1 << 16, Box::new(text)),
                line: 0,
            })),
            Form::Csv { delimiter, skipped } => {
                let mut text = text;
                io::copy(&mut text.by_ref().take(skipped.1), &mut io::sink()).map_err(failed)?;
                // So that the last line ends, too, and lines can be counted by their ends.
                let text: Box<dyn Read> = Box::new(text.chain(&b"\n"[..]));
                let mut reader = ReaderBuilder::new()
                    .delimiter(delimiter)
                    .terminator(LINE_END)
                    .flexible(true)
                    .buffer_capacity(1 << 16)
                    .from_reader(text);
                let header = reader.byte_headers().map_err(|error| {
                    unreadable(&self.name, &io::Error::other(error.to_string()))
                })?;
                let header = header.iter().map(without_return).collect();
                Ok(Rows::Csv(CsvRows {
                    name: self.name.clone(),
                    reader,
                    header,
                    skipped_lines: skipped.0,
                    record: ByteRecord::new(),
                    blank: 0,
                }))
            }
        }
    }

    /// The text, in UTF-8 where it is what it says it is.
    fn text(&self) -> io::Result<impl Read + use<>> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(DecodeReaderBytesBuilder::new()
            .encoding(self.encoding)
            .strip_bom(true)
            .utf8_passthru(true)
            .build(file))
    }
}

fn encoding(name: &str) -> Result<&'static Encoding, CliError> {
    Encoding::for_label(name.trim().as_bytes()).ok_or_else(|| {
        let message = format!("--encoding: expected the name of an encoding, such as `windows-1252`, but found `{name}`");
        CliError::new(ExitStatus::Usage, message)
    })
}

fn unreadable(name: &str, error: &io::Error) -> CliError {
    CliError::new(ExitStatus::Invalid, format!("{name}: {error}"))
}

/// Opens a file that can be read again. What cannot be, is copied to one that no other process sees.
fn open(path: &Path, is_stdin: bool) -> io::Result<File> {
    let spool = |input: &mut dyn Read| -> io::Result<File> {
        let mut file = tempfile::tempfile()?;
        io::copy(input, &mut file)?;
        Ok(file)
    };
    if is_stdin {
        return spool(&mut io::stdin().lock());
    }
    let mut file = File::open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        spool(&mut file)
    }
}

/// The rows of an input.
pub(super) enum Rows {
    Csv(CsvRows),
    JsonLines(JsonLines),
}

impl Rows {
    /// The names of the columns; none where each row has names of its own.
    ///
    /// # Errors
    ///
    /// A name is no text.
    pub(super) fn header(&self) -> Result<Option<Vec<String>>, CliError> {
        let Self::Csv(rows) = self else {
            return Ok(None);
        };
        let names = rows
            .header
            .iter()
            .map(|name| std::str::from_utf8(name).map(str::to_owned));
        let names: Result<Vec<String>, _> = names.collect();
        names.map(Some).map_err(|_| {
            let message = format!("{}: the names of the columns: {NO_UTF8}", rows.name);
            CliError::new(ExitStatus::Invalid, message)
        })
    }

    /// How many blank lines were passed over.
    pub(super) fn blank(&self) -> u64 {
        match self {
            Self::Csv(rows) => rows.blank,
            Self::JsonLines(_) => 0,
        }
    }

    /// Reads the next row.
    pub(super) fn next(&mut self) -> Option<Result<Record, ReadError>> {
        match self {
            Self::Csv(rows) => rows.next(),
            Self::JsonLines(rows) => rows.next(),
        }
    }
}

const NO_UTF8: &str = "expected UTF-8, but found other bytes: save the file as `CSV UTF-8`, or say what it is with `--encoding windows-1252`";

pub(super) struct CsvRows {
    name: String,
    reader: csv::Reader<Box<dyn Read>>,
    header: ByteRecord,
    skipped_lines: u64,
    record: ByteRecord,
    blank: u64,
}

impl CsvRows {
    fn next(&mut self) -> Option<Result<Record, ReadError>> {
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    let error = io::Error::other(error.to_string());
                    return Some(Err(ReadError::Input(unreadable(&self.name, &error))));
                }
            }
            if self.record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                self.blank += 1;
                continue;
            }
            // The record's own position is before the blank lines above it.
            let end = self.reader.position().line() + self.skipped_lines;
            let within = self.record.as_slice().iter().filter(|byte| **byte == b'\n');
            let ends = within.count() + 1;
            return Some(self.cells(end - u64::try_from(ends).unwrap_or_default()));
        }
    }

    /// The cells of the record: as many as there are columns.
    fn cells(&self, line: u64) -> Result<Record, ReadError> {
        let columns = self.header.len();
        let fault = |message: String| ReadError::Row(Fault::of_row(line, "format", message));
        if self.record.as_slice().len() > MAX_ROW {
            let message = "expected a row of at most 1 MiB: is a quotation mark missing?";
            return Err(fault(message.to_owned()));
        }
        // Spreadsheets end lines in separators for columns that they once had.
        let mut surplus = self.record.iter().skip(columns).map(without_return);
        if self.record.len() < columns || surplus.any(|cell| !cell.is_empty()) {
            let message = format!(
                "expected {columns} values, as many as there are columns, but found {}",
                self.record.len()
            );
            return Err(fault(message));
        }
        let mut cells = Vec::with_capacity(columns);
        let given = self.record.iter().map(without_return);
        for (position, cell) in given.take(columns).enumerate() {
            let Ok(cell) = std::str::from_utf8(cell) else {
                let name = self.header.get(position).map(String::from_utf8_lossy);
                let column = Some((position, name.unwrap_or_default().into_owned()));
                let fault = Fault::of_row(line, "format", NO_UTF8.to_owned());
                return Err(ReadError::Row(Fault { column, ..fault }));
            };
            cells.push(cell.to_owned());
        }
        Ok(Record {
            line,
            content: Content::Cells(cells),
        })
    }
}

pub(super) struct JsonLines {
    name: String,
    text: BufReader<Box<dyn Read>>,
    line: u64,
}

impl JsonLines {
    fn next(&mut self) -> Option<Result<Record, ReadError>> {
        loop {
            let mut line = Vec::new();
            let read = (&mut self.text)
                .take(u64::try_from(MAX_ROW).unwrap_or(u64::MAX))
                .read_until(b'\n', &mut line);
            match read {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(ReadError::Input(unreadable(&self.name, &error)))),
            }
            self.line += 1;
            let number = self.line;
            let fault = |message: &str| {
                Some(Err(ReadError::Row(Fault::of_row(
                    number,
                    "format",
                    message.to_owned(),
                ))))
            };
            if line.len() >= MAX_ROW && !line.ends_with(b"\n") {
                if let Err(error) = self.skip_line() {
                    return Some(Err(ReadError::Input(unreadable(&self.name, &error))));
                }
                return fault("expected a line of at most 1 MiB");
            }
            let line = line
                .strip_prefix(b"\xef\xbb\xbf")
                .unwrap_or(&line)
                .trim_ascii();
            if line.is_empty() {
                continue;
            }
            return match std::str::from_utf8(line) {
                Ok(json) => Some(Ok(Record {
                    line: number,
                    content: Content::Json(json.to_owned()),
                })),
                Err(_) => fault("expected UTF-8, but found other bytes"),
            };
        }
    }

    /// Passes over the rest of a line.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.text.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(buffer.len(), |end| end + 1);
            if length == 0 {
                return Ok(());
            }
            self.text.consume(length);
            if end.is_some() {
                return Ok(());
            }
        }
    }
}
