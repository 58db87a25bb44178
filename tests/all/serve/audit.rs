//! `--audit`: what was written, by whom, and with what result; and nothing is written that cannot be audited.

mod order;

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{Serve, Simulators, create, error, error_of, get};
use super::tokens::digest;
use super::{ACCOUNT, accounts, created};
use crate::client::{Request, Response};
use crate::provider::Provider;
use crate::stores::Kind;

/// An id of a user at Dixa.
const USER: &str = "5d1c6f6e-2a57-4f0b-9a55-3f9c1a2b7e10";

/// The entries of an audit file.
fn entries(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// The event of each entry.
fn events(file: &Path) -> Vec<String> {
    let events = entries(file).into_iter();
    let event = |entry: Value| entry["event"].as_str().expect("an event").to_owned();
    events.map(event).collect()
}

fn audit_file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("audit.jsonl")
}

fn request(method: &str, account: &str, id: &str, body: &str) -> Request {
    let json = ("content-type".to_owned(), "application/json".to_owned());
    Request {
        method: method.to_owned(),
        target: format!("/unified/ticketing/users/{id}?integrated_account_id={account}"),
        headers: if body.is_empty() { vec![] } else { vec![json] },
        body: body.as_bytes().to_vec(),
    }
}

fn with_key(mut request: Request, key: &str) -> Request {
    let key = ("idempotency-key".to_owned(), key.to_owned());
    request.headers.push(key);
    request
}

fn id_of(response: &Response) -> &str {
    response.header("x-request-id").expect("a request id")
}

#[tokio::test]
async fn write_has_two_entries() {
    let simulators = Simulators::start().await;
    let account = simulators.id("gorgias");
    let folder = tempfile::tempdir().expect("a folder");
    let (file, place) = (audit_file(&folder), Kind::Sqlite.place().await);
    let [store, secret] = place.arguments();
    let audit = format!("--audit={}", file.display());
    let serve = Serve::start(&simulators, &[&audit, &store, &secret]);

    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut creation = with_key(create(&account, "Ines@Kelpworks.example"), "joiner-4711");
    let traced = ("traceparent".to_owned(), trace.to_owned());
    creation.headers.push(traced);
    let created = serve.call(&creation).await;
    assert_eq!(created.status, 200, "{created:?}");
    let user = created.json()["id"].as_str().expect("an id").to_owned();

    // None of these may write.
    let replayed = serve.call(&creation).await;
    assert_eq!(replayed.header("idempotency-replayed"), Some("true"));
    let mut dry = create(&account, "maren@kelpworks.example");
    dry.target.push_str("&unified_dry_run=true");
    for reading in [dry, request("GET", &account, &user, "")] {
        let response = serve.call(&reading).await;
        assert_eq!(response.status, 200, "{response:?}");
    }
    let invalid = request("PATCH", &account, &user, "{}");
    assert_eq!(serve.call(&invalid).await.status, 400);

    let lost = request("DELETE", &account, "999", "");
    let lost = serve.call(&lost).await;
    assert_eq!(lost.status, 404, "{lost:?}");

    let found = entries(&file);
    let shown: Vec<[Option<&str>; 7]> = found
        .iter()
        .map(|entry| {
            let members = [
                "event",
                "request",
                "operation",
                "user",
                "result",
                "code",
                "outcome",
            ];
            members.map(|name| entry[name].as_str())
        })
        .collect();
    let (one, other) = (Some(id_of(&created)), Some(id_of(&lost)));
    let (create, delete) = (Some("create"), Some("delete"));
    assert_eq!(
        shown,
        [
            [Some("begin"), one, create, None, None, None, None],
            [
                Some("end"),
                one,
                create,
                Some(&user),
                Some("created"),
                None,
                None
            ],
            [Some("begin"), other, delete, Some("999"), None, None, None],
            [
                Some("end"),
                other,
                delete,
                Some("999"),
                None,
                Some("provider-not-found"),
                Some("rejected")
            ],
        ]
    );
    for entry in &found {
        assert_eq!(entry["account"], account.as_str(), "{entry}");
        assert_eq!(entry["integration"], "gorgias", "{entry}");
        let time = entry["time"].as_str().unwrap_or_default();
        assert!(time.len() == 27 && time.ends_with('Z'), "{entry}");
    }
    assert_eq!(found[0]["traceparent"], trace);
    let mac = found[0]["address"].as_str().expect("a MAC");
    assert!(mac.len() == 64 && found[1]["address"] == mac, "{mac}");

    // The same address has the same MAC, in any case of its letters.
    let again = super::create(&account, "ines@kelpworks.EXAMPLE");
    assert_eq!(serve.call(&again).await.status, 409);
    assert_eq!(entries(&file)[4]["address"], mac);
    let text = std::fs::read_to_string(&file)
        .expect("a file")
        .to_lowercase();
    for word in ["ines", "halvorsen", "kelpworks", "joiner"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn unwritable_audit_stops_writes_alone() {
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    let place = Kind::Sqlite.place().await;
    let [store, secret] = place.arguments();
    let creation = with_key(create(ACCOUNT, "ines@kelpworks.example"), "joiner-4711");
    {
        let arguments = ["--audit=/dev/full", &store, &secret];
        let serve = Serve::with_accounts(&accounts(&provider.url()), &arguments);
        for request in [
            creation.clone(),
            creation.clone(),
            request("PATCH", ACCOUNT, USER, r#"{"last_name": "Lind"}"#),
            request("DELETE", ACCOUNT, USER, ""),
        ] {
            let rejected = serve.call(&request).await;
            let expected = error(503, "audit-unavailable", "not-sent");
            assert_eq!(error_of(&rejected), expected, "{}", request.method);
            assert_eq!(rejected.header("retry-after"), Some("1"));
            assert!(!rejected.json().to_string().contains("/dev/full"));
        }
        assert_eq!(provider.count(), 0);
        let read = serve.call(&request("GET", ACCOUNT, USER, "")).await;
        assert_eq!(read.status, 200, "{read:?}");
        assert_eq!(provider.received().len(), 1);
    }
    // The key was given back, and an echo knows nothing of it.
    let serve = Serve::with_accounts(&accounts(&provider.url()), &[&store, &secret]);
    let created = serve.call(&creation).await;
    assert_eq!(created.status, 200, "{created:?}");
    assert_eq!(created.header("idempotency-replayed"), None);
    assert_eq!(provider.received().len(), 1);
}

#[tokio::test]
async fn denial_of_token_has_entry() {
    const OTHER: &str = "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35";
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    let folder = tempfile::tempdir().expect("a folder");
    let (file, tokens) = (audit_file(&folder), folder.path().join("tokens.toml"));
    let secret = "ut_the-token-of-the-audit-0123456789";
    let entry = format!(
        "[[token]]\nname = \"reader\"\nsha256 = \"{}\"\naccounts = [\"{ACCOUNT}\"]\noperations = [\"read\"]\n",
        digest(secret)
    );
    std::fs::write(&tokens, entry).expect("a file");
    let [audit, tokens] = [("audit", &file), ("tokens", &tokens)]
        .map(|(name, it)| format!("--{name}={}", it.display()));
    let serve = Serve::with_accounts(&accounts(&provider.url()), &[&audit, &tokens]);
    let list = "/unified/ticketing/users?integrated_account_id=";
    for (request, status, denied) in [
        (
            create(ACCOUNT, "ines@kelpworks.example"),
            403,
            Some((ACCOUNT, "create", "forbidden")),
        ),
        (
            request("DELETE", ACCOUNT, USER, ""),
            403,
            Some((ACCOUNT, "delete", "forbidden")),
        ),
        (
            get(&format!("{list}{OTHER}")),
            404,
            Some((OTHER, "list", "unknown-account")),
        ),
        // What is no id of an account is no token's to deny.
        (get(&format!("{list}ines@kelpworks.example")), 400, None),
        (request("GET", ACCOUNT, USER, ""), 200, None),
        (get("/no-such-path"), 404, None),
    ] {
        let before = entries(&file).len();
        let mut request = request;
        let token = ("authorization".to_owned(), format!("Bearer {secret}"));
        request.headers.push(token);
        let response = serve.call(&request).await;
        assert_eq!(response.status, status, "{response:?}");
        let written = entries(&file).split_off(before);
        let Some((account, operation, code)) = denied else {
            assert_eq!(written, Vec::<Value>::new(), "{}", request.target);
            continue;
        };
        let [entry] = &written[..] else {
            panic!("one entry for {}: {written:?}", request.target);
        };
        for (name, expected) in [
            ("event", "denied"),
            ("request", id_of(&response)),
            ("token", "reader"),
            ("account", account),
            ("operation", operation),
            ("code", code),
        ] {
            assert_eq!(
                entry[name].as_str().unwrap_or_default(),
                expected,
                "{entry}"
            );
        }
        assert_eq!(
            entry["address"].is_string(),
            request.method == "POST",
            "{entry}"
        );
    }
    let text = std::fs::read_to_string(&file).expect("a file");
    assert!(
        !text.contains("kelpworks") && !text.contains(secret),
        "{text}"
    );
}

#[test]
fn audit_needs_sending_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = audit_file(&folder);
    let accounts = folder.path().join("accounts.toml");
    std::fs::write(&accounts, super::accounts("http://127.0.0.1:9")).expect("a file");
    for (file, sender, words) in [
        (&*file, "component", "an audit needs an engine that sends"),
        (
            Path::new("/no/such/folder/audit.jsonl"),
            "host",
            "--audit /no/such/folder/audit.jsonl: ",
        ),
    ] {
        let run = crate::cli::program(["serve", "--listen", "127.0.0.1:0", "--sender", sender])
            .arg(format!("--accounts={}", accounts.display()))
            .arg(format!("--audit={}", file.display()))
            .output()
            .expect("the program runs");
        let stderr = String::from_utf8(run.stderr).expect("UTF-8");
        assert_eq!(run.status.code(), Some(4), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
}
