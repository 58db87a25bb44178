//! Why an account cannot be used.

use std::fmt::{self, Display};

use super::{MAX_CREDENTIAL, credential_names, shown};
use crate::integration::Auth;

/// Why an account cannot be used. No message holds the value of a credential.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountError {
    /// A setting that is required is missing.
    MissingSetting {
        /// Its name.
        name: &'static str,
        /// Its description.
        description: &'static str,
    },
    /// A setting cannot have its value.
    InvalidSetting {
        /// Its name.
        name: &'static str,
        /// The expectation.
        expected: &'static str,
        /// The value.
        found: String,
    },
    /// The integration has no setting of this name.
    UnknownSetting {
        /// The name.
        name: String,
        /// The integration's title.
        title: &'static str,
    },
    /// The base URL does not meet the expectation.
    BaseUrl {
        /// The expectation.
        expected: &'static str,
        /// The base URL.
        found: String,
    },
    /// The base URL has a user name or password in it.
    BaseUrlUserInfo,
    /// The integration has no credential of this name. A string that does not look like a name may be the credential itself.
    UnknownCredential {
        /// The name, where it looks like one.
        name: Option<String>,
        /// The integration's title.
        title: &'static str,
    },
    /// A credential cannot be used.
    Credential(String, CredentialError),
    /// The header's value made of these credentials has other characters than printable ASCII.
    NotAscii(Vec<&'static str>),
    /// No set of credentials is complete; one of these is needed.
    MissingCredentials(&'static [Auth]),
}

/// Why a credential cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialError {
    /// It is missing.
    Missing,
    /// It is blank.
    Blank,
    /// It is longer than [`MAX_CREDENTIAL`].
    TooLong,
    /// It has a control character within.
    ControlCharacter,
    /// It is a user name and has a colon within.
    Colon,
}

impl std::error::Error for AccountError {}

impl Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingSetting { name, description } => {
                write!(f, "setting `{name}` is missing: {description}")
            }
            Self::InvalidSetting {
                name,
                expected,
                found,
            } => {
                let found = shown(found);
                write!(
                    f,
                    "setting `{name}`: expected {expected}, but found {found}"
                )
            }
            Self::UnknownSetting { name, title } => {
                write!(f, "setting `{name}` is not one of {title}")
            }
            Self::BaseUrl { expected, found } => {
                let found = shown(found);
                write!(f, "`base_url`: expected {expected}, but found {found}")
            }
            Self::BaseUrlUserInfo => {
                f.write_str("`base_url`: expected a URL without a user name or password")
            }
            Self::UnknownCredential {
                name: Some(name),
                title,
            } => write!(f, "credential `{name}` is not one of {title}"),
            Self::UnknownCredential { name: None, title } => write!(
                f,
                "there is a credential with a name that is none of {title}'s"
            ),
            Self::Credential(name, error) => match error {
                CredentialError::Missing => write!(f, "credential `{name}` is missing"),
                CredentialError::Blank => write!(f, "credential `{name}` is blank"),
                CredentialError::TooLong => write!(
                    f,
                    "credential `{name}` is over {MAX_CREDENTIAL} bytes, more than a header can have"
                ),
                CredentialError::ControlCharacter => write!(
                    f,
                    "credential `{name}` has a line end or another control character within"
                ),
                CredentialError::Colon => write!(f, "credential `{name}` has a colon within"),
            },
            Self::NotAscii(names) => {
                let names = names.join("` and `");
                write!(f, "credential `{names}`: expected printable ASCII")
            }
            Self::MissingCredentials(schemes) => {
                f.write_str("expected the credentials ")?;
                for (position, auth) in schemes.iter().enumerate() {
                    let separator = if position == 0 { "" } else { ", or " };
                    let names = credential_names(auth).join("` and `");
                    write!(f, "{separator}`{names}`")?;
                }
                Ok(())
            }
        }
    }
}
