//! The variables: what is read of them, and what is told of one that has violations.

use super::*;
use crate::bindings::accounts::Credentials;

const ID: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";

/// An environment with these accounts.
fn environment(accounts: Option<&str>) -> Environment {
    Environment::new(accounts, None)
}

fn why(json: Option<&str>) -> String {
    match environment(json).resolve(ID) {
        Err(ResolveError::Unusable(why)) => why,
        other => panic!("expected an unusable variable, but found {other:?}"),
    }
}

#[test]
fn id_matches_in_any_case() {
    let json = r#" {"account": [
        {"id": "11111111-2222-3333-4444-555555555555", "integration": "dixa"},
        {"id": "62F44730-dd91-461e-bd6a-aedd9e0ad79d", "name": "acme", "integration": "gorgias",
         "base_url": "http://127.0.0.1:1/api", "settings": {"subdomain": "acm\u00e9"},
         "credentials": {"email": "ops@acme.example", "api_key": "the\"key"}}
    ]}"#;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let account = Account {
        integration: "gorgias".to_owned(),
        base_url: Some("http://127.0.0.1:1/api".to_owned()),
        settings: vec![pair("subdomain", "acmé")],
        credentials: Credentials::Disclosed(vec![
            pair("email", "ops@acme.example"),
            pair("api_key", "the\"key"),
        ]),
    };
    assert_eq!(
        environment(Some(&format!("\u{feff}{json}"))).resolve(ID),
        Ok(account)
    );
    let other = "00000000-2222-3333-4444-555555555555";
    assert_eq!(
        environment(Some(json)).resolve(other),
        Err(ResolveError::Unknown)
    );
    assert_eq!(
        environment(Some("{}")).resolve(ID),
        Err(ResolveError::Unknown)
    );
    let marked = format!("\u{feff}{}", json.trim());
    assert!(environment(Some(&marked)).resolve(ID).is_ok());
}

#[test]
fn missing_or_invalid_json_is_unusable() {
    assert_eq!(why(None), "`UNIFIED_TICKETING_ACCOUNTS_JSON` is not set");
    for json in [
        "",
        "keep-me-secret",
        "{\"account\": \"keep-me-secret}",
        "{} {}",
        "{\"a\": \"\\x\"}",
    ] {
        let why = why(Some(json));
        assert!(why.contains("`: not JSON: "), "{why}");
        assert!(!why.contains("keep-me-secret"), "{why}");
    }
}

#[test]
fn violations_quote_no_values() {
    let expect = |json: &str, violations: &[&str]| {
        let violations = violations.join("; ");
        assert_eq!(why(Some(json)), format!("`{ACCOUNTS}`: {violations}"));
    };
    expect(
        "\"keep-me-secret\"",
        &["expected an object, but found a string"],
    );
    expect(
        r#"{"accounts": []}"#,
        &["`/accounts`: unknown; expected `account`"],
    );
    expect(
        r#"{"account": [{}]}"#,
        &[
            "`/account/0/id`: missing",
            "`/account/0/integration`: missing",
        ],
    );
    expect(
        r#"{"account": {"api_key": "keep-me-secret"}}"#,
        &["`/account`: expected an array, but found an object"],
    );
    expect(
        r#"{"account": ["keep-me-secret", {"id": 5, "id": 6, "integration": null, "token": "keep-me-secret",
            "settings": ["keep-me-secret"], "credentials": {"api_key": {"env": "X"}, "pin": 90210, "ok": true, "half": "\ud83d"}}]}"#,
        &[
            "`/account/0`: expected an object, but found a string",
            "`/account/1/id`: given twice",
            "`/account/1/token`: unknown; expected `id`, `name`, `integration`, `base_url`, `settings`, `credentials`",
            "`/account/1/id`: expected a string, but found a number",
            "`/account/1/integration`: expected a string, but found null",
            "`/account/1/settings`: expected an object, but found an array",
            "`/account/1/credentials/api_key`: expected a string, but found an object",
            "`/account/1/credentials/pin`: expected a string, but found a number",
            "`/account/1/credentials/ok`: expected a string, but found a boolean",
            "`/account/1/credentials/half`: expected a string, but found a string that is not Unicode",
        ],
    );
    expect(
        &format!(
            r#"{{"account": [{{"id": "12", "integration": "dixa"}}, {{"id": "{ID}", "integration": "dixa"}},
                {{"id": "{}", "integration": "hive", "name": ["x"]}}]}}"#,
            ID.to_uppercase()
        ),
        &[
            "`/account/0/id`: expected a UUID, but found `12`",
            "`/account/2/name`: expected a string, but found an array",
            &format!(
                "`/account/2/id`: `{}` is taken by an account before",
                ID.to_uppercase()
            ),
        ],
    );
    expect(
        &format!(
            r#"{{"account": [{{"id": "{ID}", "integration": "dixa", "credentials": {{"api_token": "a", "api_token": "b"}}}}]}}"#
        ),
        &["`/account/0/credentials/api_token`: given twice"],
    );
}

/// SHA-256 of `abc` (FIPS 180-4).
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const OTHER: &str = "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35";

/// Admits a request with this token to a server with two accounts and this entry of the tokens; the result in words.
fn admitted(entry: &str, method: &str, query: &str, token: Option<&str>) -> String {
    let accounts = format!(
        r#"{{"account": [{{"id": "{ID}", "integration": "dixa"}}, {{"id": "{OTHER}", "integration": "hive"}}]}}"#
    );
    let tokens = format!(r#"{{"token": [{entry}]}}"#);
    let environment = Environment::new(Some(&accounts), Some(&tokens));
    let headers = token.map(|token| ("Authorization".to_owned(), format!("Bearer {token}")));
    let mut request = HttpRequest {
        method: method.to_owned(),
        target: format!("/unified/ticketing/users{query}"),
        headers: headers.into_iter().collect(),
        body: Vec::new(),
    };
    match environment.admit(&mut request) {
        Ok(account) if account.is_empty() => format!("none {}", request.target),
        Ok(account) => {
            assert!(
                request
                    .target
                    .to_lowercase()
                    .contains(&account.to_lowercase()),
                "{}",
                request.target
            );
            account
        }
        Err(response) => {
            let body = String::from_utf8(response.body).unwrap();
            assert!(!body.contains(ABC), "{body}");
            let challenge = ("www-authenticate".to_owned(), "Bearer".to_owned());
            assert_eq!(
                response.headers.contains(&challenge),
                response.status == 401
            );
            format!("{} {body}", response.status)
        }
    }
}

#[test]
fn token_limits_what_is_reached() {
    let all = format!(
        r#"{{"name": "all", "scope": "shop", "sha256": "{ABC}", "accounts": "all", "operations": ["read", "create"]}}"#
    );
    let one = format!(
        r#"{{"name": "one", "sha256": "{}", "accounts": ["{}"], "operations": ["read"]}}"#,
        ABC.to_uppercase(),
        ID.to_uppercase()
    );
    let (of_id, of_other) = (
        format!("?integrated_account_id={ID}"),
        format!("?integrated_account_id={OTHER}"),
    );
    let unknown = "?integrated_account_id=11111111-2222-3333-4444-555555555555";
    let missing = format!("none /unified/ticketing/users{of_other}");
    for (entry, method, query, token, expected) in [
        (&all, "GET", of_id.as_str(), Some("abc"), ID),
        (&all, "POST", &of_other, Some("abc"), OTHER),
        (
            &all,
            "GET",
            "",
            Some("abc"),
            "none /unified/ticketing/users",
        ),
        (&one, "GET", "", Some("abc"), ID),
        (&one, "GET", &of_other, Some("abc"), &missing),
        // Whether there is an account comes first.
        (
            &one,
            "POST",
            unknown,
            Some("abc"),
            "none /unified/ticketing/users?integrated_account_id=11111111-2222-3333-4444-555555555555",
        ),
    ] {
        assert_eq!(
            admitted(entry, method, query, token),
            expected,
            "{entry} {method} {query}"
        );
    }
    for (entry, method, query, token, status) in [
        (&one, "POST", of_id.as_str(), Some("abc"), "403 "),
        (&one, "GET", &of_id, Some("abd"), "401 "),
        (&all, "GET", &of_id, None, "401 "),
    ] {
        let found = admitted(entry, method, query, token);
        assert!(
            found.starts_with(status),
            "{entry} {method} {query}: {found}"
        );
    }
    let denied = admitted(&all, "DELETE", &format!("/1{unknown}"), Some("abc"));
    assert_eq!(
        denied,
        unknown.trim_start_matches("?integrated_account_id=")
    );
}

#[test]
fn invalid_tokens_admit_nobody() {
    let expect = |entry: &str, violations: &[&str]| {
        let found = admitted(entry, "GET", "", Some("abc"));
        let violations = violations.join("; ");
        let message = format!("`{TOKENS}`: {violations}").replace('"', "\\\"");
        assert!(found.starts_with("500 "), "{found}");
        assert!(found.contains(&message), "{found}\n{message}");
    };
    expect(
        "",
        &["`/token`: expected at least one token, but found none"],
    );
    expect(
        r#""abc""#,
        &["`/token/0`: expected an object, but found a string"],
    );
    expect(
        "{}",
        &[
            "`/token/0/name`: missing",
            "`/token/0/sha256`: missing",
            "`/token/0/accounts`: missing",
            "`/token/0/operations`: missing",
        ],
    );
    expect(
        r#"{"name": "a", "sha256": "abc", "accounts": ["acme", "11111111-2222-3333-4444-555555555555", 1], "operations": ["drop"], "x": 1}"#,
        &[
            "`/token/0/x`: unknown; expected `name`, `scope`, `sha256`, `accounts`, `operations`",
            "`/token/0/sha256`: expected 64 hexadecimal digits, as `unified-ticketing token new` prints them",
            "`/token/0/accounts/0`: expected a UUID, but found another string",
            "`/token/0/accounts/1`: there is no account `11111111-2222-3333-4444-555555555555`",
            "`/token/0/accounts/2`: expected a string, but found a number",
            "`/token/0/operations/0`: expected one of `read`, `create`, `update`, `delete`, but found another string",
        ],
    );
    let entry = |accounts: &str, operations: &str| {
        format!(
            r#"{{"name": "a", "sha256": "{ABC}", "accounts": {accounts}, "operations": {operations}}}"#
        )
    };
    expect(
        &entry("\"every\"", "[]"),
        &[
            "`/token/0/accounts`: expected \"all\" or an array of accounts' ids",
            "`/token/0/operations`: expected at least one, but found none",
        ],
    );
    let twice = entry("\"all\"", "[\"read\"]");
    expect(
        &format!("{twice}, {twice}"),
        &[
            "`/token/1/name`: it is the same as that of a token before",
            "`/token/1/sha256`: it is the same as that of a token before",
        ],
    );
}
