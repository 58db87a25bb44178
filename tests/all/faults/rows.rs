//! The rows of `tests/faults.toml`, which starts with their manual.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use unified_ticketing_guest::bindings::types::Safety;
use unified_ticketing_guest::integration::{Listing, Operation, OperationName};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub name: String,
    #[serde(default)]
    pub at: Endpoint,
    fault: Option<Map<String, Value>>,
    response: Option<String>,
    body: Option<String>,
    base64: Option<String>,
    json: Option<Json>,
    #[serde(default = "yes")]
    framing: bool,
    pub requests: u64,
    pub effect: bool,
    status: u16,
    #[serde(default)]
    code: String,
    #[serde(default)]
    outcome: String,
    retry_after: Option<u64>,
    #[serde(default)]
    limit: String,
    provider_status: Option<u16>,
    exit: i32,
}

/// The result that a caller observes.
#[derive(Debug)]
pub struct RowResult {
    pub status: u16,
    pub code: String,
    pub outcome: String,
    pub retry_after: Option<u64>,
    pub limit: String,
    pub provider_status: Option<u16>,
    pub exit: i32,
}

/// JSON that is no object.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Json {
    Array,
    Null,
}

const fn yes() -> bool {
    true
}

/// The endpoint of an account.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// The simulator, over http.
    #[default]
    Plain,
    /// The simulator, over https.
    Tls,
    /// A certificate for another name.
    WrongName,
    /// A certificate of a root that is not trusted.
    UnknownRoot,
    /// The simulator's http, called with https.
    NoTls,
    /// A server that accepts connections and sends nothing, called with https.
    Mute,
    /// A port without a listener.
    Refused,
    /// A name without an address.
    Unresolvable,
}

impl Endpoint {
    pub const ALL: [Self; 8] = [
        Self::Plain,
        Self::Tls,
        Self::WrongName,
        Self::UnknownRoot,
        Self::NoTls,
        Self::Mute,
        Self::Refused,
        Self::Unresolvable,
    ];

    /// The account's id.
    pub fn id(self) -> String {
        format!("{:08x}-0000-4000-8000-000000000000", self as u8)
    }

    /// The account's name.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

pub fn rows() -> Vec<Row> {
    #[derive(Deserialize)]
    struct Table {
        row: Vec<Row>,
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/faults.toml");
    let text = std::fs::read_to_string(path).expect(path);
    let Table { row } = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
    row
}

impl Row {
    /// The fault for the sandbox's control path, if the simulator injects it. `redirect_target` is the address of a server that no
    /// request may reach.
    pub fn fault(&self, redirect_target: &str) -> Option<String> {
        let fault = match (&self.fault, &self.response) {
            (Some(fault), None) => Value::Object(fault.clone()),
            (None, Some(response)) => {
                json!({"kind": "raw", "base64": STANDARD.encode(self.response_bytes(response))})
            }
            (None, None) => return None,
            (Some(_), Some(_)) => panic!("{}: a fault or a response, not both", self.name),
        };
        let mut fault = fault
            .to_string()
            .replace("{redirect_target}", redirect_target);
        if fault.contains("<<") {
            fault = String::from_utf8(expand(&fault)).expect("text");
        }
        Some(fault)
    }

    /// The bytes of a response.
    fn response_bytes(&self, response: &str) -> Vec<u8> {
        let body = match (&self.body, &self.base64) {
            (Some(text), None) => Some(expand(text)),
            (None, Some(text)) => Some(STANDARD.decode(text).expect("base64")),
            (None, None) => None,
            (Some(_), Some(_)) => panic!("{}: one body, not two", self.name),
        };
        let mut bytes = String::from_utf8(expand(response))
            .expect("text")
            .replace('\n', "\r\n");
        bytes.push_str("\r\n");
        let framed = ["content-length", "transfer-encoding"]
            .iter()
            .any(|name| response.contains(name));
        if let Some(body) = &body
            && self.framing
            && !framed
        {
            bytes.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        // The sandbox closes the connection after it. Without this header, the next call on the connection could be lost, and rightly.
        bytes.push_str("connection: close\r\n");
        bytes.push_str("\r\n");
        let mut bytes = bytes.into_bytes();
        bytes.extend(body.unwrap_or_default());
        bytes
    }

    /// The result of an operation. The row has that of one that writes and responds with a user.
    pub fn result(&self, operation: &Operation) -> RowResult {
        let mut result = RowResult {
            status: self.status,
            code: self.code.clone(),
            outcome: self.outcome.clone(),
            retry_after: self.retry_after,
            limit: self.limit.clone(),
            provider_status: self.provider_status,
            exit: self.exit,
        };
        let is_success = result.code.is_empty();
        match (operation.name, self.json, operation.list) {
            // What the provider says of a deletion is not read.
            (OperationName::Delete, Some(_), _) => result = RowResult::success(),
            // A list is the response, or a member of it.
            (_, Some(Json::Array), Some(Listing { users: None, .. })) => {
                result = RowResult::success();
            }
            // A response of the row has no list.
            (OperationName::List, ..) if self.response.is_some() && is_success => {
                result = RowResult::without_list();
            }
            _ => {}
        }
        // Whatever the provider did, a read changed nothing.
        if operation.safety == Safety::Safe && !result.code.is_empty() {
            "not-sent".clone_into(&mut result.outcome);
            result.exit = match &*result.code {
                "provider-failed"
                | "provider-rate-limited"
                | "connection-lost"
                | "no-connection"
                | "invalid-response"
                | "deadline" => 7,
                // The same again would be too large again.
                "response-too-large" => 1,
                _ => 5,
            };
        }
        result
    }

    /// Whether the provider certainly did nothing, and said so.
    pub fn is_rejected(&self) -> bool {
        self.outcome == "rejected"
    }

    /// Whether the first response is a success.
    pub fn is_success(&self) -> bool {
        self.code.is_empty()
    }

    /// How many users an operation creates. One that deletes creates one less than none.
    pub fn users(&self, operation: OperationName) -> i64 {
        match operation {
            OperationName::Create => i64::from(self.effect),
            OperationName::Delete => -i64::from(self.effect),
            OperationName::Update | OperationName::Get | OperationName::List => 0,
        }
    }

    /// The expected result of a write, in short.
    pub fn expected_result(&self) -> String {
        if self.code.is_empty() {
            return self.status.to_string();
        }
        format!("{} {}, {}", self.status, self.code, self.outcome)
    }
}

impl RowResult {
    fn success() -> Self {
        Self {
            status: 200,
            code: String::new(),
            outcome: String::new(),
            retry_after: None,
            limit: String::new(),
            provider_status: None,
            exit: 0,
        }
    }

    fn without_list() -> Self {
        Self {
            status: 502,
            code: "invalid-response".to_owned(),
            ..Self::success()
        }
    }
}

/// The text with each `<<TEXT*N>>` expanded.
fn expand(text: &str) -> Vec<u8> {
    let mut parts = text.split("<<");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (repeated, rest) = part.split_once(">>").expect("`<<` has its `>>`");
        let (text, times) = repeated.rsplit_once('*').expect("TEXT*N");
        bytes.extend(text.as_bytes().repeat(times.parse().expect("a number")));
        bytes.extend(rest.as_bytes());
    }
    bytes
}
