//! Reads an account: base URL, settings, the header that authenticates.
//!
//! The component uses this for the account that it is given; a host may use it natively for the accounts that it keeps.

mod error;
#[cfg(test)]
mod tests;

use base64ct::{Base64, Encoding as _};
use http::Uri;

pub use self::error::{AccountError, CredentialError};
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
/// When the setting is missing or cannot have its value.
pub fn setting<'a>(setting: &Setting, settings: &'a Pairs) -> Result<&'a str, AccountError> {
    let Some(value) = value(settings, setting.name).or(setting.default) else {
        return Err(AccountError::MissingSetting {
            name: setting.name,
            description: setting.description,
        });
    };
    if (setting.accepts)(value) {
        Ok(value)
    } else {
        Err(AccountError::InvalidSetting {
            name: setting.name,
            expected: setting.expected,
            found: value.to_owned(),
        })
    }
}

/// The setting of this name.
pub(crate) fn named_setting<'a>(
    integration: &Integration,
    name: &str,
    settings: &'a Pairs,
) -> Result<&'a str, AccountError> {
    let mut known = integration.settings.iter();
    match known.find(|setting| setting.name == name) {
        Some(found) => setting(found, settings),
        None => Err(AccountError::UnknownSetting {
            name: name.to_owned(),
            title: integration.title,
        }),
    }
}

/// The base URL of an account, without a slash at its end.
///
/// # Errors
///
/// When the base URL, or a setting in it, cannot be used.
pub fn base_url(
    integration: &Integration,
    base_url: Option<&str>,
    settings: &Pairs,
) -> Result<String, AccountError> {
    if let Some(url) = base_url {
        let rejected = |expected: &'static str| {
            let found = url.to_owned();
            Err(AccountError::BaseUrl { expected, found })
        };
        let Ok(uri) = url.parse::<Uri>() else {
            return rejected("an absolute URL");
        };
        let Some(authority) = uri.authority() else {
            return rejected("an absolute URL");
        };
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return rejected("a URL that starts with `http://` or `https://`");
        }
        if authority.as_str().contains('@') {
            return Err(AccountError::BaseUrlUserInfo);
        }
        if uri.query().is_some() || url.contains('#') {
            return rejected("a URL without query or fragment");
        }
        if uri
            .path()
            .split('/')
            .any(|segment| matches!(segment, "." | ".."))
        {
            return rejected("a URL without `.` and `..` in its path");
        }
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let mut url = String::with_capacity(integration.base_url.len() + 24);
    fill(integration.base_url, &mut url, |url, name| {
        url.push_str(named_setting(integration, name, settings)?);
        Ok(())
    })?;
    Ok(url)
}

/// Writes a template; `value` writes what replaces each name in braces.
pub(crate) fn fill(
    template: &str,
    out: &mut String,
    value: impl Fn(&mut String, &str) -> Result<(), AccountError>,
) -> Result<(), AccountError> {
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

/// A value for a message. One that is long or has several lines is not shown: where a quotation mark is missing, the value is all
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

/// The longest credential, in bytes: by default, servers read no longer header line.
pub const MAX_CREDENTIAL: usize = 8 * 1024;

/// A credential as the provider is to receive it, from one that was typed, pasted or read from a file.
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

/// Whether a credential of this name is a user name, which is not a secret.
#[must_use]
pub fn is_user_name(integration: &Integration, name: &str) -> bool {
    let mut auth = integration.auth.iter();
    auth.any(|auth| matches!(auth.scheme, Scheme::Basic(user, _) if user == name))
}

/// A credential, normalized.
fn credential<'a>(credentials: &'a Pairs, name: &str) -> Result<&'a str, AccountError> {
    let error = |error| Err(AccountError::Credential(name.to_owned(), error));
    let Some((_, given)) = credentials.iter().find(|(known, _)| known == name) else {
        return error(CredentialError::Missing);
    };
    let value = normalized(given);
    if value.is_empty() {
        error(CredentialError::Blank)
    } else if value.len() > MAX_CREDENTIAL {
        error(CredentialError::TooLong)
    } else if value.contains(char::is_control) {
        error(CredentialError::ControlCharacter)
    } else {
        Ok(value)
    }
}

/// The scheme to use with credentials of these names.
///
/// # Errors
///
/// When the names are not all of a set that the integration takes.
pub fn scheme<'a>(
    integration: &Integration,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<&'static Auth, AccountError> {
    let names: Vec<&str> = names.into_iter().collect();
    let has = |name: &&str| names.contains(name);
    integration
        .auth
        .iter()
        .find(|auth| credential_names(auth).iter().all(has))
        .ok_or(AccountError::MissingCredentials(integration.auth))
}

/// The value of the header that authenticates. It is a secret.
///
/// # Errors
///
/// When a credential is missing, or cannot be in a header.
pub fn authentication(auth: &Auth, credentials: &Pairs) -> Result<String, AccountError> {
    let header = match auth.scheme {
        Scheme::Plain(name) => credential(credentials, name)?.to_owned(),
        Scheme::Bearer(name) => format!("Bearer {}", credential(credentials, name)?),
        Scheme::Basic(user, password) => {
            let password = credential(credentials, password)?;
            basic(user, credential(credentials, user)?, password)?
        }
        Scheme::BasicUser(user, password) => basic(user, credential(credentials, user)?, password)?,
    };
    // RFC 9110, section 5.5, allows these characters in a header's value, and octets beyond ASCII.
    if !header.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(AccountError::NotAscii(credential_names(auth)));
    }
    Ok(header)
}

fn basic(name: &str, user: &str, password: &str) -> Result<String, AccountError> {
    // The first colon ends the user name (RFC 7617, section 2): the provider would read another one.
    if user.contains(':') {
        let error = CredentialError::Colon;
        return Err(AccountError::Credential(name.to_owned(), error));
    }
    Ok(format!(
        "Basic {}",
        Base64::encode_string(format!("{user}:{password}").as_bytes())
    ))
}

/// Everything that is wrong with an account's settings, credentials and base URL.
#[must_use]
pub fn errors(
    integration: &Integration,
    base: Option<&str>,
    settings: &Pairs,
    credentials: &Pairs,
) -> Vec<AccountError> {
    let title = integration.title;
    let mut errors = Vec::new();
    if base.is_some() {
        errors.extend(base_url(integration, base, settings).err());
    }
    for each in integration.settings {
        if base.is_none() || !each.in_host {
            errors.extend(setting(each, settings).err());
        }
    }
    for (name, _) in settings {
        if integration.settings.iter().all(|each| each.name != name) {
            let name = name.clone();
            errors.push(AccountError::UnknownSetting { name, title });
        }
    }
    for (name, _) in credentials {
        let mut known = integration.auth.iter().flat_map(credential_names);
        if !known.any(|known| known == name) {
            let name = looks_like_name(name).then(|| name.clone());
            errors.push(AccountError::UnknownCredential { name, title });
        } else if let Err(error) = credential(credentials, name) {
            errors.push(error);
        }
    }
    let names = credentials.iter().map(|(name, _)| name.as_str());
    let authentication =
        scheme(integration, names).and_then(|auth| authentication(auth, credentials));
    if let Err(error) = authentication
        && !errors.contains(&error)
    {
        errors.push(error);
    }
    errors
}

/// Whether a string looks like the name of a credential. Any other string may be the credential itself, by mistake.
fn looks_like_name(name: &str) -> bool {
    name.len() <= 24
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Whether this is a UUID as RFC 9562 writes it: 36 characters with hyphens, in either case.
#[must_use]
pub fn is_uuid(string: &str) -> bool {
    string.len() == 36 && uuid::Uuid::try_parse(string).is_ok()
}
