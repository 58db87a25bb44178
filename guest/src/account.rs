//! What an account says: base URL, settings, the header that authenticates.
//!
//! The component uses this for the account that it is given; a host may use it natively for the accounts that it keeps.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;

use crate::integration::{Auth, Integration, Scheme, Setting};

/// Names and values of settings or credentials, as an account has them.
pub type Pairs = [(String, String)];

/// The value of this name, blank counting as absent.
#[must_use]
pub fn value<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
        .filter(|value| !value.trim().is_empty())
}

/// A setting that an account uses: its own value, else the default.
///
/// # Errors
///
/// A sentence that names the setting, when it is missing or cannot be right.
pub fn setting<'a>(setting: &Setting, settings: &'a Pairs) -> Result<&'a str, String> {
    let Some(value) = value(settings, setting.name).or(setting.default) else {
        return Err(format!(
            "setting `{}` is missing: {}",
            setting.name, setting.description
        ));
    };
    if (setting.accepts)(value) {
        Ok(value)
    } else {
        Err(format!(
            "setting `{}`: expected {}, but found `{value}`",
            setting.name, setting.expected
        ))
    }
}

/// The base URL of an account, without a slash at its end.
///
/// # Errors
///
/// A sentence that names the fault of the base URL, or of a setting in it.
pub fn base_url(
    integration: &Integration,
    base_url: Option<&str>,
    settings: &Pairs,
) -> Result<String, String> {
    if let Some(url) = base_url {
        let refused = |expected: &str| {
            Err(format!(
                "`base_url`: expected {expected}, but found `{url}`"
            ))
        };
        let Ok(uri) = url.parse::<Uri>() else {
            return refused("an absolute URL");
        };
        let Some(authority) = uri.authority() else {
            return refused("an absolute URL");
        };
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return refused("a URL that starts with `http://` or `https://`");
        }
        if authority.as_str().contains('@') {
            return Err("`base_url`: expected a URL without a user name or password".to_owned());
        }
        if uri.query().is_some() || url.contains('#') {
            return refused("a URL without query or fragment");
        }
        if uri
            .path()
            .split('/')
            .any(|segment| matches!(segment, "." | ".."))
        {
            return refused("a URL without `.` and `..` in its path");
        }
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let mut url = String::with_capacity(integration.base_url.len() + 24);
    fill(integration.base_url, &mut url, |url, name| {
        let mut parts = integration.settings.iter();
        let part = parts.find(|part| part.name == name);
        let part = part.ok_or_else(|| format!("there is no setting `{name}`"))?;
        url.push_str(setting(part, settings)?);
        Ok(())
    })?;
    Ok(url)
}

/// Writes a template, and in place of each name in braces what `value` writes.
pub(crate) fn fill(
    template: &str,
    out: &mut String,
    value: impl Fn(&mut String, &str) -> Result<(), String>,
) -> Result<(), String> {
    // Every second part is a name: no template has a brace alone.
    for (position, part) in template.split(['{', '}']).enumerate() {
        if position % 2 == 0 {
            out.push_str(part);
        } else {
            value(out, part)?;
        }
    }
    Ok(())
}

/// The names of the credentials that a scheme is made of.
#[must_use]
pub fn credential_names(auth: &Auth) -> Vec<&'static str> {
    match auth.scheme {
        Scheme::Plain(name) | Scheme::Bearer(name) | Scheme::BasicUser(name, _) => vec![name],
        Scheme::Basic(user, password) => vec![user, password],
    }
}

/// The scheme to use with credentials of these names.
///
/// # Errors
///
/// A sentence that names the credentials that the integration needs.
pub fn scheme<'a>(
    integration: &Integration,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<&'static Auth, String> {
    let names: Vec<&str> = names.into_iter().collect();
    let has = |name: &&str| names.contains(name);
    integration
        .auth
        .iter()
        .find(|auth| credential_names(auth).iter().all(has))
        .ok_or_else(|| {
            let sets: Vec<String> = integration
                .auth
                .iter()
                .map(|auth| format!("`{}`", credential_names(auth).join("` and `")))
                .collect();
            format!("expected the credentials {}", sets.join(", or "))
        })
}

/// The value of the header that authenticates. It is a secret.
///
/// # Errors
///
/// A sentence that names the credential that is missing, or cannot be in a header. It never holds a value.
pub fn authentication(auth: &Auth, credentials: &Pairs) -> Result<String, String> {
    let credential =
        |name| value(credentials, name).ok_or_else(|| format!("credential `{name}` is missing"));
    let header = match auth.scheme {
        // Dixa's documentation calls its raw token a bearer token, so people paste it with the word.
        Scheme::Plain(name) => {
            let token = credential(name)?;
            token.strip_prefix("Bearer ").unwrap_or(token).to_owned()
        }
        Scheme::Bearer(name) => format!("Bearer {}", credential(name)?),
        Scheme::Basic(user, password) => basic(credential(user)?, credential(password)?),
        Scheme::BasicUser(user, password) => basic(credential(user)?, password),
    };
    // What RFC 9110, section 5.5, allows in a header's value, less the octets beyond ASCII.
    if !header
        .bytes()
        .all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
    {
        let names = credential_names(auth).join("` and `");
        return Err(format!(
            "credential `{names}`: expected printable ASCII without line ends"
        ));
    }
    Ok(header)
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Every fault of an account's settings, credentials and base URL, a sentence each. None holds a credential's value.
#[must_use]
pub fn faults(
    integration: &Integration,
    base: Option<&str>,
    settings: &Pairs,
    credentials: &Pairs,
) -> Vec<String> {
    let mut faults = Vec::new();
    if base.is_some()
        && let Err(fault) = base_url(integration, base, settings)
    {
        faults.push(fault);
    }
    for part in integration
        .settings
        .iter()
        .filter(|part| base.is_none() || !part.in_host)
    {
        faults.extend(setting(part, settings).err());
    }
    for (name, _) in settings {
        if integration.settings.iter().all(|part| part.name != name) {
            faults.push(format!(
                "setting `{name}` is not one of {}",
                integration.title
            ));
        }
    }
    for (name, _) in credentials {
        if !integration
            .auth
            .iter()
            .flat_map(credential_names)
            .any(|known| known == name)
        {
            faults.push(format!(
                "credential `{name}` is not one of {}",
                integration.title
            ));
        }
    }
    let given = credentials.iter().map(|(name, _)| name.as_str());
    match scheme(integration, given) {
        Ok(auth) => faults.extend(authentication(auth, credentials).err()),
        Err(fault) => faults.push(fault),
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integration::find;

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
    ) -> Result<String, String> {
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
    fn a_setting_cannot_lead_elsewhere() {
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
    fn an_explicit_base_url_keeps_its_prefix_and_needs_no_host_setting() {
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
    fn the_header_is_made_of_the_first_scheme_that_is_complete() {
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
            header(&[("api_key", "k")]).unwrap_err(),
            "expected the credentials `email` and `api_key`, or `access_token`"
        );
    }

    #[test]
    fn a_pasted_scheme_word_is_dropped_and_a_line_end_refused() {
        let auth = &find("dixa").unwrap().auth[0];
        assert_eq!(
            authentication(auth, &pairs(&[("api_token", "Bearer abc")])).unwrap(),
            "abc"
        );
        let fault = authentication(auth, &pairs(&[("api_token", "abc\r\nx: y")])).unwrap_err();
        assert!(!fault.contains("abc"), "{fault}");
    }
}
