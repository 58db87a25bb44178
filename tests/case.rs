//! The golden cases: reading them, and comparing a call with its case.
//!
//! Shared by the tests of the core and the tests of the host. `README.md` in this folder is the manual.

#[path = "case/begun.rs"]
pub mod begun;
#[path = "case/check.rs"]
pub mod check;
#[path = "case/list.rs"]
mod list;
#[path = "case/one_or_many.rs"]
mod one_or_many;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use unified_ticketing_guest::integration::OperationName;

/// The account's id in every case.
pub const ACCOUNT: &str = "0f7f1a52-6c1d-4a4e-9d3c-5a0f7c1e2b34";

#[derive(Clone)]
pub struct Case {
    pub name: String,
    pub integration: String,
    pub operation: OperationName,
    pub account: Account,
    pub file: File,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub base_url: Option<String>,
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    #[serde(default)]
    pub credentials: BTreeMap<String, String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub about: String,
    pub source: Vec<String>,
    account: Option<AccountChanges>,
    pub call: Call,
    /// The requests in turn; none where nothing may be sent.
    #[serde(default, rename = "request", deserialize_with = "one_or_many::read")]
    pub requests: Vec<Request>,
    /// The response to each request.
    #[serde(default, rename = "response", deserialize_with = "one_or_many::read")]
    pub responses: Vec<Response>,
    pub result: CaseResult,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountChanges {
    base_url: Option<String>,
    settings: Option<BTreeMap<String, String>>,
    credentials: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    pub id: Option<String>,
    #[serde(default)]
    pub query: String,
    /// Whether a creation whose outcome is unknown looks for the user.
    #[serde(default)]
    pub settle: bool,
    /// The JSON body, where the method has one.
    pub body: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub method: String,
    pub target: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Left out for a request without a body.
    pub body: Option<String>,
    /// Whether the body is compared byte for byte.
    #[serde(default)]
    pub exact: bool,
    /// How long the host waits before it sends this request.
    #[serde(default)]
    pub wait_ms: u32,
}

/// A provider's response, or the reason why there is none.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// Of an error, the status of the response that began.
    pub status: Option<u16>,
    pub error: Option<ResponseError>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    body: Option<String>,
    body_base64: Option<String>,
}

/// Why there is no complete response.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ResponseError {
    NoConnection,
    EgressDenied,
    ConnectionLost,
    ResponseTruncated,
    DeadlineBeforeStart,
    DeadlineAfterStart,
    ResponseTooLarge,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseResult {
    pub status: u16,
    /// What the call did, where that is not what its operation does.
    pub result: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub body: Option<String>,
    #[serde(default)]
    pub warnings: Vec<String>,
    pub code: Option<String>,
    pub outcome: Option<String>,
    #[serde(default)]
    pub violations: Vec<String>,
    #[serde(default)]
    pub missing_body: Vec<String>,
    #[serde(default)]
    pub missing_query: Vec<String>,
    pub provider_status: Option<u16>,
    #[serde(default)]
    pub existing_ids: Vec<String>,
    #[serde(default)]
    pub looked: u32,
}

impl Response {
    pub fn body(&self) -> Vec<u8> {
        match (&self.body, &self.body_base64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(bytes)) => STANDARD.decode(bytes).expect("body_base64 is base64"),
            (None, None) => Vec::new(),
            (Some(_), Some(_)) => panic!("a response has `body` or `body_base64`, not both"),
        }
    }
}

impl Call {
    /// The bytes of the body; empty for a call without one.
    pub fn bytes(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default().as_bytes()
    }
}

impl Case {
    /// The method and target of the published API.
    pub fn http(&self) -> (&'static str, String) {
        let separator = if self.file.call.query.is_empty() {
            ""
        } else {
            "&"
        };
        let query = format!(
            "integrated_account_id={ACCOUNT}{separator}{}{}",
            self.file.call.query,
            // A case of one request ends with it.
            if self.operation == OperationName::Create && !self.file.call.settle {
                "&unified_settle=false"
            } else {
                ""
            }
        );
        let operation = self.operation;
        let Call { id, body, .. } = &self.file.call;
        let (name, given) = (&self.name, (id.is_some(), body.is_some()));
        let expected = (operation.has_id(), operation.has_fields());
        assert_eq!(given, expected, "{name}: an id and a body");
        // Every byte but letters and digits, so that an id of dots stays what it is.
        let path = id.as_ref().map_or_else(String::new, |id| {
            format!("/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
        });
        let method = operation.http_method();
        (method, format!("/unified/ticketing/users{path}?{query}"))
    }

    /// The account with the test's own server in it.
    pub fn account_at(&self, server: &str) -> Account {
        let base_url = self
            .account
            .base_url
            .as_ref()
            .map(|url| url.replace("{server}", server));
        Account {
            base_url,
            ..self.account.clone()
        }
    }
}

/// The folder of the cases, below the package of the reader or beside it.
pub fn folder() -> PathBuf {
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above
        .find_map(|folder| Some(folder.join("tests/cases")).filter(|cases| cases.is_dir()))
        .expect("tests/cases")
}

/// Every case, by name.
pub fn all() -> Vec<Case> {
    let accounts =
        std::fs::read_to_string(folder().join("accounts.toml")).expect("cases/accounts.toml");
    let accounts: BTreeMap<String, Account> =
        toml::from_str(&accounts).expect("cases/accounts.toml");
    let mut cases = Vec::new();
    for (integration, account) in &accounts {
        for entry in std::fs::read_dir(folder().join(integration)).expect(integration) {
            let path = entry.expect(integration).path();
            cases.push(read(&path, integration, account));
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn read(path: &Path, integration: &str, account: &Account) -> Case {
    let stem = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .expect("a case's file name is text");
    let name = format!("{integration}/{stem}");
    let text = std::fs::read_to_string(path).expect(&name);
    let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(
        !file.about.is_empty() && !file.source.is_empty(),
        "{name}: a case has `about` and `source`"
    );
    assert_eq!(
        file.requests.len(),
        file.responses.len(),
        "{name}: each request has its response"
    );
    for response in &file.responses {
        assert!(
            response.status.is_some() || response.error.is_some(),
            "{name}: a response has a status or an error"
        );
    }
    let mut account = account.clone();
    if let Some(changes) = &file.account {
        account.base_url = changes.base_url.clone().or(account.base_url);
        account.settings = changes.settings.clone().unwrap_or(account.settings);
        account.credentials = changes.credentials.clone().unwrap_or(account.credentials);
    }
    let verb = stem.split('-').next();
    let mut operations = OperationName::ALL.iter().copied();
    let operation = operations.find(|operation| Some(operation.verb()) == verb);
    Case {
        operation: operation.unwrap_or_else(|| panic!("{name}: no operation")),
        name,
        integration: integration.to_owned(),
        account,
        file,
    }
}
