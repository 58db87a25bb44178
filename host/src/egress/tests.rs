//! Which requests leave, and as what.

use super::*;
use crate::accounts::Account;

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

fn permitted(
    account: &Account,
    url: &str,
    headers: &[(&str, &str)],
) -> Result<Request<Bytes>, EgressError> {
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
    permit(account, from_provider_request(request)?)
}

#[test]
fn foreign_origin_is_denied() {
    for url in [
        "https://api.planhat.com/users",
        "https://API.planhat.com:443/x?y",
        "https://api.planhat.com",
    ] {
        permitted(&planhat(), url, &[]).unwrap();
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
        assert!(permitted(&planhat(), url, &[]).is_err(), "{url}");
    }
    let error = permitted(&planhat(), "https://evil.example/", &[]).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("evil.example") && message.contains("base_url"),
        "{message}"
    );
}

#[test]
fn guest_credentials_are_replaced() {
    let request = permitted(
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
fn connection_headers_are_dropped() {
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
    let request = permitted(&planhat(), "https://api.planhat.com/users", &headers).unwrap();
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
fn foreign_authenticating_parameters_are_removed() {
    let query =
        "user_id=owner+1&user_id=other&a=1&api_key=x&API%5Fkey=y&b=%20&user_id=owner%201&user_id";
    let request = permitted(
        &hive(),
        &format!("https://app.hive.com/api/v1/x?{query}"),
        &[],
    )
    .unwrap();
    assert_eq!(
        request.uri().path_and_query().unwrap(),
        "/api/v1/x?user_id=owner+1&a=1&b=%20&user_id=owner%201"
    );
    let request = permitted(&hive(), "https://app.hive.com/api/v1/x?api_key=x", &[]).unwrap();
    assert_eq!(request.uri().to_string(), "https://app.hive.com/api/v1/x");
    let query = "api_key[]=x&user_id%5B0%5D=y&user_id[a][b]=z&+api_key=x&api_keys=1";
    let request = permitted(
        &hive(),
        &format!("https://app.hive.com/api/v1/x?{query}"),
        &[],
    )
    .unwrap();
    assert_eq!(request.uri().query(), Some("api_keys=1"));
}

#[test]
fn authenticating_header_is_replaced_however_spelled() {
    let headers = [("API-Key", "x"), ("api_key", "x"), ("x-api-key", "1")];
    let request = permitted(&hive(), "https://app.hive.com/api/v1/x", &headers).unwrap();
    assert!(!request.headers().contains_key("api-key"));
    assert_eq!(request.headers()["api_key"], "the-key-of-hive");
    assert_eq!(request.headers()["x-api-key"], "1");
}

#[test]
fn too_many_headers_are_denied() {
    let headers: Vec<(String, String)> = (0..40_000)
        .map(|index| (format!("x-{index}"), String::new()))
        .collect();
    for count in [25_000, 40_000] {
        let headers: Vec<_> = headers
            .iter()
            .take(count)
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert!(permitted(&planhat(), "https://api.planhat.com/users", &headers).is_err());
    }
}

#[test]
fn oversized_head_is_denied() {
    let long = "x".repeat(super::policy::MAX_HEAD);
    assert!(
        permitted(
            &planhat(),
            "https://api.planhat.com/users",
            &[("x-long", &long)]
        )
        .is_err()
    );
}
