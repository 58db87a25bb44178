//! The bearer tokens.
//!
//! ```json
//! {"token": [{
//!   "name": "shop",
//!   "sha256": "b67ebbc24c30c9103a00bfb3af5de67432c5649b71c56dc7619b43a908a52d4e",
//!   "accounts": ["62f44730-dd91-461e-bd6a-aedd9e0ad79d"],
//!   "operations": ["read", "create"]
//! }]}
//! ```
//!
//! It is the array of the TOML file of `serve --tokens` as JSON, and holds the digests of tokens alone.

use std::collections::BTreeSet;

use unified_ticketing_json::Value;

use super::reader::{Members, Reader, get};
use crate::account::is_uuid;
use crate::http_api::gate::{
    self, Digest, Permissions, TokenAccounts, TokenOperation, parse_digest,
};

const KEYS: [&str; 5] = ["name", "scope", "sha256", "accounts", "operations"];

/// The tokens. It holds their digests.
pub(super) struct Tokens(Vec<Token>);

struct Token {
    name: String,
    digest: Digest,
    permissions: Permissions,
}

impl Tokens {
    /// The permissions of the token in an `authorization` header.
    pub(super) fn find(&self, authorization: &[u8]) -> Option<&Permissions> {
        let digests = self.0.iter().map(|token| &token.digest);
        let token = self.0.get(gate::find(authorization, digests)?)?;
        Some(&token.permissions)
    }
}

/// The tokens, or every violation. `accounts` are the ids, in lower case, that there are; `None` where that is not known.
pub(super) fn parse(json: &str, accounts: Option<&[String]>) -> Result<Tokens, String> {
    let mut reader = Reader::default();
    let mut tokens: Vec<Token> = Vec::new();
    let entries = reader.document(json, "token");
    if entries.is_empty() && reader.violations.is_empty() {
        let violation = "`/token`: expected at least one token, but found none";
        reader.violations.push(violation.to_owned());
    }
    for (index, value) in entries.iter().enumerate() {
        let path = format!("/token/{index}");
        let Some(token) = token(&mut reader, &path, value, accounts) else {
            continue;
        };
        for (name, is_same) in [
            ("name", tokens.iter().any(|it| it.name == token.name)),
            ("sha256", tokens.iter().any(|it| it.digest == token.digest)),
        ] {
            if is_same {
                let violation =
                    format!("`{path}/{name}`: it is the same as that of a token before");
                reader.violations.push(violation);
            }
        }
        tokens.push(token);
    }
    reader.end(Tokens(tokens))
}

fn token(
    reader: &mut Reader,
    path: &str,
    value: &Value<'_>,
    known: Option<&[String]>,
) -> Option<Token> {
    let members = reader.members(path, value, &KEYS)?;
    let name = reader.required(path, &members, "name");
    // What a store keeps under a key is kept by scope; here there is none.
    reader.optional(path, &members, "scope");
    let digest = reader.required(path, &members, "sha256");
    let digest = digest.and_then(|text| {
        let digest = parse_digest(&text);
        if digest.is_none() {
            // It may be the token itself.
            reader.violations.push(format!(
                "`{path}/sha256`: expected 64 hexadecimal digits, as `unified-ticketing token new` prints them"
            ));
        }
        digest
    });
    let accounts = accounts(reader, path, &members, known);
    let operations = operations(reader, path, &members);
    Some(Token {
        name: name?,
        digest: digest?,
        permissions: Permissions {
            accounts,
            operations,
        },
    })
}

fn accounts(
    reader: &mut Reader,
    path: &str,
    members: &Members<'_>,
    known: Option<&[String]>,
) -> TokenAccounts {
    let path = format!("{path}/accounts");
    let mut ids = BTreeSet::new();
    let entries = match get(members, "accounts") {
        None => {
            reader.violations.push(format!("`{path}`: missing"));
            return TokenAccounts::Listed(ids);
        }
        Some(Value::String(word)) if word == "all" => return TokenAccounts::All,
        Some(Value::Array(entries)) => entries,
        Some(_) => {
            reader.violations.push(format!(
                "`{path}`: expected \"all\" or an array of accounts' ids"
            ));
            return TokenAccounts::Listed(ids);
        }
    };
    let entries: Vec<_> = entries.iter().collect();
    if entries.is_empty() {
        let violation = format!("`{path}`: expected at least one, but found none");
        reader.violations.push(violation);
    }
    for (index, value) in entries.iter().enumerate() {
        let path = format!("{path}/{index}");
        let Some(id) = reader.string(&path, value) else {
            continue;
        };
        let folded = id.to_ascii_lowercase();
        if !is_uuid(&id) {
            let violation = format!("`{path}`: expected a UUID, but found another string");
            reader.violations.push(violation);
        } else if known.is_some_and(|known| !known.contains(&folded)) {
            let violation = format!("`{path}`: there is no account `{id}`");
            reader.violations.push(violation);
        } else {
            ids.insert(folded);
        }
    }
    TokenAccounts::Listed(ids)
}

fn operations(reader: &mut Reader, path: &str, members: &Members<'_>) -> BTreeSet<TokenOperation> {
    let path = format!("{path}/operations");
    let mut operations = BTreeSet::new();
    let Some(value) = get(members, "operations") else {
        reader.violations.push(format!("`{path}`: missing"));
        return operations;
    };
    let entries = reader.array(&path, value);
    if entries.is_empty() && matches!(value, Value::Array(_)) {
        let violation = format!("`{path}`: expected at least one, but found none");
        reader.violations.push(violation);
    }
    for (index, value) in entries.iter().enumerate() {
        let path = format!("{path}/{index}");
        let Some(name) = reader.string(&path, value) else {
            continue;
        };
        match name.parse() {
            Ok(operation) => {
                operations.insert(operation);
            }
            Err(error) => {
                let error: gate::TokenOperationError = error;
                let violation = format!("`{path}`: {error}, but found another string");
                reader.violations.push(violation);
            }
        }
    }
    operations
}
