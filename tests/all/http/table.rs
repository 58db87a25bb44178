//! The table `../../http.toml`: parsing it, and comparing a response with its row.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::case;
use crate::client::{Request, Response};
use crate::provider::{self, Received};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The body of a row without one.
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

/// The headers that a response may have. No other header of a provider is passed on.
const HEADERS: [&str; 14] = [
    "allow",
    "connection",
    "content-length",
    "content-type",
    "date",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "unified-code",
    "unified-next-cursor",
    "unified-outcome",
    "unified-result",
    "unified-warning",
];

/// The headers that the server adds to every response.
const SERVED: [&str; 3] = ["cache-control", "x-content-type-options", "x-request-id"];

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
        let json = || vec![("content-type".to_owned(), "application/json".to_owned())];
        Request {
            method: row.method.clone(),
            target,
            headers: row.headers.clone().unwrap_or_else(json),
            body: match (&row.body, &row.body_base64, row.body_size) {
                (Some(body), None, None) => body.clone().into_bytes(),
                (None, Some(body), None) => STANDARD.decode(body).expect("base64"),
                (None, None, Some(size)) => filled(
                    r#"{"name": "Ines", "emails": [{"email": "ines@duarte.example"}], "remote_data": {"filler": ""#,
                    size,
                    r#""}}"#,
                ),
                (None, None, None) => self.body.clone().into_bytes(),
                _ => panic!("{}: one body", row.name),
            },
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
    /// Compares the response and the requests to the provider with the row.
    pub fn check(
        &self,
        server: &str,
        provider_response: Option<&provider::ProviderResponse>,
        response: &Response,
        received: &[Received],
    ) {
        let name = &self.name;
        let shown = String::from_utf8_lossy(response.body.as_deref().unwrap_or_default());
        let shown: String = shown.chars().take(2000).collect();
        assert_eq!(
            response.status, self.status,
            "{name}: status, with body {shown}"
        );
        self.check_sent(received);
        self.check_headers(response);
        if response.body.is_none() {
            return;
        }
        if self.raw {
            assert_eq!(
                response.body,
                provider_response.map(|response| response.body.clone()),
                "{name}: body"
            );
            return;
        }
        assert_eq!(
            response.header("content-type"),
            Some("application/json"),
            "{name}"
        );
        let found = response.json();
        if self.status != 200 {
            self.check_error(provider_response, &found, &shown);
        }
        if let Some(exact) = &self.exact {
            let exact = parse(name, &exact.replace("{server}", server));
            assert_eq!(found.to_string(), exact.to_string(), "{name}: body");
        }
        if let Some(has) = &self.has {
            let has = parse(name, &has.replace("{server}", server));
            assert!(
                contains(&found, &has),
                "{name}: {has} is not all in {shown}"
            );
        }
        for member in &self.lacks {
            assert_eq!(found.get(member), None, "{name}: {shown}");
        }
    }

    fn check_sent(&self, received: &[Received]) {
        let name = &self.name;
        assert_eq!(
            received.len(),
            self.requests,
            "{name}: requests, {received:?}"
        );
        let Some(sent) = &self.sent else { return };
        let [received] = received else {
            panic!("{name}: a row with `sent` has one request")
        };
        if let Some(target) = &sent.target {
            assert_eq!(&received.target, target, "{name}: target at the provider");
        }
        if let Some(body) = &sent.body {
            let found = parse(name, &String::from_utf8_lossy(&received.body));
            assert_eq!(found, parse(name, body), "{name}: body at the provider");
        }
    }

    fn check_headers(&self, response: &Response) {
        let name = &self.name;
        for (header, value) in &self.response_headers {
            assert_eq!(
                response.header(header),
                Some(value.as_str()),
                "{name}: {header}"
            );
        }
        for header in &self.no_headers {
            assert_eq!(response.header(header), None, "{name}: {header}");
        }
        for (header, _) in &response.headers {
            let known = [&HEADERS[..], &SERVED].concat().contains(&header.as_str());
            assert!(known, "{name}: header {header}");
        }
        let warnings: Vec<&str> = response
            .headers
            .iter()
            .filter(|(header, _)| header == "unified-warning")
            .map(|(_, value)| value.as_str())
            .collect();
        let wanted = self.warnings.iter();
        let mut wanted: Vec<String> = wanted
            .map(|warning| case::check::warning_header(warning))
            .collect();
        if self.more_warnings > 0 {
            wanted.push(format!("more; count={}", self.more_warnings));
        }
        assert_eq!(warnings, wanted, "{name}: warnings");
    }

    fn check_error(
        &self,
        provider_response: Option<&provider::ProviderResponse>,
        found: &Value,
        shown: &str,
    ) {
        let name = &self.name;
        assert_eq!(found["statusCode"], self.status, "{name}: {shown}");
        for member in ["error", "message"] {
            let text = found[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{name}: {member} in {shown}");
        }
        for (member, wanted) in [("code", &self.code), ("outcome", &self.outcome)] {
            let wanted = wanted.as_deref();
            assert!(wanted.is_some(), "{name}: a row of an error has `{member}`");
            assert_eq!(
                found[member].as_str(),
                wanted,
                "{name}: {member} in {shown}"
            );
        }
        if self.method == "POST" && self.outcome.as_deref() == Some("unknown") {
            let message = found["message"].as_str().unwrap_or_default();
            assert!(message.contains("by email"), "{name}: {message}");
        }
        let rejected = found["provider_status"].as_u64() >= Some(400);
        assert_eq!(
            found["truto_is_remote_error"].as_bool(),
            rejected.then_some(true),
            "{name}: {shown}"
        );
        // A response beyond the limit is not read to its end.
        if rejected && !self.limit {
            let provider_response = provider_response.expect("the provider's provider_response");
            assert_eq!(
                found["provider_status"], provider_response.status,
                "{name}: {shown}"
            );
            let text = String::from_utf8_lossy(&provider_response.body).into_owned();
            let raw = serde_json::from_str(&text).unwrap_or(Value::String(text));
            assert_eq!(found["raw_response"], raw, "{name}: {shown}");
        }
        let violations = found["violations"].as_array().cloned().unwrap_or_default();
        let mut violations: Vec<String> = violations
            .iter()
            .map(|violation| {
                let text = |member: &str| {
                    let value = violation[member].as_str();
                    value.unwrap_or_else(|| panic!("{name}: {member} in {shown}"))
                };
                assert!(!text("message").is_empty(), "{name}: {shown}");
                let path = Some(text("path")).filter(|path| !path.is_empty());
                format!("{} {} {}", text("in"), path.unwrap_or("/"), text("code"))
            })
            .collect();
        let mut wanted = self.violations.clone();
        violations.sort();
        wanted.sort();
        assert_eq!(violations, wanted, "{name}: violations in {shown}");
    }
}

fn parse(name: &str, text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error} in {text}"))
}

/// Whether `whole` has all members of `part`.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(name, part)| whole.get(name).is_some_and(|whole| contains(whole, part))),
        _ => whole == part,
    }
}
