//! Values of arguments.

use std::time::Duration;

/// A duration, such as `30s`, `500ms` or `1m 30s`. A bare number, such as `0.5`, is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = match text.parse() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(text).ok(),
    };
    duration
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "expected a positive duration, such as `20s`, `500ms` or `20`".to_owned())
}

/// A size, such as `64MiB`, `4MB` or `1024`.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let size: bytesize::ByteSize = text.parse()?;
    usize::try_from(size.as_u64())
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| "expected a positive size that fits into memory".to_owned())
}

/// `K=V`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected `NAME=VALUE`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit_or_is_seconds() {
        for (text, milliseconds) in [
            ("30s", 30_000),
            ("500ms", 500),
            ("20", 20_000),
            ("0.3", 300),
            ("1.5s", 1_500),
            ("1m 30s", 90_000),
            ("2min", 120_000),
        ] {
            let expected = Duration::from_millis(milliseconds);
            assert_eq!(duration(text), Ok(expected), "{text}");
        }
        for text in ["", "0", "0s", "-1", "s", "1x", "inf", "nan", "1e400", "1 2"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pair_needs_a_name() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(pair("a").is_err() && pair("=b").is_err());
    }
}
