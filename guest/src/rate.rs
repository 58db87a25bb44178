//! What an answer's headers say of the provider's rate limit.

use std::time::UNIX_EPOCH;

use crate::bindings::types::{ProviderAnswer, RateLimit};

/// Numbers from here on are seconds since 1970, not seconds to wait: no provider makes anybody wait for thirty years.
const EPOCH: u64 = 1_000_000_000;

const LIMIT: [&str; 3] = ["x-ratelimit-limit", "x-rate-limit-limit", "ratelimit-limit"];
const REMAINING: [&str; 3] = [
    "x-ratelimit-remaining",
    "x-rate-limit-remaining",
    "ratelimit-remaining",
];
const RESET: [&str; 3] = ["x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"];

/// The last value of a header; names are compared without case.
#[must_use]
pub(crate) fn header<'a>(answer: &'a ProviderAnswer, name: &str) -> Option<&'a str> {
    answer
        .headers
        .iter()
        .rev()
        .find(|(given, _)| given.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// Seconds to wait before the next request.
#[must_use]
pub(crate) fn retry_after(answer: &ProviderAnswer) -> Option<u64> {
    seconds(answer, header(answer, "retry-after")?)
}

/// The figures of the rate limit, in any of the spellings that providers use. `usage` is the header that says `USED/LIMIT`.
#[must_use]
pub(crate) fn limit(answer: &ProviderAnswer, usage: Option<&str>) -> Option<RateLimit> {
    let figure = |names: [&str; 3]| names.into_iter().find_map(|name| header(answer, name));
    let used = usage
        .and_then(|usage| header(answer, usage))
        .and_then(|value| {
            let (used, limit) = value.split_once('/')?;
            Some((
                used.trim().parse::<u64>().ok()?,
                limit.trim().parse::<u64>().ok()?,
            ))
        });
    let limit = figure(LIMIT)
        .and_then(|value| value.parse().ok())
        .or(used.map(|(_, limit)| limit));
    let remaining = figure(REMAINING)
        .and_then(|value| value.parse().ok())
        .or(used.map(|(used, limit)| limit.saturating_sub(used)));
    let reset = figure(RESET).and_then(|value| seconds(answer, value));
    (limit.is_some() || remaining.is_some() || reset.is_some()).then_some(RateLimit {
        limit,
        remaining,
        reset,
    })
}

/// Seconds from a header: as such, or as a time, which counts from the answer's own `date`.
fn seconds(answer: &ProviderAnswer, value: &str) -> Option<u64> {
    let at = match value.parse::<u64>() {
        Ok(seconds) if seconds < EPOCH => return Some(seconds),
        Ok(at) => at,
        Err(_) => since_epoch(value)?,
    };
    let now = since_epoch(header(answer, "date")?)?;
    Some(at.saturating_sub(now))
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

    fn answer(headers: &[(&str, &str)]) -> ProviderAnswer {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        ProviderAnswer {
            status: 429,
            headers,
            body: Vec::new(),
        }
    }

    const DATE: (&str, &str) = ("Date", "Mon, 02 Mar 2026 08:15:30 GMT");

    #[test]
    fn waiting_is_in_seconds_or_until_a_time() {
        let wait = |value, date: &[(&str, &str)]| {
            let mut headers = vec![("Retry-After", value)];
            headers.extend_from_slice(date);
            retry_after(&answer(&headers))
        };
        assert_eq!(wait("30", &[]), Some(30));
        assert_eq!(wait("Mon, 02 Mar 2026 08:16:00 GMT", &[DATE]), Some(30));
        assert_eq!(wait("Mon, 02 Mar 2026 08:15:00 GMT", &[DATE]), Some(0));
        assert_eq!(wait("1772439360", &[DATE]), Some(30));
        // The last number of seconds, and the first of a time.
        assert_eq!(wait("999999999", &[DATE]), Some(999_999_999));
        assert_eq!(wait("1000000000", &[DATE]), Some(0));
        for value in [
            "Mon, 02 Mar 2026 08:16:00 GMT",
            "1772439360",
            "soon",
            "-1",
            "1.5",
            "",
        ] {
            assert_eq!(wait(value, &[]), None, "{value}");
        }
    }

    #[test]
    fn figures_come_in_several_spellings() {
        let figures = RateLimit {
            limit: Some(40),
            remaining: Some(33),
            reset: None,
        };
        let usage = "x-gorgias-account-api-call-limit";
        assert_eq!(
            limit(
                &answer(&[("X-Gorgias-Account-Api-Call-Limit", "7/40")]),
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
            assert_eq!(limit(&answer(&headers), None), Some(figures), "{prefix}");
        }
        assert_eq!(limit(&answer(&[("x-ratelimit-limit", "many")]), None), None);
        for name in ["limit", "remaining", "reset"] {
            let header = format!("ratelimit-{name}");
            let alone = limit(&answer(&[(header.as_str(), "7")]), None).unwrap();
            let figures = [alone.limit, alone.remaining, alone.reset];
            assert_eq!(
                figures.into_iter().flatten().collect::<Vec<u64>>(),
                [7],
                "{name}"
            );
        }
    }
}
