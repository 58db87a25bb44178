use super::*;

fn violations(body: &str) -> Vec<String> {
    let mut findings = Findings::new(true);
    let _ = changes(body.as_bytes(), &mut findings);
    findings
        .violations
        .iter()
        .map(|finding| format!("{} {}", finding.path, finding.message))
        .collect()
}

#[test]
fn absent_null_and_value_differ() {
    let mut findings = Findings::new(false);
    let body = br#"{"first_name": null, "last_name": "Lind", "custom_fields": {"a": 1.10}}"#;
    let changes = changes(body, &mut findings);
    assert_eq!(changes.name, StringChange::Keep);
    assert_eq!(changes.first_name, StringChange::Clear);
    assert_eq!(changes.last_name, StringChange::Set("Lind".to_owned()));
    assert_eq!(
        changes.custom_fields,
        JsonChange::Set(r#"{"a": 1.10}"#.to_owned())
    );
    let user = new_user(body, &mut findings);
    assert_eq!(
        (user.first_name, user.last_name),
        (StringChange::Keep, StringChange::Set("Lind".to_owned()))
    );
}

#[test]
fn every_violation_has_its_path() {
    let body = r#"{"name": 5, "emails": [{"email": "a@b.example"}, "x", {"email": true, "a/b": 1}], "roles": {}, "x~": 1}"#;
    assert_eq!(
        violations(body),
        [
            "/name expected a string, but found the number 5",
            "/emails/1 expected an object, but found the string `x`",
            "/emails/2/email expected a string, but found `true`",
            "/emails/2/a~1b there is no such field: it is not sent",
            "/roles expected an array, but found an object",
            "/x~0 there is no such field: it is not sent",
        ]
    );
}

#[test]
fn repeated_member_is_violation_anywhere() {
    for (body, expected) in [
        (r#"{"name": "a", "name": "a"}"#, vec!["/name"]),
        // However it is spelled, and once however often it comes.
        (r#"{"name": 1, "n\u0061me": 2, "name": "b"}"#, vec!["/name"]),
        (
            r#"{"emails": [{"email": "a"}, {"type": "x", "email": "b", "email": "c"}]}"#,
            vec!["/emails/1/email"],
        ),
        (
            r#"{"x/y": [[], {"~": {"a": 1, "b": 2, "a": 3}}]}"#,
            vec!["/x~1y", "/x~1y/1/~0/a"],
        ),
        (
            r#"{"x": {"a": 1, "b": {"a": 1}, "b": [{"a": 1}, {"a": 1}]}}"#,
            vec!["/x", "/x/b"],
        ),
        (r#"{"x": {"\ud83d": 1, "\ud83e": 2}}"#, vec!["/x"]),
    ] {
        let mut findings = Findings::new(true);
        let _ = changes(body.as_bytes(), &mut findings);
        let mut found: Vec<&str> = findings
            .violations
            .iter()
            .filter(|found| found.code == Code::DuplicateMember || found.code == Code::UnknownField)
            .map(|found| found.path.as_str())
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{body}");
    }
}

#[test]
fn lone_surrogate_in_field_is_violation() {
    for body in [
        r#"{"name": "a \ud83d"}"#,
        r#"{"emails": [{"email": "\udc00@b.example"}]}"#,
    ] {
        let mut findings = Findings::new(true);
        let _ = changes(body.as_bytes(), &mut findings);
        let codes: Vec<Code> = findings.violations.iter().map(|found| found.code).collect();
        assert_eq!(codes, [Code::Format], "{body}");
    }
    let body =
        r#"{"name": "\ud83d\ude00", "custom_fields": ["\ud83d"], "remote_data": {"\udc00": 1}}"#;
    let mut findings = Findings::new(true);
    let changes = changes(body.as_bytes(), &mut findings);
    assert_eq!(changes.name, StringChange::Set("😀".to_owned()));
    assert_eq!(
        changes.custom_fields,
        JsonChange::Set(r#"["\ud83d"]"#.to_owned())
    );
    assert_eq!(changes.remote_data.as_deref(), Some(r#"{"\udc00": 1}"#));
    assert_eq!(findings.violations, []);
}

#[test]
fn byte_order_mark_is_skipped() {
    assert_eq!(violations("\u{feff}{}"), [""; 0]);
    assert_eq!(
        violations("\u{feff}"),
        [" expected a JSON object, but found nothing"]
    );
    assert_eq!(violations("{\u{feff}}").len(), 1);
}

#[test]
fn body_without_object_is_one_violation() {
    assert_eq!(
        violations(""),
        [" expected a JSON object, but found nothing"]
    );
    assert_eq!(
        violations("[1]"),
        [" expected an object, but found an array"]
    );
    assert_eq!(
        violations("{"),
        [" expected JSON, but found an error: EOF while parsing an object at line 1 column 1"]
    );
}
