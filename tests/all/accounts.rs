//! Accounts files with errors, through the real program.

use crate::cli::program;

/// Runs `accounts check` over this file. Returns the lines of its errors.
fn check_errors(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("accounts.toml");
    std::fs::write(&file, text).expect("a file");
    let output = program(["accounts", "check", "--accounts", "accounts.toml"])
        .current_dir(folder.path())
        .env_remove("NO_SUCH_VARIABLE")
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(!stderr.contains("SecretInTheFile"), "{stderr}");
    stderr
        .lines()
        .filter(|line| line.starts_with("  "))
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn errors_are_listed_with_lines() {
    let found = check_errors(
        r#"[[account]]
id = "not-a-uuid"
integration = "zendesk"
credentials = { api_token = "SecretInTheFile" }

[[account]]
id = "62f44730-dd91-461e-bd6a-aedd9e0ad79d"
integration = "gorgias"
settings = { subdomain = "acme.example/", site = "x" }
credentials = { email = "ops@acme.example", api_key = { env = "NO_SUCH_VARIABLE" } }

[[account]]
id = "62F44730-DD91-461E-BD6A-AEDD9E0AD79D"
integration = "planhat"
colour = "red"
base_url = "ftp://SERVER"
credentials = { api_token = { file = "missing.txt" }, password = "SecretInTheFile" }

[[account]]
integration = "dixa"
"#,
    );
    for (line, words) in [
        (2, "UUID"),
        (3, "zendesk"),
        (9, "subdomain"),
        (9, "site"),
        (10, "NO_SUCH_VARIABLE"),
        (13, "62F44730"),
        (15, "colour"),
        (16, "base_url"),
        (17, "missing.txt"),
        (17, "password"),
        (19, "id"),
        (19, "credentials"),
    ] {
        let location = format!("accounts.toml:{line}:");
        assert!(
            found
                .iter()
                .any(|error| error.starts_with(&location) && error.contains(words)),
            "{line} {words} in {found:#?}"
        );
    }
}

#[test]
fn invalid_toml_names_its_line() {
    let found = check_errors(
        "[[account]]\nid = \"62f44730-dd91-461e-bd6a-aedd9e0ad79d\nintegration = \"dixa\"\n",
    );
    assert!(found[0].starts_with("accounts.toml:2:"), "{found:?}");
}

#[test]
fn sandbox_accounts_file_is_valid() {
    let output = program(["--sandbox", "accounts", "check"])
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let accounts = unified_ticketing_guest::integration::ALL.len();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("{{\n  \"accounts\": {accounts},\n  \"faults\": 0,\n  \"warnings\": 0\n}}\n")
    );
}

const ACCOUNT: &str =
    "[[account]]\nid = \"62f44730-dd91-461e-bd6a-aedd9e0ad79d\"\nintegration = \"dixa\"\n";

/// Opening a pipe waits for a writer, and a device may have no end.
#[cfg(unix)]
#[test]
fn irregular_secrets_file_is_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("directory")).expect("a directory");
    std::fs::write(at("large"), "x".repeat(64 * 1024 + 1)).expect("a file");
    let made = std::process::Command::new("mkfifo")
        .arg(at("pipe"))
        .status();
    assert!(made.expect("mkfifo runs").success());
    for (file, what) in [
        ("pipe", "is a pipe; expected a regular file"),
        ("directory", "is a directory; expected a regular file"),
        ("/dev/zero", "is a device; expected a regular file"),
        ("large", "is over 65536 bytes"),
    ] {
        let credentials = format!("credentials = {{ api_token = {{ file = \"{file}\" }} }}\n");
        std::fs::write(at("accounts.toml"), format!("{ACCOUNT}{credentials}")).expect("a file");
        std::fs::write(at("good.toml"), "").expect("a file");
        for arguments in [
            ["accounts", "check", "--accounts", "accounts.toml"].as_slice(),
            &[
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--accounts",
                "accounts.toml",
            ],
            &["accounts", "check", "--accounts", file],
            &[
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--accounts",
                "good.toml",
                "--token-file",
                file,
            ],
        ] {
            let mut process = program(arguments);
            // Only a credential has this limit.
            if file == "large" && !arguments.contains(&"accounts.toml") {
                continue;
            }
            let output = process
                .current_dir(folder.path())
                .output()
                .expect("the program runs");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(4), "{arguments:?}: {stderr}");
            assert!(stderr.contains(what), "{arguments:?}: {stderr}");
        }
    }
}

#[cfg(unix)]
#[test]
fn readable_secrets_file_gets_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let check = |mode: u32| {
        let write = |name: &str, text: &str| {
            std::fs::write(at(name), text).expect("a file");
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(at(name), permissions).expect("a mode");
        };
        write("token", "SecretInTheFile\n");
        let second = ACCOUNT.replace("62f", "72f");
        write(
            "accounts.toml",
            &format!(
                "{ACCOUNT}credentials = {{ api_token = \"SecretInTheFile\" }}\n\
                 {second}credentials = {{ api_token = {{ file = \"token\" }} }}\n"
            ),
        );
        let mut process = program(["accounts", "check"]);
        let output = process
            .current_dir(folder.path())
            .output()
            .expect("the program runs");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(!stderr.contains("SecretInTheFile"), "{stderr}");
        (String::from_utf8(output.stdout).expect("UTF-8"), stderr)
    };
    let (stdout, stderr) = check(0o640);
    assert_eq!(
        stdout,
        "{\n  \"accounts\": 2,\n  \"faults\": 0,\n  \"warnings\": 2\n}\n"
    );
    let remedy = "can be read by others than its owner (mode 0640); `chmod 600` mends that";
    let lines: Vec<&str> = stderr.lines().collect();
    assert_eq!(
        lines,
        [
            format!("warning: accounts.toml: holds secrets and {remedy}"),
            format!(
                "warning: accounts.toml:8: account `72f44730-dd91-461e-bd6a-aedd9e0ad79d`: \
                 `credentials.api_token`: the file `token` {remedy}"
            ),
        ]
    );
    assert_eq!(check(0o600).1, "");
}
