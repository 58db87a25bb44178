//! A canary in every credential, and a search for it in every byte of output.
//!
//! The provider's responses have the credentials in every form and position. The output of the server and of the program, and their
//! logs, must not have them. The same search must find them in the requests to the provider.

mod accounts;

use std::process::Stdio;
use std::sync::LazyLock;

use self::accounts::{ACCOUNTS, CanaryAccount, SERVER_TOKEN, token_digest};
use crate::cli::program;
use crate::client::{Request, Response};
use crate::provider::Provider;
use crate::serve::Serve;

/// The strings that no output may contain, in lower case.
static FORBIDDEN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut forbidden: Vec<String> = ACCOUNTS.iter().flat_map(CanaryAccount::forms).collect();
    forbidden.extend([SERVER_TOKEN.to_owned(), token_digest()]);
    // Any other spelling of a canary starts with one of these.
    forbidden.extend(
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
    forbidden.iter().map(|form| form.to_lowercase()).collect()
});

/// The first forbidden string in these bytes.
fn found(bytes: &[u8]) -> Option<&'static String> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    FORBIDDEN.iter().find(|form| text.contains(form.as_str()))
}

#[track_caller]
fn assert_clean(what: &str, bytes: &[u8]) {
    if let Some(form) = found(bytes) {
        panic!("{what}: `{form}` in {}", String::from_utf8_lossy(bytes));
    }
}

fn bytes(response: &Response) -> Vec<u8> {
    let mut bytes = response.body.clone().unwrap_or_default();
    for (name, value) in &response.headers {
        bytes.extend_from_slice(format!("\n{name}: {value}").as_bytes());
    }
    bytes
}

fn accounts_file(provider: &Provider) -> String {
    let numbered = ACCOUNTS.iter().enumerate();
    numbered
        .map(|(number, account)| account.to_toml(number, &provider.url()))
        .collect()
}

const BODY: &str = r#"{"name": "Ines Halvorsen", "first_name": "Ines", "last_name": "Halvorsen", "nick_name": "Ines",
    "emails": [{"email": "ines@kelpworks.example"}], "unknown": 1}"#;

fn calls(account: &CanaryAccount, number: usize) -> Vec<Request> {
    let project = match account.integration {
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
            CanaryAccount::id(number)
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
    if account.update {
        let body = match account.integration {
            "pivotal_tracker" => r#"{"roles": [{"name": "viewer"}]}"#,
            _ => r#"{"first_name": "Ida"}"#,
        };
        calls.push(request("PATCH", target("/1", ""), body));
    }
    calls
}

#[tokio::test]
async fn server_shows_no_secret() {
    let provider = Provider::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let tokens = folder.path().join("tokens");
    let tokens = tokens.to_str().expect("a path in UTF-8");
    let entry = format!(
        "[[token]]\nname = \"shop\"\nsha256 = \"{}\"\naccounts = \"all\"\noperations = [\"create\", \"update\"]\n",
        token_digest()
    );
    for (sender, log, option, file) in [
        ("host", "json", "--tokens", &entry),
        (
            "component",
            "text",
            "--token-file",
            &SERVER_TOKEN.to_owned(),
        ),
    ] {
        std::fs::write(tokens, file).expect("a file");
        let arguments = [
            "--sender",
            sender,
            "--log-format",
            log,
            "-vv",
            option,
            tokens,
        ];
        let mut serve = Serve::with_accounts(&accounts_file(&provider), &arguments);
        let mut calls_made = 0;
        for (number, account) in ACCOUNTS.iter().enumerate() {
            let mut received = Vec::new();
            for response in account
                .forms()
                .iter()
                .flat_map(|form| CanaryAccount::responses(form))
            {
                provider.respond(Some(response));
                for call in calls(account, number) {
                    let response = serve.call(&call).await;
                    assert_clean(
                        &format!("{} {}", call.method, call.target),
                        &bytes(&response),
                    );
                    calls_made += 1;
                }
                received.extend(provider.received());
            }
            // The provider sends no response.
            provider.respond(None);
            for call in calls(account, number) {
                assert_clean(&call.target, &bytes(&serve.call(&call).await));
            }
            received.extend(provider.received());
            let secret = account.basic().unwrap_or_else(|| account.secret());
            assert!(!received.is_empty());
            for request in received {
                let headers: Vec<&str> = request
                    .headers
                    .iter()
                    .filter(|(_, value)| value.contains(&secret))
                    .map(|(name, _)| name.as_str())
                    .collect();
                let expected = match account.integration {
                    "hive" => "api_key",
                    "pivotal_tracker" => "x-trackertoken",
                    _ => "authorization",
                };
                assert_eq!(headers, [expected], "{secret} in {request:?}");
                // No other part of the request has the secret.
                assert_clean("the target", request.target.as_bytes());
                assert_clean("the body", &request.body);
                assert!(!format!("{request:?}").contains(SERVER_TOKEN));
            }
        }
        assert!(calls_made > 2000, "{calls_made}");
        serve.terminate();
        serve.wait_for_exit().await;
        let log = serve.log();
        assert!(log.len() > 100_000, "too little log to check: {log}");
        assert_clean("the log", log.as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn program_shows_no_secret() {
    let provider = Provider::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("accounts.toml");
    std::fs::write(&file, accounts_file(&provider)).expect("a file");
    let run = |arguments: &[&str]| {
        let mut process = program(["--accounts", file.to_str().expect("a path in UTF-8"), "-vv"]);
        let output = process
            .args(arguments)
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .output()
            .expect("the program runs");
        assert_clean(&format!("{arguments:?}: stdout"), &output.stdout);
        assert_clean(&format!("{arguments:?}: stderr"), &output.stderr);
        output
    };
    for command in [&["accounts", "list"], &["accounts", "check"]] {
        assert!(run(command).status.success());
    }
    run(&["users", "create", "--account", "no-such-account"]);
    for account in &ACCOUNTS {
        let name = format!("{}-{}", account.integration, account.credential);
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
        for form in account.forms() {
            for response in CanaryAccount::responses(&form) {
                provider.respond(Some(response));
                with(&["--log-format", "json"]);
            }
        }
        with(&["--format", "raw"]);
        with(&["--strict"]);
        provider.respond(None);
        with(&[]);
        let received = provider.received();
        let secret = account.basic().unwrap_or_else(|| account.secret());
        assert!(received.len() > 60);
        assert!(received.iter().all(|request| {
            request
                .headers
                .iter()
                .any(|(_, value)| value.contains(&secret))
        }));
    }
}

/// The output of `Debug`, and errors, of tokens.
#[test]
fn tokens_show_no_secret() {
    use unified_ticketing::server::{NewToken, Tokens};
    let digest = token_digest();
    let entry = |rest: &str| format!("[[token]]\nname = \"shop\"\nsha256 = \"{digest}\"\n{rest}\n");
    let good = entry("accounts = \"all\"\noperations = [\"create\"]");
    let parse = |text: &str| Tokens::parse_toml("a".as_ref(), text, |_| false);
    let lines = Tokens::parse(SERVER_TOKEN).expect("good tokens");
    for tokens in [&parse(&good).expect("good tokens"), &lines] {
        assert_clean("tokens", format!("{tokens:?}").as_bytes());
        for token in tokens.iter() {
            assert_clean("a token", format!("{token:?}").as_bytes());
        }
    }
    for broken in [
        good.repeat(2),
        good.replace(&digest, SERVER_TOKEN),
        good.replace("shop", SERVER_TOKEN)
            .replace("create", &digest),
        good.replace(
            "\"all\"",
            &format!("[\"{digest}\", \"{SERVER_TOKEN}{SERVER_TOKEN}\"]"),
        ),
        good.replace("name", &digest),
        good.replacen('"', "", 3),
    ] {
        let error = parse(&broken).map(drop).expect_err("an error");
        let printed = format!("{error} {error:?}").replace(&format!("`{SERVER_TOKEN}`"), "");
        assert_clean("an error", printed.as_bytes());
    }
    let new = NewToken::generate("shop").expect("a token");
    let printed = format!("{new:?}");
    assert!(!printed.contains(new.expose_token()), "{printed}");
}

/// The `Debug` output of values with secrets.
#[tokio::test]
async fn debug_shows_no_secret() {
    let provider = Provider::start().await;
    let file = accounts_file(&provider);
    let parse = || unified_ticketing::FileAccounts::parse("a".as_ref(), &file, |_| None);
    let accounts = parse().expect("good accounts");
    assert_clean("accounts", format!("{accounts:?}").as_bytes());
    for account in accounts.iter() {
        assert_clean("an account", format!("{account:?}").as_bytes());
    }
    let builder = unified_ticketing::Engine::builder().accounts(parse().expect("good accounts"));
    assert_clean("a builder", format!("{builder:?}").as_bytes());
    let engine = builder.build().expect("an engine");
    assert_clean("an engine", format!("{engine:?}").as_bytes());

    // Errors quote the file, but not its secrets.
    for broken in [
        file.replace("api_token", "token"),
        file.replace("base_url", "base-url"),
        file.replacen("credentials", "credentials = 1\ncredentials", 1),
        file.replacen("'canary", "canary", 1),
        file.replace("\" }", "\" "),
    ] {
        let error = unified_ticketing::FileAccounts::parse("a".as_ref(), &broken, |_| None);
        let error = error.expect_err("an error");
        assert_clean("an error", format!("{error} {error:?}").as_bytes());
    }
}
