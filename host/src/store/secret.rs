//! The secret of a store: names its records, and seals what they hold.
//!
//! Everything is derived from 32 random bytes by HMAC-SHA-256 with a label for each use (a pseudorandom function, so no use tells
//! anything of another), and sealed by AES-256-GCM. Both come from *ring*, which TLS has brought in already.

mod file;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use secrecy::zeroize::Zeroizing;

use super::canonical::canonical;
use super::{Fingerprint, RecordKey};
use crate::audit::AddressKey;
use crate::files::FileError;

/// The first byte of what is sealed: how the rest is to be read.
const FORMAT: u8 = 1;

/// The secret of a store, or of an audit. It cannot be printed.
///
/// ```
/// use unified_ticketing::store::Secret;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = Secret::from_text("Xl3ZqnVFHyfPRsZ8mb0y1WJ1HqkbSw6vEh3oQm5t2xk=")?;
/// let key = secret.record_key("cli", "62f44730", "create-user", None, "joiner 4711");
/// let sealed = secret.seal("joiner 4711", &key, b"what the provider said")?;
/// assert_eq!(secret.open("joiner 4711", &key, &sealed)?, b"what the provider said");
/// assert!(secret.open("joiner 4712", &key, &sealed).is_err());
/// # Ok(())
/// # }
/// ```
pub struct Secret {
    records: hmac::Key,
    fingerprints: hmac::Key,
    seals: hmac::Key,
    addresses: AddressKey,
    check: [u8; 32],
    /// A warning about the file that it was read from.
    warning: Option<String>,
}

impl Secret {
    /// The secret of these bytes. They have to be random.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let derive = |label: &str| Zeroizing::new(mac(&root, &[label.as_bytes()]));
        let key = |label| hmac::Key::new(hmac::HMAC_SHA256, derive(label).as_slice());
        Self {
            records: key("unified-ticketing store: records"),
            fingerprints: key("unified-ticketing store: fingerprints"),
            seals: key("unified-ticketing store: seals"),
            addresses: AddressKey::new(derive("unified-ticketing audit: addresses").as_slice()),
            check: *derive("unified-ticketing store: check"),
            warning: None,
        }
    }

    /// A new secret.
    ///
    /// # Errors
    ///
    /// When the system has no random bytes.
    pub fn random() -> Result<Self, SecretError> {
        let mut bytes = Zeroizing::new([0; 32]);
        random(bytes.as_mut_slice())?;
        Ok(Self::from_bytes(&bytes))
    }

    /// The key of the MACs of addresses in an audit.
    pub(crate) fn address_key(&self) -> AddressKey {
        self.addresses.clone()
    }

    /// A value by which a store knows the secret that it was made with. It is not secret.
    #[must_use]
    pub fn check_value(&self) -> [u8; 32] {
        self.check
    }

    /// A warning if the file that it was read from can be read by others than its owner.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The record of a call with a key: what `scope` names (a caller) asks of an account, under this key. `id` is the user's, for
    /// an operation that has one.
    #[must_use]
    pub fn record_key(
        &self,
        scope: &str,
        account: &str,
        operation: &str,
        id: Option<&str>,
        client_key: &str,
    ) -> RecordKey {
        let parts = ["key", scope, account, operation];
        let id = id.map_or([&b"none"[..], b""], |id| [b"some", id.as_bytes()]);
        let parts = parts.iter().map(|part| part.as_bytes()).chain(id);
        let parts: Vec<&[u8]> = parts.chain([client_key.as_bytes()]).collect();
        RecordKey(mac(&self.records, &parts))
    }

    /// The record of a create without a key: the request itself names it.
    #[must_use]
    pub fn echo_key(
        &self,
        scope: &str,
        account: &str,
        operation: &str,
        fingerprint: &Fingerprint,
    ) -> RecordKey {
        let [scope, account, operation] = [scope, account, operation].map(str::as_bytes);
        let parts = [&b"echo"[..], scope, account, operation, &fingerprint.0];
        RecordKey(mac(&self.records, &parts))
    }

    /// The fingerprint of a request: of its method, the path and the query of its URL, and its body. Neither the origin counts
    /// nor, in a body of JSON, the spelling: the order of members, white space, escapes.
    #[must_use]
    pub fn fingerprint(&self, method: &str, url: &str, body: &[u8]) -> Fingerprint {
        let json = std::str::from_utf8(body).ok().and_then(canonical);
        let (kind, body) = json
            .as_ref()
            .map_or((&b"bytes"[..], body), |json| (b"json", json.as_bytes()));
        let parts = [method.as_bytes(), target(url).as_bytes(), kind, body];
        Fingerprint(mac(&self.fingerprints, &parts))
    }

    /// Seals what is kept of a call with a key. It can be opened with the same client's key and under the same record only.
    ///
    /// # Errors
    ///
    /// When the system has no random bytes.
    pub fn seal(
        &self,
        client_key: &str,
        record: &RecordKey,
        plain: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        seal(&self.client_seal(client_key)?, record, plain)
    }

    /// Opens what [`Secret::seal`] has sealed.
    ///
    /// # Errors
    ///
    /// When it was sealed with another secret, key or record, or has been changed.
    pub fn open(
        &self,
        client_key: &str,
        record: &RecordKey,
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        open(&self.client_seal(client_key)?, record, sealed)
    }

    /// Seals what is remembered of a create without a key.
    ///
    /// # Errors
    ///
    /// As those of [`Secret::seal`].
    pub fn seal_echo(
        &self,
        fingerprint: &Fingerprint,
        record: &RecordKey,
        plain: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        seal(&self.echo_seal(fingerprint)?, record, plain)
    }

    /// Opens what [`Secret::seal_echo`] has sealed.
    ///
    /// # Errors
    ///
    /// As those of [`Secret::open`].
    pub fn open_echo(
        &self,
        fingerprint: &Fingerprint,
        record: &RecordKey,
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        open(&self.echo_seal(fingerprint)?, record, sealed)
    }

    fn client_seal(&self, client_key: &str) -> Result<LessSafeKey, SealError> {
        self.sealing_key(&[b"key", client_key.as_bytes()])
    }

    fn echo_seal(&self, fingerprint: &Fingerprint) -> Result<LessSafeKey, SealError> {
        self.sealing_key(&[b"echo", &fingerprint.0])
    }

    fn sealing_key(&self, parts: &[&[u8]]) -> Result<LessSafeKey, SealError> {
        let key = Zeroizing::new(mac(&self.seals, parts));
        let key = UnboundKey::new(&AES_256_GCM, key.as_slice()).map_err(|_| SealError::Sealing)?;
        Ok(LessSafeKey::new(key))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

/// Why something cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The system has no random bytes, or it is too long.
    #[error("cannot be sealed")]
    Sealing,
    /// It was sealed with another secret or key, for another record, in another format, or has been changed.
    #[error("cannot be opened")]
    Opening,
}

/// Why there is no secret. No message holds anything of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file cannot be read.
    #[error("the secret's file `{}` {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: FileError,
    },
    /// The file cannot be made.
    #[error("the secret's file `{}` cannot be made: {error}", file.display())]
    NotCreated {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The text, or the file of this path, is no secret.
    #[error(
        "{}expected 32 random bytes in base64 or hexadecimal, as `openssl rand -base64 32` makes them",
        file.as_ref().map(|file| format!("the secret's file `{}`: ", file.display())).unwrap_or_default()
    )]
    Malformed {
        /// The file, if it was read from one.
        file: Option<PathBuf>,
    },
    /// The store is there, but its secret is not. A new one would not find what the old one has named.
    #[error(
        "`{}` is there, but its secret `{}` is not; expected the secret that it was made with",
        store.display(),
        file.display()
    )]
    Lost {
        /// The store.
        store: PathBuf,
        /// The file of its secret.
        file: PathBuf,
    },
    /// The system has no random bytes.
    #[error("the system has no random bytes")]
    NoRandomBytes,
}

fn random(bytes: &mut [u8]) -> Result<(), SecretError> {
    getrandom::fill(bytes).map_err(|_| SecretError::NoRandomBytes)
}

/// The MAC over these parts. Each has its length before it, so no two lists of parts are the same bytes.
fn mac(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        context.update(&length.to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.sign().as_ref());
    bytes
}

/// The path and the query of a URL.
fn target(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    let start = after.find(['/', '?']).unwrap_or(after.len());
    after.get(start..).unwrap_or_default()
}

/// The format, a random nonce, what is encrypted, and the tag. A key seals a handful of messages, so random nonces do not meet.
fn seal(key: &LessSafeKey, record: &RecordKey, plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(|_| SealError::Sealing)?;
    let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
    sealed.push(FORMAT);
    sealed.extend(nonce);
    sealed.extend(plain);
    let body = sealed.get_mut(1 + NONCE_LEN..).ok_or(SealError::Sealing)?;
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(context(record)), body)
        .map_err(|_| SealError::Sealing)?;
    sealed.extend(tag.as_ref());
    Ok(sealed)
}

fn open(key: &LessSafeKey, record: &RecordKey, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let rest = sealed.strip_prefix(&[FORMAT]).ok_or(SealError::Opening)?;
    let (nonce, body) = rest
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(SealError::Opening)?;
    let mut body = body.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = key
        .open_in_place(nonce, Aad::from(context(record)), &mut body)
        .map_err(|_| SealError::Opening)?
        .len();
    body.truncate(length);
    Ok(body)
}

/// What is authenticated with a sealed text: it cannot be put into another record.
fn context(record: &RecordKey) -> [u8; 33] {
    let mut bytes = [FORMAT; 33];
    if let Some((_, key)) = bytes.split_first_mut() {
        key.copy_from_slice(&record.0);
    }
    bytes
}
