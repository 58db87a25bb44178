//! What is around the program: its version, its help, completions and manual pages.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::support::run;
use crate::stores::hexadecimal;

/// Options that every command has.
const GLOBAL: [&str; 3] = ["--max-memory", "--ca-file", "--log-format"];

#[test]
fn version_has_component_digest() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("component.wasm");
    let written = run(["component", "--out", file.to_str().expect("UTF-8")]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    let component = std::fs::read(&file).expect("the component");
    let digest = hexadecimal(&Sha256::digest(component));
    let long = run(["--version"]).stdout;
    let short = run(["-V"]).stdout;
    let expected = format!("{short}component sha256:{digest}\n");
    assert_eq!(long, expected);
    let version = format!("unified-ticketing {}", env!("CARGO_PKG_VERSION"));
    assert!(
        short.starts_with(&version) && short.lines().count() == 1,
        "{short}"
    );
}

#[test]
fn help_has_global_options_once() {
    for help in [&["--help"][..], &["help"]] {
        let help = run(help).stdout;
        for option in GLOBAL {
            assert!(help.contains(option), "{option} in {help}");
        }
    }
    for help in [
        &["users", "create", "--help"][..],
        &["help", "users", "create"],
        &["users", "--help"],
        &["serve", "-h"],
        &["accounts", "check", "--help"],
    ] {
        let help = run(help).stdout;
        for option in GLOBAL.iter().filter(|option| **option != "--log-format") {
            assert!(!help.contains(option), "{option} in {help}");
        }
        assert!(help.contains("Global options, such as"), "{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
    // They are options of the command all the same.
    let options = ["--sandbox", "--max-memory", "64MiB"];
    let list = run([&["accounts", "list"], &options[..]].concat());
    assert_eq!(list.code, 0, "{}", list.stderr);
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(["completions", shell]);
        assert_eq!(script.code, 0, "{}", script.stderr);
        for word in ["completions", "integrations", "if-exists", "max-in-flight"] {
            assert!(script.stdout.contains(word), "{word} for {shell}");
        }
        if shell == "bash" {
            let syntax = Command::new("bash")
                .args(["-n", "-c", &script.stdout])
                .status();
            assert!(syntax.is_ok_and(|status| status.success()));
        }
    }
}

#[test]
fn manual_has_each_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("man1");
    let written = run(["man", "--out", out.to_str().expect("UTF-8")]);
    assert_eq!(
        (written.code, written.stdout.as_str()),
        (0, ""),
        "{}",
        written.stderr
    );
    let pages: BTreeSet<String> = std::fs::read_dir(&out)
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("a page")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    for page in [
        "unified-ticketing.1",
        "unified-ticketing-serve.1",
        "unified-ticketing-users-create.1",
        "unified-ticketing-token-new.1",
    ] {
        assert!(pages.contains(page), "{page} in {pages:?}");
    }
    assert!(!pages.iter().any(|page| page.contains("help")), "{pages:?}");
    let read = |page: &str| std::fs::read_to_string(out.join(page)).expect(page);
    assert_eq!(read("unified-ticketing.1"), run(["man"]).stdout);
    let create = read("unified-ticketing-users-create.1");
    assert!(
        create.contains("idempotency\\-key") && !create.contains("max\\-memory"),
        "{create}"
    );
    assert!(read("unified-ticketing.1").contains("max\\-memory"));
}

/// The arguments of the program in the systemd unit, and in the container file.
fn packaged_arguments() -> [Vec<String>; 2] {
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging");
    let read = |name: &str| std::fs::read_to_string(packaging.join(name)).expect(name);
    let unit = read("unified-ticketing.service").replace("\\\n", " ");
    let command = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let command = command.expect("a command").split_whitespace().skip(1);
    let container = read("Containerfile").replace("\\\n", " ");
    let list = container.lines().find_map(|line| line.strip_prefix("CMD "));
    let list = serde_json::from_str(list.expect("a command")).expect("JSON");
    [command.map(str::to_owned).collect(), list]
}

#[test]
fn packaged_arguments_are_known() {
    for arguments in packaged_arguments() {
        assert_eq!(arguments[0], "serve");
        for option in ["--accounts", "--tokens", "--store", "--audit", "--metrics"] {
            assert!(arguments.iter().any(|it| it == option), "{arguments:?}");
        }
        // Their files are not here, which is no error of usage (2).
        let run = run(&arguments);
        assert_eq!(run.code, 4, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains("accounts.toml"), "{}", run.stderr);
    }
}
