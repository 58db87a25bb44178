//! Accounts files and their violations.

use std::fs;

use unified_ticketing_guest::integration::ALL;

use super::*;

const ID: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";

fn parse(text: &str) -> Result<FileAccounts, TomlFileError> {
    parse_at(Path::new("accounts.toml"), text)
}

fn parse_at(file: &Path, text: &str) -> Result<FileAccounts, TomlFileError> {
    FileAccounts::parse(file, text, |name| match name {
        "TOKEN" => Some("token-from-the-environment".to_owned()),
        "BLANK" => Some(" ".to_owned()),
        "PASTED" => Some("\tBEARER token-from-the-environment\r\n".to_owned()),
        _ => None,
    })
}

fn violations(text: &str) -> Vec<String> {
    let error = parse(text).unwrap_err();
    error.violations().iter().map(ToString::to_string).collect()
}

#[test]
fn credentials_come_from_text_environment_and_file() {
    use secrecy::ExposeSecret as _;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("token"), "token-from-a-file\r\n").unwrap();
    fs::write(
        folder.path().join("marked"),
        "\u{feff}Bearer token-from-a-file \n\n",
    )
    .unwrap();
    for (credential, value) in [
        ("\"token-as-text\"", "token-as-text"),
        ("{ env = \"TOKEN\" }", "token-from-the-environment"),
        ("{ file = \"token\" }", "token-from-a-file"),
        ("\" bearer  token-as-text\\t\"", "token-as-text"),
        ("{ env = \"PASTED\" }", "token-from-the-environment"),
        ("{ file = \"marked\" }", "token-from-a-file"),
    ] {
        let text = format!(
            "[[account]]\nid = \"{ID}\"\nintegration = \"dixa\"\ncredentials = {{ api_token = {credential} }}"
        );
        let accounts = parse_at(&folder.path().join("accounts.toml"), &text).unwrap();
        assert_eq!(
            accounts
                .find(ID)
                .unwrap()
                .authentication()
                .1
                .expose_secret(),
            value
        );
    }
}

#[test]
fn account_is_found_by_id_or_name() {
    let accounts = parse(&format!(
        "[[account]]\nid = \"{}\"\nname = \"acme\"\nintegration = \"dixa\"\n\
         base_url = \"http://127.0.0.1:1/v1/\"\n[account.credentials]\napi_token = \"a-token-of-dixa\"\n",
        ID.to_uppercase()
    ))
    .unwrap();
    for key in [ID, &ID.to_uppercase(), "acme"] {
        let account = accounts.find(key).unwrap();
        assert_eq!(
            (account.base_url().as_str(), account.integration()),
            ("http://127.0.0.1:1/v1", "dixa")
        );
    }
    assert!(accounts.find("ACME").is_none());
    assert_eq!(accounts.iter().count(), 1);
}

#[test]
fn empty_file_is_valid() {
    assert_eq!(parse("# none yet\n").unwrap().iter().count(), 0);
}

/// Compares all violations at once, without the file's name and the system's own message.
fn assert_violations(violations: &[String], expected: &[&str]) {
    let missing = "cannot be read: No such file or directory (os error 2)";
    let violations: Vec<String> = violations
        .iter()
        .map(|violation| violation.replace(missing, "cannot be read: not found"))
        .collect();
    let expected: Vec<String> = expected
        .iter()
        .map(|violation| format!("accounts.toml:{violation}"))
        .collect();
    assert_eq!(violations, expected);
}

#[test]
fn every_violation_has_its_line() {
    let text = r#"accounts = 1
[[account]]
name = "one"
integration = "zendesk"
credentials = { api_token = { env = "NOT_SET" } }

[[account]]
id = "12"
name = "two"
integration = "gorgias"
colour = "red"
base_url = "ftp://x"
settings = { subdomain = 5, site = "x" }
credentials = { email = "ops@acme.example", api_key = { file = "no-such-file" }, token = "keep-me-secret" }

[[account]]
id = "62f44730-dd91-461e-bd6a-aedd9e0ad79d"
integration = "dixa"
credentials = { api_token = { env = "BLANK" } }

[[account]]
id = "62F44730-dd91-461e-bd6a-aedd9e0ad79d"
name = "two"
integration = "hive"
credentials = { api_key = { env = "TOKEN", file = "x" } }
settings = { workspace_id = "ws" }
"#;
    let violations = violations(text);
    let names: Vec<&str> = ALL.iter().map(|integration| integration.name).collect();
    assert_violations(
        &violations,
        &[
            "1: unknown key `accounts`; expected `[[account]]`",
            "2: account `one`: `id` is missing",
            &format!(
                "4: account `one`: `integration`: expected one of `{}`, but found `zendesk`",
                names.join("`, `")
            ),
            "5: account `one`: `credentials.api_token`: the environment variable `NOT_SET` is not set",
            "8: account `two`: `id`: expected a UUID, but found `12`",
            "11: account `two`: unknown key `colour`; expected one of `id`, `name`, `integration`, `base_url`, `settings`, `credentials`",
            "12: account `two`: `base_url`: expected a URL that starts with `http://` or `https://`, but found `ftp://x`",
            "13: account `two`: `settings.subdomain`: expected a string, but found integer",
            "13: account `two`: setting `site` is not one of Gorgias",
            "14: account `two`: `credentials.api_key`: the file `no-such-file` cannot be read: not found",
            "14: account `two`: credential `token` is not one of Gorgias",
            "19: account `62f44730-dd91-461e-bd6a-aedd9e0ad79d`: credential `api_token` is blank",
            "21: account `two`: setting `user_id` is missing: the owner of the API key (My profile, API info)",
            "22: account `two`: `id`: `62f44730-dd91-461e-bd6a-aedd9e0ad79d` is taken by the account of line 17",
            "23: account `two`: `name`: `two` is taken by the account of line 9",
            "25: account `two`: `credentials.api_key`: expected a string, { env = … } or { file = … }",
        ],
    );
    assert!(!violations.join("").contains("keep-me-secret"));
}

#[test]
fn invalid_syntax_hides_one_account() {
    let text = "[[account]]\nid = \"x\nintegration = \"dixa\"\n\n[[account]]\nid = \"y\"\nintegration = \"dixa\"\ncredentials = { api_token = \"keep-me-secret }\n\n[[account]]\nintegration = \"dixa\"\n";
    let violations = violations(text);
    assert_violations(
        &violations,
        &[
            r#"2: invalid basic string, expected `"`"#,
            "8: unclosed inline table, expected `}`",
            "10: `id` is missing",
            "10: expected the credentials `api_token`",
        ],
    );
}

#[test]
fn byte_order_mark_is_skipped() {
    assert_eq!(
        violations("\u{feff}[[account]]\n"),
        [
            "accounts.toml:1: `id` is missing",
            "accounts.toml:1: `integration` is missing"
        ]
    );
}

/// A missing or surplus quotation mark makes a part of a credential another string.
#[test]
fn violations_show_no_credential() {
    let secret = "keep/me+s3cret=".repeat(8);
    let text = format!(
        "[[account]]\nid = \"{ID}\"\nname = \"acme\"\nintegration = \"dixa\"\nbase_url = \"http://a.example\"\n\
         credentials = {{ api_token = \"{secret}\" }}\nsettings = {{ site = \"x\" }}\n"
    );
    let start = text.find(&secret).unwrap();
    let mut count = 0;
    for at in (0..=start).chain(start + secret.len()..=text.len()) {
        for inserted in [
            "\"", "'", "\"\"\"", "'''", "\n", "=", "{", "]", ".", "\\", "#", "\0", "\u{fffd}", "1",
        ] {
            let broken = format!("{}{inserted}{}", &text[..at], &text[at..]);
            if let Err(error) = parse(&broken) {
                count += error.violations().len();
                let printed = format!("{error} {error:?}");
                assert!(!printed.contains("s3cret"), "{printed}\n{broken}");
            }
        }
    }
    assert!(count > 1_000, "{count}");
}

#[cfg(unix)]
#[test]
fn exposed_secret_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let file = at("accounts.toml");
    let warnings = |credential: &str, mode: u32| {
        let text = format!(
            "[[account]]\nid = \"{ID}\"\nintegration = \"gorgias\"\nsettings = {{ subdomain = \"a\" }}\n\
             credentials = {{ email = \"ops@acme.example\", api_key = {credential} }}"
        );
        fs::write(&file, text).unwrap();
        fs::write(at("key"), "a-key-of-gorgias").unwrap();
        for path in [&file, &at("key")] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let accounts = FileAccounts::from_file(&file).unwrap();
        let warnings = accounts.warnings().map(ToString::to_string);
        warnings
            .map(|warning| warning.replace(&format!("{}/", folder.path().display()), ""))
            .collect::<Vec<_>>()
    };
    let exposed = "can be read by others than its owner (mode 0644); `chmod 600` mends that";
    assert_eq!(
        warnings("\"a-key-of-gorgias\"", 0o644),
        [format!("accounts.toml: holds secrets and {exposed}")]
    );
    assert_eq!(
        warnings("{ file = \"key\" }", 0o644),
        [format!(
            "accounts.toml:5: account `{ID}`: `credentials.api_key`: the file `key` {exposed}"
        )]
    );
    for credential in ["\"a-key-of-gorgias\"", "{ file = \"key\" }"] {
        assert!(warnings(credential, 0o600).is_empty());
    }
}

#[test]
fn missing_file_is_one_violation() {
    let error = FileAccounts::from_file("no/such/accounts.toml").unwrap_err();
    assert_eq!(error.violations().len(), 1);
    assert!(
        error
            .to_string()
            .starts_with("no/such/accounts.toml: cannot be read: "),
        "{error}"
    );
}
