//! What a row asks for: the call of the HTTP API that it becomes.

mod cells;
mod request;

use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;
use unified_ticketing::{Account, FileAccounts};
use unified_ticketing_guest::findings::Findings;
use unified_ticketing_guest::http_api::{body, is_idempotency_key};
use unified_ticketing_guest::{primary, set_emails};

use self::cells::{Cells, Envelope};
pub(super) use self::request::CallMode;
use super::columns::{Columns, Field};
use super::fault::Fault;
use super::reader::{Content, Record};
use crate::digest;
use crate::json::{Object, as_string};

/// What stands for a character that was lost.
const LOST: char = '\u{fffd}';

/// A row, as a call.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    /// The account of the call.
    pub(super) account: Arc<AccountOfRows>,
    pub(super) operation: RowOperation,
    /// The JSON body of the call.
    pub(super) body: Vec<u8>,
    /// The primary address, as it is given.
    pub(super) email: Option<String>,
    /// The idempotency key.
    pub(super) key: String,
    collections: Vec<String>,
    /// The values of the columns, where it has columns.
    pub(super) cells: Vec<String>,
}

/// What a row does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowOperation {
    Create,
    /// Change the user of this id.
    Update(String),
    /// Delete the user of this id; without one, who has the address.
    Delete(Option<String>),
}

/// An account that rows name.
#[derive(Debug)]
pub(super) struct AccountOfRows {
    pub(super) id: String,
    /// Its name for people.
    pub(super) label: String,
    pub(super) integration: &'static str,
    /// Its position among the accounts.
    pub(super) position: usize,
}

/// The accounts that rows can name.
pub(super) struct RowAccounts {
    accounts: Vec<Arc<AccountOfRows>>,
    by_name: FileAccounts,
    /// The account of rows that name none.
    default: Option<Arc<AccountOfRows>>,
}

impl RowAccounts {
    pub(super) fn new(accounts: &FileAccounts, default: Option<&Account>) -> Self {
        let label = |account: &Account| account.name().unwrap_or(account.id()).to_owned();
        let accounts_of_rows: Vec<Arc<AccountOfRows>> = accounts
            .iter()
            .enumerate()
            .map(|(position, account)| {
                Arc::new(AccountOfRows {
                    id: account.id().to_owned(),
                    label: label(account),
                    integration: account.integration(),
                    position,
                })
            })
            .collect();
        let default = default.and_then(|default| {
            let mut all = accounts_of_rows.iter();
            all.find(|account| account.id == default.id()).cloned()
        });
        Self {
            accounts: accounts_of_rows,
            by_name: accounts.clone(),
            default,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<AccountOfRows>> {
        self.accounts.iter()
    }

    fn find(&self, id_or_name: &str) -> Option<Arc<AccountOfRows>> {
        let account = self.by_name.find(id_or_name)?;
        let mut all = self.accounts.iter();
        all.find(|known| known.id == account.id()).cloned()
    }
}

/// What rows are read by.
pub(super) struct RowReader<'a> {
    pub(super) columns: &'a Columns,
    pub(super) accounts: &'a RowAccounts,
    pub(super) trim: bool,
    /// Whether rows delete.
    pub(super) deletes: bool,
}

impl RowReader<'_> {
    /// Reads a row.
    ///
    /// # Errors
    ///
    /// What is wrong with it, but for what the component finds in its body.
    pub(super) fn read(&self, record: Record) -> Result<Row, Vec<Fault>> {
        let line = record.line;
        let mut faults = Vec::new();
        let (body, envelope, cells) = match record.content {
            Content::Cells(cells) => {
                let (body, envelope) = self.cells(line, &cells, &mut faults);
                (body, envelope, cells)
            }
            Content::Json(json) => {
                let (body, envelope) = self.object(line, &json).map_err(|fault| vec![fault])?;
                (body, envelope, Vec::new())
            }
        };
        let account = self.account(line, envelope.account.as_deref(), &mut faults);
        if envelope
            .key
            .as_deref()
            .is_some_and(|key| !is_idempotency_key(key))
        {
            let message = "expected a key of 1 to 255 characters of printable ASCII".to_owned();
            faults.push(self.fault(line, &Field::Key, "format", message));
        }
        let Some(account) = account.filter(|_| faults.is_empty()) else {
            return Err(faults);
        };
        let user = body::changes(&body, &mut Findings::new(false));
        let email = primary(set_emails(&user.emails)).map(str::to_owned);
        let operation = match envelope.id {
            id if self.deletes => RowOperation::Delete(id),
            Some(id) => RowOperation::Update(id),
            None => RowOperation::Create,
        };
        let address = email.as_deref().unwrap_or_default().trim();
        if operation == RowOperation::Delete(None) && address.is_empty() {
            let message = "expected an id or an address, but found none".to_owned();
            return Err(vec![self.fault(line, &Field::Email, "required", message)]);
        }
        let key = envelope.key.unwrap_or_else(|| {
            let (of, what) = match &operation {
                RowOperation::Update(id) => (id.clone(), "update"),
                RowOperation::Delete(Some(id)) => (id.clone(), "delete"),
                RowOperation::Delete(None) => (address.to_lowercase(), "delete"),
                RowOperation::Create => (address.to_lowercase(), "create"),
            };
            derived_key(&[&account.id, &of, what])
        });
        Ok(Row {
            line,
            account,
            operation,
            body,
            email,
            key,
            collections: envelope.collections,
            cells,
        })
    }

    fn fault(&self, line: u64, field: &Field, code: &str, message: String) -> Fault {
        Fault::of_field(line, self.columns, field, code, message)
    }

    fn account(
        &self,
        line: u64,
        name: Option<&str>,
        faults: &mut Vec<Fault>,
    ) -> Option<Arc<AccountOfRows>> {
        let found = match name {
            Some(name) => self.accounts.find(name),
            None => self.accounts.default.clone(),
        };
        if found.is_some() {
            return found;
        }
        let (code, message) = if let Some(name) = name {
            ("unknown-account", format!("there is no account `{name}`"))
        } else {
            let message = "expected an account, here or by `--account`, but found none";
            ("required", message.to_owned())
        };
        faults.push(self.fault(line, &Field::Account, code, message));
        None
    }

    /// Reads cells. An empty one is left out.
    fn cells(&self, line: u64, cells: &[String], faults: &mut Vec<Fault>) -> (Vec<u8>, Envelope) {
        let mut user = Cells::default();
        for (position, (column, cell)) in self.columns.columns.iter().zip(cells).enumerate() {
            let Some(field) = &column.field else {
                continue;
            };
            let trimmed = cell.trim();
            let value = if self.trim { trimmed } else { cell.as_str() };
            let fault = |message: String| Fault {
                column: Some((position, column.name.clone())),
                ..Fault::of_row(line, "format", message)
            };
            if value.len() != trimmed.len() {
                let message = format!(
                    "expected no blanks at the ends, but found `{value}`: `--trim` removes them"
                );
                faults.push(fault(message));
            } else if value.contains(LOST) {
                let message = format!(
                    "expected text, but found `{value}`, where a character is lost: look at the encoding of the file"
                );
                faults.push(fault(message));
            } else if !value.is_empty() {
                user.add(field, value);
            }
        }
        user.add_defaults(&self.columns.defaults);
        user.into_body()
    }

    /// Reads an object. Its members but those of the row are passed on as they are written.
    fn object(&self, line: u64, json: &str) -> Result<(Vec<u8>, Envelope), Fault> {
        let object = Object::parse(json.as_bytes()).map_err(|error| {
            let message = format!("expected a JSON object, but found an error: {error}");
            Fault::of_row(line, "format", message)
        })?;
        let mut envelope = Envelope::default();
        let mut members = Vec::new();
        let mut names = Vec::new();
        for (written, value) in &object.0 {
            let name = as_string(written);
            let is_own = match name.as_str() {
                "account" => set_once(&mut envelope.account, value),
                "id" => set_once(&mut envelope.id, value),
                "key" => set_once(&mut envelope.key, value),
                "collection" => {
                    envelope.collections.extend(text(value));
                    Ok(())
                }
                _ => {
                    members.push(format!("{}:{}", written.get(), value.get()));
                    names.push(name);
                    continue;
                }
            };
            is_own.map_err(|message| Fault {
                pointer: format!("/{name}"),
                ..Fault::of_row(line, "type", message)
            })?;
        }
        let mut defaults = Cells::default();
        let has = |field: &Field| {
            let member = match field {
                Field::Email => "emails",
                Field::Role | Field::RoleId => "roles",
                Field::Custom(_) => "custom_fields",
                Field::RemoteData(_) => "remote_data",
                Field::Account => return envelope.account.is_some(),
                Field::Id => return envelope.id.is_some(),
                Field::Key => return envelope.key.is_some(),
                Field::Collection => return !envelope.collections.is_empty(),
                field => return names.contains(&field.name()),
            };
            names.iter().any(|name| name == member)
        };
        let missing = self
            .columns
            .defaults
            .iter()
            .filter(|(field, _)| !has(field));
        let missing: Vec<(Field, String)> = missing.cloned().collect();
        defaults.add_defaults(&missing);
        let Envelope {
            account,
            id,
            key,
            collections,
        } = std::mem::take(&mut defaults.envelope);
        envelope.account = envelope.account.or(account);
        envelope.id = envelope.id.or(id);
        envelope.key = envelope.key.or(key);
        envelope.collections.extend(collections);
        let more = defaults.members();
        let more = more
            .iter()
            .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())));
        members.extend(more);
        Ok((format!("{{{}}}", members.join(",")).into_bytes(), envelope))
    }
}

/// Takes a member of a row that can be there once; `null` is as if it were not.
fn set_once(place: &mut Option<String>, value: &RawValue) -> Result<(), String> {
    let given = text(value);
    match given {
        None if value.get() == "null" => Ok(()),
        None => Err("expected a string".to_owned()),
        Some(_) if place.is_some() => {
            Err("expected the member once, but found it twice".to_owned())
        }
        Some(given) => {
            *place = Some(given);
            Ok(())
        }
    }
}

/// A string, or the digits of a number: ids are written as both.
fn text(value: &RawValue) -> Option<String> {
    let json = value.get();
    if json.starts_with('"') {
        return Some(as_string(value));
    }
    let is_number = json.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| json.to_owned())
}

/// A key that is made of these parts.
pub(super) fn derived_key(parts: &[&str]) -> String {
    digest::derived_key("import-", parts)
}
