//! Reads the provider's rate limit from the headers of a response.

use std::time::UNIX_EPOCH;

use crate::bindings::types::{ProviderResponse, RateLimit};

/// Numbers from here on are a time, in seconds since 1970, not seconds to wait: no provider asks for a wait of thirty years.
const EPOCH: u64 = 1_000_000_000;

/// Numbers from here on are such a time in milliseconds: in seconds, they would be in the year 5138.
const EPOCH_MILLISECONDS: u64 = 100_000_000_000;

/// The longest wait that is passed on: a longer one is misread, or a mistake of the provider.
const MAX_WAIT: u32 = 365 * 24 * 60 * 60;

const LIMIT: [&str; 3] = ["x-ratelimit-limit", "x-rate-limit-limit", "ratelimit-limit"];
const REMAINING: [&str; 3] = [
    "x-ratelimit-remaining",
    "x-rate-limit-remaining",
    "ratelimit-remaining",
];
const RESET: [&str; 3] = ["x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"];

/// The last value of a header; names are compared without case.
#[must_use]
pub(crate) fn header<'a>(response: &'a ProviderResponse, name: &str) -> Option<&'a str> {
    response
        .headers
        .iter()
        .rev()
        .find(|(given, _)| given.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// Seconds to wait before the next request, where the provider says so.
#[must_use]
pub(crate) fn retry_after(response: &ProviderResponse) -> Option<u32> {
    seconds(response, header(response, "retry-after")?)
}

/// Seconds until there may be another request, of a response that says that there were too many.
#[must_use]
pub(crate) fn wait(response: &ProviderResponse) -> Option<u32> {
    retry_after(response).or_else(|| reset(response))
}

fn reset(response: &ProviderResponse) -> Option<u32> {
    RESET
        .into_iter()
        .find_map(|name| seconds(response, header(response, name)?))
}

/// The figures of the rate limit, in any of the spellings that providers use. `usage` is the header that says `USED/LIMIT`.
#[must_use]
pub(crate) fn limit(response: &ProviderResponse, usage: Option<&str>) -> Option<RateLimit> {
    let figure = |names: [&str; 3]| names.into_iter().find_map(|name| header(response, name));
    let used = usage
        .and_then(|usage| header(response, usage))
        .and_then(|value| {
            let (used, limit) = value.split_once('/')?;
            Some((
                used.trim().parse::<u32>().ok()?,
                limit.trim().parse::<u32>().ok()?,
            ))
        });
    let limit = figure(LIMIT)
        .and_then(|value| value.parse().ok())
        .or(used.map(|(_, limit)| limit));
    let remaining = figure(REMAINING)
        .and_then(|value| value.parse().ok())
        .or(used.map(|(used, limit)| limit.saturating_sub(used)));
    let reset = reset(response);
    (limit.is_some() || remaining.is_some() || reset.is_some()).then_some(RateLimit {
        limit,
        remaining,
        reset,
    })
}

/// Seconds from a header: as such, or as a time, which counts from the response's own `date`. A moment that is over is no wait.
fn seconds(response: &ProviderResponse, value: &str) -> Option<u32> {
    let seconds = match rounded_up(value) {
        Some(seconds) if seconds < EPOCH => seconds,
        at => {
            let at = match at {
                Some(milliseconds) if milliseconds >= EPOCH_MILLISECONDS => {
                    milliseconds.div_ceil(1_000)
                }
                Some(at) => at,
                None => since_epoch(value)?,
            };
            at.saturating_sub(since_epoch(header(response, "date")?)?)
        }
    };
    u32::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds <= MAX_WAIT)
}

/// A number without a sign, a fraction rounded up: a client that waits that long is not too early.
fn rounded_up(value: &str) -> Option<u64> {
    let (number, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let is_digits =
        |string: &str| !string.is_empty() && string.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(number) || !is_digits(fraction) {
        return None;
    }
    let up = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    number.parse::<u64>().ok()?.checked_add(up)
}

fn since_epoch(date: &str) -> Option<u64> {
    let date = httpdate::parse_http_date(date).ok()?;
    date.duration_since(UNIX_EPOCH)
        .ok()
        .map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&str, &str)]) -> ProviderResponse {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        ProviderResponse {
            status: 429,
            headers,
            body: Vec::new(),
        }
    }

    const DATE: (&str, &str) = ("Date", "Mon, 02 Mar 2026 08:15:30 GMT");

    #[test]
    fn wait_is_seconds_or_time() {
        let wait = |value, date: &[(&str, &str)]| {
            let mut headers = vec![("Retry-After", value)];
            headers.extend_from_slice(date);
            retry_after(&response(&headers))
        };
        assert_eq!(wait("30", &[]), Some(30));
        assert_eq!(wait("Mon, 02 Mar 2026 08:16:00 GMT", &[DATE]), Some(30));
        assert_eq!(wait("Mon, 02 Mar 2026 08:15:00 GMT", &[DATE]), Some(0));
        assert_eq!(wait("1772439360", &[DATE]), Some(30));
        // A fraction is rounded up.
        for (value, seconds) in [("1.5", 2), ("0.001", 1), ("0", 0), ("30.0", 30), ("007", 7)] {
            assert_eq!(wait(value, &[]), Some(seconds), "{value}");
        }
        assert_eq!(wait("1772439359.25", &[DATE]), Some(30));
        // The longest wait, and what is longer: a number of seconds still, and a time.
        assert_eq!(wait("31536000", &[]), Some(31_536_000));
        assert_eq!(wait("1803975330", &[DATE]), Some(31_536_000));
        for value in [
            "31536001",
            "999999999",
            "1803975331",
            "Tue, 02 Mar 2027 08:15:31 GMT",
        ] {
            assert_eq!(wait(value, &[DATE]), None, "{value}");
        }
        // The first time in seconds, the last one, and the first in milliseconds.
        assert_eq!(wait("1000000000", &[DATE]), Some(0));
        assert_eq!(wait("99999999999", &[DATE]), None);
        assert_eq!(wait("100000000000", &[DATE]), Some(0));
        assert_eq!(wait("1772439360000", &[DATE]), Some(30));
        assert_eq!(wait("1772439359001", &[DATE]), Some(30));
        assert_eq!(wait("1772439330000", &[DATE]), Some(0));
        assert_eq!(wait("18446744073709551616", &[DATE]), None);
        for value in [
            "Mon, 02 Mar 2026 08:16:00 GMT",
            "1772439360",
            "1772439360000",
            "soon",
            "-1",
            "+1",
            "1.",
            ".5",
            "1.5s",
            "1,5",
            "1e3",
            "",
        ] {
            assert_eq!(wait(value, &[]), None, "{value}");
        }
    }

    #[test]
    fn rate_limited_waits_for_reset() {
        let wait = |headers: &[(&str, &str)]| wait(&response(headers));
        let reset = ("x-ratelimit-reset", "1772439390");
        assert_eq!(wait(&[reset, DATE]), Some(60));
        assert_eq!(wait(&[reset]), None);
        assert_eq!(wait(&[reset, DATE, ("retry-after", "5")]), Some(5));
        assert_eq!(wait(&[reset, DATE, ("retry-after", "soon")]), Some(60));
        assert_eq!(
            wait(&[("x-ratelimit-reset", "x"), ("ratelimit-reset", "7")]),
            Some(7)
        );
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn figures_have_several_spellings() {
        let figures = RateLimit {
            limit: Some(40),
            remaining: Some(33),
            reset: None,
        };
        let usage = "x-gorgias-account-api-call-limit";
        assert_eq!(
            limit(
                &response(&[("X-Gorgias-Account-Api-Call-Limit", "7/40")]),
                Some(usage)
            ),
            Some(figures)
        );
        let figures = RateLimit {
            limit: Some(150),
            remaining: Some(0),
            reset: Some(60),
        };
        for prefix in ["X-RateLimit-", "X-Rate-Limit-", "RateLimit-"] {
            let names = ["Limit", "Remaining", "Reset"].map(|name| format!("{prefix}{name}"));
            let headers = [
                (names[0].as_str(), "150"),
                (names[1].as_str(), "0"),
                (names[2].as_str(), "1772439390"),
                DATE,
            ];
            assert_eq!(limit(&response(&headers), None), Some(figures), "{prefix}");
        }
        assert_eq!(
            limit(&response(&[("x-ratelimit-limit", "many")]), None),
            None
        );
        for name in ["limit", "remaining", "reset"] {
            let header = format!("ratelimit-{name}");
            let alone = limit(&response(&[(header.as_str(), "7")]), None).unwrap();
            let figures = [alone.limit, alone.remaining, alone.reset];
            assert_eq!(
                figures.into_iter().flatten().collect::<Vec<u32>>(),
                [7],
                "{name}"
            );
        }
    }
}
