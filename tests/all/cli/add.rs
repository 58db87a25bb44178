//! `accounts add`: what it asks for, what it writes, and that no secret is shown.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use unified_ticketing::FileAccounts;
use unified_ticketing_guest::integration::ALL;

use super::support::{ProgramOutput, program};

const SECRET: &str = "s3cret-that-was-typed";

/// Runs the command with these lines as its standard input.
fn add(file: &Path, arguments: &[&str], lines: &str) -> ProgramOutput {
    let accounts = format!("--accounts={}", file.display());
    let mut process = program([&["accounts", "add", &accounts], arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = process.stdin.take().expect("its input");
    // A program that has seen enough has closed it.
    let _ = input.write_all(lines.as_bytes());
    drop(input);
    process.wait_with_output().expect("its output").into()
}

fn mode(path: &Path) -> u32 {
    let metadata = std::fs::metadata(path).expect("a file");
    metadata.permissions().mode() & 0o777
}

#[test]
fn typed_secret_goes_into_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("accounts.toml");
    let lines = format!("gorgias\nacme\nops@acme.example\n{SECRET}\n");
    let added = add(&file, &["--name", "acme \"gorgias\""], &lines);
    assert_eq!(added.code, 0, "{}", added.stderr);
    let result: Value = serde_json::from_str(&added.stdout).expect("JSON");
    let secret = result["secret_files"][0].as_str().expect("a file");
    assert_eq!(std::fs::read_to_string(secret).expect("a file"), SECRET);
    assert_eq!((mode(Path::new(secret)), mode(&file)), (0o600, 0o600));
    let text = std::fs::read_to_string(&file).expect("a file");
    for shown in [&added.stdout, &added.stderr, &text] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
    let accounts = FileAccounts::from_file(&file).expect("good accounts");
    let account = accounts.find("acme \"gorgias\"").expect("the account");
    assert_eq!(account.id(), result["id"]);
    assert_eq!(account.base_url(), "https://acme.gorgias.com/api");
    let names: Vec<&str> = account.credential_names().collect();
    assert_eq!(names, ["api_key", "email"]);
    assert_eq!(accounts.warnings().count(), 0);
}

#[test]
fn every_integration_can_be_added() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("accounts.toml");
    // Without a line feed at its end.
    std::fs::write(&file, "# ours").expect("a file");
    for integration in ALL {
        let name = integration.name;
        let required = integration.settings.iter();
        let required = required.filter(|setting| setting.default.is_none());
        let mut arguments = vec![name.to_owned(), format!("--name={name}")];
        arguments.extend(required.map(|setting| format!("--setting={}=acme", setting.name)));
        let lines = if name == "gorgias" {
            "ops@acme.example\n"
        } else {
            ""
        };
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let added = add(&file, &arguments, &format!("{lines}\nSOME_VARIABLE\n"));
        assert_eq!(added.code, 0, "{name}: {}", added.stderr);
    }
    let text = std::fs::read_to_string(&file).expect("a file");
    assert!(text.starts_with("# ours\n\n[[account]]\n"), "{text}");
    let accounts = FileAccounts::parse(&file, &text, |name| {
        (name == "SOME_VARIABLE").then(|| "a-secret".to_owned())
    });
    let accounts = accounts.expect("good accounts");
    for integration in ALL {
        assert!(accounts.find(integration.name).is_some());
    }
}

#[test]
fn faulty_account_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("accounts.toml");
    let sources = ["--credential", "api_token=env:TOKEN"];
    assert_eq!(
        add(
            &file,
            &[&["dixa", "--name=dixa"], &sources[..]].concat(),
            ""
        )
        .code,
        0
    );
    let before = std::fs::read_to_string(&file).expect("a file");
    let typed = format!("{SECRET}\n");
    let given = format!("api_token={SECRET}");
    for (arguments, lines, code, expected) in [
        (vec!["dixa", "--name=dixa"], &*typed, 4, "dixa"),
        (vec!["dixa", "--setting=host=acme"], &typed, 4, "host"),
        (vec!["dixa", "--base-url=ftp://acme"], &typed, 4, "base_url"),
        (vec!["dixa"], "", 2, "api_token"),
        (vec!["dixa"], "\n", 2, "api_token"),
        (vec!["dixa", "--credential", &given], "", 2, "env:VARIABLE"),
        (vec!["dixa", "--credential", SECRET], "", 2, "env:VARIABLE"),
        (vec!["zendesk"], "", 2, "expected one of dixa"),
        (vec![], "", 2, "integration"),
        (vec!["--sandbox"], "", 2, "--sandbox"),
    ] {
        let failed = add(&file, &arguments, lines);
        let text = failed.stdout + &failed.stderr;
        assert_eq!(failed.code, code, "{arguments:?}: {text}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
        assert!(!text.contains(SECRET), "{arguments:?}: {text}");
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), before);
        let left = std::fs::read_dir(folder.path().join("secrets"));
        assert_eq!(left.map_or(0, Iterator::count), 0, "{arguments:?}");
    }
}
