//! Reads the entries of a TOML file, and collects every violation with its line.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use unified_ticketing_guest::account::shown;

use super::FileFinding;

/// The bytes of a value, from the start of its [`Section`].
pub(crate) type Span = Range<usize>;

/// The text of a file whose entries are `[[name]]`, and what is wrong with it.
pub(crate) struct TomlReader<'a> {
    file: &'a Path,
    text: &'a str,
    /// The start of the section whose values are read.
    base: usize,
    pub(crate) violations: Vec<FileFinding>,
}

/// A part of a file that is parsed by itself.
pub(crate) struct Section<'a> {
    base: usize,
    /// Its entries, each expected to be a table.
    pub(crate) entries: Vec<Spanned<DeValue<'a>>>,
}

impl<'a> TomlReader<'a> {
    pub(crate) fn new(file: &'a Path, text: &'a str) -> Self {
        Self {
            file,
            text: text.strip_prefix('\u{feff}').unwrap_or(text),
            base: 0,
            violations: Vec::new(),
        }
    }

    /// The entries `[[name]]`; anything else is a violation.
    pub(crate) fn sections(&mut self, name: &str) -> Vec<Section<'a>> {
        let error = match DeTable::parse(self.text) {
            Ok(document) => return vec![self.section(name, document)],
            Err(error) => error,
        };
        // Each entry by itself, so that invalid syntax in one does not hide the violations of others.
        let mut sections = Vec::new();
        for part in parts(self.text) {
            self.base = part.start;
            match DeTable::parse(self.text.get(part).unwrap_or_default()) {
                Ok(document) => sections.push(self.section(name, document)),
                Err(error) => self.syntax(&error),
            }
        }
        self.base = 0;
        if self.violations.is_empty() {
            self.syntax(&error);
        }
        sections
    }

    /// Makes the spans of a section's values count from its start.
    pub(crate) const fn enter(&mut self, section: &Section<'_>) {
        self.base = section.base;
    }

    fn section(&mut self, name: &str, document: Spanned<DeTable<'a>>) -> Section<'a> {
        let mut entries = Vec::new();
        for (key, value) in document.into_inner() {
            let span = value.span();
            match (key.get_ref().as_ref(), value.into_inner()) {
                (known, DeValue::Array(tables)) if known == name => entries.extend(tables),
                (known, other) if known == name => {
                    let found = other.type_str();
                    let message = format!("expected `[[{name}]]`, but found one {found}");
                    self.violation(span, None, message);
                }
                (other, _) => {
                    let found = shown_short(other);
                    let message = format!("unknown key {found}; expected `[[{name}]]`");
                    self.violation(key.span(), None, message);
                }
            }
        }
        Section {
            base: self.base,
            entries,
        }
    }

    fn syntax(&mut self, error: &toml::de::Error) {
        // The message alone: the full text of the error quotes the line, which may hold a secret.
        self.violation(
            error.span().unwrap_or_default(),
            None,
            error.message().to_owned(),
        );
    }

    /// The string of the member `key` of an entry.
    pub(crate) fn string(
        &mut self,
        entry: Option<String>,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<String> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            let found = value.get_ref().type_str();
            let message = format!("`{key}`: expected a string, but found {found}");
            self.violation(value.span(), entry, message);
        }
        text.map(str::to_owned)
    }

    /// Notes a value that must be unique. Returns the line that has it already.
    pub(crate) fn take(
        &self,
        taken: &mut HashMap<String, usize>,
        value: &str,
        span: &Span,
    ) -> Option<usize> {
        if let Some(first) = taken.get(value) {
            return Some(*first);
        }
        taken.insert(value.to_owned(), self.position(span.start).0);
        None
    }

    pub(crate) fn violation(&mut self, span: Span, entry: Option<String>, message: String) {
        let violation = self.finding(span, entry, message);
        self.violations.push(violation);
    }

    pub(crate) fn finding(
        &self,
        span: Span,
        entry: Option<String>,
        message: String,
    ) -> FileFinding {
        let (line, column) = self.position(span.start);
        FileFinding {
            line: Some(line),
            column: Some(column),
            entry,
            ..FileFinding::whole(self.file, message)
        }
    }

    /// Line and column of a byte, from 1.
    fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..self.base + at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |start| start.chars().count())
            + 1;
        (line, column)
    }
}

/// The longest text that a message shows: no key of a file is as long, nor an id, and most secrets are longer.
const MAX_SHOWN: usize = 40;

/// A key or a value for a message. A longer one is not shown: it may be a secret that was pasted in the wrong place.
pub(crate) fn shown_short(text: &str) -> String {
    let length = text.chars().count();
    if length <= MAX_SHOWN {
        shown(text)
    } else {
        format!("a string of {length} characters")
    }
}

/// The parts of a text that begin at `[[`, and the part before the first.
fn parts(text: &str) -> Vec<Span> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && line.trim_start().starts_with("[[") {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().copied().skip(1).chain([text.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(start, end)| start..end)
        .collect()
}
