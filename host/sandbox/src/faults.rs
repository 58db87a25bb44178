//! Faults on order.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::call::HttpResponse;
use super::store::Record;

const KINDS: &str = "`latency`, `status`, `reset-before-body`, `reset-after-body`, `truncated`, \
                     `oversized`, `html`, `slow`, `raw`";

/// Keeps a mistyped figure from taking the machine's memory.
const MAX_BYTES: usize = 256 << 20;

/// What a proxy puts in the place of the provider's response.
const PAGE: &str = "<!doctype html>\n<title>One moment</title>\n<h1>We will be right back</h1>\n";

/// What happens to one request.
#[derive(Clone)]
pub(super) enum Fault {
    Latency(Duration),
    /// Another response; the request takes no effect.
    Instead(HttpResponse),
    ResetBeforeBody,
    ResetAfterBody,
    Truncated,
    Oversized(usize),
    Slow(Duration),
    Raw(Bytes),
}

/// The faults queued for each integration.
#[derive(Default)]
pub(super) struct Faults(HashMap<&'static str, VecDeque<Order>>);

impl Faults {
    pub(super) fn add(&mut self, integration: &'static str, order: Order) {
        self.0.entry(integration).or_default().push_back(order);
    }

    /// The fault for a request that has just arrived.
    pub(super) fn next(&mut self, integration: &str) -> Option<Fault> {
        let queue = self.0.get_mut(integration)?;
        let order = queue.front_mut()?;
        let fault = order.fault.clone();
        order.times -= 1;
        if order.times == 0 {
            queue.pop_front();
        }
        Some(fault)
    }

    pub(super) fn clear(&mut self, integration: &str) {
        self.0.remove(integration);
    }
}

/// A fault, and for how many requests, which is never zero.
pub(super) struct Order {
    fault: Fault,
    times: u64,
}

impl Order {
    /// Reads the body of a control request; a message says what is wrong with it.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let mut rest: Record = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let kind = rest.shift_remove("kind");
        let kind = kind
            .as_ref()
            .and_then(|kind| kind.as_str())
            .unwrap_or_default();
        let times = rest
            .shift_remove("times")
            .map_or(Some(1), |times| times.as_u64());
        let times = times
            .filter(|times| *times > 0)
            .ok_or("`times` must be a number from 1")?;
        let fault = match kind {
            "latency" => Fault::Latency(members::<Interval>(rest)?.length()),
            "status" => Fault::Instead(members::<Instead>(rest)?.response()?),
            "reset-before-body" => members::<Nothing>(rest).map(|_| Fault::ResetBeforeBody)?,
            "reset-after-body" => members::<Nothing>(rest).map(|_| Fault::ResetAfterBody)?,
            "truncated" => members::<Nothing>(rest).map(|_| Fault::Truncated)?,
            "oversized" => Fault::Oversized(members::<Size>(rest)?.checked()?),
            "html" => members::<Nothing>(rest).map(|_| Fault::Instead(page()))?,
            "slow" => Fault::Slow(members::<Interval>(rest)?.length()),
            "raw" => Fault::Raw(members::<Raw>(rest)?.bytes()?),
            _ => {
                return Err(format!(
                    "expected one of the kinds {KINDS}, but found `{kind}`"
                ));
            }
        };
        Ok(Self { fault, times })
    }
}

/// The members that belong to a kind.
fn members<T: DeserializeOwned>(rest: Record) -> Result<T, String> {
    serde_json::from_value(rest.into()).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Interval {
    milliseconds: u64,
}

impl Interval {
    fn length(self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    bytes: usize,
}

impl Size {
    fn checked(self) -> Result<usize, String> {
        let Self { bytes } = self;
        if bytes > MAX_BYTES {
            return Err(format!(
                "`bytes` must be at most {MAX_BYTES}, but is {bytes}"
            ));
        }
        Ok(bytes)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    text: Option<String>,
    base64: Option<String>,
}

impl Raw {
    fn bytes(self) -> Result<Bytes, String> {
        match (self.text, self.base64) {
            (Some(text), None) => Ok(text.into()),
            (None, Some(text)) => {
                let bytes = STANDARD
                    .decode(text)
                    .map_err(|error| format!("`base64`: {error}"))?;
                Ok(bytes.into())
            }
            _ => Err("expected one of `text` and `base64`".to_owned()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Instead {
    status: u16,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    #[serde(default = "json")]
    content_type: String,
}

fn json() -> String {
    "application/json".to_owned()
}

impl Instead {
    fn response(self) -> Result<HttpResponse, String> {
        let Self {
            status,
            headers,
            body,
            content_type,
        } = self;
        let mut sent = Response::new(Full::from(body));
        // Interim responses are not final ones: a client would go on waiting.
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|status| !status.is_informational());
        *sent.status_mut() = status.ok_or("`status` must be a number from 200 to 999")?;
        for (name, value) in [("content-type".to_owned(), content_type)]
            .into_iter()
            .chain(headers)
        {
            let rejection = || format!("`{name}` or its value is not one of a header");
            let key = HeaderName::try_from(&name).map_err(|_| rejection())?;
            if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&key) {
                return Err(format!(
                    "`{name}` belongs to the framing, which only `raw` can set"
                ));
            }
            sent.headers_mut()
                .append(key, HeaderValue::try_from(value).map_err(|_| rejection())?);
        }
        Ok(sent)
    }
}

fn page() -> HttpResponse {
    let mut sent = Response::new(Full::from(PAGE));
    sent.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    sent
}

/// A JSON object of exactly `bytes` bytes, if it fits into so few.
pub(super) fn oversized(bytes: usize) -> HttpResponse {
    const FRAME: &str = r#"{"filler":""}"#;
    let filler = "x".repeat(bytes.saturating_sub(FRAME.len()));
    let mut sent = Response::new(Full::from(format!(r#"{{"filler":"{filler}"}}"#)));
    sent.headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    sent
}
