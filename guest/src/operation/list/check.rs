//! The checks of what a caller asks of a list.

use super::MAX_LIMIT;
use crate::bindings::types::{FindingCode as Code, Location, Options, UserQuery};
use crate::body::is_blank;
use crate::field::OptionField;
use crate::findings::{Findings, quoted};
use crate::integration::{Integration, Listing, Paging};
use crate::operation::cursor::Position;

/// Reads the cursor of a caller.
pub(super) fn cursor(
    integration: &Integration,
    paging: &Paging,
    cursor: &str,
    findings: &mut Findings,
) -> Option<Position> {
    let position = Position::from_cursor(cursor, integration.name, paging);
    if position.is_none() {
        let (title, found) = (integration.title, quoted(cursor));
        let message = format_args!("expected the cursor of a page of {title}, but found {found}");
        let path = findings.option_name(OptionField::Cursor);
        findings.violation(Code::Format, Location::Query, path, message);
    }
    position
}

/// Checks how many users a caller asks for. `size` is that of the cursor's pages.
pub(super) fn limit(limit: u32, size: Option<u32>, findings: &mut Findings) {
    let least = size.unwrap_or(1);
    if !(least..=MAX_LIMIT).contains(&limit) {
        let of_cursor = if size.is_some() {
            ", because the cursor has pages of that size"
        } else {
            ""
        };
        let message = format_args!(
            "expected a number from {least} to {MAX_LIMIT}{of_cursor}, but found {limit}"
        );
        let path = findings.option_name(OptionField::Limit);
        findings.violation(Code::Format, Location::Query, path, message);
    }
}

/// Checks what goes with an address, and the address.
pub(super) fn email(query: &UserQuery, address: &str, findings: &mut Findings) {
    let path = findings.option_name(OptionField::Email);
    let found = quoted(address);
    if is_blank(address) {
        let message = format_args!("expected an address, but found {found}");
        findings.violation(Code::Format, Location::Query, path, message);
    } else if address.contains(char::is_whitespace) && !address.contains('"') {
        // Only a quoted local part may have one (RFC 5321, section 4.1.2). Most come from a `+` that is not encoded: no user has
        // what it becomes, and to say so would be wrong about the address that is meant.
        let message = format_args!(
            "expected an address without blanks, but found {found}: in a query, `+` is written `%2B`"
        );
        findings.violation(Code::Format, Location::Query, path, message);
    }
    for (given, option) in [
        (query.cursor.is_some(), OptionField::Cursor),
        (query.limit.is_some(), OptionField::Limit),
    ] {
        if given {
            let path = findings.option_name(option);
            let message = "a look-up by an address has one page with everyone who has it";
            findings.violation(Code::UnsupportedField, Location::Query, path, message);
        }
    }
}

/// Checks that the caller's parameters leave the pages and the look-up alone.
pub(super) fn remote_query(
    listing: &Listing,
    is_look_up: bool,
    options: &Options,
    findings: &mut Findings,
) {
    let own = listing.paging.parameters().into_iter().flatten();
    let own: Vec<&str> = own
        .chain(listing.by_email.as_ref().map(|it| it.parameter))
        .collect();
    for (name, _) in &options.remote_query {
        let base = name.split('[').next().unwrap_or_default();
        let message = if is_look_up {
            "a look-up by an address takes no parameters of the provider"
        } else if own.iter().any(|own| own.eq_ignore_ascii_case(base.trim())) {
            "a list sets this parameter itself"
        } else {
            continue;
        };
        let path = findings.remote_query_path(name);
        findings.violation(Code::UnsupportedField, Location::Query, path, message);
    }
}
