//! Reads the query of the published API, in every spelling that its clients send.
//!
//! `a[b]=c`, `a[]=b`, `a[0]=b`, `a[0][id]=1` and `a[][id]=1`, percent-encoded or not; `+` is a space. Decoding is the
//! `form_urlencoded` crate's. Reading the brackets is our own: the crates that do it give up at the first violation, do not read
//! `a[][id]`, and let the last of two values win in silence.

mod collections;
mod parameter;
#[cfg(test)]
mod tests;

use collections::Collections;
use parameter::{Parameter, parameter};

use crate::account::is_uuid;
use crate::bindings::types::{FindingCode as Code, Format, IfExists, Location, Options, UserQuery};
use crate::field::OptionField;
use crate::findings::{Findings, quoted};
use crate::integration::OperationName;
use crate::operation::MAX_LIMIT;

/// The parameter that names the account.
pub const ACCOUNT: &str = "integrated_account_id";
const FORMAT: &str = "truto_response_format";
const IGNORE_REMOTE_DATA: &str = "truto_ignore_remote_data";
const EXCLUDE_FIELDS: &str = "truto_exclude_fields";
const DRY_RUN: &str = "unified_dry_run";
const STRICT: &str = "unified_strict";
const IF_EXISTS: &str = "unified_if_exists";
const SETTLE: &str = "unified_settle";
const RESEND: &str = "unified_resend";
const EMAILS: &str = "emails";
const CURSOR: &str = "next_cursor";
const LIMIT: &str = "limit";

/// The parameters that have one value.
const SCALARS: [&str; 8] = [
    ACCOUNT,
    FORMAT,
    IGNORE_REMOTE_DATA,
    DRY_RUN,
    STRICT,
    IF_EXISTS,
    SETTLE,
    RESEND,
];

/// The parameters of a list that have one value.
const SCALARS_OF_LIST: [&str; 2] = [CURSOR, LIMIT];

/// The parameters of a request target, decoded.
#[derive(Debug)]
pub struct Query<'a>(Vec<Parameter<'a>>);

/// The query of an operation that lists nobody.
const NO_QUERY: UserQuery = UserQuery {
    email: None,
    cursor: None,
    limit: None,
};

/// The settings of a query, besides the account.
#[derive(Debug, PartialEq)]
pub struct Settings {
    /// How the call is made and responded to.
    pub options: Options,
    /// Whether to respond with the plan, and send nothing.
    pub dry_run: bool,
    /// Whether the response shows the request and the response of the provider.
    pub debug: bool,
    /// Which users to list.
    pub list: UserQuery,
}

/// The account's id in a request target, as given; `None` when it is missing, or given more than once.
#[must_use]
pub fn account_id(target: &str) -> Option<String> {
    let query = Query::parse(target);
    let mut ids = query.0.iter().filter(|each| each.is_scalar(ACCOUNT));
    match (ids.next(), ids.next()) {
        (Some(id), None) if !id.value.is_empty() => Some(id.value.clone().into_owned()),
        _ => None,
    }
}

/// Whether a request target has the parameter that names the account, whatever its value.
#[must_use]
pub fn names_account(target: &str) -> bool {
    let query = Query::parse(target);
    query.0.iter().any(|each| each.is_scalar(ACCOUNT))
}

/// The name of an option in this API.
const fn option_name(option: OptionField) -> &'static str {
    match option {
        OptionField::ExcludeFields => EXCLUDE_FIELDS,
        OptionField::Email => EMAILS,
        OptionField::Cursor => CURSOR,
        OptionField::IfExists => IF_EXISTS,
        OptionField::Resend => RESEND,
        OptionField::RemoteQuery | OptionField::Collections | OptionField::Limit => option.name(),
    }
}

impl<'a> Query<'a> {
    /// Reads the parameters of a request target.
    #[must_use]
    pub fn parse(target: &'a str) -> Self {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let parameters = query
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .filter_map(parameter);
        Self(parameters.collect())
    }

    /// The account's id, checked.
    ///
    /// # Errors
    ///
    /// The findings, when it is missing, given twice, or no UUID.
    pub fn account(&self) -> Result<&str, Findings> {
        let mut findings = Findings::new(false);
        match self.scalar(ACCOUNT, &mut findings) {
            None | Some("") => {
                let message =
                    format_args!("`{ACCOUNT}` is required: expected a UUID, but found none");
                findings.violation(Code::Required, Location::Query, ACCOUNT, message);
            }
            Some(id) if !is_uuid(id) => {
                findings.violation(
                    Code::Format,
                    Location::Query,
                    ACCOUNT,
                    format_args!("expected a UUID, but found {}", quoted(id)),
                );
            }
            Some(id) if findings.violations.is_empty() => return Ok(id),
            Some(_) => {}
        }
        Err(findings)
    }

    /// The settings of an operation, and findings about all but the account's id.
    #[must_use]
    pub fn settings(&self, operation: OperationName) -> (Settings, Findings) {
        let mut findings = Findings::with_option_names(option_name);
        let strict = self.boolean(STRICT, &mut findings);
        findings.set_strict(strict);
        let (format, debug) = self.format(&mut findings);
        let mut options = Options {
            format,
            ignore_remote_data: self.boolean(IGNORE_REMOTE_DATA, &mut findings),
            exclude_fields: Vec::new(),
            remote_query: Vec::new(),
            collections: Vec::new(),
            strict,
            if_exists: IfExists::Fail,
            settle: true,
            resend: false,
        };
        if operation == OperationName::Create {
            self.set_creation(&mut options, &mut findings);
        }
        let dry_run = self.boolean(DRY_RUN, &mut findings);
        self.check_use(operation, &mut findings);
        let is_list = operation == OperationName::List;
        let mut list = NO_QUERY;
        if is_list {
            list = self.list(&mut findings);
        }
        let mut emails = Vec::new();
        let mut collections = Collections::default();
        for parameter in &self.0 {
            let mut scalars = SCALARS.iter().chain(&SCALARS_OF_LIST);
            if scalars.any(|name| parameter.is_scalar(name)) {
                continue;
            }
            let (base, keys) = parameter.keys();
            let value = parameter.value.as_ref();
            match (base, keys.as_slice()) {
                (EXCLUDE_FIELDS, [] | [_]) => {
                    let names = value
                        .split(',')
                        .map(str::trim)
                        .filter(|name| !name.is_empty());
                    options.exclude_fields.extend(names.map(str::to_owned));
                }
                ("remote_query", [name, keys @ ..]) if !name.is_empty() => {
                    let mut name = (*name).to_owned();
                    for key in keys {
                        name.push('[');
                        name.push_str(key);
                        name.push(']');
                    }
                    options.remote_query.push((name, value.to_owned()));
                }
                ("collections", [index, member @ ("id" | "type")]) => {
                    collections.add(index, member, value, &mut findings);
                }
                ("collections" | "remote_query", _) => {
                    let expected = if base == "collections" {
                        "collections[][id]"
                    } else {
                        "remote_query[NAME]"
                    };
                    let message = format_args!(
                        "expected `{expected}`, but found {}",
                        quoted(&parameter.name)
                    );
                    findings.violation(Code::Type, Location::Query, base, message);
                }
                // Where it has no use, that is the violation.
                (EMAILS, _) if !is_list => {}
                (EMAILS, ["email"] | [_, "email"]) => emails.push(value),
                (EMAILS, _) => {
                    let message = format_args!(
                        "expected `emails[][email]`, but found {}",
                        quoted(&parameter.name)
                    );
                    findings.violation(Code::Type, Location::Query, EMAILS, message);
                }
                _ => {
                    let (path, message) = (&parameter.name, "there is no such parameter");
                    if parameter.is_reserved() {
                        findings.violation(Code::UnknownField, Location::Query, path, message);
                    } else {
                        findings.tolerated(Code::UnknownField, Location::Query, path, message);
                    }
                }
            }
        }
        options.collections = collections.finish(&mut findings);
        if emails.len() > 1 {
            let message = format_args!("expected one address, but found {}", emails.len());
            findings.violation(Code::TooMany, Location::Query, EMAILS, message);
        }
        let settings = Settings {
            options,
            dry_run,
            debug,
            list: UserQuery {
                email: emails.first().map(|email| (*email).to_owned()),
                ..list
            },
        };
        (settings, findings)
    }

    /// Sets what only a creation has.
    fn set_creation(&self, options: &mut Options, findings: &mut Findings) {
        options.if_exists = self.if_exists(findings);
        options.settle = self.boolean_or(SETTLE, true, findings);
        options.resend = self.boolean(RESEND, findings);
    }

    /// Checks that the operation has a use for the parameters that not all of them have.
    fn check_use(&self, operation: OperationName, findings: &mut Findings) {
        let without_use: &[&str] = match operation {
            OperationName::List => &[DRY_RUN, IF_EXISTS, SETTLE, RESEND],
            OperationName::Get => &[DRY_RUN, IF_EXISTS, SETTLE, RESEND, EMAILS, CURSOR, LIMIT],
            OperationName::Create => &[EMAILS, CURSOR, LIMIT],
            OperationName::Update | OperationName::Delete => {
                &[IF_EXISTS, SETTLE, RESEND, EMAILS, CURSOR, LIMIT]
            }
        };
        for name in without_use {
            if self.0.iter().any(|parameter| parameter.keys().0 == *name) {
                let message =
                    format_args!("`{}` has no use for this parameter", operation.as_str());
                findings.violation(Code::UnsupportedField, Location::Query, name, message);
            }
        }
    }

    /// The page of a list. An empty cursor is none.
    fn list(&self, findings: &mut Findings) -> UserQuery {
        let cursor = self.scalar(CURSOR, findings);
        UserQuery {
            email: None,
            cursor: cursor.filter(|it| !it.is_empty()).map(str::to_owned),
            limit: self.limit(findings),
        }
    }

    fn limit(&self, findings: &mut Findings) -> Option<u32> {
        let value = self.scalar(LIMIT, findings)?;
        let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
        let limit = value.parse().ok().filter(|_| is_number);
        if limit.is_none() {
            let message = format_args!(
                "expected a number from 1 to {MAX_LIMIT}, but found {}",
                quoted(value)
            );
            findings.violation(Code::Format, Location::Query, LIMIT, message);
        }
        limit
    }

    /// The one value of a parameter.
    fn scalar(&self, name: &str, findings: &mut Findings) -> Option<&str> {
        let mut values = self
            .0
            .iter()
            .filter(|parameter| parameter.is_scalar(name))
            .map(|parameter| parameter.value.as_ref());
        let first = values.next();
        let more = values.count();
        if more > 0 {
            let message = format_args!("expected one value, but found {}", more + 1);
            findings.violation(Code::TooMany, Location::Query, name, message);
        }
        first
    }

    fn boolean(&self, name: &str, findings: &mut Findings) -> bool {
        self.boolean_or(name, false, findings)
    }

    fn boolean_or(&self, name: &str, default: bool, findings: &mut Findings) -> bool {
        match self.scalar(name, findings) {
            // In any case: Python writes `True`.
            Some(value) if value.eq_ignore_ascii_case("true") => true,
            None => default,
            Some(value) if value.eq_ignore_ascii_case("false") => false,
            Some(other) => {
                let message =
                    format_args!("expected `true` or `false`, but found {}", quoted(other));
                findings.violation(Code::Type, Location::Query, name, message);
                false
            }
        }
    }

    fn if_exists(&self, findings: &mut Findings) -> IfExists {
        match self.scalar(IF_EXISTS, findings) {
            None | Some("fail") => IfExists::Fail,
            Some("keep") => IfExists::Keep,
            Some("update") => IfExists::Update,
            Some(other) => {
                let found = quoted(other);
                let message =
                    format_args!("expected `fail`, `keep` or `update`, but found {found}");
                findings.violation(Code::Enum, Location::Query, IF_EXISTS, message);
                IfExists::Fail
            }
        }
    }

    /// The format, and whether it is `debug`: the unified one, and what went over the wire.
    fn format(&self, findings: &mut Findings) -> (Format, bool) {
        let format = match self.scalar(FORMAT, findings) {
            None | Some("unified") => Format::Unified,
            Some("raw") => Format::Raw,
            Some("normalized") => Format::Normalized,
            Some("debug") => return (Format::Unified, true),
            Some(other) => {
                let message = format_args!(
                    "expected `unified`, `raw`, `normalized` or `debug`, but found {}",
                    quoted(other)
                );
                findings.violation(Code::Enum, Location::Query, FORMAT, message);
                Format::Unified
            }
        };
        (format, false)
    }
}
