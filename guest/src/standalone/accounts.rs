//! The accounts.
//!
//! ```json
//! {"account": [{
//!   "id": "62f44730-dd91-461e-bd6a-aedd9e0ad79d",
//!   "name": "acme-gorgias",
//!   "integration": "gorgias",
//!   "settings": {"subdomain": "acme"},
//!   "credentials": {"email": "ops@acme.example", "api_key": "the-key"}
//! }]}
//! ```
//!
//! It is the array of the TOML accounts file as JSON, where every value is a string. Whether settings
//! and credentials suit the integration is for the call that uses them.

use unified_ticketing_json::Value;

use super::reader::Reader;
use crate::account::is_uuid;
use crate::bindings::accounts::{Account, Credentials};

const KEYS: [&str; 6] = [
    "id",
    "name",
    "integration",
    "base_url",
    "settings",
    "credentials",
];

/// The accounts, by id, or every violation.
pub(super) fn parse(json: &str) -> Result<Vec<(String, Account)>, String> {
    let mut reader = Reader::default();
    let mut accounts: Vec<(String, Account)> = Vec::new();
    for (index, value) in reader.document(json, "account").iter().enumerate() {
        let path = format!("/account/{index}");
        let Some((id, account)) = account(&mut reader, &path, value) else {
            continue;
        };
        let mut before = accounts.iter();
        if before.any(|(known, _)| known.eq_ignore_ascii_case(&id)) {
            let violation = format!("`{path}/id`: `{id}` is taken by an account before");
            reader.violations.push(violation);
        }
        accounts.push((id, account));
    }
    reader.end(accounts)
}

fn account(reader: &mut Reader, path: &str, value: &Value<'_>) -> Option<(String, Account)> {
    let members = reader.members(path, value, &KEYS)?;
    let id = reader.required(path, &members, "id");
    let integration = reader.required(path, &members, "integration");
    // Of use on the command line only; here it must not be something else by mistake.
    reader.optional(path, &members, "name");
    let base_url = reader.optional(path, &members, "base_url");
    let settings = reader.strings(path, &members, "settings");
    let credentials = reader.strings(path, &members, "credentials");
    let (id, integration) = (id?, integration?);
    if !is_uuid(&id) {
        let violation = format!("`{path}/id`: expected a UUID, but found `{id}`");
        reader.violations.push(violation);
    }
    let account = Account {
        integration,
        base_url,
        settings,
        credentials: Credentials::Disclosed(credentials),
    };
    Some((id, account))
}
