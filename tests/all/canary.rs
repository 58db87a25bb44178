//! A canary in every credential, looked for in every byte that comes out.
//!
//! The provider answers with the credentials in every form and place: what comes back through the server and the program, and all
//! that they log, must not have them. The same search over what the provider received must find them.

mod birds;

use std::process::Stdio;
use std::sync::LazyLock;

use self::birds::{BIRDS, Bird, SERVER_TOKEN};
use crate::cli::program;
use crate::client::{Request, Response};
use crate::provider::Provider;
use crate::serve::Serve;

/// Texts that no byte string may contain, in lower case.
static NEEDLES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut needles: Vec<String> = BIRDS.iter().flat_map(Bird::forms).collect();
    needles.push(SERVER_TOKEN.to_owned());
    // However else it is written, no bird sings.
    needles.extend(
        [
            "canary/",
            "canary%2F",
            "canary\\/",
            "canary&sol;",
            "canary&#47;",
            "canary&#x2f;",
        ]
        .map(str::to_owned),
    );
    needles.iter().map(|needle| needle.to_lowercase()).collect()
});

/// The first needle found.
fn found(bytes: &[u8]) -> Option<&'static String> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    NEEDLES.iter().find(|needle| text.contains(needle.as_str()))
}

#[track_caller]
fn clean(what: &str, bytes: &[u8]) {
    if let Some(needle) = found(bytes) {
        panic!("{what}: `{needle}` in {}", String::from_utf8_lossy(bytes));
    }
}

fn bytes(response: &Response) -> Vec<u8> {
    let mut bytes = response.body.clone().unwrap_or_default();
    for (name, value) in &response.headers {
        bytes.extend_from_slice(format!("\n{name}: {value}").as_bytes());
    }
    bytes
}

fn accounts(provider: &Provider) -> String {
    let numbered = BIRDS.iter().enumerate();
    numbered
        .map(|(number, bird)| bird.account(number, &provider.url()))
        .collect()
}

const BODY: &str = r#"{"name": "Ines Halvorsen", "first_name": "Ines", "last_name": "Halvorsen", "nick_name": "Ines",
    "emails": [{"email": "ines@kelpworks.example"}], "unknown": 1}"#;

fn calls(bird: &Bird, number: usize) -> Vec<Request> {
    let project = match bird.integration {
        "pivotal_tracker" => "&collections[][id]=1",
        _ => "",
    };
    let options = [
        "",
        "&truto_response_format=raw",
        "&truto_response_format=normalized",
        "&unified_dry_run=true",
        "&unified_strict=true",
    ];
    let target = |path: &str, options: &str| {
        format!(
            "/unified/ticketing/users{path}?integrated_account_id={}{project}{options}",
            Bird::id(number)
        )
    };
    let request = |method: &str, target: String, body: &str| Request {
        method: method.to_owned(),
        target,
        headers: vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("authorization".to_owned(), format!("Bearer {SERVER_TOKEN}")),
        ],
        body: body.as_bytes().to_vec(),
    };
    let mut calls: Vec<Request> = options
        .iter()
        .map(|options| request("POST", target("", options), BODY))
        .collect();
    if bird.update {
        let body = match bird.integration {
            "pivotal_tracker" => r#"{"roles": [{"name": "viewer"}]}"#,
            _ => r#"{"first_name": "Ida"}"#,
        };
        calls.push(request("PATCH", target("/1", ""), body));
    }
    calls
}

#[tokio::test]
async fn no_secret_comes_out_of_the_server() {
    let provider = Provider::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, format!("{SERVER_TOKEN}\n")).expect("a file");
    let tokens = tokens.to_str().expect("a path in UTF-8");
    for (sender, log) in [("host", "json"), ("component", "text")] {
        let arguments = ["--sender", sender, "--log-format", log, "-vv"];
        let arguments = [arguments.as_slice(), &["--token-file", tokens]].concat();
        let mut serve = Serve::of(&accounts(&provider), &arguments);
        let mut answered = 0;
        for (number, bird) in BIRDS.iter().enumerate() {
            let mut heard = Vec::new();
            for answer in bird.forms().iter().flat_map(|form| Bird::answers(form)) {
                provider.answer(Some(answer));
                for call in calls(bird, number) {
                    let response = serve.call(&call).await;
                    clean(
                        &format!("{} {}", call.method, call.target),
                        &bytes(&response),
                    );
                    answered += 1;
                }
                heard.extend(provider.received());
            }
            // Nobody answers at all.
            provider.answer(None);
            for call in calls(bird, number) {
                clean(&call.target, &bytes(&serve.call(&call).await));
            }
            heard.extend(provider.received());
            let secret = bird.basic().unwrap_or_else(|| bird.secret());
            assert!(!heard.is_empty());
            for request in heard {
                let headers: Vec<&str> = request
                    .headers
                    .iter()
                    .filter(|(_, value)| value.contains(&secret))
                    .map(|(name, _)| name.as_str())
                    .collect();
                let expected = match bird.integration {
                    "hive" => "api_key",
                    "pivotal_tracker" => "x-trackertoken",
                    _ => "authorization",
                };
                assert_eq!(headers, [expected], "{secret} in {request:?}");
                // And nowhere else.
                clean("the target", request.target.as_bytes());
                clean("the body", &request.body);
                assert!(!format!("{request:?}").contains(SERVER_TOKEN));
            }
        }
        assert!(answered > 2000, "{answered}");
        serve.terminate();
        serve.ended().await;
        let said = serve.said();
        assert!(said.len() > 100_000, "what it logs is looked at: {said}");
        clean("the log", said.as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_comes_out_of_the_program() {
    let provider = Provider::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("accounts.toml");
    std::fs::write(&file, accounts(&provider)).expect("a file");
    let run = |arguments: &[&str]| {
        let mut process = program(["--accounts", file.to_str().expect("a path in UTF-8"), "-vv"]);
        let output = process
            .args(arguments)
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .output()
            .expect("the program runs");
        clean(&format!("{arguments:?}: stdout"), &output.stdout);
        clean(&format!("{arguments:?}: stderr"), &output.stderr);
        output
    };
    for command in [&["accounts", "list"], &["accounts", "check"]] {
        assert!(run(command).status.success());
    }
    run(&["users", "create", "--account", "nobody"]);
    for bird in &BIRDS {
        let name = format!("{}-{}", bird.integration, bird.credential);
        let create = ["users", "create", "--account", &name, "--collection", "1"];
        let user = [
            ["--name", "Ines Halvorsen"],
            ["--first-name", "Ines"],
            ["--last-name", "Halvorsen"],
            ["--nick-name", "Ines"],
            ["--email", "ines@kelpworks.example"],
        ]
        .concat();
        let with = |more: &[&'static str]| run(&[create.as_slice(), &user, more].concat());
        assert!(with(&["--dry-run"]).status.success());
        for form in bird.forms() {
            for answer in Bird::answers(&form) {
                provider.answer(Some(answer));
                with(&["--log-format", "json"]);
            }
        }
        with(&["--format", "raw"]);
        with(&["--strict"]);
        provider.answer(None);
        with(&[]);
        let heard = provider.received();
        let secret = bird.basic().unwrap_or_else(|| bird.secret());
        assert!(heard.len() > 60);
        assert!(heard.iter().all(|request| {
            request
                .headers
                .iter()
                .any(|(_, value)| value.contains(&secret))
        }));
    }
}

/// What is printed of values that hold secrets.
#[tokio::test]
async fn no_secret_is_printed_by_debug() {
    let provider = Provider::start().await;
    let file = accounts(&provider);
    let parse = || unified_ticketing::FileAccounts::parse("a".as_ref(), &file, |_| None);
    let accounts = parse().expect("good accounts");
    clean("accounts", format!("{accounts:?}").as_bytes());
    for account in accounts.iter() {
        clean("an account", format!("{account:?}").as_bytes());
    }
    let builder = unified_ticketing::Engine::builder().accounts(parse().expect("good accounts"));
    clean("a builder", format!("{builder:?}").as_bytes());
    let engine = builder.build().expect("an engine");
    clean("an engine", format!("{engine:?}").as_bytes());

    // A file with a fault is quoted, but not its secrets.
    for broken in [
        file.replace("api_token", "token"),
        file.replace("base_url", "base-url"),
        file.replacen("credentials", "credentials = 1\ncredentials", 1),
        file.replacen("'canary", "canary", 1),
        file.replace("\" }", "\" "),
    ] {
        let faults = unified_ticketing::FileAccounts::parse("a".as_ref(), &broken, |_| None);
        let faults = faults.expect_err("a fault");
        clean("a fault", format!("{faults:?}").as_bytes());
        for fault in faults {
            clean("a fault", fault.to_string().as_bytes());
        }
    }
}
