//! The program's own part: `token new`, and a faulty file.

use serde_json::Value;

use super::super::accounts;
use super::super::support::{Serve, Simulators, create};
use super::{TokensFile, digest, entry, token};
use crate::cli::program;

/// Runs the program, which must end with this exit code. Returns its standard output and standard error.
fn run(arguments: &[&str], code: i32) -> (String, String) {
    let output = program(arguments).output().expect("the program runs");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    (stdout, stderr)
}

#[tokio::test]
async fn new_token_is_accepted() {
    let simulators = Simulators::start().await;
    let (hive, dixa) = (simulators.id("hive"), simulators.id("dixa"));
    let limited = ["--account", &hive, "--operation", "create"];
    let new: Vec<Value> = [
        &["token", "new", "all"][..],
        &[&["token", "new", "shop"], &limited[..]].concat(),
    ]
    .map(|arguments| {
        let (stdout, stderr) = run(arguments, 0);
        let new: Value = serde_json::from_str(&stdout).expect("JSON");
        let token = new["token"].as_str().expect("a token");
        assert!(
            token.starts_with("ut_") && !stderr.contains(token),
            "{stderr}"
        );
        assert!(!new["entry"].as_str().expect("an entry").contains(token));
        new
    })
    .into();
    let member = |position: usize, name: &str| new[position][name].as_str().expect(name).to_owned();
    let tokens = TokensFile::new(&[member(0, "entry"), member(1, "entry")]);
    let serve = Serve::start(&simulators, &["--tokens", tokens.path()]);
    for (position, account, status) in [
        (0, &dixa, 200),
        (0, &hive, 200),
        (1, &hive, 200),
        (1, &dixa, 404),
    ] {
        let mut request = create(account, &format!("u{position}@kelpworks.example"));
        let value = format!("Bearer {}", member(position, "token"));
        request.headers.push(("authorization".to_owned(), value));
        let response = serve.call(&request).await;
        assert_eq!(response.status, status, "{response:?}");
    }

    let long = "a".repeat(41);
    for arguments in [
        &["token", "new"][..],
        &["token", "new", &long],
        &["token", "new", "shop", "--account", "acme"],
        &["token", "new", "shop", "--operation", "write"],
    ] {
        let (stdout, _) = run(arguments, 2);
        assert_eq!(stdout, "", "{arguments:?}");
    }
}

#[test]
fn faulty_tokens_file_is_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    };
    let good = write("accounts.toml", &accounts("http://127.0.0.1:1"));
    let faulty = write("faulty.toml", "[[account]]\nintegration = \"dixa\"\n");
    let twice = [
        entry("a", &[], &["create"]),
        entry("a", &["9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35"], &["all"]),
    ];
    let tokens = write("tokens.toml", &twice.concat());
    let lines = write("lines", "0123456789abcdef\n");
    let serve = |accounts: &str, more: &[&str], code| {
        let common = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--accounts",
            accounts,
            "--tokens",
            &tokens,
        ];
        let (stdout, stderr) = run(&[&common, more].concat(), code);
        assert_eq!(stdout, "");
        assert!(!stderr.contains(&digest(&token("a"))), "{stderr}");
        stderr
    };
    let always = [
        "tokens.toml:7:",
        "is taken",
        "tokens.toml:8:",
        "tokens.toml:10:",
        "`all`",
    ];
    let stderr = serve(&good, &[], 4);
    for words in always
        .iter()
        .chain(&["tokens.toml:9:", "there is no account"])
    {
        assert!(stderr.contains(words), "{words} in {stderr}");
    }
    // Which accounts there are is not known.
    let stderr = serve(&faulty, &["--log-format", "json"], 4);
    for words in always.iter().chain(&["faulty.toml:1:"]) {
        assert!(stderr.contains(words), "{words} in {stderr}");
    }
    assert!(!stderr.contains("there is no account"), "{stderr}");
    let body: Value = serde_json::from_str(&stderr).expect("JSON");
    assert_eq!(body["code"], "invalid-configuration");
    assert_eq!(body["faults"].as_array().map(Vec::len), Some(5), "{body:#}");

    let stderr = serve(&good, &["--token-file", &lines], 2);
    assert!(
        stderr.contains("--token-file") && stderr.contains("--tokens"),
        "{stderr}"
    );
}
