//! Where a store is, as text.

use std::fmt;
use std::path::Path;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

#[cfg(feature = "postgres")]
use secrecy::{ExposeSecret as _, SecretString};

use super::{Secret, Store, StoreError};

/// Where a store is: `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. It cannot be printed: it may have a password.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # {
/// use unified_ticketing::store::{Secret, StoreUrl};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let url = format!("sqlite:{}", folder.path().join("calls.db").display());
/// let url: StoreUrl = url.parse()?;
/// let secret = match url.path() {
///     Some(path) => Secret::create_beside(path)?,
///     None => Secret::from_file("/etc/unified-ticketing/store.secret")?,
/// };
/// let store = url.open(&secret, None).await?;
/// assert_eq!(store.sweep().await?, 0);
/// # Ok(())
/// # }
/// # main().unwrap();
/// # }
/// ```
#[derive(Clone)]
pub struct StoreUrl(Place);

#[derive(Clone)]
enum Place {
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(SecretString),
}

/// Why a text is not the URL of a store. Nothing of the text is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreUrlError {
    /// It is no URL of a store.
    #[error("expected `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`")]
    Unknown,
    /// It has the scheme of Postgres, but cannot be read.
    #[error(
        "expected `postgres://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE`, with percent-encoding where a value has a character \
         that URLs reserve; the host has to be named, and `sslmode` is `disable`, `prefer`, `require` or `verify-full`"
    )]
    Postgres,
    /// It is of a store for which a feature of this library is needed that is off.
    #[error("this program was built without the feature `{0}`, which such a store needs")]
    Unsupported(&'static str),
}

impl StoreUrl {
    /// The file of a store that is in a file.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self.0 {
            #[cfg(feature = "sqlite")]
            Place::Sqlite(ref path) => Some(path),
            #[cfg(feature = "postgres")]
            Place::Postgres(_) => None,
        }
    }

    /// Opens the store, or makes it. For a store that is reached by TLS, `root_certificates`, in PEM, are trusted besides the public
    /// ones.
    ///
    /// # Errors
    ///
    /// As those of `Sqlite::open` and `Postgres::open`.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(
            clippy::unused_async,
            unused_variables,
            reason = "the store in a database is awaited, and reached by TLS"
        )
    )]
    pub async fn open(
        &self,
        secret: &Secret,
        root_certificates: Option<&[u8]>,
    ) -> Result<Arc<dyn Store>, StoreError> {
        match self.0 {
            #[cfg(feature = "sqlite")]
            Place::Sqlite(ref path) => Ok(Arc::new(super::Sqlite::open(path, secret)?)),
            #[cfg(feature = "postgres")]
            Place::Postgres(ref url) => {
                let store = super::Postgres::open(url.expose_secret(), secret, root_certificates);
                Ok(Arc::new(store.await?))
            }
        }
    }
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        match text.split_once(':') {
            #[cfg(feature = "sqlite")]
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self(Place::Sqlite(path.into()))),
            #[cfg(not(feature = "sqlite"))]
            Some(("sqlite", path)) if !path.is_empty() => Err(StoreUrlError::Unsupported("sqlite")),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                if super::postgres::parse(text).is_none() {
                    return Err(StoreUrlError::Postgres);
                }
                Ok(Self(Place::Postgres(text.into())))
            }
            #[cfg(not(feature = "postgres"))]
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                Err(StoreUrlError::Unsupported("postgres"))
            }
            _ => Err(StoreUrlError::Unknown),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreUrl").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_no_url_is_not_told() {
        for text in [
            "",
            "hunter2",
            "sqlite:",
            "mysql://ops:hunter2@db.example",
            "postgres:hunter2",
        ] {
            let error = StoreUrl::from_str(text).unwrap_err();
            assert_eq!(error, StoreUrlError::Unknown, "{text}");
        }
        let malformed = StoreUrl::from_str("postgres://ops:hunter2@db@x/calls").unwrap_err();
        assert!(!malformed.to_string().contains("hunter2"), "{malformed}");
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn path_is_whatever_follows() {
        let url: StoreUrl = "sqlite:a b:c?d".parse().unwrap();
        assert_eq!(url.path(), Some(Path::new("a b:c?d")));
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn url_with_password_is_not_printed() {
        let url: StoreUrl = "postgresql://ops:hunter2@db.example/calls".parse().unwrap();
        assert_eq!(url.path(), None);
        assert_eq!(format!("{url:?}"), "StoreUrl { .. }");
    }

    #[cfg(not(feature = "postgres"))]
    #[test]
    fn feature_that_is_off_is_named() {
        let error = StoreUrl::from_str("postgres://db.example/calls").unwrap_err();
        assert_eq!(error, StoreUrlError::Unsupported("postgres"));
    }
}
