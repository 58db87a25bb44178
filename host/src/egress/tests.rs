//! What leaves, and what does not.

use super::*;

fn planhat() -> Account {
    Account::builder("acme", "planhat")
        .credential("api_token", "the-token-of-planhat")
        .build()
        .unwrap()
}

fn hive() -> Account {
    Account::builder("acme", "hive")
        .setting("workspace_id", "ws")
        .setting("user_id", "owner 1")
        .credential("api_key", "the-key-of-hive")
        .build()
        .unwrap()
}

fn prepared(
    account: &Account,
    url: &str,
    headers: &[(&str, &str)],
) -> Result<Request<RequestBody>, Denied> {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let request = ProviderRequest {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers,
        body: b"{}".to_vec(),
    };
    prepare(account, Outgoing::of(request)?, &Begun::default()).map(|prepared| prepared.request)
}

#[test]
fn only_the_origin_of_the_account_is_reached() {
    for url in [
        "https://api.planhat.com/users",
        "https://API.planhat.com:443/x?y",
        "https://api.planhat.com",
    ] {
        prepared(&planhat(), url, &[]).unwrap();
    }
    for url in [
        "http://api.planhat.com/users",
        "https://api.planhat.com:8443/users",
        "https://api.planhat.com.evil.example/",
        "https://evil.example/",
        "https://api.planhat.com@evil.example/",
        "https://user@api.planhat.com/",
        "/users",
        "not a url",
    ] {
        assert!(prepared(&planhat(), url, &[]).is_err(), "{url}");
    }
    let Denied(message) = prepared(&planhat(), "https://evil.example/", &[]).unwrap_err();
    assert!(
        message.contains("evil.example") && message.contains("base_url"),
        "{message}"
    );
}

#[test]
fn the_real_credentials_replace_whatever_is_there() {
    let request = prepared(
        &planhat(),
        "https://api.planhat.com/users",
        &[("Authorization", "Bearer x"), ("authorization", "***")],
    )
    .unwrap();
    let values: Vec<_> = request.headers().get_all("authorization").iter().collect();
    assert_eq!(values, ["Bearer the-token-of-planhat"]);
    assert!(values[0].is_sensitive());
    assert!(!format!("{:?}", request.headers()).contains("the-token"));
}

#[test]
fn headers_of_the_connection_are_dropped_and_others_kept() {
    let dropped = [
        "host",
        "connection",
        "transfer-encoding",
        "content-length",
        "proxy-authorization",
        "keep-alive",
        "te",
        "upgrade",
        "accept-encoding",
        "accept-charset",
        "range",
        "if-range",
    ];
    let mut headers: Vec<_> = dropped.iter().map(|name| (*name, "1")).collect();
    headers.extend([
        ("content-type", "application/json"),
        ("x-more", "1"),
        ("x-more", "2"),
    ]);
    let request = prepared(&planhat(), "https://api.planhat.com/users", &headers).unwrap();
    let mut names: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "authorization",
            "content-length",
            "content-type",
            "x-more",
            "x-more"
        ]
    );
    assert_eq!(request.headers()["content-length"], "2");
}

#[test]
fn parameters_that_authenticate_are_removed_but_for_the_accounts_own() {
    let query =
        "user_id=owner+1&user_id=other&a=1&api_key=x&API%5Fkey=y&b=%20&user_id=owner%201&user_id";
    let request = prepared(
        &hive(),
        &format!("https://app.hive.com/api/v1/x?{query}"),
        &[],
    )
    .unwrap();
    assert_eq!(
        request.uri().path_and_query().unwrap(),
        "/api/v1/x?user_id=owner+1&a=1&b=%20&user_id=owner%201"
    );
    let request = prepared(&hive(), "https://app.hive.com/api/v1/x?api_key=x", &[]).unwrap();
    assert_eq!(request.uri().to_string(), "https://app.hive.com/api/v1/x");
    let query = "api_key[]=x&user_id%5B0%5D=y&user_id[a][b]=z&+api_key=x&api_keys=1";
    let request = prepared(
        &hive(),
        &format!("https://app.hive.com/api/v1/x?{query}"),
        &[],
    )
    .unwrap();
    assert_eq!(request.uri().query(), Some("api_keys=1"));
}

#[test]
fn a_header_that_authenticates_is_replaced_in_every_spelling() {
    let headers = [("API-Key", "x"), ("api_key", "x"), ("x-api-key", "1")];
    let request = prepared(&hive(), "https://app.hive.com/api/v1/x", &headers).unwrap();
    assert!(!request.headers().contains_key("api-key"));
    assert_eq!(request.headers()["api_key"], "the-key-of-hive");
    assert_eq!(request.headers()["x-api-key"], "1");
}

#[test]
fn more_headers_than_a_map_can_have_are_not_sent() {
    let headers: Vec<(String, String)> = (0..40_000)
        .map(|index| (format!("x-{index}"), String::new()))
        .collect();
    for count in [25_000, 40_000] {
        let headers: Vec<_> = headers
            .iter()
            .take(count)
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert!(prepared(&planhat(), "https://api.planhat.com/users", &headers).is_err());
    }
}

#[test]
fn a_head_of_any_size_is_not_sent() {
    let long = "x".repeat(super::policy::MAX_HEAD);
    assert!(
        prepared(
            &planhat(),
            "https://api.planhat.com/users",
            &[("x-long", &long)]
        )
        .is_err()
    );
}
