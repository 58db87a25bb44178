//! Reads the text of an accounts file and notes every fault on the way.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use uuid::Uuid;

use super::super::Account;
use super::Fault;
use super::draft::Draft;

/// Stands in for a credential that could not be read, so that the other checks of its account still
/// mean something.
const UNREADABLE: &str = "unreadable";

pub(super) type Span = Range<usize>;

pub(super) struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    environment: &'a dyn Fn(&str) -> Option<String>,
    /// Where the part of the text begins that spans count from.
    base: usize,
    /// Ids in lower case and names, and the line of each.
    taken: HashMap<String, usize>,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        file: &'a Path,
        text: &'a str,
        environment: &'a dyn Fn(&str) -> Option<String>,
    ) -> Self {
        Self {
            file,
            text,
            environment,
            base: 0,
            taken: HashMap::new(),
            faults: Vec::new(),
        }
    }

    /// Reads the accounts that have no fault.
    pub(super) fn read(&mut self) -> Vec<Account> {
        let error = match DeTable::parse(self.text) {
            Ok(document) => return self.document(document.get_ref()),
            Err(error) => error,
        };
        // Each account by itself, so that a fault of syntax in one does not hide the others.
        let mut accounts = Vec::new();
        for section in sections(self.text) {
            self.base = section.start;
            match DeTable::parse(self.text.get(section).unwrap_or_default()) {
                Ok(document) => accounts.extend(self.document(document.get_ref())),
                Err(error) => self.syntax(&error),
            }
        }
        self.base = 0;
        if self.faults.is_empty() {
            self.syntax(&error);
        }
        accounts
    }

    fn syntax(&mut self, error: &toml::de::Error) {
        // The message alone: the full text of the error quotes the line, which may hold a secret.
        self.fault(
            error.span().unwrap_or_default(),
            None,
            error.message().to_owned(),
        );
    }

    fn document(&mut self, document: &DeTable<'_>) -> Vec<Account> {
        let mut accounts = Vec::new();
        for (key, value) in document {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("account", DeValue::Array(tables)) => {
                    accounts.extend(tables.iter().filter_map(|table| self.account(table)));
                }
                ("account", other) => {
                    self.fault(
                        value.span(),
                        None,
                        format!("expected `[[account]]`, but found one {}", other.type_str()),
                    );
                }
                (other, _) => self.fault(
                    key.span(),
                    None,
                    format!("unknown key `{other}`; expected `[[account]]`"),
                ),
            }
        }
        accounts
    }

    fn account(&mut self, table: &Spanned<DeValue<'_>>) -> Option<Account> {
        let before = self.faults.len();
        let DeValue::Table(members) = table.get_ref() else {
            self.fault(
                table.span(),
                None,
                format!("expected a table, but found {}", table.get_ref().type_str()),
            );
            return None;
        };
        let label = ["name", "id"]
            .into_iter()
            .find_map(|key| members.get(key).and_then(|value| value.get_ref().as_str()));
        let mut draft = Draft {
            label: label.map(str::to_owned),
            header: table.span(),
            ..Draft::default()
        };
        for (key, value) in members {
            self.member(&mut draft, key.get_ref(), &key.span(), value);
        }
        if members.get("id").is_none() {
            self.fault(
                table.span(),
                draft.label.clone(),
                "`id` is missing".to_owned(),
            );
        }
        if members.get("integration").is_none() {
            self.fault(
                table.span(),
                draft.label.clone(),
                "`integration` is missing".to_owned(),
            );
        }
        let account = self.build(&draft);
        account.filter(|_| self.faults.len() == before)
    }

    fn member(&mut self, draft: &mut Draft, key: &str, span: &Span, value: &Spanned<DeValue<'_>>) {
        match key {
            "id" => {
                if let Some(id) = self.text_of(draft, key, value) {
                    // Other spellings of a UUID are refused: the HTTP face compares ids as text.
                    if id.len() != 36 || Uuid::try_parse(&id).is_err() {
                        self.fault(
                            value.span(),
                            draft.label.clone(),
                            format!("`id`: expected a UUID, but found `{id}`"),
                        );
                    } else {
                        self.take(draft, "id", &id.to_ascii_lowercase(), value.span());
                        draft.id = Some(id);
                    }
                }
            }
            "name" => {
                if let Some(name) = self.text_of(draft, key, value) {
                    self.take(draft, "name", &name, value.span());
                    draft.name = Some(name);
                }
            }
            "integration" => {
                draft.integration = self
                    .text_of(draft, key, value)
                    .map(|text| (text, value.span()));
            }
            "base_url" => {
                draft.base_url = self
                    .text_of(draft, key, value)
                    .map(|text| (text, value.span()));
            }
            "settings" => {
                for (name, span, value) in self.entries(draft, key, value) {
                    if let Some(text) = self.text_of(draft, &format!("settings.{name}"), value) {
                        draft.settings.push((name, text, span));
                    }
                }
            }
            "credentials" => {
                for (name, span, value) in self.entries(draft, key, value) {
                    let secret = self
                        .credential(draft, &name, value)
                        .unwrap_or_else(|| SecretString::from(UNREADABLE));
                    draft.credentials.push((name, secret, span));
                }
            }
            other => {
                let known = "`id`, `name`, `integration`, `base_url`, `settings`, `credentials`";
                self.fault(
                    span.clone(),
                    draft.label.clone(),
                    format!("unknown key `{other}`; expected one of {known}"),
                );
            }
        }
    }

    /// The value of a credential: a text, or where it is found.
    fn credential(
        &mut self,
        draft: &Draft,
        name: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<SecretString> {
        let key = format!("credentials.{name}");
        let found = match value.get_ref() {
            DeValue::String(text) => Ok(Zeroizing::new(text.to_string())),
            DeValue::Table(source) if source.len() == 1 => match source
                .iter()
                .next()
                .map(|(key, value)| (key.get_ref().as_ref(), value))
            {
                Some(("env", place)) => {
                    let variable = self.text_of(draft, &format!("{key}.env"), place)?;
                    (self.environment)(&variable)
                        .map(Zeroizing::new)
                        .ok_or_else(|| {
                            format!("`{key}`: the environment variable `{variable}` is not set")
                        })
                }
                Some(("file", place)) => {
                    let path = self.text_of(draft, &format!("{key}.file"), place)?;
                    let path = self.file.parent().unwrap_or(Path::new("")).join(path);
                    fs::read_to_string(&path)
                        .map(|text| {
                            Zeroizing::new(
                                text.strip_suffix('\n')
                                    .map_or(text.as_str(), without_return)
                                    .to_owned(),
                            )
                        })
                        .map_err(|error| {
                            format!(
                                "`{key}`: the file `{}` cannot be read: {error}",
                                path.display()
                            )
                        })
                }
                _ => Err(format!(
                    "`{key}`: expected a text, {{ env = … }} or {{ file = … }}"
                )),
            },
            _ => Err(format!(
                "`{key}`: expected a text, {{ env = … }} or {{ file = … }}"
            )),
        };
        match found {
            Ok(secret) if secret.trim().is_empty() => {
                self.fault(
                    value.span(),
                    draft.label.clone(),
                    format!("`{key}` is blank"),
                );
                None
            }
            Ok(secret) => Some(SecretString::from(secret.as_str())),
            Err(message) => {
                self.fault(value.span(), draft.label.clone(), message);
                None
            }
        }
    }

    /// The members of a table within an account.
    fn entries<'v, 'i>(
        &mut self,
        draft: &Draft,
        key: &str,
        value: &'v Spanned<DeValue<'i>>,
    ) -> Vec<(String, Span, &'v Spanned<DeValue<'i>>)> {
        if let DeValue::Table(members) = value.get_ref() {
            return members
                .iter()
                .map(|(name, value)| (name.get_ref().to_string(), name.span(), value))
                .collect();
        }
        let found = value.get_ref().type_str();
        self.fault(
            value.span(),
            draft.label.clone(),
            format!("`{key}`: expected a table, but found {found}"),
        );
        Vec::new()
    }

    fn text_of(
        &mut self,
        draft: &Draft,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<String> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            let found = value.get_ref().type_str();
            self.fault(
                value.span(),
                draft.label.clone(),
                format!("`{key}`: expected a text, but found {found}"),
            );
        }
        text.map(str::to_owned)
    }

    /// Notes an id or a name, of which there may be one each: both name the account on the command
    /// line.
    fn take(&mut self, draft: &Draft, key: &str, text: &str, span: Span) {
        let line = self.position(span.start).0;
        if let Some(first) = self.taken.get(text) {
            let message = format!("`{key}`: `{text}` is taken by the account of line {first}");
            self.fault(span, draft.label.clone(), message);
        } else {
            self.taken.insert(text.to_owned(), line);
        }
    }

    /// Makes the account, whose own faults are those that the integration's table finds.
    fn build(&mut self, draft: &Draft) -> Option<Account> {
        draft.integration.as_ref()?;
        let faults = match draft.build() {
            Ok(account) => return Some(account),
            Err(faults) => faults,
        };
        for (span, message) in faults {
            self.fault(span, draft.label.clone(), message);
        }
        None
    }

    fn fault(&mut self, span: Span, account: Option<String>, message: String) {
        let (line, column) = self.position(span.start);
        self.faults.push(Fault {
            file: self.file.to_owned(),
            line: Some(line),
            column: Some(column),
            account,
            message,
        });
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

fn without_return(text: &str) -> &str {
    text.strip_suffix('\r').unwrap_or(text)
}

/// The parts of a text that begin at `[[`, and what is before the first.
fn sections(text: &str) -> Vec<Span> {
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
