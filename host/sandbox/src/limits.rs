//! Limits that are enforced, on request.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;

use super::call::JsonResponse;

/// A limit on the requests of any length of time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnforcedLimit {
    requests: usize,
    seconds: u64,
    /// When the requests of that time arrived.
    #[serde(skip)]
    arrived: VecDeque<Instant>,
}

impl EnforcedLimit {
    /// Parses the body of a control request.
    ///
    /// # Errors
    ///
    /// Fails with a message for the sender.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let limit: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if limit.requests == 0 || limit.seconds == 0 {
            return Err("`requests` and `seconds` must be numbers from 1".to_owned());
        }
        Ok(limit)
    }

    /// Counts a request. Returns the response to one that is too many.
    pub(super) fn count(&mut self) -> Option<JsonResponse> {
        let now = Instant::now();
        let window = Duration::from_secs(self.seconds);
        while let Some(first) = self.arrived.front()
            && now.duration_since(*first) >= window
        {
            self.arrived.pop_front();
        }
        let Some(first) = self
            .arrived
            .front()
            .filter(|_| self.arrived.len() >= self.requests)
        else {
            self.arrived.push_back(now);
            return None;
        };
        let left = window.saturating_sub(now.duration_since(*first));
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        let response = JsonResponse::new(429, json!({"message": "too many requests"}));
        Some(response.with("retry-after", seconds.to_string()))
    }
}
