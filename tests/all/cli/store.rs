//! `--store`, `--secret`, and the variables that stand for them.

use std::ffi::OsStr;
use std::fs;
use std::process::Stdio;

use super::support::{Sandbox, program};

const CREATE: &[&str] = &[
    "users",
    "create",
    "--account",
    "dixa",
    "--name",
    "Ines Halvorsen",
    "--email",
    "ines@kelpworks.example",
    "--idempotency-key",
    "joiner 4711",
];

/// Runs the program on the sandbox with these variables, and returns its exit code and its standard error.
fn run(sandbox: &Sandbox, arguments: &[&str], variables: &[(&str, &OsStr)]) -> (i32, String) {
    let accounts = sandbox.folder.path().join("accounts.toml");
    let output = program(CREATE)
        .args(arguments)
        .arg("--accounts")
        .arg(accounts)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let errors = String::from_utf8(output.stderr).expect("text");
    (output.status.code().expect("an exit code"), errors)
}

#[test]
fn password_of_url_is_in_no_error() {
    let sandbox = Sandbox::start();
    let home = tempfile::tempdir().expect("a folder");
    let state = [("XDG_STATE_HOME", home.path().as_os_str())];
    for (url, code, reason) in [
        (
            "mysql://ops:hunter2@db.example/calls",
            2,
            "expected `sqlite:PATH` or `postgres://",
        ),
        (
            "postgres://ops:hunter2@db@db.example/calls",
            2,
            "percent-encoding",
        ),
        (
            "postgres://ops:hunter2@127.0.0.1:1/calls",
            7,
            "the store is unavailable",
        ),
    ] {
        let (found, errors) = run(&sandbox, &["--store", url], &state);
        assert_eq!(found, code, "{errors}");
        assert!(errors.contains(reason), "{errors}");
        let variable = [state[0], ("UNIFIED_TICKETING_STORE", url.as_ref())];
        let (found, by_variable) = run(&sandbox, &["-vv"], &variable);
        assert_eq!(found, code, "{by_variable}");
        assert!(by_variable.contains(reason), "{by_variable}");
        for errors in [errors, by_variable] {
            assert!(!errors.contains("hunter2"), "{errors}");
        }
    }
    let help = program(["--help"])
        .env(
            "UNIFIED_TICKETING_STORE",
            "postgres://ops:hunter2@db.example/calls",
        )
        .output()
        .expect("the program runs");
    let help = String::from_utf8(help.stdout).expect("text");
    assert!(help.contains("UNIFIED_TICKETING_STORE"), "{help}");
    assert!(!help.contains("hunter2"), "{help}");
}

#[tokio::test]
async fn secret_of_database_is_in_state_folder() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(server) = crate::postgres::server() else {
        return;
    };
    let schema = server.schema().await;
    let (sandbox, home) = (Sandbox::start(), tempfile::tempdir().expect("a folder"));
    let other = tempfile::tempdir().expect("a folder");
    let url = schema.url();
    let variables = |home: &tempfile::TempDir| {
        let (home, url) = (home.path().as_os_str().to_owned(), url.clone());
        [("HOME", home), ("UNIFIED_TICKETING_STORE", url.into())]
    };
    let run = |home, arguments: &[&str]| {
        let variables = variables(home);
        let variables = variables
            .each_ref()
            .map(|(name, value)| (*name, value.as_os_str()));
        run(&sandbox, arguments, &variables)
    };
    for _ in 0..2 {
        let (code, errors) = run(&home, &[]);
        assert_eq!(code, 0, "{errors}");
    }
    let folder = home.path().join(".local/state/unified-ticketing");
    let mode = |path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o7777
    };
    assert_eq!(mode(folder.clone()), 0o700);
    assert_eq!(mode(folder.join("store.secret")), 0o600);

    // Another machine needs the same.
    let (code, errors) = run(&other, &[]);
    assert_eq!(code, 4, "{errors}");
    assert!(errors.contains("another secret"), "{errors}");
    let secret = folder.join("store.secret");
    let secret = secret.to_str().expect("text");
    let (code, errors) = run(&other, &["--secret", secret, "-vv"]);
    assert_eq!(code, 0, "{errors}");
    // The client logs no parameters of statements.
    assert!(!errors.contains("statement"), "{errors}");
}
