//! Accounts files with faults, through the real program.

use crate::cli::program;

/// Runs `accounts check` over this file and gives what is said, a line each.
fn faults(text: &str) -> Vec<String> {
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
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(!said.contains("SecretInTheFile"), "{said}");
    said.lines()
        .filter(|line| line.starts_with("  "))
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn every_fault_is_told_with_its_line() {
    let found = faults(
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
        let place = format!("accounts.toml:{line}:");
        assert!(
            found
                .iter()
                .any(|fault| fault.starts_with(&place) && fault.contains(words)),
            "{line} {words} in {found:#?}"
        );
    }
}

#[test]
fn a_file_that_is_no_toml_says_where() {
    let found = faults(
        "[[account]]\nid = \"62f44730-dd91-461e-bd6a-aedd9e0ad79d\nintegration = \"dixa\"\n",
    );
    assert!(found[0].starts_with("accounts.toml:2:"), "{found:?}");
}

#[test]
fn the_file_that_the_sandbox_prints_is_right() {
    let output = program(["--sandbox", "accounts", "check"])
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "{\n  \"accounts\": 6,\n  \"faults\": 0\n}\n"
    );
}
