//! The audit: what was asked to be written, by whom, and what came of it.
//!
//! An [`Audit`] gets two entries for each call that may write: one before the call sends anything, which has to be durable for the
//! call to go on, and one with what came of it. A server adds one for each request that its token is not for. Calls that only read
//! have none, and neither has what sends nothing: a dry run, a replay, a creation that joins the same one in flight.
//!
//! An entry holds no address, no name and no body. The address of a creation is in it as a MAC, under a key of the store's secret
//! or of the audit's own: whoever has the secret can look for an address that they know. [`FileAudit`] writes to a file.

mod file;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use ring::hmac;
use serde::{Serialize, Serializer};

pub use self::file::FileAudit;
use crate::hexadecimal::hexadecimal;

/// What [`Audit::append`] returns.
pub type AuditFuture<'a> = Pin<Box<dyn Future<Output = Result<(), AuditError>> + Send + 'a>>;

/// Where the audit is written.
pub trait Audit: Send + Sync {
    /// Appends an entry, and returns after it is durable: it outlives the process, and the machine's power.
    fn append(&self, entry: AuditEntry) -> AuditFuture<'_>;
}

impl<T: Audit + ?Sized> Audit for Arc<T> {
    fn append(&self, entry: AuditEntry) -> AuditFuture<'_> {
        (**self).append(entry)
    }
}

/// Why an entry was not written. The message is the rest of a sentence about the audit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AuditError {
    message: String,
}

impl AuditError {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

/// An entry of the audit. As JSON, it has the members that are there, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditEntry {
    /// When, in RFC 3339.
    #[serde(serialize_with = "rfc3339")]
    pub time: SystemTime,
    /// What has happened.
    pub event: AuditEvent,
    /// The id of the request, which the entries of a call share; that of the server's log, where a server makes the call.
    pub request: String,
    /// The `traceparent` of the request, where it came with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The name of the token that the request came with, or the beginning of its digest where it has no name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The id of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The integration of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration: Option<String>,
    /// The operation: `create`, `update`, `delete`; in a denial `get` or `list`, too.
    pub operation: &'static str,
    /// The MAC of the address, in lower case, of a user who is to be created; in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The id of the user: the one that is to be changed, or the one that the call has come to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What the call did, where it did not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The code of the error, where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is known of the provider's state, where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

/// What an entry is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AuditEvent {
    /// A call that may write begins; nothing has been sent.
    Begin,
    /// The call has ended.
    End,
    /// A token does not reach the account, or is not for the operation; nothing is sent.
    Denied,
}

/// Makes the MACs of addresses. It cannot be printed.
#[derive(Clone)]
pub(crate) struct AddressKey(hmac::Key);

impl AddressKey {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The MAC of an address, in hexadecimal. Case does not matter.
    pub(crate) fn mac(&self, address: &str) -> String {
        let address = address.trim().to_lowercase();
        let mac = hmac::sign(&self.0, address.as_bytes());
        hexadecimal(mac.as_ref())
    }
}

impl fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressKey").finish_non_exhaustive()
    }
}

fn rfc3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_micros(*time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Secret;

    /// What the README has operators compute.
    #[test]
    fn mac_of_address_is_documented() {
        let mac =
            |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text);
        let label = b"\0\0\0\0\0\0\0\x22unified-ticketing audit: addresses";
        let key = mac(&[7; 32], label);
        let expected = mac(key.as_ref(), b"ines@kelpworks.example");
        let found = Secret::from_bytes(&[7; 32]).address_key();
        let found = found.mac(" Ines@Kelpworks.EXAMPLE");
        let digit = |text: String, byte: &u8| text + &format!("{byte:02x}");
        let expected = expected.as_ref().iter().fold(String::new(), digit);
        assert_eq!(found, expected);
    }
}
