//! What an account says: base URL, settings, the header that authenticates.
//!
//! The component uses this for the account that it is given; a host may use it natively for the accounts that it keeps.

#[cfg(test)]
mod tests;

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
            "setting `{}`: expected {}, but found {}",
            setting.name,
            setting.expected,
            shown(value)
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
                "`base_url`: expected {expected}, but found {}",
                shown(url)
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

/// A value for a message. What is long or has several lines is not shown: a quotation mark that is missing makes a value of all
/// that follows, credentials too.
#[must_use]
pub fn shown(value: &str) -> String {
    let length = value.chars().count();
    if length <= 100 && !value.contains(char::is_control) {
        format!("`{value}`")
    } else {
        format!("a string of {length} characters")
    }
}

/// The longest credential, in bytes: servers read no longer header line unless told to.
pub const MAX_CREDENTIAL: usize = 8 * 1024;

/// A credential as the provider is to receive it, of what was typed, pasted or read from a file.
///
/// HTTP has no white space at the ends of a header's value (RFC 9110, section 5.5), and the word `Bearer` before a token is the
/// scheme's (RFC 6750), which people paste along with it.
#[must_use]
pub fn normalized(credential: &str) -> &str {
    // A byte order mark is no white space to Unicode.
    let blank = |character: char| character.is_whitespace() || character == '\u{feff}';
    let mut rest = credential.trim_matches(blank);
    while let Some((word, token)) = rest.split_at_checked("bearer".len())
        && word.eq_ignore_ascii_case("bearer")
        && (token.is_empty() || token.starts_with(blank))
    {
        rest = token.trim_start_matches(blank);
    }
    rest
}

/// Whether a credential of this name is no secret: the user name of a pair.
#[must_use]
pub fn is_user_name(integration: &Integration, name: &str) -> bool {
    let mut auth = integration.auth.iter();
    auth.any(|auth| matches!(auth.scheme, Scheme::Basic(user, _) if user == name))
}

/// A credential, normalized.
fn credential<'a>(credentials: &'a Pairs, name: &str) -> Result<&'a str, String> {
    let given = credentials.iter().find(|(known, _)| known == name);
    let wrong = |what: &str| Err(format!("credential `{name}` {what}"));
    let Some((_, given)) = given else {
        return wrong("is missing");
    };
    let value = normalized(given);
    if value.is_empty() {
        wrong("is blank")
    } else if value.len() > MAX_CREDENTIAL {
        wrong(&format!(
            "is over {MAX_CREDENTIAL} bytes, more than a header can have"
        ))
    } else if value.contains(char::is_control) {
        wrong("has a line end or another control character within")
    } else {
        Ok(value)
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
    let header = match auth.scheme {
        Scheme::Plain(name) => credential(credentials, name)?.to_owned(),
        Scheme::Bearer(name) => format!("Bearer {}", credential(credentials, name)?),
        Scheme::Basic(user, password) => {
            let password = credential(credentials, password)?;
            basic(user, credential(credentials, user)?, password)?
        }
        Scheme::BasicUser(user, password) => basic(user, credential(credentials, user)?, password)?,
    };
    // What RFC 9110, section 5.5, allows in a header's value, less the octets beyond ASCII.
    if !header.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        let names = credential_names(auth).join("` and `");
        return Err(format!("credential `{names}`: expected printable ASCII"));
    }
    Ok(header)
}

fn basic(name: &str, user: &str, password: &str) -> Result<String, String> {
    // The first colon ends the user name (RFC 7617, section 2): the provider would read another one.
    if user.contains(':') {
        return Err(format!("credential `{name}` has a colon within"));
    }
    Ok(format!(
        "Basic {}",
        STANDARD.encode(format!("{user}:{password}"))
    ))
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
            faults.push(unknown_credential(integration, name));
        } else if let Err(fault) = credential(credentials, name) {
            faults.push(fault);
        }
    }
    let given = credentials.iter().map(|(name, _)| name.as_str());
    match scheme(integration, given) {
        Ok(auth) => {
            let fault = authentication(auth, credentials).err();
            faults.extend(fault.filter(|fault| !faults.contains(fault)));
        }
        Err(fault) => faults.push(fault),
    }
    faults
}

/// The fault of a credential of another name. What does not look like a name may be the credential itself, in the wrong place.
fn unknown_credential(integration: &Integration, name: &str) -> String {
    let title = integration.title;
    if name.len() <= 24
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    {
        format!("credential `{name}` is not one of {title}")
    } else {
        format!("there is a credential with a name that is none of {title}'s")
    }
}
