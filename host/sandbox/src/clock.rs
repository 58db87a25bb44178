//! Dates and request windows, as the providers write and count them.

use std::time::{Duration, Instant};

use time::{OffsetDateTime, UtcDateTime};

use super::call::JsonResponse;

/// The moment as `2026-03-02T08:15:30` in UTC, without fraction and offset.
pub(super) fn seconds(moment: OffsetDateTime) -> String {
    let moment = UtcDateTime::from(moment);
    let (year, month, day) = moment.to_calendar_date();
    let (hour, minute, second) = moment.as_hms();
    format!(
        "{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}",
        u8::from(month)
    )
}

/// Now as `2026-03-02T08:15:30Z`.
pub(super) fn whole_seconds() -> String {
    format!("{}Z", seconds(OffsetDateTime::now_utc()))
}

/// Now as `2026-03-02T08:15:30.120Z`.
pub(super) fn milliseconds() -> String {
    let now = OffsetDateTime::now_utc();
    format!("{}.{:03}Z", seconds(now), now.millisecond())
}

/// Now as `2026-03-02T08:15:30.120417+00:00`.
pub(super) fn microseconds() -> String {
    let now = OffsetDateTime::now_utc();
    format!("{}.{:06}+00:00", seconds(now), now.microsecond())
}

/// A number of requests in a length of time.
pub(super) struct Limit {
    pub(super) requests: u64,
    pub(super) per: Duration,
    /// Adds the provider's rate-limit headers to a response.
    pub(super) set_headers: fn(JsonResponse, &Usage) -> JsonResponse,
}

/// Counts requests against a limit, for the rate-limit headers.
///
/// The limit is reported and not enforced, or load tests would measure it; a fault, or a limit by a control request, gives the 429.
#[derive(Default)]
pub(super) struct Window {
    started: Option<Instant>,
    used: u64,
}

/// How much of a limit is used and how much remains, and the seconds until it starts again.
pub(super) struct Usage {
    pub(super) used: u64,
    pub(super) remaining: u64,
    pub(super) reset: u64,
}

impl Window {
    /// Counts a request.
    pub(super) fn count(&mut self, limit: &Limit) -> Usage {
        let now = Instant::now();
        let running = self
            .started
            .filter(|started| now.duration_since(*started) < limit.per);
        let started = running.unwrap_or(now);
        self.started = Some(started);
        let before = if running.is_some() { self.used } else { 0 };
        self.used = limit.requests.min(before + 1);
        let left = limit.per.saturating_sub(now.duration_since(started));
        let reset = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Usage {
            used: self.used,
            remaining: limit.requests - self.used,
            reset,
        }
    }
}
