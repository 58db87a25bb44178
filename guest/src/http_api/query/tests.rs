//! The reader of queries, on what its documentation mentions.

use super::*;
use crate::bindings::types::Collection;

fn settings(query: &str) -> (Settings, Findings) {
    Query::parse(&format!("/x?{query}")).settings(OperationName::Create)
}

fn account(query: &str) -> Result<String, Findings> {
    Query::parse(&format!("/x?{query}"))
        .account()
        .map(str::to_owned)
}

fn violations(query: &str) -> Vec<String> {
    let (_, findings) = settings(query);
    findings
        .violations
        .iter()
        .map(|finding| format!("{} {}", finding.path, crate::codes::finding(finding.code)))
        .collect()
}

#[test]
fn every_spelling_says_the_same() {
    for query in [
        "collections[][id]=1&collections[][type]=project&remote_query[a b]=c d&truto_exclude_fields[]=id&truto_exclude_fields[]=name",
        "collections[0][id]=1&collections[0][type]=project&remote_query[a+b]=c+d&truto_exclude_fields[0]=id&truto_exclude_fields[1]=name",
        "collections%5B%5D%5Bid%5D=1&collections%5B%5D%5Btype%5D=project&remote_query%5Ba%20b%5D=c%20d&truto_exclude_fields=id,name",
        "collections[7][type]=project&collections[7][id]=1&remote_query[a%20b]=c+d&truto_exclude_fields%5B%5D=id%2C%20name",
    ] {
        let (settings, findings) = settings(query);
        assert_eq!(findings.violations, [], "{query}");
        assert_eq!(findings.warnings, [], "{query}");
        let options = settings.options;
        assert_eq!(
            options.collections,
            [Collection {
                id: "1".to_owned(),
                type_: Some("project".to_owned())
            }],
            "{query}"
        );
        assert_eq!(
            options.remote_query,
            [("a b".to_owned(), "c d".to_owned())],
            "{query}"
        );
        assert_eq!(options.exclude_fields, ["id", "name"], "{query}");
    }
}

#[test]
fn repeated_member_starts_next_entry() {
    let ids = |query| {
        settings(query)
            .0
            .options
            .collections
            .into_iter()
            .map(|entry| entry.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("collections[][id]=1&collections[][id]=2"), ["1", "2"]);
    assert_eq!(
        ids("collections[][type]=a&collections[][id]=1&collections[][type]=b&collections[][id]=2"),
        ["1", "2"]
    );
    assert_eq!(ids("collections[1][id]=1&collections[0][id]=2"), ["1", "2"]);
}

#[test]
fn nested_remote_parameters_keep_their_brackets() {
    let (settings, _) = settings(
        "remote_query[filter][a]=1&remote_query[ids][]=2&remote_query[ids][]=3&remote_query[x]=",
    );
    let pairs: Vec<_> = settings
        .options
        .remote_query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(pairs, ["filter[a]=1", "ids[]=2", "ids[]=3", "x="]);
}

#[test]
fn impossible_value_is_violation() {
    assert_eq!(
        violations("truto_response_format=xml&unified_dry_run=1"),
        ["truto_response_format enum", "unified_dry_run type"]
    );
    assert_eq!(
        violations("truto_response_format=raw&truto_response_format=raw"),
        ["truto_response_format too-many"]
    );
    assert_eq!(
        violations("truto_response_format=&unified_strict="),
        ["unified_strict type", "truto_response_format enum"]
    );
    assert_eq!(violations("collections=1"), ["collections type"]);
    assert_eq!(
        violations("collections[][type]=project"),
        ["collections required"]
    );
    assert_eq!(
        violations("collections[0][id]=1&collections[0][id]=2"),
        ["collections too-many"]
    );
    assert_eq!(
        violations("remote_query=1&remote_query[]=1"),
        ["remote_query type", "remote_query type"]
    );
    assert_eq!(
        violations("unified_strict=true&surprise[a]=1"),
        ["surprise[a] unknown-field"]
    );
}

#[test]
fn account_is_one_uuid() {
    let id = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";
    assert_eq!(account(&format!("a=b&{ACCOUNT}={id}")).unwrap(), id);
    for query in [
        String::new(),
        format!("{ACCOUNT}="),
        format!("{ACCOUNT}=acme"),
        format!("{ACCOUNT}={}", id.replace('-', "")),
        format!("{ACCOUNT}={{{id}}}"),
        format!("{ACCOUNT}={id}&{ACCOUNT}={id}"),
    ] {
        assert_eq!(account(&query).unwrap_err().violations.len(), 1, "{query}");
    }
    assert_eq!(
        account_id(&format!("/x?{ACCOUNT}={id}")).as_deref(),
        Some(id)
    );
    assert_eq!(
        account_id(&format!("/x?{ACCOUNT}={id}&{ACCOUNT}=other")),
        None
    );
}

#[test]
fn scalar_in_array_spelling_is_scalar() {
    for spelling in ["", "[]", "[0]", "[17]", "%5B%5D", "%5b0%5d"] {
        let query = format!(
            "unified_dry_run{spelling}=true&unified_strict{spelling}=TRUE&truto_ignore_remote_data{spelling}=True&truto_response_format{spelling}=raw"
        );
        let (settings, findings) = settings(&query);
        assert_eq!(findings.violations, [], "{query}");
        assert_eq!(findings.warnings, [], "{query}");
        let Options {
            format,
            ignore_remote_data,
            strict,
            ..
        } = settings.options;
        assert!(settings.dry_run && strict && ignore_remote_data, "{query}");
        assert_eq!(format, Format::Raw, "{query}");
        let id = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";
        assert_eq!(account(&format!("{ACCOUNT}{spelling}={id}")).unwrap(), id);
        let target = format!("/x?{ACCOUNT}{spelling}={id}");
        assert_eq!(account_id(&target).as_deref(), Some(id));
    }
    assert_eq!(
        violations(
            "unified_dry_run=true&unified_dry_run[]=true&unified_strict[0]=false&unified_strict[1]=false"
        ),
        ["unified_strict too-many", "unified_dry_run too-many"]
    );
}

#[test]
fn unknown_own_parameter_is_violation() {
    for name in [
        "unified_dryrun",
        "truto_",
        "Unified_Dry_Run",
        "UNIFIED_",
        "+unified_dry_run",
        "unified_dry_run[a]",
        "truto_exclude_fields[a][b]",
    ] {
        let [violation] = &violations(&format!("{name}=true"))[..] else {
            panic!("one violation of {name}");
        };
        assert!(violation.ends_with(" unknown-field"), "{violation}");
    }
    for name in [
        "unified",
        "truto",
        "my_unified_x",
        "integrated_account_id[a]",
        "a",
    ] {
        let (_, findings) = settings(&format!("{name}=true"));
        assert_eq!(findings.violations, [], "{name}");
        assert_eq!(findings.warnings.len(), 1, "{name}");
    }
}
