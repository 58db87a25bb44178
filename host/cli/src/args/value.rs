//! Parsers for the values of arguments. clap prints their errors.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use unified_ticketing_guest::account::is_uuid;

/// Parses a duration, such as `30s`, `500ms` or `1m 30s`. A bare number, such as `0.5`, is seconds.
pub(super) fn duration(value: &str) -> Result<Duration, String> {
    any_duration(value)
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "expected a positive duration, such as `20s`, `500ms` or `20`".to_owned())
}

/// Parses a duration, or `0` for none.
pub(super) fn duration_or_none(value: &str) -> Result<Duration, String> {
    any_duration(value)
        .ok_or_else(|| "expected a duration, such as `5s`, `500ms` or `0`".to_owned())
}

fn any_duration(value: &str) -> Option<Duration> {
    match value.parse() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(value).ok(),
    }
}

/// Parses a size, such as `64MiB`, `4MB` or `1024`.
pub(super) fn size(value: &str) -> Result<usize, String> {
    let size: bytesize::ByteSize = value.parse()?;
    usize::try_from(size.as_u64())
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| "expected a positive size that fits into memory".to_owned())
}

/// Parses an address to listen on. `localhost` is the loopback address of IPv4, whatever the system's tables say of that name
/// (RFC 6761, section 6.3).
pub(super) fn listen(value: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = value.parse() {
        return Ok(address);
    }
    let port = match value.rsplit_once(':') {
        Some((host, port)) if host.eq_ignore_ascii_case("localhost") => port.parse().ok(),
        _ => None,
    };
    port.map(|port: u16| (Ipv4Addr::LOCALHOST, port).into())
        .ok_or_else(|| {
            "expected `ADDR:PORT`, such as `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`"
                .to_owned()
        })
}

/// Parses `NAME=VALUE`.
pub(super) fn pair(value: &str) -> Result<(String, String), String> {
    match value.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected `NAME=VALUE`".to_owned()),
    }
}

/// Parses the id of an account.
pub(super) fn account_id(value: &str) -> Result<String, String> {
    if is_uuid(value) {
        Ok(value.to_owned())
    } else {
        Err("expected a UUID, as the accounts file has it in `id`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_without_unit_is_seconds() {
        for (value, milliseconds) in [
            ("30s", 30_000),
            ("500ms", 500),
            ("20", 20_000),
            ("0.3", 300),
            ("1.5s", 1_500),
            ("1m 30s", 90_000),
            ("2min", 120_000),
        ] {
            let expected = Duration::from_millis(milliseconds);
            assert_eq!(duration(value), Ok(expected), "{value}");
        }
        assert_eq!(duration_or_none("0"), Ok(Duration::ZERO));
        for value in ["", "0", "0s", "-1", "s", "1x", "inf", "nan", "1e400", "1 2"] {
            assert!(duration(value).is_err(), "{value}");
        }
    }

    #[test]
    fn localhost_is_loopback() {
        for (value, address) in [
            ("localhost:8080", "127.0.0.1:8080"),
            ("LocalHost:0", "127.0.0.1:0"),
            ("[::1]:80", "[::1]:80"),
            ("0.0.0.0:80", "0.0.0.0:80"),
        ] {
            assert_eq!(listen(value), Ok(address.parse().unwrap()), "{value}");
        }
        for value in [
            "localhost",
            "localhost:",
            "localhost:65536",
            "example:80",
            ":80",
        ] {
            assert!(listen(value).is_err(), "{value}");
        }
    }

    #[test]
    fn pair_without_name_fails() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(pair("a").is_err() && pair("=b").is_err());
    }
}
