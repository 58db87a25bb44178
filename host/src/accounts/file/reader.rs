//! Reads an accounts file, and collects every violation on the way.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use unified_ticketing_guest::account::{is_user_name, shown};
use unified_ticketing_guest::integration;
use uuid::Uuid;

use super::super::Account;
use super::FileFinding;
use super::draft::Draft;
use crate::files;

/// Replaces a credential that could not be read, so that the other checks of its account still work.
const UNREADABLE: &str = "unreadable";

/// The largest file with a credential, in bytes.
const MAX_CREDENTIAL_FILE: usize = 64 * 1024;

pub(super) type Span = Range<usize>;

pub(super) struct Reader<'a> {
    file: &'a Path,
    toml: &'a str,
    environment: &'a dyn Fn(&str) -> Option<String>,
    /// The start of the part of the file that spans count from.
    base: usize,
    /// Ids in lower case and names, and the line of each.
    taken: HashMap<String, usize>,
    pub(super) violations: Vec<FileFinding>,
    pub(super) warnings: Vec<FileFinding>,
    /// Whether the file itself has a credential that is a secret.
    pub(super) holds_secrets: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        file: &'a Path,
        toml: &'a str,
        environment: &'a dyn Fn(&str) -> Option<String>,
    ) -> Self {
        Self {
            file,
            toml,
            environment,
            base: 0,
            taken: HashMap::new(),
            violations: Vec::new(),
            warnings: Vec::new(),
            holds_secrets: false,
        }
    }

    /// Reads the accounts without violations.
    pub(super) fn read(&mut self) -> Vec<Account> {
        let error = match DeTable::parse(self.toml) {
            Ok(document) => return self.document(document.get_ref()),
            Err(error) => error,
        };
        // Each account by itself, so that a syntax error in one does not hide the others.
        let mut accounts = Vec::new();
        for section in sections(self.toml) {
            self.base = section.start;
            match DeTable::parse(self.toml.get(section).unwrap_or_default()) {
                Ok(document) => accounts.extend(self.document(document.get_ref())),
                Err(error) => self.syntax(&error),
            }
        }
        self.base = 0;
        if self.violations.is_empty() {
            self.syntax(&error);
        }
        accounts
    }

    fn syntax(&mut self, error: &toml::de::Error) {
        // The message alone: the error's full output quotes the line, which may hold a secret.
        self.violation(
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
                    self.violation(
                        value.span(),
                        None,
                        format!("expected `[[account]]`, but found one {}", other.type_str()),
                    );
                }
                (other, _) => self.violation(
                    key.span(),
                    None,
                    format!("unknown key {}; expected `[[account]]`", shown(other)),
                ),
            }
        }
        accounts
    }

    fn account(&mut self, table: &Spanned<DeValue<'_>>) -> Option<Account> {
        let before = self.violations.len();
        let DeValue::Table(members) = table.get_ref() else {
            self.violation(
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
            // It is part of every violation of the account.
            label: label.map(|label| shown(label).trim_matches('`').to_owned()),
            header: table.span(),
            ..Draft::default()
        };
        for (key, value) in members {
            self.member(&mut draft, key.get_ref(), &key.span(), value);
        }
        if members.get("id").is_none() {
            self.violation(
                table.span(),
                draft.label.clone(),
                "`id` is missing".to_owned(),
            );
        }
        if members.get("integration").is_none() {
            self.violation(
                table.span(),
                draft.label.clone(),
                "`integration` is missing".to_owned(),
            );
        }
        let account = self.build(&draft);
        account.filter(|_| self.violations.len() == before)
    }

    fn member(&mut self, draft: &mut Draft, key: &str, span: &Span, value: &Spanned<DeValue<'_>>) {
        match key {
            "id" => {
                if let Some(id) = self.string_of(draft, key, value) {
                    // Other spellings of a UUID are violations: the HTTP API compares ids as strings.
                    if id.len() != 36 || Uuid::try_parse(&id).is_err() {
                        self.violation(
                            value.span(),
                            draft.label.clone(),
                            format!("`id`: expected a UUID, but found {}", shown(&id)),
                        );
                    } else {
                        self.take(draft, "id", &id.to_ascii_lowercase(), value.span());
                        draft.id = Some(id);
                    }
                }
            }
            "name" => {
                if let Some(name) = self.string_of(draft, key, value) {
                    self.take(draft, "name", &name, value.span());
                    draft.name = Some(name);
                }
            }
            "integration" => {
                draft.integration = self
                    .string_of(draft, key, value)
                    .map(|string| (string, value.span()));
            }
            "base_url" => {
                draft.base_url = self
                    .string_of(draft, key, value)
                    .map(|string| (string, value.span()));
            }
            "settings" => {
                for (name, span, value) in self.entries(draft, key, value) {
                    let key = format!("settings.{}", shown(&name).trim_matches('`'));
                    if let Some(string) = self.string_of(draft, &key, value) {
                        draft.settings.push((name, string, span));
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
                self.violation(
                    span.clone(),
                    draft.label.clone(),
                    format!("unknown key {}; expected one of {known}", shown(other)),
                );
            }
        }
    }

    /// The value of a credential: a string, or that of a variable or a file.
    fn credential(
        &mut self,
        draft: &mut Draft,
        name: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<SecretString> {
        let key = format!("credentials.{}", shown(name).trim_matches('`'));
        let source = match value.get_ref() {
            DeValue::String(string) => {
                draft.in_file.push(name.to_owned());
                return Some(SecretString::from(string.as_ref()));
            }
            DeValue::Table(source) if source.len() == 1 => source.iter().next(),
            _ => None,
        };
        let found = match source.map(|(kind, source)| (kind.get_ref().as_ref(), source)) {
            Some(("env", source)) => {
                let variable = self.string_of(draft, &format!("{key}.env"), source)?;
                (self.environment)(&variable)
                    .map(Zeroizing::new)
                    .ok_or_else(|| {
                        let variable = variable_shown(&variable);
                        format!("`{key}`: the environment variable{variable} is not set")
                    })
            }
            Some(("file", source)) => {
                let path = self.string_of(draft, &format!("{key}.file"), source)?;
                let path = self.file.parent().unwrap_or(Path::new("")).join(path);
                let file = format!("`{key}`: the file {}", shown(&path.to_string_lossy()));
                files::read(&path, MAX_CREDENTIAL_FILE)
                    .map(|read| {
                        if let Some(exposed) = read.exposed {
                            let message = format!("{file} {exposed}");
                            let warning = self.at(value.span(), draft.label.clone(), message);
                            self.warnings.push(warning);
                        }
                        read.text
                    })
                    .map_err(|why| format!("{file} {why}"))
            }
            _ => Err(format!(
                "`{key}`: expected a string, {{ env = … }} or {{ file = … }}"
            )),
        };
        match found {
            Ok(secret) => Some(SecretString::from(secret.as_str())),
            Err(message) => {
                self.violation(value.span(), draft.label.clone(), message);
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
        self.violation(
            value.span(),
            draft.label.clone(),
            format!("`{key}`: expected a table, but found {found}"),
        );
        Vec::new()
    }

    fn string_of(
        &mut self,
        draft: &Draft,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<String> {
        let string = value.get_ref().as_str();
        if string.is_none() {
            let found = value.get_ref().type_str();
            self.violation(
                value.span(),
                draft.label.clone(),
                format!("`{key}`: expected a string, but found {found}"),
            );
        }
        string.map(str::to_owned)
    }

    /// Registers an id or a name, which no other account may have: both name the account on the command line.
    fn take(&mut self, draft: &Draft, key: &str, name: &str, span: Span) {
        let line = self.position(span.start).0;
        if let Some(first) = self.taken.get(name) {
            let name = shown(name);
            let message = format!("`{key}`: {name} is taken by the account of line {first}");
            self.violation(span, draft.label.clone(), message);
        } else {
            self.taken.insert(name.to_owned(), line);
        }
    }

    /// Makes the account, or adds the violations of the integration's table.
    fn build(&mut self, draft: &Draft) -> Option<Account> {
        let (name, _) = draft.integration.as_ref()?;
        let integration = integration::find(name);
        self.holds_secrets |= draft
            .in_file
            .iter()
            .any(|name| integration.is_none_or(|integration| !is_user_name(integration, name)));
        let violations = match draft.build() {
            Ok(account) => return Some(account),
            Err(violations) => violations,
        };
        for (span, message) in violations {
            self.violation(span, draft.label.clone(), message);
        }
        None
    }

    fn violation(&mut self, span: Span, account: Option<String>, message: String) {
        let violation = self.at(span, account, message);
        self.violations.push(violation);
    }

    fn at(&self, span: Span, account: Option<String>, message: String) -> FileFinding {
        let (line, column) = self.position(span.start);
        FileFinding {
            file: self.file.to_owned(),
            line: Some(line),
            column: Some(column),
            account,
            message,
        }
    }

    /// Line and column of a byte, from 1.
    fn position(&self, at: usize) -> (usize, usize) {
        let before = self.toml.get(..self.base + at).unwrap_or(self.toml);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |start| start.chars().count())
            + 1;
        (line, column)
    }
}

/// A variable's name after a space. A string that does not look like one may be the secret itself.
fn variable_shown(name: &str) -> String {
    let conventional =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if name.len() <= 64 && name.bytes().all(conventional) {
        format!(" `{name}`")
    } else {
        " that it names".to_owned()
    }
}

/// The parts of a file that start at `[[`, and the part before the first.
fn sections(toml: &str) -> Vec<Span> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in toml.split_inclusive('\n') {
        if at > 0 && line.trim_start().starts_with("[[") {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().copied().skip(1).chain([toml.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(start, end)| start..end)
        .collect()
}
