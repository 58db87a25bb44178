//! The reader of the query: the whole input is the query.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::{holds, input};
use unified_ticketing_guest::bindings::types::{FindingCode, Place};
use unified_ticketing_guest::query::{ACCOUNT, account, account_id, is_uuid, read};

fuzz_target!(|input: &[u8]| {
    let query = input::text(input);
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let (given, findings) = read(&query);
    for found in [&findings.violations, &findings.warnings] {
        holds::findings(found);
        assert!(found.iter().all(|finding| finding.in_ == Place::Query));
    }

    // However a query is spelled, it says the same.
    let mut spelled = form_urlencoded::Serializer::new(String::new());
    let spelled = spelled.extend_pairs(&pairs).finish();
    let (again, found) = read(&spelled);
    assert_eq!(
        (&again, &found.violations, &found.warnings),
        (&given, &findings.violations, &findings.warnings)
    );

    // Nothing is dropped: what is not known is told, and what is the provider's is passed on as it is.
    let base = |name: &str| match name.split_once('[') {
        Some((base, rest)) if rest.ends_with(']') => base.to_owned(),
        _ => name.to_owned(),
    };
    let unknown: Vec<&str> = pairs
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| match base(name).as_str() {
            ACCOUNT
            | "truto_response_format"
            | "truto_ignore_remote_data"
            | "unified_dry_run"
            | "unified_strict" => name.contains('['),
            "truto_exclude_fields" => name.contains("]["),
            "remote_query" | "collections" => false,
            _ => true,
        })
        .collect();
    let told = if given.options.strict {
        &findings.violations
    } else {
        &findings.warnings
    };
    let told: Vec<&str> = told
        .iter()
        .filter(|finding| finding.code == FindingCode::UnknownField)
        .map(|finding| finding.path.as_str())
        .collect();
    assert_eq!(told, unknown);
    let remote = pairs
        .iter()
        .filter(|(name, _)| base(name) == "remote_query");
    let refused = |path: &str| {
        let violations = findings
            .violations
            .iter()
            .filter(|finding| finding.path == path);
        violations
            .filter(|finding| finding.code == FindingCode::Type)
            .count()
    };
    assert_eq!(
        given.options.remote_query.len() + refused("remote_query"),
        remote.clone().count()
    );
    let mut values = remote.map(|(_, value)| value);
    assert!(
        given
            .options
            .remote_query
            .iter()
            .all(|(_, value)| values.any(|given| given == value))
    );
    let collections = pairs
        .iter()
        .filter(|(name, _)| base(name) == "collections")
        .count();
    let read_ones = given
        .options
        .collections
        .iter()
        .map(|one| 1 + usize::from(one.type_.is_some()))
        .sum::<usize>();
    let violations = findings
        .violations
        .iter()
        .filter(|finding| finding.path == "collections")
        .count();
    assert_eq!(read_ones + violations, collections);

    // When strict, what was tolerated is refused, and nothing else changes.
    if pairs.iter().all(|(name, _)| name != "unified_strict") {
        let (strict, found) = read(&format!("{spelled}&unified_strict=true"));
        assert!(strict.options.strict && found.warnings.is_empty());
        assert_eq!(
            found.violations.len(),
            findings.violations.len() + findings.warnings.len()
        );
    }

    // The account is the one that the host reads.
    let ids: Vec<&str> = pairs
        .iter()
        .filter(|(name, _)| name == ACCOUNT)
        .map(|(_, id)| id.as_str())
        .collect();
    let bound = account_id(&format!("/unified/ticketing/users?{query}"));
    match account(&query) {
        Ok(id) => {
            assert!(is_uuid(&id));
            assert_eq!(
                (bound.as_deref(), ids.as_slice()),
                (Some(id.as_str()), [id.as_str()].as_slice())
            );
        }
        Err(findings) => {
            assert!(!findings.violations.is_empty() && findings.warnings.is_empty());
            holds::findings(&findings.violations);
            assert!(bound.is_none_or(|id| ids == [id.as_str()] && !is_uuid(&id)));
        }
    }
});
