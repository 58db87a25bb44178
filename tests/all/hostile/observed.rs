//! How a call of the hostile component ended.

use serde_json::Value;
use unified_ticketing::http_api::HttpResponse;
use unified_ticketing::types::Body;

/// How a call ended.
#[derive(Debug, PartialEq)]
pub(super) enum Observed {
    /// The component came to its end, and says this.
    Report(String),
    /// An error: code, outcome, and the limit where it was one.
    Error {
        code: String,
        outcome: String,
        limit: Option<String>,
    },
    /// The engine panicked.
    Panicked,
}

impl Observed {
    pub(super) fn from_response(response: &HttpResponse) -> Self {
        let is_json = response
            .headers
            .iter()
            .any(|(name, value)| name == "content-type" && value == "application/json");
        if !is_json {
            return Self::Report(String::from_utf8_lossy(&response.body).into_owned());
        }
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        let string = |name: &str| body[name].as_str().map(str::to_owned);
        Self::Error {
            code: string("code").unwrap(),
            outcome: string("outcome").unwrap(),
            limit: string("limit"),
        }
    }

    pub(super) fn from_body(body: Body) -> Self {
        match body {
            Body::Raw(report) => Self::Report(String::from_utf8(report.bytes).unwrap()),
            other => panic!("a script makes no user: {other:?}"),
        }
    }

    /// Whether the component says so.
    pub(super) fn says(&self, text: &str) -> bool {
        matches!(self, Self::Report(report) if report.contains(text))
    }

    /// Whether it is an error with this code and this outcome.
    pub(super) fn is_error(&self, expected: &str, with: &str) -> bool {
        matches!(self, Self::Error { code, outcome, .. } if code == expected && outcome == with)
    }

    /// Whether it is an error that names this limit, with this outcome.
    pub(super) fn is_limit(&self, expected: &str, with: &str) -> bool {
        matches!(self, Self::Error { limit: Some(limit), outcome, .. } if limit == expected && outcome == with)
    }

    /// Whether egress denied the last request.
    pub(super) fn is_denied(&self) -> bool {
        self.summary() == "egress-denied"
    }

    /// For the table: these words where they are true, else everything observed.
    pub(super) fn summary_if(&self, is_true: bool, words: &str) -> String {
        if is_true {
            words.to_owned()
        } else {
            format!("{self:?}")
        }
    }

    /// For the table: the error, or the last line that the component says.
    pub(super) fn summary(&self) -> String {
        match self {
            Self::Report(report) => {
                let last = report.lines().last().unwrap_or("nothing");
                if last.contains("EgressDenied") || last.contains("HttpRequestDenied") {
                    "egress-denied".to_owned()
                } else if last.len() > 60 {
                    format!("{} bytes", report.len())
                } else {
                    last.to_owned()
                }
            }
            Self::Error {
                code,
                outcome,
                limit,
            } => match limit {
                Some(limit) if code != limit => format!("{code} ({limit}), {outcome}"),
                _ => format!("{code}, {outcome}"),
            },
            Self::Panicked => "the engine panicked".to_owned(),
        }
    }
}
