//! The parser of the query: the first byte chooses the operation, and the rest is the query.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::input::{Input, string};
use unified_ticketing_fuzz::invariants;
use unified_ticketing_guest::account::is_uuid;
use unified_ticketing_guest::bindings::types::{Finding, FindingCode, Location};
use unified_ticketing_guest::findings::{Findings, MAX_FINDINGS};
use unified_ticketing_guest::http_api::query::{ACCOUNT, Query, Settings, account_id};
use unified_ticketing_guest::integration::OperationName;

fuzz_target!(|input: &[u8]| {
    let mut input = Input(input);
    let operations = OperationName::ALL;
    let operation = operations[usize::from(input.byte()) % operations.len()];
    let query = string(input.0);
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let target = to_target(&query);
    let parsed = Query::parse(&target);
    let (settings, findings) = parsed.settings(operation);
    for found in [&findings.violations, &findings.warnings] {
        invariants::assert_findings(found);
        assert!(found.iter().all(|finding| finding.in_ == Location::Query));
        // Findings are short, whatever the length of the query.
        let lengths = found
            .iter()
            .map(|finding| finding.path.len() + finding.message.len());
        assert!(lengths.sum::<usize>() < MAX_FINDINGS * 1_000);
    }

    // The spelling of a query does not change its meaning.
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    let encoded = to_target(&encoded.extend_pairs(&pairs).finish());
    let (again, found) = Query::parse(&encoded).settings(operation);
    assert_eq!(
        (&again, &found.violations, &found.warnings),
        (&settings, &findings.violations, &findings.warnings)
    );

    // No parameter is dropped: an unknown one is a finding, and one for the provider is passed on unchanged. Names that are truncated or
    // only counted cannot be compared.
    let short = |(name, _): &(String, String)| name.len() <= 200;
    if pairs.len() <= MAX_FINDINGS && pairs.iter().all(short) {
        check_parameters(&pairs, &settings, &findings);
        check_list(operation, &pairs, &settings, &findings);
    }

    // When strict, warnings become violations, and nothing else changes.
    if pairs
        .iter()
        .all(|(name, _)| !is_scalar(name, "unified_strict"))
    {
        let (strict, found) =
            Query::parse(&format!("{encoded}&unified_strict=true")).settings(operation);
        assert!(strict.options.strict && found.warnings.is_empty());
        assert_eq!(
            found.violations.found(),
            findings.violations.found() + findings.warnings.found()
        );
    }

    // The account is the one that the host finds in the target.
    let ids: Vec<&str> = pairs
        .iter()
        .filter(|(name, _)| is_scalar(name, ACCOUNT))
        .map(|(_, id)| id.as_str())
        .collect();
    let from_target = account_id(&target);
    match parsed.account() {
        Ok(id) => {
            assert!(is_uuid(id));
            assert_eq!(
                (from_target.as_deref(), ids.as_slice()),
                (Some(id), [id].as_slice())
            );
        }
        Err(findings) => {
            assert!(!findings.violations.is_empty() && findings.warnings.is_empty());
            invariants::assert_findings(&findings.violations);
            assert!(from_target.is_none_or(|id| ids == [id.as_str()] && !is_uuid(&id)));
        }
    }
});

fn to_target(query: &str) -> String {
    format!("/unified/ticketing/users?{query}")
}

/// Whether a name is that of a scalar, alone or in the spelling of an array.
fn is_scalar(name: &str, scalar: &str) -> bool {
    let index = name.strip_prefix(scalar).map(|rest| rest.strip_prefix('['));
    match index {
        Some(Some(index)) => {
            let index = index.strip_suffix(']');
            index.is_some_and(|index| index.chars().all(|each| each.is_ascii_digit()))
        }
        Some(None) => name == scalar,
        None => false,
    }
}

/// Checks that every parameter is used or reported.
fn check_parameters(pairs: &[(String, String)], settings: &Settings, findings: &Findings) {
    let base = |name: &str| match name.split_once('[') {
        Some((base, rest)) if rest.ends_with(']') => base.to_owned(),
        _ => name.to_owned(),
    };
    let scalars = [
        ACCOUNT,
        "truto_response_format",
        "truto_ignore_remote_data",
        "unified_dry_run",
        "unified_strict",
        "next_cursor",
        "limit",
    ];
    let unknown = |name: &str| match base(name).as_str() {
        _ if scalars.iter().any(|scalar| is_scalar(name, scalar)) => false,
        "truto_exclude_fields" => name.contains("]["),
        "remote_query" | "collections" | "emails" => false,
        _ => true,
    };
    let reserved = |name: &str| {
        let name = name.trim_start().to_ascii_lowercase();
        name.starts_with("truto_") || name.starts_with("unified_")
    };
    let names = pairs.iter().map(|(name, _)| name.as_str());
    let unknown: Vec<&str> = names.filter(|name| unknown(name)).collect();
    let (ours, others): (Vec<&str>, Vec<&str>) = unknown.iter().partition(|name| reserved(name));
    let paths = |findings: &[Finding]| -> Vec<String> {
        let unknown = findings
            .iter()
            .filter(|finding| finding.code == FindingCode::UnknownField);
        unknown.map(|finding| finding.path.clone()).collect()
    };
    let (violations, warnings) = (paths(&findings.violations), paths(&findings.warnings));
    if settings.options.strict {
        assert_eq!(
            (violations, warnings),
            (
                unknown.iter().map(|name| (*name).to_owned()).collect(),
                vec![]
            )
        );
    } else {
        assert_eq!(violations, ours);
        assert_eq!(warnings, others);
    }

    let remote = pairs
        .iter()
        .filter(|(name, _)| base(name) == "remote_query");
    let rejected = findings
        .violations
        .iter()
        .filter(|finding| finding.path == "remote_query" && finding.code == FindingCode::Type);
    assert_eq!(
        settings.options.remote_query.len() + rejected.count(),
        remote.clone().count()
    );
    let mut values = remote.map(|(_, value)| value);
    assert!(
        settings
            .options
            .remote_query
            .iter()
            .all(|(_, value)| values.any(|sent| sent == value))
    );
    let collections = pairs.iter().filter(|(name, _)| base(name) == "collections");
    let collections_parsed = settings.options.collections.iter();
    let collections_parsed: usize = collections_parsed
        .map(|one| 1 + usize::from(one.type_.is_some()))
        .sum();
    let violations = findings
        .violations
        .iter()
        .filter(|finding| finding.path == "collections");
    assert_eq!(collections_parsed + violations.count(), collections.count());
}

/// Checks that a list has its page or its address, and that no other operation has them without a violation.
fn check_list(
    operation: OperationName,
    pairs: &[(String, String)],
    settings: &Settings,
    findings: &Findings,
) {
    let list = &settings.list;
    let is_violation = |path: &str, code: FindingCode| {
        let mut violations = findings.violations.iter();
        violations.any(|found| found.path == path && found.code == code)
    };
    let values = |name: &str| -> Vec<&str> {
        let pairs = pairs.iter().filter(|(given, _)| is_scalar(given, name));
        pairs.map(|(_, value)| value.as_str()).collect()
    };
    if operation != OperationName::List {
        assert!(list.email.is_none() && list.cursor.is_none() && list.limit.is_none());
        for name in ["next_cursor", "limit"] {
            let unused = is_violation(name, FindingCode::UnsupportedField);
            assert!(values(name).is_empty() || unused, "{name}");
        }
        return;
    }
    let cursors = values("next_cursor");
    assert_eq!(
        list.cursor.as_deref(),
        cursors.first().copied().filter(|cursor| !cursor.is_empty())
    );
    let limits = values("limit");
    let rejected = is_violation("limit", FindingCode::Format);
    assert!(limits.is_empty() || list.limit.is_some() || rejected);
    for (name, values) in [("next_cursor", cursors), ("limit", limits)] {
        let twice = is_violation(name, FindingCode::TooMany);
        assert_eq!(values.len() > 1, twice, "{name}");
    }
    let is_address = |name: &str| {
        let keys = name.strip_prefix("emails[");
        let index = keys.and_then(|keys| keys.strip_suffix("email]"));
        index.is_some_and(|index| {
            let index = index.strip_suffix("][");
            index.map_or_else(|| name == "emails[email]", |index| !index.contains("]["))
        })
    };
    let mut addresses = pairs.iter().filter(|(name, _)| is_address(name));
    let first = addresses.next().map(|(_, address)| address);
    assert_eq!(list.email.as_ref(), first);
    let twice = is_violation("emails", FindingCode::TooMany);
    assert_eq!(addresses.next().is_some(), twice);
}
