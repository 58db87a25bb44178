//! The rows of `tests/faults.toml`, whose head is their manual.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub name: String,
    #[serde(default)]
    pub at: At,
    fault: Option<Map<String, Value>>,
    head: Option<String>,
    body: Option<String>,
    base64: Option<String>,
    #[serde(default = "yes")]
    framing: bool,
    pub requests: u64,
    pub effect: bool,
    pub status: u16,
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub outcome: String,
    pub wait: Option<u64>,
    #[serde(default)]
    pub limit: String,
    pub provider: Option<u16>,
    pub exit: i32,
}

const fn yes() -> bool {
    true
}

/// Which account is used.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// The simulator, over http.
    #[default]
    Plain,
    /// The simulator, over https.
    Tls,
    /// A certificate for another name.
    WrongName,
    /// A certificate of a root that is not trusted.
    UnknownRoot,
    /// The simulator's http, asked for https.
    NoTls,
    /// A server that accepts connections and says nothing, asked for https.
    Mute,
    /// Nobody listens.
    Refused,
    /// A name that has no address.
    Unresolvable,
}

impl At {
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
    /// The fault for the sandbox's control path, if the simulator has a part in it. `elsewhere` is the address of a server that
    /// nobody may call.
    pub fn fault(&self, elsewhere: &str) -> Option<String> {
        let fault = match (&self.fault, &self.head) {
            (Some(fault), None) => Value::Object(fault.clone()),
            (None, Some(head)) => {
                json!({"kind": "raw", "base64": STANDARD.encode(self.answer(head))})
            }
            (None, None) => return None,
            (Some(_), Some(_)) => panic!("{}: a fault or an answer, not both", self.name),
        };
        let mut fault = fault.to_string().replace("{elsewhere}", elsewhere);
        if fault.contains("<<") {
            fault = String::from_utf8(expanded(&fault)).expect("text");
        }
        Some(fault)
    }

    /// The bytes of an answer.
    fn answer(&self, head: &str) -> Vec<u8> {
        let body = match (&self.body, &self.base64) {
            (Some(text), None) => Some(expanded(text)),
            (None, Some(text)) => Some(STANDARD.decode(text).expect("base64")),
            (None, None) => None,
            (Some(_), Some(_)) => panic!("{}: one body, not two", self.name),
        };
        let mut answer = String::from_utf8(expanded(head))
            .expect("text")
            .replace('\n', "\r\n");
        answer.push_str("\r\n");
        let framed = ["content-length", "transfer-encoding"]
            .iter()
            .any(|name| head.contains(name));
        if let Some(body) = &body
            && self.framing
            && !framed
        {
            answer.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        // The sandbox closes after it. Unsaid, the call after this one would be lost where it comes before the end does, and by
        // right.
        answer.push_str("connection: close\r\n");
        answer.push_str("\r\n");
        let mut answer = answer.into_bytes();
        answer.extend(body.unwrap_or_default());
        answer
    }

    /// What the caller is to be told, in short.
    pub fn told(&self) -> String {
        if self.code.is_empty() {
            return self.status.to_string();
        }
        format!("{} {}, {}", self.status, self.code, self.outcome)
    }
}

/// The text with each `<<TEXT*N>>` written out.
fn expanded(text: &str) -> Vec<u8> {
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
