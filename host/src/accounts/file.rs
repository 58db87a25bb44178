//! Accounts in a TOML file.
//!
//! ```toml
//! [[account]]
//! id = "62f44730-dd91-461e-bd6a-aedd9e0ad79d"
//! name = "acme-gorgias"
//! integration = "gorgias"
//! settings = { subdomain = "acme" }
//! credentials = { email = "ops@acme.example", api_key = { env = "GORGIAS_API_KEY" } }
//! ```
//!
//! A credential is a text, the name of an environment variable, or `{ file = "PATH" }` relative to
//! the accounts file, whose last line end does not count.

mod draft;
mod reader;

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use self::reader::Reader;
use super::{Account, Accounts, Lookup};

/// The accounts of a file, read once.
#[derive(Clone, Debug, Default)]
pub struct FileAccounts {
    all: Vec<Account>,
    by_id: HashMap<String, usize>,
}

impl FileAccounts {
    /// Reads a file, and the environment and the files that it names.
    ///
    /// # Errors
    ///
    /// Every fault of every account at once, in the order of the file. None holds a secret.
    pub fn read(file: impl AsRef<Path>) -> Result<Self, Vec<Fault>> {
        let file = file.as_ref();
        let text = fs::read_to_string(file)
            .map(Zeroizing::new)
            .map_err(|error| {
                let message = format!("cannot be read: {error}");
                vec![Fault {
                    file: file.to_owned(),
                    line: None,
                    column: None,
                    account: None,
                    message,
                }]
            })?;
        Self::parse(file, &text, |name| std::env::var(name).ok())
    }

    /// Reads accounts from the text of a file. Only its path is used, to find the files that it
    /// names and for messages; `environment` gives the value of a variable.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn parse(
        file: &Path,
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader::new(file, text, &environment);
        let all = reader.read();
        let mut faults = reader.faults;
        if faults.is_empty() {
            let by_id = all
                .iter()
                .enumerate()
                .map(|(index, account)| (account.id().to_ascii_lowercase(), index))
                .collect();
            return Ok(Self { all, by_id });
        }
        faults.sort_by_key(|fault| (fault.line, fault.column));
        Err(faults)
    }

    /// Every account, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.all.iter()
    }

    /// The account of this id or name.
    #[must_use]
    pub fn find(&self, id_or_name: &str) -> Option<&Account> {
        self.by_id(id_or_name).or_else(|| {
            self.all
                .iter()
                .find(|account| account.name() == Some(id_or_name))
        })
    }

    fn by_id(&self, id: &str) -> Option<&Account> {
        let index = self
            .by_id
            .get(id)
            .or_else(|| self.by_id.get(&id.to_ascii_lowercase()))?;
        self.all.get(*index)
    }
}

impl Accounts for FileAccounts {
    fn get<'a>(&'a self, id: &'a str) -> Lookup<'a> {
        Box::pin(std::future::ready(Ok(self.by_id(id).cloned())))
    }
}

/// What is wrong at one place of an accounts file. It never holds a credential's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1. Absent where the file as a whole is meant.
    pub line: Option<usize>,
    /// The character in the line, from 1.
    pub column: Option<usize>,
    /// The account's name, else its id, where it has one.
    pub account: Option<String>,
    /// A sentence for people.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if let Some(account) = &self.account {
            write!(f, " account `{account}`:")?;
        }
        write!(f, " {}", self.message)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";

    fn parse(text: &str) -> Result<FileAccounts, Vec<Fault>> {
        parse_at(Path::new("accounts.toml"), text)
    }

    fn parse_at(file: &Path, text: &str) -> Result<FileAccounts, Vec<Fault>> {
        FileAccounts::parse(file, text, |name| match name {
            "TOKEN" => Some("token-from-the-environment".to_owned()),
            "BLANK" => Some(" ".to_owned()),
            _ => None,
        })
    }

    fn faults(text: &str) -> Vec<String> {
        parse(text)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn credentials_come_from_text_environment_and_file() {
        use secrecy::ExposeSecret as _;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("token"), "token-from-a-file\r\n").unwrap();
        for (credential, value) in [
            ("\"token-as-text\"", "token-as-text"),
            ("{ env = \"TOKEN\" }", "token-from-the-environment"),
            ("{ file = \"token\" }", "token-from-a-file"),
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
    fn an_account_is_found_by_id_in_any_case_and_by_name() {
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
    fn a_file_without_accounts_is_fine() {
        assert_eq!(parse("# none yet\n").unwrap().iter().count(), 0);
    }

    /// Compares all of it at once, without the file's name and what differs by system.
    fn assert_faults(faults: &[String], expected: &[&str]) {
        let missing = "cannot be read: No such file or directory (os error 2)";
        let faults: Vec<String> = faults
            .iter()
            .map(|fault| fault.replace(missing, "cannot be read: not found"))
            .collect();
        let expected: Vec<String> = expected
            .iter()
            .map(|fault| format!("accounts.toml:{fault}"))
            .collect();
        assert_eq!(faults, expected);
    }

    #[test]
    fn every_fault_of_every_account_is_told_with_its_line() {
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
        let faults = faults(text);
        assert_faults(
            &faults,
            &[
                "1: unknown key `accounts`; expected `[[account]]`",
                "2: account `one`: `id` is missing",
                "4: account `one`: `integration`: expected one of `dixa`, `gorgias`, `hive`, `pivotal_tracker`, `planhat`, `teamwork`, but found `zendesk`",
                "5: account `one`: `credentials.api_token`: the environment variable `NOT_SET` is not set",
                "8: account `two`: `id`: expected a UUID, but found `12`",
                "11: account `two`: unknown key `colour`; expected one of `id`, `name`, `integration`, `base_url`, `settings`, `credentials`",
                "12: account `two`: `base_url`: expected a URL that starts with `http://` or `https://`, but found `ftp://x`",
                "13: account `two`: `settings.subdomain`: expected a text, but found integer",
                "13: account `two`: setting `site` is not one of Gorgias",
                "14: account `two`: `credentials.api_key`: the file `no-such-file` cannot be read: not found",
                "14: account `two`: credential `token` is not one of Gorgias",
                "19: account `62f44730-dd91-461e-bd6a-aedd9e0ad79d`: `credentials.api_token` is blank",
                "21: account `two`: setting `user_id` is missing: the owner of the API key (My profile, API info)",
                "22: account `two`: `id`: `62f44730-dd91-461e-bd6a-aedd9e0ad79d` is taken by the account of line 17",
                "23: account `two`: `name`: `two` is taken by the account of line 9",
                "25: account `two`: `credentials.api_key`: expected a text, { env = … } or { file = … }",
            ],
        );
        assert!(!faults.join("").contains("keep-me-secret"));
    }

    #[test]
    fn a_fault_of_syntax_hides_only_its_own_account() {
        let text = "[[account]]\nid = \"x\nintegration = \"dixa\"\n\n[[account]]\nid = \"y\"\nintegration = \"dixa\"\ncredentials = { api_token = \"keep-me-secret }\n\n[[account]]\nintegration = \"dixa\"\n";
        let faults = faults(text);
        assert_faults(
            &faults,
            &[
                r#"2: invalid basic string, expected `"`"#,
                "8: unclosed inline table, expected `}`",
                "10: `id` is missing",
                "10: expected the credentials `api_token`",
            ],
        );
    }

    #[test]
    fn a_missing_file_is_one_fault() {
        let faults = FileAccounts::read("no/such/accounts.toml").unwrap_err();
        assert_eq!(faults.len(), 1);
        assert!(
            faults[0]
                .to_string()
                .starts_with("no/such/accounts.toml: cannot be read: "),
            "{}",
            faults[0]
        );
    }
}
