//! What an integration is, and the list of them.
//!
//! An integration is one file that reads like the provider's reference: a table of data, and small functions for what the table
//! cannot say. Everything that can be derived from the table is: validation, `integrations`, the README's matrix.

mod dixa;
mod gorgias;
mod hive;
mod pivotal_tracker;
mod planhat;
mod teamwork;

use crate::answer::text;
use crate::bindings::types::{ErrorCode, NewUser, User, UserChanges};
use crate::field::{Field, ResponseField, Rule};
use crate::findings::{MAX_FINDINGS, MAX_MESSAGE};
use crate::json::{Value, escaped};

/// Every integration, in alphabetical order of its name.
pub static ALL: [&Integration; 6] = [
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
    ALL.into_iter().find(|integration| integration.name == name)
}

/// What there is to know of a provider's user API.
#[derive(Debug)]
pub struct Integration {
    /// The name in accounts and in the published tables.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// Where the provider documents its API.
    pub docs: &'static str,
    /// The base URL, with settings in braces.
    pub base_url: &'static str,
    /// The settings of an account.
    pub settings: &'static [Setting],
    /// How a request authenticates: the first scheme whose credentials are all there.
    pub auth: &'static [Auth],
    /// Query parameters that authenticate, or could: a caller may not name them.
    pub auth_query: &'static [&'static str],
    /// The header of an answer that says `USED/LIMIT`, where the provider counts requests so.
    pub usage_header: Option<&'static str>,
    /// A status besides 429 that stands for too many requests, where the headers say that none is left.
    pub exhausted_status: Option<u16>,
    /// Headers that name the user where the body does not, the first one that does: a number, or a URL that ends in it.
    pub id_headers: &'static [&'static str],
    /// How a user is created.
    pub create: Create,
    /// How a user is changed, where the published tables say that one can be.
    pub update: Option<Update>,
    /// Reads the user out of a successful answer.
    pub user: fn(&Value<'_>, OperationName) -> User,
    /// Reads the reason out of an answer that refuses.
    pub refusal: fn(u16, &Value<'_>) -> Refusal,
}

impl Integration {
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
    /// What it is and where it is found.
    pub description: &'static str,
    /// The value when it is left out; without one it is required.
    pub default: Option<&'static str>,
    /// Whether it only fills in the host of the base URL.
    pub in_host: bool,
    /// Whether a value can be right.
    pub accepts: fn(&str) -> bool,
    /// What `accepts` expects, for a message: "expected …".
    pub expected: &'static str,
}

/// A way to authenticate: one header made of credentials.
#[derive(Debug)]
pub struct Auth {
    /// The header, in lower case.
    pub header: &'static str,
    /// What its value is made of.
    pub scheme: Scheme,
}

/// How a header's value is made. The texts are names of credentials.
#[derive(Debug)]
pub enum Scheme {
    /// The credential as it is.
    Plain(&'static str),
    /// `Bearer` and the credential (RFC 6750).
    Bearer(&'static str),
    /// `Basic` and the two credentials (RFC 7617).
    Basic(&'static str, &'static str),
    /// `Basic` and the credential as the user name, with this fixed text as the password.
    BasicUser(&'static str, &'static str),
}

/// The operations of the published API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationName {
    /// Create a user.
    Create,
    /// Change a user.
    Update,
}

impl OperationName {
    /// The name in plans and in `integrations`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create-user",
            Self::Update => "update-user",
        }
    }
}

/// An operation of an integration. `B` is a function that makes the request body of the operation's input.
#[derive(Debug)]
pub struct Operation<B: ?Sized> {
    /// The provider's method.
    pub method: &'static str,
    /// The path below the base URL. `{id}` is the user's id, `{project}` the id of the collection of that type, anything else a
    /// setting.
    pub path: &'static str,
    /// Query parameters and the settings that they are.
    pub query: &'static [(&'static str, &'static str)],
    /// Where the provider documents it.
    pub docs: &'static str,
    /// The fields that it takes, in the published order.
    pub fields: &'static [Rule],
    /// What the provider needs beyond what the published tables require: of each set of fields, at least one.
    pub needs: &'static [&'static [Field]],
    /// The member that the provider wraps its request in.
    pub wrapper: Option<&'static str>,
    /// The fields that an answer can have, by the published tables.
    pub response: &'static [ResponseField],
    /// Makes the request body, as JSON, without `remote_data`. The input is valid by the table.
    pub body: B,
}

/// How a user is created.
pub type Create = Operation<fn(&NewUser) -> Vec<u8>>;

/// How a user is changed.
pub type Update = Operation<fn(&UserChanges) -> Vec<u8>>;

/// The table of an operation, whatever its input: every `&Operation` is one. What only looks at the table is thus compiled once,
/// not once for each input.
pub type Table = Operation<dyn Send + Sync>;

impl<B: ?Sized> Operation<B> {
    /// The rule of a field that it takes.
    #[must_use]
    pub fn rule(&self, field: Field) -> Option<&Rule> {
        self.fields.iter().find(|rule| rule.field == field)
    }

    /// The type of the collection that it needs, where it needs one.
    #[must_use]
    pub fn collection(&self) -> Option<&'static str> {
        let mut names = self.path.split(['{', '}']);
        names.any(|name| name == "project").then_some("project")
    }
}

/// Why a provider refused, as its own body says.
#[derive(Debug, Default, PartialEq)]
pub struct Refusal {
    /// What the body says that the status does not. Without it, the status decides.
    pub code: Option<ErrorCode>,
    /// The provider's own sentence.
    pub message: Option<String>,
    /// What it finds wrong.
    pub faults: Faults,
}

/// What a provider finds wrong, as much as is told of it; the rest is counted.
#[derive(Debug, Default, PartialEq)]
pub struct Faults {
    /// Those that are told.
    pub told: Vec<Fault>,
    /// How many are not.
    pub left_out: usize,
}

impl Faults {
    fn push(&mut self, field: Option<Field>, path: &str, message: &str) {
        if self.told.len() == MAX_FINDINGS {
            self.left_out += 1;
        } else {
            self.told.push(Fault {
                field,
                path: path.to_owned(),
                message: message.to_owned(),
            });
        }
    }
}

/// One thing that a provider finds wrong.
#[derive(Debug, PartialEq)]
pub struct Fault {
    /// The unified field, where the provider's own is made of one.
    pub field: Option<Field>,
    /// Where it is in the provider's request: a JSON Pointer of the provider's names.
    pub path: String,
    /// The provider's sentence.
    pub message: String,
}

/// What `is_site` accepts, for a message.
const SITE: &str = "lower-case letters, digits and hyphens, and at most `.eu` at the end";

/// A subdomain: one label, or one label and `.eu`.
fn is_site(site: &str) -> bool {
    let label = site.strip_suffix(".eu").unwrap_or(site);
    !label.is_empty()
        && label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// What `is_segment` accepts, for a message.
const SEGMENT: &str = "an identifier, not `.` or `..`";

/// A text that can be one segment of a path.
fn is_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.chars().any(char::is_control)
}

/// The sentences of a list of texts or of objects that have one in a usual place; or a text alone.
fn sentences<'a>(list: &'a Value<'_>) -> impl Iterator<Item = String> + 'a {
    list.entries().filter_map(|entry| sentence(&entry))
}

fn sentence(entry: &Value<'_>) -> Option<String> {
    match entry.as_str() {
        Some(text) => Some(text.to_owned()).filter(|text| !text.is_empty()),
        None => ["detail", "title", "message", "error"]
            .iter()
            .find_map(|name| text(entry, name)),
    }
}

/// Sentences as one, up to where a message is long enough: a provider may give any number of them.
fn one_sentence(sentences: impl Iterator<Item = String>, between: &str) -> Option<String> {
    let mut one = String::new();
    for sentence in sentences {
        if one.len() > MAX_MESSAGE {
            break;
        }
        if !one.is_empty() {
            one.push_str(between);
        }
        one.push_str(&sentence);
    }
    (!one.is_empty()).then_some(one)
}

/// Reasons nest no deeper than what they are the reasons of; beyond, they are not read.
const MAX_REASON_DEPTH: usize = 4;

/// The sentences of reasons that are given by name: `{"role": {"name": ["…", …]}}`. `found` takes the JSON Pointer of each.
fn reasons(value: &Value<'_>, path: &str, depth: usize, found: &mut dyn FnMut(&str, &str)) {
    if depth > MAX_REASON_DEPTH {
        return;
    }
    if let Some(members) = value.as_object() {
        for (name, reasons_of_member) in members.iter() {
            let path = format!("{path}/{}", escaped(&name));
            reasons(&reasons_of_member.into(), &path, depth + 1, found);
        }
        return;
    }
    for entry in value.entries() {
        match sentence(&entry) {
            Some(message) => found(path, &message),
            None if entry.as_object().is_some() => reasons(&entry, path, depth + 1, found),
            None => {}
        }
    }
}
