//! Checks an input by the table of its operation: every location, before anything is reported.

use super::change::Change;
use super::options::{check_collections, check_options};
use super::{Call, Input};
use crate::bindings::types::{Email, FindingCode as Code, Location, Role, UserChanges};
use crate::body::{is_blank, primary_position, role_value};
use crate::field::{Field, Rule};
use crate::findings::{Findings, quoted};
use crate::integration::{Integration, Operation, OperationName};
use crate::json::{KindOf as _, Value, is_hollow, parse, trimmed};
use crate::operation::List;

/// Parts of a valid input.
pub(super) struct Valid<'a> {
    /// An object, as it is written.
    pub(super) remote_data: Option<&'a str>,
    pub(super) project: Option<&'a str>,
    pub(super) list: Option<List>,
}

pub(super) fn validate<'a>(
    integration: &Integration,
    operation: &Operation,
    call: &Call<'a>,
    findings: &mut Findings,
) -> Valid<'a> {
    check_options(integration, call.options, findings);
    if let Some(id) = call.input.id() {
        check_id(integration, operation, id, findings);
    }
    let project = check_collections(integration, operation, call.options, findings);
    let list = match (call.input, operation.list) {
        (Input::List(query), Some(listing)) => {
            List::new(integration, listing, query, call.options, project, findings)
        }
        _ => None,
    };
    let remote_data = call
        .input
        .changes()
        .and_then(|changes| check_changes(integration, operation, changes, findings));
    Valid {
        remote_data,
        project,
        list,
    }
}

/// Checks the fields of a user, and returns the object of `remote_data`.
fn check_changes<'a>(
    integration: &Integration,
    operation: &Operation,
    changes: &'a UserChanges,
    findings: &mut Findings,
) -> Option<&'a str> {
    for field in Field::ALL {
        match (operation.rule(field), Change::new(changes, field)) {
            (None, Change::Keep) => {}
            (_, Change::Clear) if field == Field::Emails => not_clearable(field, findings),
            (None, change) => {
                if let Change::Json(json) = change
                    && parse(json).is_ok()
                {
                    findings.duplicate_members(&field.pointer(), trimmed(json));
                }
                let message = format_args!(
                    "{} does not take `{}` in `{}`",
                    integration.title,
                    field.name(),
                    operation.name.as_str()
                );
                findings.tolerated(
                    Code::UnsupportedField,
                    Location::Body,
                    field.pointer(),
                    message,
                );
            }
            (Some(rule), change) => check(rule, &change, operation.name, findings),
        }
    }
    for fields in operation.needs {
        check_need(integration, fields, changes, findings);
    }
    if operation.joined_name {
        check_joined_name(changes, findings);
    }
    let remote_data = check_remote_data(changes, findings);
    let sends_fields = operation
        .fields
        .iter()
        .any(|rule| !Change::new(changes, rule.field).is_keep());
    if operation.name == OperationName::Update
        && !sends_fields
        && remote_data.is_none_or(is_hollow)
        && !findings.body_rejected()
    {
        let message = empty_update(integration, operation, changes, findings);
        findings.violation(Code::EmptyUpdate, Location::Body, "", message);
    }
    remote_data
}

/// Checks the id of a user: one segment of a path, in the provider's shape where that is documented. The published updates take
/// any id, and leave it to the provider.
fn check_id(integration: &Integration, operation: &Operation, id: &str, findings: &mut Findings) {
    let title = integration.title;
    let found = quoted(id);
    let shape = integration.id;
    let is_own = shape.is_some_and(|shape| {
        let mut prefixes = shape.own_prefixes.iter();
        prefixes.any(|prefix| id.starts_with(prefix))
    });
    let is_published = operation.name == OperationName::Update && !operation.extension;
    let message = if matches!(id, "" | "." | "..") {
        format!("expected a user's id, but found {found}")
    } else if is_own {
        return;
    } else if is_address(id) {
        format!(
            "expected a user's id in {title}, but found the address {found}: a list by this address has the id"
        )
    } else if let Some(shape) = shape.filter(|shape| !is_published && !(shape.accepts)(id)) {
        let expected = shape.expected;
        format!("expected a user's id in {title}: {expected}, but found {found}")
    } else {
        return;
    };
    findings.violation(Code::Format, Location::Path, "id", message);
}

/// Whether an id is an address: one `@` with something on both sides, and a dot after it.
fn is_address(id: &str) -> bool {
    let clean = |part: &str| {
        let mut bytes = part.bytes();
        !part.is_empty()
            && bytes.all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'@'))
    };
    id.split_once('@')
        .is_some_and(|(local, domain)| clean(local) && clean(domain) && domain.contains('.'))
}

/// Checks first and last name where they are parts of a name that is replaced as a whole: without `name`, both are given or none.
fn check_joined_name(changes: &UserChanges, findings: &mut Findings) {
    if !Change::new(changes, Field::Name).is_keep() {
        return;
    }
    let fields = [Field::FirstName, Field::LastName];
    let given = fields.map(|field| !Change::new(changes, field).is_keep());
    for field in fields {
        match Change::new(changes, field) {
            Change::Clear => not_clearable(field, findings),
            Change::String(name) if is_blank(name) => missing(field, findings),
            Change::Keep if given.contains(&true) => missing(field, findings),
            _ => {}
        }
    }
}

/// The message for changes that would send nothing: the fields that were given and are not taken.
fn empty_update(
    integration: &Integration,
    operation: &Operation,
    changes: &UserChanges,
    findings: &Findings,
) -> String {
    let unsupported = Field::ALL.into_iter().filter(|field| {
        operation.rule(*field).is_none() && !Change::new(changes, *field).is_keep()
    });
    let unknown = findings.warnings.iter().filter_map(|warning| {
        let name = warning.path.strip_prefix('/')?;
        (warning.code == Code::UnknownField && !name.contains('/')).then_some(name)
    });
    let mut names: Vec<&str> = unsupported.map(Field::name).collect();
    names.extend(unknown);
    let title = integration.title;
    if names.is_empty() {
        return format!("expected a change that {title} takes, but found none");
    }
    let names: Vec<String> = names
        .into_iter()
        .map(|name| quoted(name).to_string())
        .collect();
    format!(
        "expected a change that {title} takes, but found only {}",
        names.join(", ")
    )
}

fn check(rule: &Rule, change: &Change<'_>, operation: OperationName, findings: &mut Findings) {
    let pointer = rule.field.pointer();
    match change {
        Change::Keep if rule.required => missing(rule.field, findings),
        Change::String(string) if rule.required && is_blank(string) => {
            missing(rule.field, findings);
        }
        Change::Clear if rule.single => not_clearable(rule.field, findings),
        Change::Keep | Change::String(_) | Change::Clear => {}
        Change::Emails(emails) => check_emails(rule, emails, operation, findings),
        Change::Roles(roles) => check_roles(rule, roles, operation, findings),
        Change::Json(json) => match parse(json) {
            Ok(value) if rule.object && value.as_object().is_none() => {
                let message = format_args!("expected an object, but found {}", value.kind());
                findings.violation(Code::Type, Location::Body, pointer, message);
            }
            Ok(_) => findings.duplicate_members(&pointer, trimmed(json)),
            Err(error) => {
                findings.violation(
                    Code::Format,
                    Location::Body,
                    pointer,
                    format_args!("expected JSON, but found an error: {error}"),
                );
            }
        },
    }
}

/// Adds a violation: the field cannot be emptied. A user always has an address, and a role where the integration takes one.
fn not_clearable(field: Field, findings: &mut Findings) {
    let message = format_args!("`{}` can be replaced, but not cleared", field.name());
    findings.violation(Code::NotClearable, Location::Body, field.pointer(), message);
}

/// Adds a violation: the field is missing. Not where its value is a violation already.
fn missing(field: Field, findings: &mut Findings) {
    if !findings.field_rejected(field) {
        let message = format_args!(
            "`{}` is required: expected {}, but found none",
            field.name(),
            expected(field)
        );
        findings.violation(Code::Required, Location::Body, field.pointer(), message);
    }
}

/// The expectation of a required field, for a message.
const fn expected(field: Field) -> &'static str {
    match field {
        Field::Emails => "at least one email address",
        _ => "a string that is not blank",
    }
}

fn check_emails(rule: &Rule, emails: &[Email], operation: OperationName, findings: &mut Findings) {
    if emails.is_empty() && (rule.required || operation == OperationName::Update) {
        missing(Field::Emails, findings);
    }
    let primary = primary_position(emails);
    for (position, email) in emails.iter().enumerate() {
        if is_blank(&email.address) && !findings.entry_rejected(Field::Emails, position) {
            findings.violation(
                Code::Required,
                Location::Body,
                format_args!("/emails/{position}/email"),
                "expected an email address, but found none",
            );
        }
        if let Some(kind) = email.type_.as_deref()
            && operation == OperationName::Create
            && !matches!(kind, "primary" | "other")
        {
            findings.violation(
                Code::Enum,
                Location::Body,
                format_args!("/emails/{position}/type"),
                format_args!("expected `primary` or `other`, but found {}", quoted(kind)),
            );
        }
        if !rule.further && primary != Some(position) {
            findings.warning(
                Code::SurplusValue,
                Location::Body,
                format_args!("/emails/{position}"),
                "a user has one address here: this one is not sent",
            );
        }
    }
}

fn check_roles(rule: &Rule, roles: &[Role], operation: OperationName, findings: &mut Findings) {
    let pointer = rule.field.pointer();
    if roles.is_empty()
        && rule.single
        && operation == OperationName::Update
        && !findings.field_rejected(Field::Roles)
    {
        let message = "expected one role, but found none";
        findings.violation(Code::Required, Location::Body, pointer, message);
    }
    if rule.single && roles.len() > 1 {
        let message = format_args!("expected one role, but found {}", roles.len());
        findings.violation(Code::TooMany, Location::Body, pointer, message);
    }
    let values = rule.values.join("`, `");
    for (position, role) in roles.iter().enumerate() {
        let named = role.name.as_deref().is_some_and(|name| !is_blank(name));
        let member = if rule.by_id || (!named && role_value(role).is_some()) {
            "id"
        } else {
            "name"
        };
        let path = format_args!("/roles/{position}/{member}");
        let value = if rule.by_id {
            role.id.as_deref().filter(|id| !is_blank(id))
        } else {
            role_value(role)
        };
        match value {
            None if findings.entry_rejected(Field::Roles, position) => {}
            None => {
                let message = format_args!("expected the role's {member}, but found none");
                findings.violation(Code::Required, Location::Body, path, message);
            }
            Some(value) if !rule.values.is_empty() && !rule.values.contains(&value) => {
                let message =
                    format_args!("expected one of `{values}`, but found {}", quoted(value));
                findings.violation(Code::Enum, Location::Body, path, message);
            }
            Some(_) => {}
        }
    }
}

/// Checks that one of these fields is there, where the provider needs more than the published tables say.
fn check_need(
    integration: &Integration,
    fields: &[Field],
    changes: &UserChanges,
    findings: &mut Findings,
) {
    let Some(first) = fields.first() else {
        return;
    };
    let there = |field: &Field| {
        let given = match Change::new(changes, *field) {
            Change::String(string) => !is_blank(string),
            // A blank address is a violation by itself.
            Change::Emails(emails) => !emails.is_empty(),
            Change::Roles(roles) => !roles.is_empty(),
            Change::Json(_) => true,
            Change::Keep | Change::Clear => false,
        };
        given || findings.field_rejected(*field)
    };
    if !fields.iter().any(there) {
        let message = format!(
            "{}: {}, but found none",
            need(integration, fields),
            expected(*first)
        );
        findings.violation(Code::Required, Location::Body, first.pointer(), message);
    }
}

/// The need of an integration as a sentence.
pub(crate) fn need(integration: &Integration, fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    let one_of = if names.len() > 1 { "one of " } else { "" };
    format!(
        "{} needs {one_of}`{}`",
        integration.title,
        names.join("`, `")
    )
}

fn check_remote_data<'a>(changes: &'a UserChanges, findings: &mut Findings) -> Option<&'a str> {
    let pointer = "/remote_data";
    let json = trimmed(changes.remote_data.as_deref()?);
    match parse(json) {
        Ok(Value::Object(_)) => {
            findings.duplicate_members(&pointer, json);
            Some(json)
        }
        Ok(other) => {
            let message = format_args!("expected an object, but found {}", other.kind());
            findings.violation(Code::Type, Location::Body, pointer, message);
            None
        }
        Err(error) => {
            findings.violation(
                Code::Format,
                Location::Body,
                pointer,
                format!("expected JSON, but found an error: {error}"),
            );
            None
        }
    }
}
