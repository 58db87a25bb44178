//! The table `../../http.toml`: parsing it, and making its requests and the responses of its provider.

mod check;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::case;
use crate::client::Request;
use crate::provider;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The body of a row without one, where the method has one.
    body: String,
    pub accounts: BTreeMap<String, Account>,
    #[serde(rename = "row")]
    pub rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub id: String,
    /// Without an integration, the host does not have the account.
    pub integration: Option<String>,
    base_url: Option<String>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    #[serde(default)]
    credentials: BTreeMap<String, String>,
    #[serde(default)]
    provider_response: RowResponse,
}

impl Account {
    /// The account for the runners.
    pub fn case_account(&self) -> case::Account {
        case::Account {
            base_url: self.base_url.clone(),
            settings: self.settings.clone(),
            credentials: self.credentials.clone(),
        }
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowResponse {
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    body_base64: Option<String>,
    body_size: Option<usize>,
    #[serde(default)]
    close: bool,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentRequest {
    method: Option<String>,
    target: Option<String>,
    body: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub name: String,
    #[serde(default = "post")]
    method: String,
    target: String,
    headers: Option<Vec<(String, String)>>,
    body: Option<String>,
    body_base64: Option<String>,
    body_size: Option<usize>,
    provider_response: Option<RowResponse>,
    #[serde(default)]
    requests: usize,
    sent: Option<SentRequest>,
    status: u16,
    code: Option<String>,
    outcome: Option<String>,
    #[serde(default)]
    violations: Vec<String>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    more_warnings: usize,
    #[serde(default)]
    response_headers: BTreeMap<String, String>,
    #[serde(default)]
    no_headers: Vec<String>,
    exact: Option<String>,
    has: Option<String>,
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    raw: bool,
    /// Whether the row shows a limit that other hosts do not have.
    #[serde(default)]
    pub limit: bool,
}

fn post() -> String {
    "POST".to_owned()
}

impl Table {
    pub fn load() -> Self {
        let table: Self = toml::from_str(include_str!("../../http.toml"))
            .unwrap_or_else(|error| panic!("http.toml: {error}"));
        let mut names: Vec<&str> = table.rows.iter().map(|row| row.name.as_str()).collect();
        names.sort_unstable();
        for pair in names.windows(2) {
            assert_ne!(pair[0], pair[1], "two rows of one name");
        }
        table
    }

    /// The first account that a row names.
    fn account(&self, row: &Row) -> Option<&Account> {
        let (_, rest) = row.target.split_once('{')?;
        self.accounts.get(rest.split_once('}')?.0)
    }

    pub fn request(&self, row: &Row) -> Request {
        let mut target = row.target.clone();
        for (name, account) in &self.accounts {
            target = target.replace(&format!("{{{name}}}"), &account.id);
        }
        let body = match (&row.body, &row.body_base64, row.body_size) {
            (Some(body), None, None) => body.clone().into_bytes(),
            (None, Some(body), None) => STANDARD.decode(body).expect("base64"),
            (None, None, Some(size)) => filled(
                r#"{"name": "Ines", "emails": [{"email": "ines@duarte.example"}], "remote_data": {"filler": ""#,
                size,
                r#""}}"#,
            ),
            (None, None, None) if row.has_body() => self.body.clone().into_bytes(),
            (None, None, None) => Vec::new(),
            _ => panic!("{}: one body", row.name),
        };
        let json = ("content-type".to_owned(), "application/json".to_owned());
        let is_json = row.has_body() || !body.is_empty();
        Request {
            method: row.method.clone(),
            target,
            headers: (row.headers.clone())
                .unwrap_or_else(|| Vec::from_iter(is_json.then_some(json))),
            body,
        }
    }

    /// The provider's response; `None` if it closes the connection.
    pub fn provider_response(&self, row: &Row) -> Option<provider::ProviderResponse> {
        let own = self
            .account(row)
            .map(|account| account.provider_response.clone());
        let response = row.provider_response.clone().or(own).unwrap_or_default();
        if response.close {
            return None;
        }
        let body = match (&response.body, &response.body_base64, response.body_size) {
            (Some(body), None, None) => body.clone().into_bytes(),
            (None, Some(body), None) => STANDARD.decode(body).expect("base64"),
            (None, None, Some(size)) => filled(r#"{"filler": ""#, size, r#""}"#),
            (None, None, None) => Vec::new(),
            _ => panic!("{}: one body of the provider's response", row.name),
        };
        let mut headers: Vec<(String, String)> = response.headers.into_iter().collect();
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        if response.truncated {
            headers.push(("content-length".to_owned(), (body.len() + 9).to_string()));
        }
        Some(provider::ProviderResponse {
            status: response.status.unwrap_or(200),
            headers,
            body,
        })
    }
}

/// Bytes of this size, with this start and end, and a filler between.
fn filled(start: &str, size: usize, end: &str) -> Vec<u8> {
    let mut text = start.as_bytes().to_vec();
    text.resize(size - end.len(), b'x');
    text.extend_from_slice(end.as_bytes());
    text
}

impl Row {
    /// Whether the method has a body: the others take none (RFC 9110, section 9.3).
    fn has_body(&self) -> bool {
        !matches!(&*self.method, "GET" | "HEAD" | "DELETE" | "OPTIONS")
    }

    /// What the header says that the call did: nothing where it failed, or nothing was sent.
    fn result(&self) -> Option<&'static str> {
        let result = match &*self.method {
            "POST" => "created",
            "PATCH" => "updated",
            "DELETE" => "deleted",
            _ => "read",
        };
        (self.status == 200 && self.requests > 0).then_some(result)
    }
}
