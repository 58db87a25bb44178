//! What came of a row.

use std::time::{Duration, SystemTime};

use unified_ticketing::http_api::HttpResponse;
use unified_ticketing::types::{ErrorCode, Outcome};

use super::super::header;
use crate::error::ExitStatus;
use crate::json::Object;

/// The result of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum RowResult {
    Created,
    Found,
    Updated,
    Unchanged,
    Settled,
    Deleted,
    Exists,
    Invalid,
    Rejected,
    Unknown,
    NotSent,
}

impl RowResult {
    /// Every result, in the order of the summary.
    pub(super) const ALL: [Self; 11] = [
        Self::Created,
        Self::Settled,
        Self::Found,
        Self::Updated,
        Self::Unchanged,
        Self::Deleted,
        Self::Exists,
        Self::Rejected,
        Self::Invalid,
        Self::Unknown,
        Self::NotSent,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Found => "found",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Settled => "settled",
            Self::Deleted => "deleted",
            Self::Exists => "exists",
            Self::Invalid => "invalid",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
            Self::NotSent => "not-sent",
        }
    }

    /// The exit status that it asks for.
    pub(super) const fn status(self) -> ExitStatus {
        match self {
            Self::Created
            | Self::Found
            | Self::Updated
            | Self::Unchanged
            | Self::Settled
            | Self::Deleted => ExitStatus::Done,
            Self::Exists | Self::Rejected => ExitStatus::Rejected,
            Self::Invalid => ExitStatus::Invalid,
            Self::Unknown => ExitStatus::Unknown,
            Self::NotSent => ExitStatus::Later,
        }
    }
}

/// What came of a row.
#[derive(Clone, Debug)]
pub(super) struct RowOutcome {
    pub(super) result: RowResult,
    pub(super) id: Option<String>,
    /// A code for programs, and a message for people.
    pub(super) error: Option<(String, String)>,
    /// Whether it was done before, and nothing was sent.
    pub(super) is_replayed: bool,
    /// When the creation began, where its outcome is unknown and every look-up has found nobody.
    pub(super) absent_since: Option<SystemTime>,
    /// The ids of those whom a look-up by the address has found.
    pub(super) found: Vec<String>,
    /// When to ask again: another process has the row in flight.
    pub(super) again_after: Option<Duration>,
}

impl RowOutcome {
    pub(super) fn done(result: RowResult, id: Option<String>) -> Self {
        Self {
            result,
            id,
            error: None,
            is_replayed: false,
            absent_since: None,
            found: Vec::new(),
            again_after: None,
        }
    }

    pub(super) fn failed(result: RowResult, code: &str, message: impl Into<String>) -> Self {
        Self {
            error: Some((code.to_owned(), message.into())),
            ..Self::done(result, None)
        }
    }

    /// What a response says. `begun` is when the creation began, should its outcome be unknown.
    pub(super) fn from_response(response: &HttpResponse, begun: SystemTime) -> Self {
        let body = Object::parse(&response.body).unwrap_or_default();
        let text = |name: &str| Some(body.string(name)).filter(|text| !text.is_empty());
        if response.status == 200 {
            let result = match header(response, "unified-result") {
                Some("found") => RowResult::Found,
                Some("updated") => RowResult::Updated,
                Some("unchanged") => RowResult::Unchanged,
                Some("settled") => RowResult::Settled,
                Some("deleted") => RowResult::Deleted,
                _ => RowResult::Created,
            };
            return Self {
                is_replayed: header(response, "idempotency-replayed").is_some(),
                found: body
                    .objects("result")
                    .iter()
                    .map(|user| user.string("id"))
                    .collect(),
                ..Self::done(result, text("id"))
            };
        }
        let error = response.error.as_ref();
        let result = error.map_or(RowResult::NotSent, |error| {
            result(error.code, error.outcome)
        });
        let is_absent = result == RowResult::Unknown
            && body
                .number("looked")
                .is_some_and(|looked| looked >= LOOK_UPS);
        Self {
            id: text("existing_id"),
            absent_since: is_absent.then_some(begun),
            ..Self::failed(result, &body.string("code"), body.string("message"))
        }
    }
}

/// How many look-ups a creation of unknown outcome gets. Fewer that found nobody, and a later one that failed, prove nothing.
const LOOK_UPS: u64 = 3;

/// The result of a row whose call failed.
fn result(code: ErrorCode, outcome: Outcome) -> RowResult {
    if code == ErrorCode::ProviderConflict && outcome == Outcome::Rejected {
        return RowResult::Exists;
    }
    match ExitStatus::from_error(code, outcome) {
        ExitStatus::Unknown => RowResult::Unknown,
        ExitStatus::Rejected => RowResult::Rejected,
        ExitStatus::Invalid => RowResult::Invalid,
        ExitStatus::Done
        | ExitStatus::Other
        | ExitStatus::Usage
        | ExitStatus::Configuration
        | ExitStatus::Later
        | ExitStatus::Interrupted => RowResult::NotSent,
    }
}
