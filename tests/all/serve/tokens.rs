//! Tokens that reach some accounts, and may do some things there.

mod program;

use serde_json::Value;

use super::support::{Serve, Simulators, create, error, error_of, get, until};
use super::{ACCOUNT, SENDERS, accounts, created};
use crate::client::{Request, Response};
use crate::provider::Provider;

/// Each route of the API, with the operation that a token must be for.
const ROUTES: &[(&str, &str, &str)] = &[
    ("POST", "/unified/ticketing/users", "create"),
    ("PATCH", "/unified/ticketing/users/u1", "update"),
    ("GET", "/unified/ticketing/users/u1", "read"),
    ("GET", "/unified/ticketing/users", "read"),
    ("DELETE", "/unified/ticketing/users/u1", "delete"),
];

const OPERATIONS: [&str; 4] = ["read", "create", "update", "delete"];

/// A file of tokens.
struct TokensFile {
    file: tempfile::NamedTempFile,
}

impl TokensFile {
    fn new(entries: &[String]) -> Self {
        let tokens = Self {
            file: tempfile::NamedTempFile::new().expect("a file"),
        };
        tokens.write(entries);
        tokens
    }

    fn write(&self, entries: &[String]) {
        std::fs::write(self.file.path(), entries.concat()).expect("a file");
    }

    fn path(&self) -> &str {
        self.file.path().to_str().expect("UTF-8")
    }
}

/// The token of this name.
fn token(name: &str) -> String {
    format!("ut_the-token-of-{name}-0123456789")
}

/// The entry of the token of this name.
fn entry(name: &str, accounts: &[&str], operations: &[&str]) -> String {
    let accounts = match accounts {
        [] => "\"all\"".to_owned(),
        ids => format!("{ids:?}"),
    };
    format!(
        "[[token]]\nname = \"{name}\"\nsha256 = \"{}\"\naccounts = {accounts}\noperations = {operations:?}\n",
        digest(&token(name))
    )
}

/// The SHA-256 digest of a token in hexadecimal.
pub fn digest(token: &str) -> String {
    use sha2::Digest as _;
    format!("{:x}", sha2::Sha256::digest(token.as_bytes()))
}

/// The request with the token of this name.
fn with(request: &Request, name: &str) -> Request {
    let mut request = request.clone();
    let value = format!("Bearer {}", token(name));
    request.headers.push(("authorization".to_owned(), value));
    request
}

/// A request to a route, for an account.
fn request((method, path, _): (&str, &str, &str), account: &str) -> Request {
    Request {
        method: method.to_owned(),
        target: format!("{path}?integrated_account_id={account}"),
        ..create(account, "ines@kelpworks.example")
    }
}

/// The response without what differs from request to request.
fn shown(response: &Response, account: &str) -> (u16, Vec<(String, String)>, String) {
    let own = |name: &str| ["x-request-id", "date", "content-length"].contains(&name);
    let headers = response.headers.iter().filter(|(name, _)| !own(name));
    let body = String::from_utf8_lossy(response.body.as_deref().unwrap_or_default());
    (
        response.status,
        headers.cloned().collect(),
        body.replace(account, "ID"),
    )
}

#[tokio::test]
async fn account_beyond_token_is_unknown() {
    const NONE: &str = "11111111-2222-4333-8444-555555555555";
    let simulators = Simulators::start().await;
    let (hive, dixa) = (simulators.id("hive"), simulators.id("dixa"));
    let tokens = TokensFile::new(&[
        entry("hive", &[&hive], &OPERATIONS),
        // Which operations it has shows only where it reaches the account.
        entry("unable", &[&hive], &["delete"]),
        entry("all", &[], &OPERATIONS),
    ]);
    for sender in SENDERS {
        let serve = Serve::start(
            &simulators,
            &["--sender", sender, "--tokens", tokens.path()],
        );
        for route in ROUTES {
            for name in ["hive", "unable"] {
                let beyond = serve.call(&with(&request(*route, &dixa), name)).await;
                assert_eq!(error_of(&beyond), error(404, "unknown-account", "not-sent"));
                let unknown = serve.call(&with(&request(*route, NONE), name)).await;
                assert_eq!(
                    shown(&beyond, &dixa),
                    shown(&unknown, NONE),
                    "{sender} {route:?}"
                );
                let unknown = serve.call(&with(&request(*route, NONE), "all")).await;
                assert_eq!(
                    shown(&beyond, &dixa),
                    shown(&unknown, NONE),
                    "{sender} {route:?}"
                );
            }
        }
        for (integration, account) in [("hive", hive.to_uppercase()), ("dixa", dixa.clone())] {
            let address = format!("{integration}-{sender}@kelpworks.example");
            let name = if integration == "hive" { "hive" } else { "all" };
            let created = serve.call(&with(&create(&account, &address), name)).await;
            assert_eq!(created.status, 200, "{sender}: {created:?}");
        }
    }
    let count = simulators
        .control("GET", "count?integration=dixa", "")
        .await;
    assert_eq!(count["requests"], 2);
}

/// A token for each operation, of the same name, with these accounts.
fn single_tokens(accounts: &[&str]) -> TokensFile {
    TokensFile::new(&OPERATIONS.map(|operation| entry(operation, accounts, &[operation])))
}

/// The names of those that are not for the operation of a route.
fn others((_, _, operation): (&str, &str, &'static str)) -> impl Iterator<Item = &'static str> {
    OPERATIONS
        .into_iter()
        .filter(move |name| *name != operation)
}

#[tokio::test]
async fn operation_beyond_token_is_forbidden() {
    let simulators = Simulators::start().await;
    let (hive, dixa) = (simulators.id("hive"), simulators.id("dixa"));
    let (listed, all) = (single_tokens(&[&hive, &dixa]), single_tokens(&[]));
    for (sender, tokens) in SENDERS
        .iter()
        .flat_map(|sender| [(*sender, &listed), (*sender, &all)])
    {
        let serve = Serve::start(
            &simulators,
            &["--sender", sender, "--tokens", tokens.path()],
        );
        for (route, name) in ROUTES
            .iter()
            .flat_map(|route| others(*route).map(move |name| (*route, name)))
        {
            let good = request(route, &hive);
            let with_query = |query: &str| Request {
                target: format!("{}&{query}", good.target),
                ..good.clone()
            };
            // A violation, and an operation that the integration may not have, come later.
            let mut invalid = with_query("unified_nonsense=1");
            invalid.body = b"[".to_vec();
            let dry_run = with_query("unified_dry_run=true");
            for request in [&good, &dry_run, &invalid, &request(route, &dixa)] {
                let denied = serve.call(&with(request, name)).await;
                let expected = error(403, "forbidden", "not-sent");
                assert_eq!(
                    error_of(&denied),
                    expected,
                    "{sender} {name} {}",
                    request.target
                );
                let json = denied.json();
                let message = json["message"].as_str().unwrap_or_default();
                assert!(message.contains(&format!("`{}`", route.2)), "{message}");
                assert_eq!(denied.header("unified-code"), Some("forbidden"));
                assert_eq!(denied.header("unified-outcome"), Some("not-sent"));
                assert_eq!(denied.header("www-authenticate"), None);
            }
        }
    }
    let count = simulators.control("GET", "count", "").await;
    assert_eq!(count["requests"], 0);
}

#[tokio::test]
async fn token_does_what_it_is_for() {
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    let tokens = single_tokens(&[ACCOUNT]);
    for sender in SENDERS {
        let arguments = ["--sender", sender, "--tokens", tokens.path()];
        let serve = Serve::with_accounts(&accounts(&provider.url()), &arguments);
        for (method, path, operation) in ROUTES {
            // Dixa's ids are UUIDs.
            let path = path.replace("/u1", "/5b1e1ad4-5c3f-4c0e-9a53-0b9f4f1c2d3e");
            let request = request((method, &path, operation), ACCOUNT);
            let response = serve.call(&with(&request, operation)).await;
            let received: Vec<String> = provider
                .received()
                .into_iter()
                .map(|it| it.method)
                .collect();
            assert_eq!(received, [*method], "{sender} {path}: {response:?}");
        }
    }
}

#[tokio::test]
async fn forbidden_comes_after_other_checks() {
    let simulators = Simulators::start().await;
    let hive = simulators.id("hive");
    let tokens = single_tokens(&[&hive]);
    for sender in SENDERS {
        let serve = Serve::start(
            &simulators,
            &["--sender", sender, "--tokens", tokens.path()],
        );
        for (route, name) in ROUTES
            .iter()
            .flat_map(|route| others(*route).map(move |name| (*route, name)))
        {
            let good = request(route, &hive);
            let at = |target: String| Request {
                target,
                ..good.clone()
            };
            let plain = ("content-type".to_owned(), "text/plain".to_owned());
            let reads_body = ["POST", "PATCH"].contains(&route.0);
            for (request, status, code) in [
                (
                    at(good.target.replace("/users", "/agents")),
                    404,
                    "route-not-found",
                ),
                (
                    Request {
                        method: "PUT".to_owned(),
                        ..good.clone()
                    },
                    405,
                    "method-not-allowed",
                ),
                (
                    Request {
                        headers: vec![plain],
                        ..good.clone()
                    },
                    if reads_body { 415 } else { 403 },
                    if reads_body {
                        "unsupported-media-type"
                    } else {
                        "forbidden"
                    },
                ),
                (
                    Request {
                        body: vec![b' '; (1 << 20) + 1],
                        ..good.clone()
                    },
                    413,
                    "body-too-large",
                ),
                (
                    at(good.target.replace(&hive, "acme")),
                    400,
                    "invalid-request",
                ),
                (at(good.target.replace(&hive, "")), 400, "invalid-request"),
                (
                    at(good.target.replace(&hive, &simulators.id("dixa"))),
                    404,
                    "unknown-account",
                ),
                // The token's only account.
                (at(route.1.to_owned()), 403, "forbidden"),
            ] {
                let rejected = serve.call(&with(&request, name)).await;
                let expected = error(status, code, "not-sent");
                assert_eq!(
                    error_of(&rejected),
                    expected,
                    "{sender} {name} {}",
                    request.target
                );
            }
        }
    }
}

#[tokio::test]
async fn only_account_may_be_left_out() {
    let simulators = Simulators::start().await;
    let (hive, dixa) = (simulators.id("hive"), simulators.id("dixa"));
    let tokens = TokensFile::new(&[
        entry("one", &[&hive], &OPERATIONS),
        entry("two", &[&hive, &dixa], &OPERATIONS),
        entry("all", &[], &OPERATIONS),
    ]);
    for sender in SENDERS {
        let serve = Serve::start(
            &simulators,
            &["--sender", sender, "--tokens", tokens.path()],
        );
        let unnamed = |query: &str| Request {
            target: format!("/unified/ticketing/users{query}"),
            ..create("", &format!("{sender}{}@kelpworks.example", query.len()))
        };
        for query in ["", "?", "?truto_ignore_remote_data=true"] {
            let created = serve.call(&with(&unnamed(query), "one")).await;
            assert_eq!(created.status, 200, "{sender} {query}: {created:?}");
            assert!(created.json()["id"].is_string());
        }
        for (query, name) in [("", "two"), ("", "all"), ("?integrated_account_id=", "one")] {
            let rejected = serve.call(&with(&unnamed(query), name)).await;
            let (status, code, _) = error_of(&rejected);
            assert_eq!(
                (status, code.as_str()),
                (400, "invalid-request"),
                "{sender} {query} {name}"
            );
            assert_eq!(
                rejected.json()["violations"][0]["path"],
                "integrated_account_id"
            );
        }
    }
    let count = simulators
        .control("GET", "count?integration=hive", "")
        .await;
    assert_eq!(count["requests"], 6);
}

#[tokio::test]
async fn hangup_replaces_tokens_or_nothing() {
    const OTHER: &str = "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35";
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    let tokens = TokensFile::new(&[entry("old", &[ACCOUNT], &["create"])]);
    let file = accounts(&provider.url());
    let mut serve = Serve::with_accounts(&file, &["--tokens", tokens.path(), "-v"]);
    let request = create(ACCOUNT, "ines@kelpworks.example");
    let status = async |name: &str| serve.call(&with(&request, name)).await.status;
    assert_eq!((status("old").await, status("new").await), (200, 401));

    // The accounts are good and the tokens are not: one names an account that is gone with this file.
    serve.write_accounts(&file.replace(ACCOUNT, OTHER));
    tokens.write(&[
        entry("new", &[OTHER], &["create"]),
        entry("old", &[ACCOUNT], &["create", "write"]),
    ]);
    serve.signal("HUP");
    serve.wait_for_line(&["token `old`", ":9:", ACCOUNT]).await;
    serve
        .wait_for_line(&["token `old`", ":10:", "`write`"])
        .await;
    serve.wait_for_line(&["stay as they were"]).await;
    let status = async |name: &str| serve.call(&with(&request, name)).await.status;
    assert_eq!((status("old").await, status("new").await), (200, 401));

    // Both are at fault, and all is named.
    serve.write_accounts("[[account]]\n");
    tokens.write(&["[[token]]\nname = \"faulty\"\n".to_owned()]);
    serve.signal("HUP");
    serve
        .wait_for_line(&["accounts.toml:1: `integration` is missing"])
        .await;
    serve
        .wait_for_line(&["token `faulty`", "`sha256` is missing"])
        .await;
    let status = async |name: &str| serve.call(&with(&request, name)).await.status;
    assert_eq!((status("old").await, status("new").await), (200, 401));

    serve.write_accounts(&file);
    tokens.write(&[entry("new", &[ACCOUNT], &["create"])]);
    serve.signal("HUP");
    until("the new token", async || {
        (serve.call(&with(&request, "new")).await.status == 200).then_some(())
    })
    .await;
    assert_eq!(serve.call(&with(&request, "old")).await.status, 401);
    let log = serve.log();
    for name in ["old", "new"] {
        assert!(
            !log.contains(&token(name)) && !log.contains(&digest(&token(name))),
            "{log}"
        );
    }
}

#[tokio::test]
async fn openapi_document_needs_no_token() {
    let simulators = Simulators::start().await;
    let tokens = TokensFile::new(&[entry("all", &[], &["read"])]);
    let arguments = ["--tokens", tokens.path(), "-v", "--log-format", "json"];
    let mut serve = Serve::start(&simulators, &arguments);
    let document = serve.call(&get("/openapi.json")).await;
    assert_eq!(document.status, 200);
    assert_eq!(document.header("content-type"), Some("application/json"));
    assert_eq!(document.header("cache-control"), Some("no-store"));
    assert_eq!(document.json(), unified_ticketing::openapi());

    let method = |method: &str| Request {
        method: method.to_owned(),
        ..get("/openapi.json?a=b")
    };
    let head = serve.call(&method("HEAD")).await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, document.header("content-length"))
    );
    let rejected = serve.call(&method("POST")).await;
    assert_eq!(
        error_of(&rejected),
        error(405, "method-not-allowed", "not-sent")
    );
    assert_eq!(rejected.header("allow"), Some("GET, HEAD"));
    for response in [&document, &head, &rejected] {
        let id = response.header("x-request-id").expect("a request id");
        let line = serve.wait_for_line(&[id]).await;
        let line: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(line["fields"]["path"], "/openapi.json");
    }
}
