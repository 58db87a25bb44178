use std::fmt;

use super::*;

#[test]
fn findings_beyond_limit_are_counted() {
    let mut list = FindingList::default();
    for number in 0..MAX_FINDINGS + 23 {
        list.push(
            FindingCode::Type,
            Location::Body,
            &format_args!("/{number}"),
            &"m",
        );
    }
    assert_eq!(list.found(), MAX_FINDINGS + 23);
    let findings = list.into_vec();
    assert_eq!(findings.len(), MAX_FINDINGS + 1);
    assert_eq!(found(&findings), MAX_FINDINGS + 23);
    let more = findings.last().unwrap();
    assert_eq!(
        (more.code, more.message.as_str()),
        (FindingCode::More, "23 more")
    );
    assert_eq!(FindingList::default().into_vec(), []);
}

#[test]
fn finding_beyond_limit_is_not_formatted() {
    struct Unformatted;
    impl Display for Unformatted {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("it is formatted");
        }
    }
    let mut list = FindingList::default();
    for _ in 0..MAX_FINDINGS {
        list.push(FindingCode::Type, Location::Query, &"a", &"m");
    }
    list.push(
        FindingCode::Type,
        Location::Query,
        &Unformatted,
        &Unformatted,
    );
    assert_eq!(list.found(), MAX_FINDINGS + 1);
}

#[test]
fn counted_location_is_still_known() {
    let mut findings = Findings::new(false);
    let reject = |findings: &mut Findings, path: &str| {
        findings.violation(FindingCode::Type, Location::Body, path, "m");
    };
    findings.violation(FindingCode::Type, Location::Query, "/emails", "m");
    findings.warning(FindingCode::Type, Location::Body, "/emails", "m");
    assert!(!findings.body_rejected() && !findings.field_rejected(Field::Emails));
    for number in 0..MAX_FINDINGS {
        reject(&mut findings, &format!("/emails/{number}"));
    }
    reject(&mut findings, "/emails/4000/email/x");
    reject(&mut findings, "/surprise/7");
    // Out of order, and longer than what is parsed.
    reject(&mut findings, &format!("/emails/3500/{}", "x".repeat(100)));
    reject(&mut findings, &format!("/roles/{}", "7".repeat(100)));
    assert!(findings.body_rejected());
    assert!(findings.field_rejected(Field::Emails) && findings.field_rejected(Field::Roles));
    assert!(!findings.field_rejected(Field::Name));
    for entry in [0, 99, 3500, 4000] {
        assert!(findings.entry_rejected(Field::Emails, entry), "{entry}");
    }
    assert!(!findings.entry_rejected(Field::Emails, 4001));
    assert!(!findings.entry_rejected(Field::Roles, 7));
    reject(&mut findings, "");
    assert!(findings.field_rejected(Field::Name));
    assert!(findings.entry_rejected(Field::Emails, 4001));
}

#[test]
fn string_is_shortened_between_characters() {
    assert_eq!(shortened(&"abc", 3), "abc");
    assert_eq!(shortened(&"abcd", 3), "abc…");
    assert_eq!(shortened(&"abé", 3), "ab…");
    assert_eq!(shortened(&"/~1", 2), "/…");
    assert_eq!(shortened(&"~", 1), "~");
    assert_eq!(shortened(&format_args!("{}{}", "ab", "cd"), 2), "ab…");
}

#[test]
fn message_names_first_locations() {
    let mut findings = Findings::new(false);
    for number in 0..1_000 {
        let path = format_args!("/{}{number}", "\u{1}".repeat(5_000));
        findings.violation(FindingCode::Type, Location::Body, path, "x".repeat(10_000));
    }
    let error = findings.verdict().unwrap_err();
    assert!(
        error.message.ends_with("; and 990 more"),
        "{}",
        error.message
    );
    assert!(error.message.len() < MAX_LOCATIONS * (MAX_PATH + MAX_MESSAGE + 20));
    assert_eq!(error.violations.len(), MAX_FINDINGS + 1);
}

#[test]
fn nameless_parameter_is_not_body() {
    let mut findings = Findings::new(true);
    let message = || "there is no such parameter".to_owned();
    findings.tolerated(FindingCode::UnknownField, Location::Query, "", message());
    let error = findings.verdict().unwrap_err();
    assert_eq!(error.message, format!("the query: {}", message()));
}
