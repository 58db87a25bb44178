//! The type of integrations, and the list of them.
//!
//! An integration is one file that reads like the provider's reference: a table of data, and small functions for the rest.
//! Validation, `integrations` and the README's matrix are derived from the table.

mod dixa;
mod gorgias;
mod hive;
mod pivotal_tracker;
mod planhat;
mod teamwork;

mod operation;
mod rejection;

use crate::account::is_uuid;
use crate::bindings::types::User;
use crate::json::Value;
pub use operation::{Body, ByEmail, Listing, Operation, OperationName, Paging};
pub use rejection::{RejectedField, RejectedFields, Rejection};
use rejection::{joined_sentences, reasons, sentences};

/// Every integration, in alphabetical order of its name.
pub static ALL: &[&Integration] = &[
    &dixa::INTEGRATION,
    &gorgias::INTEGRATION,
    &hive::INTEGRATION,
    &pivotal_tracker::INTEGRATION,
    &planhat::INTEGRATION,
    &teamwork::INTEGRATION,
];

/// The integration of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Integration> {
    ALL.iter()
        .copied()
        .find(|integration| integration.name == name)
}

/// A provider's user API.
#[derive(Debug)]
pub struct Integration {
    /// The name in accounts and in the published tables.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// The URL of the provider's documentation.
    pub docs: &'static str,
    /// The base URL, with settings in braces.
    pub base_url: &'static str,
    /// The settings of an account.
    pub settings: &'static [Setting],
    /// How a request authenticates: the first scheme whose credentials are all there.
    pub auth: &'static [Auth],
    /// Query parameters that authenticate, or could: a caller may not name them.
    pub auth_query: &'static [&'static str],
    /// The header of a response that says `USED/LIMIT`, where the provider counts requests so.
    pub usage_header: Option<&'static str>,
    /// A status besides 429 that stands for too many requests, where the headers say that none is left.
    pub exhausted_status: Option<u16>,
    /// Headers that name the user where the body does not, the first one that does: a number, or a URL that ends in it.
    pub id_headers: &'static [&'static str],
    /// The shape of a user's identifier, where the provider documents one.
    pub id: Option<&'static IdShape>,
    /// How many requests the provider takes, where it says.
    pub rate: Option<Rate>,
    /// The operations, a row each.
    pub operations: &'static [Operation],
    /// Reads the user in the response of a request that succeeded; of a list, in one of its entries.
    pub user: fn(&Value<'_>, OperationName) -> User,
    /// Reads the reason in a response that rejects, of this status.
    pub rejection: fn(u16, &Value<'_>) -> Rejection,
}

impl Integration {
    /// The operation of this name, where the integration has it.
    #[must_use]
    pub fn operation(&self, name: OperationName) -> Option<&'static Operation> {
        self.operations
            .iter()
            .find(|operation| operation.name == name)
    }

    /// Whether a parameter of the provider's query authenticates, or could: names are compared without case, without blanks at
    /// the ends, and up to the first `[`, because servers read `name[]` and `name[0]` as `name`.
    ///
    /// A caller may not name one, and a host removes one from whatever leaves: so a plan shows exactly what is sent.
    #[must_use]
    pub fn authenticates(&self, parameter: &str) -> bool {
        let name = parameter.split('[').next().unwrap_or_default().trim();
        let mut names = self.auth_query.iter();
        names.any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// A setting of an account.
#[derive(Debug)]
pub struct Setting {
    /// The name in the accounts file.
    pub name: &'static str,
    /// A description that says where to find the value.
    pub description: &'static str,
    /// The value when it is left out; without one it is required.
    pub default: Option<&'static str>,
    /// Whether it only fills in the host of the base URL.
    pub in_host: bool,
    /// Whether a value can be right.
    pub accepts: fn(&str) -> bool,
    /// The expectation of `accepts`, for a message: "expected …".
    pub expected: &'static str,
}

/// A way to authenticate: one header made of credentials.
#[derive(Debug, PartialEq, Eq)]
pub struct Auth {
    /// The header, in lower case.
    pub header: &'static str,
    /// The scheme that makes its value.
    pub scheme: Scheme,
}

/// How a header's value is made. The strings are names of credentials.
#[derive(Debug, PartialEq, Eq)]
pub enum Scheme {
    /// The credential as it is.
    Plain(&'static str),
    /// `Bearer` and the credential (RFC 6750).
    Bearer(&'static str),
    /// `Basic` and the two credentials (RFC 7617).
    Basic(&'static str, &'static str),
    /// `Basic` and the credential as the user name, with this fixed password.
    BasicUser(&'static str, &'static str),
}

/// A shape of identifiers.
#[derive(Debug)]
pub struct IdShape {
    /// Whether an identifier can be right.
    pub accepts: fn(&str) -> bool,
    /// The expectation of `accepts`, for a message: "expected …".
    pub expected: &'static str,
    /// The prefixes of identifiers that are a caller's own, which may look like anything.
    pub own_prefixes: &'static [&'static str],
}

/// A provider's documented rate.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Requests in a window.
    pub requests: u32,
    /// The length of the window in seconds.
    pub seconds: u32,
    /// Requests that may come at once, where that is documented besides.
    pub burst: Option<u32>,
}

/// The expectation of `is_site`, for a message.
const SITE: &str = "lower-case letters, digits and hyphens, and at most `.eu` at the end";

/// A subdomain: one label, or one label and `.eu`.
fn is_site(site: &str) -> bool {
    let label = site.strip_suffix(".eu").unwrap_or(site);
    !label.is_empty()
        && label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The expectation of `is_segment`, for a message.
const SEGMENT: &str = "an identifier, not `.` or `..`";

/// Identifiers that are numbers. `0` is none: where it means something, it is the caller (Gorgias).
const DIGITS: IdShape = IdShape {
    accepts: |id| id.bytes().all(|byte| byte.is_ascii_digit()) && !id.starts_with('0'),
    expected: "digits",
    own_prefixes: &[],
};

/// Identifiers that are UUIDs.
const UUID: IdShape = IdShape {
    accepts: is_uuid,
    expected: "a UUID",
    own_prefixes: &[],
};

/// Whether a string can be one segment of a path.
fn is_segment(string: &str) -> bool {
    !matches!(string, "" | "." | "..") && !string.chars().any(char::is_control)
}
