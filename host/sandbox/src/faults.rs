//! Faults to inject.

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

/// A proxy's page instead of the provider's response.
const HTML: &str = "<!doctype html>\n<title>One moment</title>\n<h1>We will be right back</h1>\n";

/// A fault of one request.
#[derive(Clone)]
pub(super) enum Fault {
    Latency(Duration),
    /// Another response. The request takes no effect.
    Replace(HttpResponse),
    ResetBeforeBody,
    ResetAfterBody,
    Truncated,
    Oversized(usize),
    Slow(Duration),
    Raw(Bytes),
}

/// The faults queued for each integration.
#[derive(Default)]
pub(super) struct Faults(HashMap<&'static str, VecDeque<QueuedFault>>);

impl Faults {
    pub(super) fn add(&mut self, integration: &'static str, fault: QueuedFault) {
        self.0.entry(integration).or_default().push_back(fault);
    }

    /// The fault for a request that has just arrived.
    pub(super) fn next(&mut self, integration: &str) -> Option<Fault> {
        let queue = self.0.get_mut(integration)?;
        let queued = queue.front_mut()?;
        let fault = queued.fault.clone();
        queued.times -= 1;
        if queued.times == 0 {
            queue.pop_front();
        }
        Some(fault)
    }

    pub(super) fn clear(&mut self, integration: &str) {
        self.0.remove(integration);
    }
}

/// A fault, and the number of requests that it applies to, at least one.
pub(super) struct QueuedFault {
    fault: Fault,
    times: u64,
}

impl QueuedFault {
    /// Parses the body of a control request.
    ///
    /// # Errors
    ///
    /// Fails with a message for the sender.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
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
            "latency" => Fault::Latency(members::<Interval>(rest)?.duration()),
            "status" => Fault::Replace(members::<Replacement>(rest)?.response()?),
            "reset-before-body" => members::<NoMembers>(rest).map(|_| Fault::ResetBeforeBody)?,
            "reset-after-body" => members::<NoMembers>(rest).map(|_| Fault::ResetAfterBody)?,
            "truncated" => members::<NoMembers>(rest).map(|_| Fault::Truncated)?,
            "oversized" => Fault::Oversized(members::<Size>(rest)?.size()?),
            "html" => members::<NoMembers>(rest).map(|_| Fault::Replace(page()))?,
            "slow" => Fault::Slow(members::<Interval>(rest)?.duration()),
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

/// The members of one kind.
fn members<T: DeserializeOwned>(rest: Record) -> Result<T, String> {
    serde_json::from_value(rest.into()).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoMembers {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Interval {
    milliseconds: u64,
}

impl Interval {
    fn duration(self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    bytes: usize,
}

impl Size {
    fn size(self) -> Result<usize, String> {
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
struct Replacement {
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

impl Replacement {
    fn response(self) -> Result<HttpResponse, String> {
        let Self {
            status,
            headers,
            body,
            content_type,
        } = self;
        let mut response = Response::new(Full::from(body));
        // An interim response is not a final one: a client would wait for more.
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|status| !status.is_informational());
        *response.status_mut() = status.ok_or("`status` must be a number from 200 to 999")?;
        for (name, value) in [("content-type".to_owned(), content_type)]
            .into_iter()
            .chain(headers)
        {
            let invalid = || format!("`{name}` or its value is not one of a header");
            let key = HeaderName::try_from(&name).map_err(|_| invalid())?;
            if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&key) {
                return Err(format!(
                    "`{name}` belongs to the framing, which only `raw` can set"
                ));
            }
            response
                .headers_mut()
                .append(key, HeaderValue::try_from(value).map_err(|_| invalid())?);
        }
        Ok(response)
    }
}

fn page() -> HttpResponse {
    let mut response = Response::new(Full::from(HTML));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}

/// A JSON object of exactly `bytes` bytes, if so few can hold one.
pub(super) fn oversized(bytes: usize) -> HttpResponse {
    const FRAME: &str = r#"{"filler":""}"#;
    let filler = "x".repeat(bytes.saturating_sub(FRAME.len()));
    let mut response = Response::new(Full::from(format!(r#"{{"filler":"{filler}"}}"#)));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
