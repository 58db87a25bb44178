//! What a row asks for: the call of the HTTP API that it becomes.

use std::sync::Arc;

use form_urlencoded::Serializer;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use unified_ticketing::http_api::HttpRequest;
use unified_ticketing::{Account, FileAccounts};
use unified_ticketing_guest::findings::Findings;
use unified_ticketing_guest::http_api::{USERS, body};
use unified_ticketing_guest::integration::OperationName;
use unified_ticketing_guest::{primary, set_emails};

use super::super::request::{append_collections, append_if_exists};
use super::columns::{Columns, Field};
use super::fault::Fault;
use super::reader::{Content, Record};
use crate::args::IfExists;
use crate::json::{Object, as_string};

/// The longest key of a row, in bytes; that of the HTTP API.
const MAX_KEY: usize = 255;

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
}

/// The values of a row that are not in its body.
#[derive(Default)]
struct Envelope {
    account: Option<String>,
    id: Option<String>,
    key: Option<String>,
    collections: Vec<String>,
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
        if let Some(key) = &envelope.key {
            let is_printable = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            if !is_printable || !(1..=MAX_KEY).contains(&key.len()) {
                let message = "expected a key of 1 to 255 characters of printable ASCII".to_owned();
                faults.push(self.fault(line, &Field::Key, "format", message));
            }
        }
        let Some(account) = account.filter(|_| faults.is_empty()) else {
            return Err(faults);
        };
        let user = body::changes(&body, &mut Findings::new(false));
        let email = primary(set_emails(&user.emails)).map(str::to_owned);
        let operation = envelope
            .id
            .map_or(RowOperation::Create, RowOperation::Update);
        let key = envelope.key.unwrap_or_else(|| match &operation {
            RowOperation::Update(id) => derived_key(&[&account.id, id, "update"]),
            RowOperation::Create => {
                let address = email.as_deref().unwrap_or_default().trim().to_lowercase();
                derived_key(&[&account.id, &address, "create"])
            }
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
        let (code, message) = match name {
            Some(name) => ("unknown-account", format!("there is no account `{name}`")),
            None => {
                let message = "expected an account, here or by `--account`, but found none";
                ("required", message.to_owned())
            }
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

/// A key that is made of these parts. Each has its length before it, so that no two lists of parts have the same one.
pub(super) fn derived_key(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    let hexadecimal = |key: String, byte: &u8| key + &format!("{byte:02x}");
    let digest = digest.finalize();
    digest.iter().fold("import-".to_owned(), hexadecimal)
}

/// The values of a user, by field.
#[derive(Default)]
struct Cells {
    body: Map<String, Value>,
    emails: Vec<Value>,
    roles: Vec<String>,
    role_ids: Vec<String>,
    envelope: Envelope,
}

impl Cells {
    fn add(&mut self, field: &Field, value: &str) {
        let text = value.to_owned();
        match field {
            Field::Name | Field::FirstName | Field::LastName | Field::NickName | Field::Avatar => {
                self.body.insert(field.name(), Value::String(text));
            }
            Field::Email => self.emails.push(json!({"email": text})),
            Field::Role => self.roles.push(text),
            Field::RoleId => self.role_ids.push(text),
            Field::Custom(name) => self.add_to("custom_fields", name, text),
            Field::RemoteData(name) => self.add_to("remote_data", name, text),
            Field::Collection => self.envelope.collections.push(text),
            Field::Account => self.envelope.account = Some(text),
            Field::Id => self.envelope.id = Some(text),
            Field::Key => self.envelope.key = Some(text),
        }
    }

    fn add_to(&mut self, object: &str, name: &str, value: String) {
        let entry = self.body.entry(object).or_insert_with(|| json!({}));
        if let Some(members) = entry.as_object_mut() {
            members.insert(name.to_owned(), Value::String(value));
        }
    }

    /// Adds values for the fields that have none. Those of a field that is a list are all of it, or none.
    fn add_defaults(&mut self, defaults: &[(Field, String)]) {
        let missing: Vec<&(Field, String)> = defaults
            .iter()
            .filter(|(field, _)| !self.has(field))
            .collect();
        for (field, value) in missing {
            self.add(field, value);
        }
    }

    fn has(&self, field: &Field) -> bool {
        let has_member = |object: &str, name: &str| {
            let object = self.body.get(object).and_then(Value::as_object);
            object.is_some_and(|members| members.contains_key(name))
        };
        match field {
            Field::Email => !self.emails.is_empty(),
            Field::Role | Field::RoleId => !(self.roles.is_empty() && self.role_ids.is_empty()),
            Field::Custom(name) => has_member("custom_fields", name),
            Field::RemoteData(name) => has_member("remote_data", name),
            Field::Collection => !self.envelope.collections.is_empty(),
            Field::Account => self.envelope.account.is_some(),
            Field::Id => self.envelope.id.is_some(),
            Field::Key => self.envelope.key.is_some(),
            field => self.body.contains_key(&field.name()),
        }
    }

    /// The members of the body.
    fn members(mut self) -> Map<String, Value> {
        if !self.emails.is_empty() {
            self.body
                .insert("emails".to_owned(), Value::Array(self.emails));
        }
        let count = self.roles.len().max(self.role_ids.len());
        let (mut names, mut ids) = (self.roles.into_iter(), self.role_ids.into_iter());
        let roles: Vec<Value> = std::iter::repeat_with(|| {
            let mut role = Map::new();
            role.extend(ids.next().map(|id| ("id".to_owned(), Value::String(id))));
            role.extend(
                names
                    .next()
                    .map(|name| ("name".to_owned(), Value::String(name))),
            );
            Value::Object(role)
        })
        .take(count)
        .collect();
        if !roles.is_empty() {
            self.body.insert("roles".to_owned(), Value::Array(roles));
        }
        self.body
    }

    fn into_body(mut self) -> (Vec<u8>, Envelope) {
        let envelope = std::mem::take(&mut self.envelope);
        let members = Value::Object(self.members());
        (members.to_string().into_bytes(), envelope)
    }
}

/// How the call of a row is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallMode {
    pub(super) if_exists: IfExists,
    pub(super) dry_run: bool,
    pub(super) resend: bool,
}

impl Row {
    pub(super) fn operation_name(&self) -> OperationName {
        match self.operation {
            RowOperation::Create => OperationName::Create,
            RowOperation::Update(_) => OperationName::Update,
        }
    }

    /// The request of the HTTP API.
    pub(super) fn request(&self, mode: CallMode) -> HttpRequest {
        let operation = self.operation_name();
        let mut query = self.query();
        match &self.operation {
            RowOperation::Create => {
                append_if_exists(&mut query, mode.if_exists);
                if mode.resend {
                    query.append_pair("unified_resend", "true");
                }
            }
            RowOperation::Update(_) => {}
        }
        if mode.dry_run {
            query.append_pair("unified_dry_run", "true");
        }
        append_collections(&mut query, &self.collections);
        let path = match &self.operation {
            RowOperation::Create => USERS.to_owned(),
            RowOperation::Update(id) => user_path(id),
        };
        HttpRequest {
            method: operation.http_method().to_owned(),
            target: format!("{path}?{}", query.finish()),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: self.body.clone(),
        }
    }

    /// The request that looks for the row's user: by its id, or by its address.
    pub(super) fn look_up(&self) -> HttpRequest {
        let mut query = self.query();
        append_collections(&mut query, &self.collections);
        let path = match &self.operation {
            RowOperation::Update(id) => user_path(id),
            RowOperation::Create => {
                let address = self.email.as_deref().unwrap_or_default();
                query.append_pair("emails[0][email]", address);
                USERS.to_owned()
            }
        };
        HttpRequest {
            method: "GET".to_owned(),
            target: format!("{path}?{}", query.finish()),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn query(&self) -> Serializer<'static, String> {
        let mut query = Serializer::new(String::new());
        query.append_pair("integrated_account_id", &self.account.id);
        query.append_pair("truto_ignore_remote_data", "true");
        query
    }
}

fn user_path(id: &str) -> String {
    // All bytes but letters and digits are encoded, so that an id such as `..` is checked as an id.
    format!("{USERS}/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
}
