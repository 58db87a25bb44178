//! Parses the value of the variable into accounts.
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
//! and credentials suit the integration is for the component that asks.

use crate::bindings::accounts::{Account, Credentials, ResolveError};
use crate::json::{Json, Members};

/// The environment variable with the accounts.
pub const VARIABLE: &str = "UNIFIED_TICKETING_ACCOUNTS_JSON";

const KEYS: [&str; 6] = [
    "id",
    "name",
    "integration",
    "base_url",
    "settings",
    "credentials",
];

/// Returns the account of this id, in any case, from the value of the variable.
///
/// # Errors
///
/// There is no such account, or the value has violations: all are listed. A violation quotes no value but an id, so that it holds
/// no secret.
pub fn resolve(json: Option<&str>, id: &str) -> Result<Account, ResolveError> {
    let unusable = |why: &str| ResolveError::Unusable(format!("`{VARIABLE}`{why}"));
    let json = json.ok_or_else(|| unusable(" is not set"))?;
    let mut reader = Reader::default();
    reader.document(json);
    if !reader.violations.is_empty() {
        return Err(unusable(&format!(": {}", reader.violations.join("; "))));
    }
    let mut accounts = reader.accounts.into_iter();
    accounts
        .find(|(known, _)| known.eq_ignore_ascii_case(id))
        .map(|(_, account)| account)
        .ok_or(ResolveError::Unknown)
}

/// The accounts read so far, by id, and every violation. Paths are JSON Pointers.
#[derive(Default)]
struct Reader {
    accounts: Vec<(String, Account)>,
    violations: Vec<String>,
}

impl Reader {
    fn document(&mut self, json: &str) {
        // A reader may ignore a byte order mark (RFC 8259, section 8.1).
        let document = match Json::parse(json.strip_prefix('\u{feff}').unwrap_or(json)) {
            Ok(document) => document,
            Err(error) => return self.violations.push(format!("not JSON: {error}")),
        };
        let members = self.members("", document, &["account"]);
        match members.and_then(|members| members.get("account")) {
            None => {}
            Some(Json::Array(accounts)) => {
                for (index, account) in accounts.into_iter().enumerate() {
                    self.account(&format!("/account/{index}"), account.into());
                }
            }
            Some(other) => self.expected("/account", "an array", &other),
        }
    }

    fn account(&mut self, path: &str, value: Json<'_>) {
        let Some(members) = self.members(path, value, &KEYS) else {
            return;
        };
        let members = &members;
        let id = self.required(path, members, "id");
        let integration = self.required(path, members, "integration");
        // Of use on the command line only; here it must not be something else by mistake.
        self.optional(path, members, "name");
        let base_url = self.optional(path, members, "base_url");
        let settings = self.strings(path, members, "settings");
        let credentials = self.strings(path, members, "credentials");
        let (Some(id), Some(integration)) = (id, integration) else {
            return;
        };
        if !is_uuid(&id) {
            self.violations
                .push(format!("`{path}/id`: expected a UUID, but found `{id}`"));
        }
        let mut before = self.accounts.iter();
        if before.any(|(known, _)| known.eq_ignore_ascii_case(&id)) {
            self.violations
                .push(format!("`{path}/id`: `{id}` is taken by an account before"));
        }
        let account = Account {
            integration,
            base_url,
            settings,
            credentials: Credentials::Disclosed(credentials),
        };
        self.accounts.push((id, account));
    }

    /// The members of an object, each once and of these names.
    fn members<'a>(&mut self, path: &str, value: Json<'a>, known: &[&str]) -> Option<Members<'a>> {
        let members = self.object(path, value)?;
        for (name, _) in &members.0 {
            if !known.contains(&name.as_str()) {
                let known = known.join("`, `");
                self.violations
                    .push(format!("`{path}/{name}`: unknown; expected `{known}`"));
            }
        }
        Some(members)
    }

    /// The members of an object, each once.
    fn object<'a>(&mut self, path: &str, value: Json<'a>) -> Option<Members<'a>> {
        let Json::Object(members) = value else {
            self.expected(path, "an object", &value);
            return None;
        };
        for (index, (name, _)) in members.0.iter().enumerate() {
            if members
                .0
                .iter()
                .take(index)
                .any(|(before, _)| before == name)
            {
                self.violations
                    .push(format!("`{path}/{name}`: given twice"));
            }
        }
        Some(members)
    }

    fn required(&mut self, path: &str, members: &Members<'_>, name: &str) -> Option<String> {
        if members.get(name).is_none() {
            self.violations.push(format!("`{path}/{name}`: missing"));
        }
        self.optional(path, members, name)
    }

    fn optional(&mut self, path: &str, members: &Members<'_>, name: &str) -> Option<String> {
        self.string(&format!("{path}/{name}"), members.get(name)?)
    }

    /// An object of strings; empty when it is left out.
    fn strings(&mut self, path: &str, members: &Members<'_>, name: &str) -> Vec<(String, String)> {
        let Some(value) = members.get(name) else {
            return Vec::new();
        };
        let path = format!("{path}/{name}");
        let mut strings = Vec::new();
        let members = self.object(&path, value).map(|members| members.0);
        for (name, value) in members.into_iter().flatten() {
            let string = self.string(&format!("{path}/{name}"), value.into());
            strings.extend(string.map(|string| (name, string)));
        }
        strings
    }

    fn string(&mut self, path: &str, value: Json<'_>) -> Option<String> {
        match value {
            Json::String(string) => Some(string),
            other => {
                self.expected(path, "a string", &other);
                None
            }
        }
    }

    /// Adds a violation for a value of another kind. It names the kind alone: the value may be a secret.
    fn expected(&mut self, path: &str, expected: &str, found: &Json<'_>) {
        let found = found.kind();
        let location = if path.is_empty() {
            String::new()
        } else {
            format!("`{path}`: ")
        };
        self.violations
            .push(format!("{location}expected {expected}, but found {found}"));
    }
}

/// The one spelling of a UUID that the HTTP API takes.
fn is_uuid(id: &str) -> bool {
    id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";

    fn why(json: Option<&str>) -> String {
        match resolve(json, ID) {
            Err(ResolveError::Unusable(why)) => why,
            other => panic!("expected an unusable variable, but found {other:?}"),
        }
    }

    #[test]
    fn id_matches_in_any_case() {
        let json = r#" {"account": [
            {"id": "11111111-2222-3333-4444-555555555555", "integration": "dixa"},
            {"id": "62F44730-dd91-461e-bd6a-aedd9e0ad79d", "name": "acme", "integration": "gorgias",
             "base_url": "http://127.0.0.1:1/api", "settings": {"subdomain": "acm\u00e9"},
             "credentials": {"email": "ops@acme.example", "api_key": "the\"key"}}
        ]}"#;
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let account = Account {
            integration: "gorgias".to_owned(),
            base_url: Some("http://127.0.0.1:1/api".to_owned()),
            settings: vec![pair("subdomain", "acmé")],
            credentials: Credentials::Disclosed(vec![
                pair("email", "ops@acme.example"),
                pair("api_key", "the\"key"),
            ]),
        };
        assert_eq!(resolve(Some(&format!("\u{feff}{json}")), ID), Ok(account));
        let other = "00000000-2222-3333-4444-555555555555";
        assert_eq!(resolve(Some(json), other), Err(ResolveError::Unknown));
        assert_eq!(resolve(Some("{}"), ID), Err(ResolveError::Unknown));
        let marked = format!("\u{feff}{}", json.trim());
        assert!(resolve(Some(&marked), ID).is_ok());
    }

    #[test]
    fn missing_or_invalid_json_is_unusable() {
        assert_eq!(why(None), "`UNIFIED_TICKETING_ACCOUNTS_JSON` is not set");
        for json in [
            "",
            "keep-me-secret",
            "{\"account\": \"keep-me-secret}",
            "{} {}",
            "{\"a\": \"\\x\"}",
        ] {
            let why = why(Some(json));
            assert!(why.contains("`: not JSON: "), "{why}");
            assert!(!why.contains("keep-me-secret"), "{why}");
        }
    }

    #[test]
    fn violations_quote_no_values() {
        let expect = |json: &str, violations: &[&str]| {
            let violations = violations.join("; ");
            assert_eq!(why(Some(json)), format!("`{VARIABLE}`: {violations}"));
        };
        expect(
            "\"keep-me-secret\"",
            &["expected an object, but found a string"],
        );
        expect(
            r#"{"accounts": []}"#,
            &["`/accounts`: unknown; expected `account`"],
        );
        expect(
            r#"{"account": [{}]}"#,
            &[
                "`/account/0/id`: missing",
                "`/account/0/integration`: missing",
            ],
        );
        expect(
            r#"{"account": {"api_key": "keep-me-secret"}}"#,
            &["`/account`: expected an array, but found an object"],
        );
        expect(
            r#"{"account": ["keep-me-secret", {"id": 5, "id": 6, "integration": null, "token": "keep-me-secret",
                "settings": ["keep-me-secret"], "credentials": {"api_key": {"env": "X"}, "pin": 90210, "ok": true, "half": "\ud83d"}}]}"#,
            &[
                "`/account/0`: expected an object, but found a string",
                "`/account/1/id`: given twice",
                "`/account/1/token`: unknown; expected `id`, `name`, `integration`, `base_url`, `settings`, `credentials`",
                "`/account/1/id`: expected a string, but found a number",
                "`/account/1/integration`: expected a string, but found null",
                "`/account/1/settings`: expected an object, but found an array",
                "`/account/1/credentials/api_key`: expected a string, but found an object",
                "`/account/1/credentials/pin`: expected a string, but found a number",
                "`/account/1/credentials/ok`: expected a string, but found a boolean",
                "`/account/1/credentials/half`: expected a string, but found a string that is not Unicode",
            ],
        );
        expect(
            &format!(
                r#"{{"account": [{{"id": "12", "integration": "dixa"}}, {{"id": "{ID}", "integration": "dixa"}},
                    {{"id": "{}", "integration": "hive", "name": ["x"]}}]}}"#,
                ID.to_uppercase()
            ),
            &[
                "`/account/0/id`: expected a UUID, but found `12`",
                "`/account/2/name`: expected a string, but found an array",
                &format!(
                    "`/account/2/id`: `{}` is taken by an account before",
                    ID.to_uppercase()
                ),
            ],
        );
        expect(
            &format!(
                r#"{{"account": [{{"id": "{ID}", "integration": "dixa", "credentials": {{"api_token": "a", "api_token": "b"}}}}]}}"#
            ),
            &["`/account/0/credentials/api_token`: given twice"],
        );
    }
}
