//! Bearer tokens (RFC 6750) and what a request may reach with one. Every server of this API that asks for tokens decides by this.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

use super::query::{ACCOUNT, account_id, names_account};
use super::{Route, accepts_body, route};
use crate::account::is_uuid;
use crate::integration::OperationName;

/// The message for a request without a token, or with one that is not known.
pub const UNAUTHORIZED: &str = "expected `authorization: Bearer TOKEN` with a token of this server";

/// The SHA-256 digest of a token (FIPS 180-4): a server keeps it in place of the token.
pub type Digest = [u8; 32];

/// The digest of a token.
#[must_use]
pub fn digest(token: &[u8]) -> Digest {
    Sha256::digest(token).into()
}

/// The digest of these 64 hexadecimal digits.
#[must_use]
pub fn parse_digest(text: &str) -> Option<Digest> {
    let mut digest = Digest::default();
    if text.len() != 2 * digest.len() {
        return None;
    }
    for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        for digit in digits {
            let digit = char::from(*digit).to_digit(16)?;
            *byte = *byte << 4 | u8::try_from(digit).ok()?;
        }
    }
    Some(digest)
}

/// The position of the digest of the token in an `authorization` header. The time that this takes depends neither on the wrong part of
/// a token nor on which one it is.
#[must_use]
pub fn find<'a>(
    authorization: &[u8],
    digests: impl IntoIterator<Item = &'a Digest>,
) -> Option<usize> {
    let (scheme, token) = authorization.split_at_checked(7)?;
    if !scheme.eq_ignore_ascii_case(b"bearer ") {
        return None;
    }
    let given = digest(token.trim_ascii());
    let mut found = u64::MAX;
    for (position, known) in (0..).zip(digests) {
        found.conditional_assign(&position, known.ct_eq(&given));
    }
    usize::try_from(found).ok().filter(|_| found != u64::MAX)
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenOperation {
    /// Get, list and find users.
    Read,
    /// Create users.
    Create,
    /// Update users.
    Update,
    /// Delete users.
    Delete,
}

impl TokenOperation {
    /// Every operation.
    pub const ALL: [Self; 4] = [Self::Read, Self::Create, Self::Update, Self::Delete];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for TokenOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A string that is the name of no [`TokenOperation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenOperationError;

impl fmt::Display for TokenOperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected one of `read`, `create`, `update`, `delete`")
    }
}

impl std::error::Error for TokenOperationError {}

impl FromStr for TokenOperation {
    type Err = TokenOperationError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|operation| operation.as_str() == name)
            .ok_or(TokenOperationError)
    }
}

/// The accounts that a token reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenAccounts {
    /// Every one.
    All,
    /// Those of these ids, in lower case.
    Listed(BTreeSet<String>),
}

/// What a token reaches, and what it may do there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// The accounts.
    pub accounts: TokenAccounts,
    /// The operations.
    pub operations: BTreeSet<TokenOperation>,
}

impl Permissions {
    /// Everything, with every account.
    #[must_use]
    pub fn all() -> Self {
        Self {
            accounts: TokenAccounts::All,
            operations: TokenOperation::ALL.into(),
        }
    }

    /// Whether the token reaches the account of this id.
    #[must_use]
    pub fn reaches(&self, account: &str) -> bool {
        match &self.accounts {
            TokenAccounts::All => true,
            TokenAccounts::Listed(ids) => ids.contains(&account.to_ascii_lowercase()),
        }
    }

    /// The id of the account, if the token is for one alone.
    #[must_use]
    pub fn only_account(&self) -> Option<&str> {
        match &self.accounts {
            TokenAccounts::Listed(ids) if ids.len() == 1 => ids.first().map(String::as_str),
            TokenAccounts::Listed(_) | TokenAccounts::All => None,
        }
    }

    /// Whether the token is for this operation.
    #[must_use]
    pub fn permits(&self, operation: TokenOperation) -> bool {
        self.operations.contains(&operation)
    }
}

/// What a request may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// No account: the request names none. Any that it names is unknown.
    None,
    /// No account: the request names this one, which its token does not reach. It is unknown.
    Unreached(String),
    /// The account of this id.
    Account(String),
    /// The account of this id, but not the operation. Where there is no such account, it is unknown.
    Denied {
        /// The account's id.
        account: String,
        /// What the token would have to be for.
        needed: TokenOperation,
    },
}

impl Access {
    /// The id of the account; empty for none.
    #[must_use]
    pub fn account(&self) -> &str {
        match self {
            Self::None | Self::Unreached(_) => "",
            Self::Account(account) | Self::Denied { account, needed: _ } => account,
        }
    }
}

/// The message for a request whose token is not for the operation.
#[must_use]
pub fn denial(needed: TokenOperation) -> String {
    format!("the token is not for the operation `{needed}`")
}

/// Decides for a request that has been read and authenticated; without permissions, where the server has no tokens.
///
/// A token does not learn of other accounts: one that it does not reach is unknown, before anything looks for it. Where the request
/// names no account and the token is for one alone, the target is made to name that one.
///
/// The API rejects a path, a method, a body and an account's id; none of that is decided here. So an operation that the token is not for
/// is denied only where the API would reject nothing of that.
pub fn decide(
    permissions: Option<&Permissions>,
    method: &str,
    target: &mut String,
    headers: &[(String, String)],
    body_length: usize,
) -> Access {
    let named = account_id(target);
    let Some(permissions) = permissions else {
        return named.map_or(Access::None, Access::Account);
    };
    let account = match named {
        Some(id) if permissions.reaches(&id) => id,
        None if !names_account(target) => match permissions.only_account() {
            Some(id) => {
                let separator = if target.contains('?') { '&' } else { '?' };
                let _ = write!(target, "{separator}{ACCOUNT}={id}");
                id.to_owned()
            }
            None => return Access::None,
        },
        Some(id) => return Access::Unreached(id),
        None => return Access::None,
    };
    let path = target.split('?').next().unwrap_or_default();
    let Ok(Route { operation, id: _ }) = route(method, path) else {
        return Access::Account(account);
    };
    let needed = class(operation);
    if permissions.permits(needed)
        || !is_uuid(&account)
        || !accepts_body(operation, headers, body_length)
    {
        return Access::Account(account);
    }
    Access::Denied { account, needed }
}

/// What a token must be for. A dry run shows what the operation would send, so it is no less.
const fn class(operation: OperationName) -> TokenOperation {
    match operation {
        OperationName::Create => TokenOperation::Create,
        OperationName::Update => TokenOperation::Update,
        OperationName::Get | OperationName::List => TokenOperation::Read,
        OperationName::Delete => TokenOperation::Delete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";
    const OTHER: &str = "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35";

    /// The decision for a token that creates, in a word, and the target of the request after it.
    fn decided(
        accounts: Option<&[&str]>,
        method: &str,
        target: &str,
        content_type: &str,
    ) -> (String, String) {
        let listed = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let permissions = Permissions {
            accounts: accounts.map_or(TokenAccounts::All, |ids| TokenAccounts::Listed(listed(ids))),
            operations: [TokenOperation::Create].into(),
        };
        let mut target = target.to_owned();
        let headers = [("content-type".to_owned(), content_type.to_owned())];
        let decision = match decide(Some(&permissions), method, &mut target, &headers, 2) {
            Access::None | Access::Unreached(_) => "none".to_owned(),
            Access::Account(id) => id,
            Access::Denied { account, needed } => {
                assert_ne!(needed, TokenOperation::Create);
                format!("denied {account}")
            }
        };
        (decision, target)
    }

    #[test]
    fn token_reaches_its_accounts_alone() {
        let users = "/unified/ticketing/users";
        let of = |id: &str| format!("{users}?integrated_account_id={id}");
        let json = "application/json";
        let (only, both) = (Some(&[ONE][..]), Some(&[ONE, OTHER][..]));
        for (accounts, target, expected) in [
            (only, of(ONE), ONE),
            (only, of(&ONE.to_uppercase()), &*ONE.to_uppercase()),
            (only, of(OTHER), "none"),
            (only, of(""), "none"),
            (
                only,
                format!("{}&integrated_account_id={ONE}", of(ONE)),
                "none",
            ),
            (both, of(OTHER), OTHER),
            (both, users.to_owned(), "none"),
            (None, of(OTHER), OTHER),
            (None, of("acme"), "acme"),
            (None, users.to_owned(), "none"),
        ] {
            let decision = decided(accounts, "POST", &target, json);
            assert_eq!(
                decision,
                (expected.to_owned(), target.clone()),
                "{accounts:?} {target}"
            );
        }
        // The one account need not be named.
        for (target, separator) in [(users.to_owned(), '?'), (format!("{users}?a=b"), '&')] {
            let expected = format!("{target}{separator}integrated_account_id={ONE}");
            assert_eq!(
                decided(only, "POST", &target, json),
                (ONE.to_owned(), expected)
            );
        }
    }

    #[test]
    fn other_operation_is_denied_last() {
        let update = format!("/unified/ticketing/users/1?integrated_account_id={ONE}");
        let denied = format!("denied {ONE}");
        let json = "application/json";
        for (method, target, content_type, expected) in [
            ("PATCH", update.as_str(), json, denied.as_str()),
            ("PATCH", "/unified/ticketing/users/1", json, "none"),
            (
                "PATCH",
                &format!("{update}&unified_dry_run=true"),
                json,
                &denied,
            ),
            ("PATCH", &update, "text/plain", ONE),
            ("GET", &update, "text/plain", &denied),
            ("DELETE", &update, "", &denied),
            ("PUT", &update, "", ONE),
            ("POST", &update, json, ONE),
            ("PATCH", &update.replace("users/1", "users/1/2"), json, ONE),
            ("PATCH", &update.replace(ONE, "acme"), json, "acme"),
        ] {
            let (decision, _) = decided(None, method, target, content_type);
            assert_eq!(decision, expected, "{method} {target} {content_type}");
        }
        let (decision, _) = decided(Some(&[ONE]), "PATCH", "/unified/ticketing/users/1", "");
        assert_eq!(decision, denied);
    }

    #[test]
    fn header_finds_token() {
        // FIPS 180-4's digest of `abc`.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015AD";
        let digests = [[0; 32], parse_digest(known).unwrap()];
        let found = |header: &str| find(header.as_bytes(), &digests);
        for header in ["Bearer abc", "bearer  abc ", "BEARER abc"] {
            assert_eq!(found(header), Some(1), "{header}");
        }
        for header in ["", "Bearer", "Bearer ", "Bearer abd", "Basic abc", "abc"] {
            assert_eq!(found(header), None, "{header}");
        }
        for text in [
            "",
            &known[1..],
            &known.replace('b', "g"),
            &format!("{known}00"),
        ] {
            assert_eq!(parse_digest(text), None, "{text}");
        }
    }
}
