//! Reads the text of an accounts file, and collects every violation.

use std::collections::HashMap;
use std::path::Path;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use toml::Spanned;
use toml::de::DeValue;
use unified_ticketing_guest::account::{is_user_name, is_uuid, shown};
use unified_ticketing_guest::integration;

use super::super::Account;
use super::draft::Draft;
use crate::files::{FileFinding, SecretFile, Span, TomlReader};

/// Replaces a credential that cannot be read, so that the other checks of its account still apply.
const UNREADABLE: &str = "unreadable";

/// The largest file with a credential, in bytes.
const MAX_CREDENTIAL_FILE: usize = 64 * 1024;

pub(super) struct Reader<'a> {
    file: &'a Path,
    environment: &'a dyn Fn(&str) -> Option<String>,
    pub(super) toml: TomlReader<'a>,
    /// Ids in lower case and names, with the line of each.
    taken: HashMap<String, usize>,
    pub(super) warnings: Vec<FileFinding>,
    /// Whether the text itself holds a secret credential.
    pub(super) holds_secrets: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        file: &'a Path,
        text: &'a str,
        environment: &'a dyn Fn(&str) -> Option<String>,
    ) -> Self {
        Self {
            file,
            environment,
            toml: TomlReader::new(file, text),
            taken: HashMap::new(),
            warnings: Vec::new(),
            holds_secrets: false,
        }
    }

    /// Reads the accounts without a violation.
    pub(super) fn accounts(&mut self) -> Vec<Account> {
        let mut accounts = Vec::new();
        for section in self.toml.sections("account") {
            self.toml.enter(&section);
            accounts.extend(
                section
                    .entries
                    .iter()
                    .filter_map(|table| self.account(table)),
            );
        }
        accounts
    }

    fn account(&mut self, table: &Spanned<DeValue<'_>>) -> Option<Account> {
        let before = self.toml.violations.len();
        let DeValue::Table(members) = table.get_ref() else {
            self.toml.violation(
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
            // It stands before every violation of the account.
            label: label.map(|label| shown(label).trim_matches('`').to_owned()),
            header: table.span(),
            ..Draft::default()
        };
        for (key, value) in members {
            self.member(&mut draft, key.get_ref(), &key.span(), value);
        }
        if members.get("id").is_none() {
            self.violation(&draft, table.span(), "`id` is missing".to_owned());
        }
        if members.get("integration").is_none() {
            self.violation(&draft, table.span(), "`integration` is missing".to_owned());
        }
        let account = self.build(&draft);
        account.filter(|_| self.toml.violations.len() == before)
    }

    fn member(&mut self, draft: &mut Draft, key: &str, span: &Span, value: &Spanned<DeValue<'_>>) {
        match key {
            "id" => {
                if let Some(id) = self.string(draft, key, value) {
                    // Other spellings of a UUID are rejected: the HTTP API compares ids as strings.
                    if is_uuid(&id) {
                        self.take(draft, "id", &id.to_ascii_lowercase(), value.span());
                        draft.id = Some(id);
                    } else {
                        self.violation(
                            draft,
                            value.span(),
                            format!("`id`: expected a UUID, but found {}", shown(&id)),
                        );
                    }
                }
            }
            "name" => {
                if let Some(name) = self.string(draft, key, value) {
                    self.take(draft, "name", &name, value.span());
                    draft.name = Some(name);
                }
            }
            "integration" => {
                draft.integration = self
                    .string(draft, key, value)
                    .map(|text| (text, value.span()));
            }
            "base_url" => {
                draft.base_url = self
                    .string(draft, key, value)
                    .map(|text| (text, value.span()));
            }
            "settings" => {
                for (name, span, value) in self.entries(draft, key, value) {
                    let key = format!("settings.{}", shown(&name).trim_matches('`'));
                    if let Some(text) = self.string(draft, &key, value) {
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
                self.violation(
                    draft,
                    span.clone(),
                    format!("unknown key {}; expected one of {known}", shown(other)),
                );
            }
        }
    }

    /// The value of a credential: a string, or its source.
    fn credential(
        &mut self,
        draft: &mut Draft,
        name: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<SecretString> {
        let key = format!("credentials.{}", shown(name).trim_matches('`'));
        let source = match value.get_ref() {
            DeValue::String(text) => {
                draft.in_text.push(name.to_owned());
                return Some(SecretString::from(text.as_ref()));
            }
            DeValue::Table(source) if source.len() == 1 => source.iter().next(),
            _ => None,
        };
        let found = match source.map(|(kind, value)| (kind.get_ref().as_ref(), value)) {
            Some(("env", name)) => {
                let variable = self.string(draft, &format!("{key}.env"), name)?;
                (self.environment)(&variable)
                    .map(Zeroizing::new)
                    .ok_or_else(|| {
                        let variable = variable_shown(&variable);
                        format!("`{key}`: the environment variable{variable} is not set")
                    })
            }
            Some(("file", path)) => {
                let path = self.string(draft, &format!("{key}.file"), path)?;
                let path = self.file.parent().unwrap_or(Path::new("")).join(path);
                let file = format!("`{key}`: the file {}", shown(&path.to_string_lossy()));
                SecretFile::from_path(&path, MAX_CREDENTIAL_FILE)
                    .map(|read| {
                        if let Some(exposed) = read.exposed {
                            let message = format!("{file} {exposed}");
                            let warning = self.toml.finding(value.span(), draft.entry(), message);
                            self.warnings.push(warning);
                        }
                        read.text
                    })
                    .map_err(|error| format!("{file} {error}"))
            }
            _ => Err(format!(
                "`{key}`: expected a string, {{ env = … }} or {{ file = … }}"
            )),
        };
        match found {
            Ok(secret) => Some(SecretString::from(secret.as_str())),
            Err(message) => {
                self.violation(draft, value.span(), message);
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
            draft,
            value.span(),
            format!("`{key}`: expected a table, but found {found}"),
        );
        Vec::new()
    }

    fn string(&mut self, draft: &Draft, key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        self.toml.string(draft.entry(), key, value)
    }

    /// Notes an id or a name, which must be unique: both name the account on the command line.
    fn take(&mut self, draft: &Draft, key: &str, text: &str, span: Span) {
        if let Some(first) = self.toml.take(&mut self.taken, text, &span) {
            let text = shown(text);
            let message = format!("`{key}`: {text} is taken by the account of line {first}");
            self.violation(draft, span, message);
        }
    }

    /// Makes the account, and collects the violations that the integration's table finds.
    fn build(&mut self, draft: &Draft) -> Option<Account> {
        let (name, _) = draft.integration.as_ref()?;
        let integration = integration::find(name);
        self.holds_secrets |= draft
            .in_text
            .iter()
            .any(|name| integration.is_none_or(|integration| !is_user_name(integration, name)));
        let violations = match draft.build() {
            Ok(account) => return Some(account),
            Err(violations) => violations,
        };
        for (span, message) in violations {
            self.violation(draft, span, message);
        }
        None
    }

    fn violation(&mut self, draft: &Draft, span: Span, message: String) {
        self.toml.violation(span, draft.entry(), message);
    }
}

/// A variable's name after a space. A string that does not look like a name may be the secret itself.
fn variable_shown(name: &str) -> String {
    let conventional =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if name.len() <= 64 && name.bytes().all(conventional) {
        format!(" `{name}`")
    } else {
        " that it names".to_owned()
    }
}
