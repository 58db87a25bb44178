//! Base URLs, settings and headers.

use super::*;
use crate::integration::{self, find};

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn url(
    integration: &str,
    base: Option<&str>,
    settings: &[(&str, &str)],
) -> Result<String, AccountError> {
    base_url(find(integration).unwrap(), base, &pairs(settings))
}

#[test]
fn settings_fill_the_host() {
    assert_eq!(
        url("gorgias", None, &[("subdomain", "acme")]).unwrap(),
        "https://acme.gorgias.com/api"
    );
    assert_eq!(
        url("teamwork", None, &[("site", "acme.eu")]).unwrap(),
        "https://acme.eu.teamwork.com"
    );
    assert_eq!(
        url("planhat", None, &[]).unwrap(),
        "https://api.planhat.com"
    );
    assert_eq!(
        url("planhat", None, &[("host", "api-us4.planhat.com")]).unwrap(),
        "https://api-us4.planhat.com"
    );
}

#[test]
fn setting_cannot_change_domain() {
    for site in [
        "evil.example/",
        "evil.example#",
        "a.b",
        "a@b",
        "ACME",
        "acme.eu.evil",
        "..",
        "%2e",
    ] {
        assert!(url("teamwork", None, &[("site", site)]).is_err(), "{site}");
    }
    for host in [
        "api.planhat.com.evil.example",
        "evil.example",
        "api-.planhat.com",
        "xapi.planhat.com",
        "api-a-b.planhat.com",
    ] {
        assert!(url("planhat", None, &[("host", host)]).is_err(), "{host}");
    }
}

#[test]
fn explicit_base_url_needs_no_setting() {
    assert_eq!(
        url("gorgias", Some("http://127.0.0.1:1/gorgias/api/"), &[]).unwrap(),
        "http://127.0.0.1:1/gorgias/api"
    );
    for base in [
        "ftp://a",
        "/api",
        "a.example",
        "https://u:p@a.example",
        "https://a.example?b=c",
        "https://a.example/../b",
    ] {
        assert!(url("gorgias", Some(base), &[]).is_err(), "{base}");
    }
}

#[test]
fn first_complete_scheme_authenticates() {
    let gorgias = find("gorgias").unwrap();
    let header = |given: &[(&str, &str)]| {
        let given = pairs(given);
        scheme(gorgias, given.iter().map(|(name, _)| name.as_str()))
            .and_then(|auth| authentication(auth, &given))
    };
    assert_eq!(
        header(&[("email", "a@b.example"), ("api_key", "k")]).unwrap(),
        "Basic YUBiLmV4YW1wbGU6aw=="
    );
    assert_eq!(header(&[("access_token", "t")]).unwrap(), "Bearer t");
    assert_eq!(
        header(&[("api_key", "k")]).unwrap_err().to_string(),
        "expected the credentials `email` and `api_key`, or `access_token`"
    );
}

#[test]
fn credentials_are_normalized_for_every_scheme() {
    for pasted in [
        "t0ken",
        " t0ken",
        "t0ken \t\r\n",
        "\u{feff}t0ken\u{a0}",
        "Bearer t0ken",
        "bearer\t t0ken",
        " BEARER  bearer t0ken ",
    ] {
        for integration in integration::ALL {
            for auth in integration.auth {
                let given = |value: &str| {
                    let names = credential_names(auth).into_iter();
                    let pairs: Vec<_> = names.map(|name| (name, value)).collect();
                    authentication(auth, &self::pairs(&pairs)).unwrap()
                };
                assert_eq!(given(pasted), given("t0ken"), "{pasted:?}");
            }
        }
    }
    // Not the word alone, and not another scheme's.
    for kept in ["Bearert0ken", "Basic dDpr", "Token t", "t Bearer u"] {
        assert_eq!(normalized(kept), kept);
    }
}

#[test]
fn unusable_credential_is_only_named() {
    let long = "x".repeat(MAX_CREDENTIAL + 1);
    for value in [
        "",
        " ",
        "\u{feff}",
        "Bearer",
        "bearer \n",
        "secret\r\nx: y",
        "secret\0",
        "secret\tx",
        &long,
    ] {
        for integration in integration::ALL {
            for auth in integration.auth {
                for name in credential_names(auth) {
                    let names = credential_names(auth).into_iter();
                    let given: Vec<_> = names
                        .map(|other| (other, if other == name { value } else { "usable" }))
                        .collect();
                    let error = authentication(auth, &pairs(&given)).unwrap_err();
                    let message = error.to_string();
                    assert!(
                        message.starts_with(&format!("credential `{name}` ")),
                        "{message}"
                    );
                    assert!(
                        !message.contains("secret") && !message.contains("xx"),
                        "{message}"
                    );
                    assert!(errors(integration, None, &[], &pairs(&given)).contains(&error));
                }
            }
        }
    }
    let teamwork = find("teamwork").unwrap();
    let error = authentication(&teamwork.auth[0], &pairs(&[("api_key", "secret:x")]));
    assert_eq!(
        error.unwrap_err().to_string(),
        "credential `api_key` has a colon within"
    );
}

#[test]
fn misplaced_credential_is_not_shown() {
    let dixa = find("dixa").unwrap();
    let found = errors(
        dixa,
        None,
        &[],
        &pairs(&[("s3cret-value", "api_token"), ("token", "x")]),
    );
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(
        found.iter().all(|message| !message.contains("s3cret")),
        "{found:?}"
    );
    assert!(found.contains(&"credential `token` is not one of Dixa".to_owned()));
}
