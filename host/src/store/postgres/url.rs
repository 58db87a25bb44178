//! The URL of a database.

use secrecy::zeroize::Zeroizing;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use super::connection::has_host;

/// Reads a URL in libpq's form; `None` if it is none. Why is not said: a part of a password may be taken for anything.
pub(in super::super) fn parse(url: &str) -> Option<Config> {
    let (scheme, rest) = url.split_once("://")?;
    if !["postgres", "postgresql"].contains(&scheme) {
        return None;
    }
    let start = rest.find('@').map_or(0, |at| at + 1);
    let (credentials, after) = rest.split_at_checked(start)?;
    if after.contains('@') {
        // One of a password that is not percent-encoded: the rest of the password would be taken for a host.
        return None;
    }
    let (place, query) = after.split_once('?').unwrap_or((after, ""));
    let mut plain = Zeroizing::new(format!("postgres://{credentials}{place}?"));
    let mut mode = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if let Some(value) = pair.strip_prefix("sslmode=") {
            mode = Some(ssl_mode(value)?);
        } else {
            plain.push_str(pair);
            plain.push('&');
        }
    }
    let mut config: Config = plain.parse().ok()?;
    if let Some(mode) = mode {
        config.ssl_mode(mode);
    }
    has_host(&config).then_some(config)
}

/// Wherever there is TLS, the certificate and the name are checked, so `require` is what libpq calls `verify-full`.
fn ssl_mode(value: &str) -> Option<SslMode> {
    match value {
        "disable" => Some(SslMode::Disable),
        "prefer" => Some(SslMode::Prefer),
        "require" | "verify-full" => Some(SslMode::Require),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::Host;

    use super::*;

    #[test]
    fn url_is_read_as_libpq_does() {
        let config = parse(
            "postgresql://ops:p%40ss%2Fw:1@db.example:6432/calls?options=-csearch_path%3Dapp",
        )
        .unwrap();
        assert_eq!(config.get_user(), Some("ops"));
        assert_eq!(config.get_password(), Some(&b"p@ss/w:1"[..]));
        assert_eq!(config.get_hosts(), [Host::Tcp("db.example".to_owned())]);
        assert_eq!(config.get_ports(), [6432]);
        assert_eq!(config.get_dbname(), Some("calls"));
        assert_eq!(config.get_options(), Some("-csearch_path=app"));
        assert_eq!(config.get_ssl_mode(), SslMode::Prefer);

        let config = parse("postgres://%2Frun%2Fpostgresql/calls?user=ops").unwrap();
        assert_eq!(config.get_hosts(), [Host::Unix("/run/postgresql".into())]);
        assert_eq!(config.get_user(), Some("ops"));

        // Until the first `@`, all is credentials.
        let config = parse("postgres://ops:a?b/c#d@db.example").unwrap();
        assert_eq!(config.get_password(), Some(&b"a?b/c#d"[..]));
    }

    #[test]
    fn ssl_mode_that_checks_less_fails() {
        for (mode, expected) in [
            ("disable", SslMode::Disable),
            ("prefer", SslMode::Prefer),
            ("require", SslMode::Require),
            ("verify-full", SslMode::Require),
        ] {
            let url =
                format!("postgres://db.example/calls?connect_timeout=3&sslmode={mode}&user=ops");
            let config = parse(&url).unwrap();
            assert_eq!(config.get_ssl_mode(), expected);
            assert_eq!(config.get_user(), Some("ops"));
        }
        for mode in ["allow", "verify-ca", "none", "", "Require"] {
            let url = format!("postgres://db.example/calls?sslmode={mode}");
            assert!(parse(&url).is_none(), "{mode}");
        }
    }

    #[test]
    fn malformed_url_is_none() {
        for url in [
            "",
            "postgres:",
            "postgres://",
            "postgres:///calls",
            "postgres://ops:pass@/calls",
            "mysql://db.example/calls",
            "host=db.example user=ops",
            "postgres://ops:p@ss@db.example/calls",
            "postgres://ops:p@ss/w@db.example/calls",
            "postgres://ops:pass@db.example:port/calls",
            "postgres://ops:pass@db.example/calls?sslrootcert=ca.pem",
        ] {
            assert!(parse(url).is_none(), "{url}");
        }
    }
}
