//! Lists and look-ups, on what their documentation mentions.

use crate::bindings::accounts::{Account, Credentials};
use crate::bindings::steps::{Operation, Step};
use crate::bindings::types::{
    Begun, Body, Error, ErrorCode, FindingCode, Format, Options, Outcome, ProviderResponse,
    Response, UserQuery,
};
use crate::steps::{resume, start};

const ACCOUNT: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";

fn account(integration: &str) -> Account {
    let credential = match integration {
        "gorgias" => "access_token",
        _ => "api_token",
    };
    Account {
        integration: integration.to_owned(),
        base_url: Some("http://p.test".to_owned()),
        settings: Vec::new(),
        credentials: Credentials::Injected(vec![credential.to_owned()]),
    }
}

/// Looks up an address in Planhat, which responds with these bodies. Returns the queries of the requests, and the result.
fn look_up(
    address: &str,
    format: Format,
    bodies: &[&str],
) -> (Vec<String>, Result<Response, Error>) {
    let query = UserQuery {
        email: Some(address.to_owned()),
        cursor: None,
        limit: None,
    };
    list("planhat", query, format, bodies)
}

fn list(
    integration: &str,
    query: UserQuery,
    format: Format,
    bodies: &[&str],
) -> (Vec<String>, Result<Response, Error>) {
    let options = Options {
        format,
        ignore_remote_data: false,
        exclude_fields: Vec::new(),
        remote_query: Vec::new(),
        collections: Vec::new(),
        ..Options::default()
    };
    let mut queries = Vec::new();
    let mut bodies = bodies.iter();
    let mut step = start(
        ACCOUNT,
        Operation::ListUsers(query),
        &options,
        &Begun::Now(String::new()),
        |_| Ok(account(integration)),
    );
    loop {
        match step {
            Step::Done(result) => {
                assert_eq!(bodies.next(), None);
                return (queries, result);
            }
            Step::Send(sending) => {
                let (_, query) = sending.request.url.split_once('?').unwrap();
                queries.push(query.to_owned());
                let response = ProviderResponse {
                    status: 200,
                    headers: Vec::new(),
                    body: bodies.next().unwrap().as_bytes().to_vec(),
                };
                step = resume(ACCOUNT, &sending.context, Ok(&response), |_| {
                    Ok(account(integration))
                });
            }
        }
    }
}

/// The ids of the users found.
fn ids(result: Result<Response, Error>) -> Vec<String> {
    match result.unwrap().body {
        Body::Users(page) => page.users.into_iter().filter_map(|user| user.id).collect(),
        other => panic!("{other:?}"),
    }
}

const GIVEN: &str = "email=Ines%40X.example&limit=200&offset=";
const LOWER: &str = "email=ines%40x.example&limit=200&offset=";
const INES: &str = r#"[{"_id": "2", "email": "ines@x.example"}]"#;

#[test]
fn loose_filter_is_asked_both_spellings() {
    for other in [
        r#"[{"_id": "1", "email": "ReInes@X.example"}]"#,
        r#"[{"_id": "1"}]"#,
        "[null]",
    ] {
        let (queries, result) = look_up(
            "Ines@X.example",
            Format::Unified,
            &[other, "[]", INES, "[]"],
        );
        let expected = [(GIVEN, 0), (GIVEN, 1), (LOWER, 0), (LOWER, 1)];
        let expected = expected.map(|(query, offset)| format!("{query}{offset}"));
        assert_eq!(queries, expected, "{other}");
        assert_eq!(ids(result), ["2"], "{other}");
    }
}

#[test]
fn filter_passed_over_is_asked_once() {
    let everyone =
        r#"[{"_id": "1", "email": "juno@x.example"}, {"_id": "2", "email": "INES@x.example"}]"#;
    let (queries, result) = look_up("Ines@X.example", Format::Unified, &[everyone, "[]"]);
    let expected = [0, 2].map(|offset| format!("{GIVEN}{offset}"));
    assert_eq!(queries, expected);
    assert_eq!(ids(result), ["2"]);
}

#[test]
fn raw_look_up_ends_with_user() {
    let (queries, result) = look_up("Ines@X.example", Format::Raw, &[INES]);
    assert_eq!(queries, [format!("{GIVEN}0")]);
    let Body::Raw(raw) = result.unwrap().body else {
        panic!("the provider's body");
    };
    assert_eq!(raw.bytes, INES.as_bytes());
    let (queries, _) = look_up("Ines@X.example", Format::Raw, &["[]", INES]);
    assert_eq!(queries, [GIVEN, LOWER].map(|query| format!("{query}0")));
}

#[test]
fn blank_inside_address_is_violation() {
    for address in ["ines x@x.example", " ines@x.example", "ines@x.example\n"] {
        let (queries, result) = look_up(address, Format::Unified, &[]);
        assert_eq!(queries, [""; 0], "{address}");
        let error = result.unwrap_err();
        assert_eq!(
            (error.code, error.outcome),
            (ErrorCode::InvalidRequest, Outcome::NotSent)
        );
        let codes: Vec<FindingCode> = error.violations.iter().map(|it| it.code).collect();
        assert_eq!(codes, [FindingCode::Format], "{address}");
    }
    let quoted = r#""ines x"@x.example"#;
    let (_, result) = look_up(quoted, Format::Unified, &["[]"]);
    assert_eq!(ids(result), [""; 0]);
}

#[test]
fn large_pages_end_list_early() {
    let user = format!(r#"{{"id": 1, "bio": "{}"}}"#, "x".repeat(1_500_000));
    let page = |next: &str| {
        format!(r#"{{"data": [{user}, {user}], "meta": {{"next_cursor": "{next}"}}}}"#)
    };
    let query = UserQuery {
        email: None,
        cursor: None,
        limit: Some(500),
    };
    let (queries, result) = list("gorgias", query, Format::Unified, &[&page("b"), &page("c")]);
    assert_eq!(queries, ["limit=100", "limit=100&cursor=b"]);
    let Body::Users(page) = result.unwrap().body else {
        panic!("a page");
    };
    assert_eq!((page.users.len(), page.complete), (4, false));
}
