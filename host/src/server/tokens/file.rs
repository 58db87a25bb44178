//! Tokens in a TOML file.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use toml::Spanned;
use toml::de::DeValue;
use unified_ticketing_guest::account::is_uuid;
use unified_ticketing_guest::http_api::gate::{TokenAccounts, parse_digest};

use super::{Digest, MAX_NAME, Permissions, Token, TokenOperation, is_name};
use crate::files::{Span, TomlFileError, TomlReader, shown_short};

/// The members of a token.
const MEMBERS: &str = "`name`, `scope`, `sha256`, `accounts`, `operations`";

/// The tokens of a file, or every violation.
pub(super) fn parse(
    file: &Path,
    text: &str,
    has_account: &dyn Fn(&str) -> bool,
) -> Result<Vec<Token>, TomlFileError> {
    let mut reader = Reader {
        toml: TomlReader::new(file, text),
        has_account,
        names: HashMap::new(),
        digests: HashMap::new(),
    };
    let tokens = reader.tokens();
    let violations = reader.toml.violations;
    if violations.is_empty() {
        Ok(tokens)
    } else {
        Err(TomlFileError::new(violations))
    }
}

struct Reader<'a> {
    toml: TomlReader<'a>,
    has_account: &'a dyn Fn(&str) -> bool,
    /// The names, with the line of each.
    names: HashMap<String, usize>,
    /// The digests in lower case, with the line of each.
    digests: HashMap<String, usize>,
}

/// A token before its checks.
#[derive(Default)]
struct Draft {
    /// For messages.
    entry: Option<String>,
    name: Option<String>,
    scope: Option<String>,
    digest: Option<Digest>,
    accounts: Option<TokenAccounts>,
    operations: Option<BTreeSet<TokenOperation>>,
}

impl Draft {
    fn build(self) -> Option<Token> {
        let Self {
            entry: _,
            name,
            scope,
            digest,
            accounts,
            operations,
        } = self;
        let name = name?;
        Some(Token {
            scope: scope.unwrap_or_else(|| name.clone()),
            name: Some(name),
            digest: digest?,
            permissions: Permissions {
                accounts: accounts?,
                operations: operations?,
            },
        })
    }
}

impl Reader<'_> {
    fn tokens(&mut self) -> Vec<Token> {
        let mut tokens = Vec::new();
        let mut entries = 0;
        for section in self.toml.sections("token") {
            self.toml.enter(&section);
            entries += section.entries.len();
            tokens.extend(section.entries.iter().filter_map(|entry| self.token(entry)));
        }
        if entries == 0 && self.toml.violations.is_empty() {
            let message = "expected a `[[token]]`, but found none".to_owned();
            self.toml.violation(Span::default(), None, message);
        }
        tokens
    }

    fn token(&mut self, table: &Spanned<DeValue<'_>>) -> Option<Token> {
        let DeValue::Table(members) = table.get_ref() else {
            let found = table.get_ref().type_str();
            let message = format!("expected a table, but found {found}");
            self.toml.violation(table.span(), None, message);
            return None;
        };
        let name = members.get("name").and_then(|name| name.get_ref().as_str());
        let mut draft = Draft {
            entry: name
                .filter(|name| is_name(name))
                .map(|name| format!("token `{name}`")),
            ..Draft::default()
        };
        for (key, value) in members {
            self.member(&mut draft, key.get_ref(), &key.span(), value);
        }
        for required in ["name", "sha256", "accounts", "operations"] {
            if members.get(required).is_none() {
                self.violation(&draft, table.span(), format!("`{required}` is missing"));
            }
        }
        draft.build()
    }

    fn member(&mut self, draft: &mut Draft, key: &str, span: &Span, value: &Spanned<DeValue<'_>>) {
        match key {
            "name" => draft.name = self.name(draft, key, value),
            "scope" => draft.scope = self.name(draft, key, value),
            "sha256" => draft.digest = self.digest(draft, value),
            "accounts" => draft.accounts = self.accounts(draft, value),
            "operations" => draft.operations = self.operations(draft, value),
            other => {
                let message = format!(
                    "unknown key {}; expected one of {MEMBERS}",
                    shown_short(other)
                );
                self.violation(draft, span.clone(), message);
            }
        }
    }

    fn name(&mut self, draft: &Draft, key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let name = self.toml.string(draft.entry.clone(), key, value)?;
        if !is_name(&name) {
            let message = format!(
                "`{key}`: expected 1 to {MAX_NAME} characters in a line, without a space at an end"
            );
            self.violation(draft, value.span(), message);
            return None;
        }
        // Several tokens may share a scope: that is how one takes the place of another.
        if key == "name"
            && let Some(first) = self.toml.take(&mut self.names, &name, &value.span())
        {
            let message = format!("`{key}`: `{name}` is taken by the token of line {first}");
            self.violation(draft, value.span(), message);
        }
        Some(name)
    }

    fn digest(&mut self, draft: &Draft, value: &Spanned<DeValue<'_>>) -> Option<Digest> {
        let text = self.toml.string(draft.entry.clone(), "sha256", value)?;
        let Some(digest) = parse_digest(&text) else {
            // It may be the token itself.
            let message = "`sha256`: expected 64 hexadecimal digits, as `unified-ticketing token new` prints them";
            self.violation(draft, value.span(), message.to_owned());
            return None;
        };
        let text = text.to_ascii_lowercase();
        if let Some(first) = self.toml.take(&mut self.digests, &text, &value.span()) {
            let message = format!("`sha256`: it is the same as in line {first}");
            self.violation(draft, value.span(), message);
        }
        Some(digest)
    }

    fn accounts(&mut self, draft: &Draft, value: &Spanned<DeValue<'_>>) -> Option<TokenAccounts> {
        if value.get_ref().as_str() == Some("all") {
            return Some(TokenAccounts::All);
        }
        let expected = "`accounts`: expected \"all\" or an array of accounts' ids";
        let values = self.array(draft, expected, value)?;
        let mut accounts = BTreeSet::new();
        for value in values {
            let Some(id) = self.toml.string(draft.entry.clone(), "accounts", value) else {
                continue;
            };
            let message = if !is_uuid(&id) {
                format!(
                    "`accounts`: expected a UUID, but found {}",
                    shown_short(&id)
                )
            } else if !(self.has_account)(&id) {
                format!("`accounts`: there is no account {}", shown_short(&id))
            } else {
                accounts.insert(id.to_ascii_lowercase());
                continue;
            };
            self.violation(draft, value.span(), message);
        }
        Some(TokenAccounts::Listed(accounts))
    }

    fn operations(
        &mut self,
        draft: &Draft,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<BTreeSet<TokenOperation>> {
        let values = self.array(
            draft,
            "`operations`: expected an array of operations",
            value,
        )?;
        let mut operations = BTreeSet::new();
        for value in values {
            let Some(name) = self.toml.string(draft.entry.clone(), "operations", value) else {
                continue;
            };
            match name.parse::<TokenOperation>() {
                Ok(operation) => {
                    operations.insert(operation);
                }
                Err(error) => {
                    let message =
                        format!("`operations`: {error}, but found {}", shown_short(&name));
                    self.violation(draft, value.span(), message);
                }
            }
        }
        Some(operations)
    }

    /// The values of an array that is not empty.
    fn array<'v, 'i>(
        &mut self,
        draft: &Draft,
        expected: &str,
        value: &'v Spanned<DeValue<'i>>,
    ) -> Option<&'v [Spanned<DeValue<'i>>]> {
        let message = match value.get_ref() {
            DeValue::Array(values) if values.is_empty() => {
                format!("{expected}, but found an empty one: the token would be of no use")
            }
            DeValue::Array(values) => return Some(values),
            other => format!("{expected}, but found {}", other.type_str()),
        };
        self.violation(draft, value.span(), message);
        None
    }

    fn violation(&mut self, draft: &Draft, span: Span, message: String) {
        self.toml.violation(span, draft.entry.clone(), message);
    }
}
