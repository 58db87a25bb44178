//! `accounts add`: appends an account to the accounts file.

mod questions;

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use toml::Value;
use unified_ticketing::FileAccounts;
use unified_ticketing_guest::account::is_user_name;
use unified_ticketing_guest::integration::Integration;

use self::questions::Questions;
use crate::args::{AddArgs, Global};
use crate::error::{CliError, ExitStatus};
use crate::setup::create_private_folder;
use crate::terminal::Terminal;

/// The folder beside the accounts file where typed secrets go.
const SECRETS: &str = "secrets";

/// A new account.
struct NewAccount {
    id: String,
    name: Option<String>,
    integration: &'static Integration,
    base_url: Option<String>,
    settings: Vec<(String, String)>,
    credentials: Vec<(String, Source)>,
}

/// Where a credential comes from.
enum Source {
    /// A user name, which is not a secret.
    Text(String),
    Variable(String),
    File(String),
    /// A secret that was typed: it goes into a file of its own.
    Typed(SecretString),
}

pub(in super::super) fn add(
    global: &Global,
    arguments: &AddArgs,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    if global.sandbox {
        let message = "`accounts add` writes the accounts file, and `--sandbox` reads none";
        return Err(CliError::new(ExitStatus::Usage, message));
    }
    let file = &global.accounts;
    let before = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read.map_err(|error| failed(file, &error))?,
    };
    // Nobody is asked in vain.
    check(file, &before)?;
    let account = Questions::new(terminal).ask(arguments)?;
    let (entry, typed) = account.to_toml(file);
    for (path, secret) in &typed {
        write_secret(path, secret).map_err(|error| failed(path, &error))?;
    }
    let separator = match before.as_str() {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let added = format!("{separator}{entry}");
    let written = check(file, &format!("{before}{added}"))
        .and_then(|()| append(file, &added).map_err(|error| failed(file, &error)));
    if let Err(error) = written {
        for (path, _) in &typed {
            // The error is that of the account.
            let _ = std::fs::remove_file(path);
        }
        return Err(error);
    }
    let secrets: Vec<_> = typed
        .iter()
        .map(|(path, _)| path.display().to_string())
        .collect();
    let result = json!({
        "id": account.id, "name": account.name, "integration": account.integration.name,
        "file": file.display().to_string(), "secret_files": secrets,
    });
    terminal.json(result.to_string().as_bytes())?;
    terminal.note("the account is added; `accounts check --live` asks the provider what it thinks of the credentials");
    Ok(())
}

/// Checks a text of the accounts file. A variable need not be set where the account is added.
fn check(file: &Path, text: &str) -> Result<(), CliError> {
    let environment = |name: &str| Some(std::env::var(name).unwrap_or_else(|_| "unset".to_owned()));
    FileAccounts::parse(file, text, environment)
        .map(drop)
        .map_err(|error| CliError::accounts(&error))
}

impl NewAccount {
    /// The section of the accounts file, and the files of the typed secrets.
    fn to_toml(&self, file: &Path) -> (String, Vec<(PathBuf, &SecretString)>) {
        let mut typed = Vec::new();
        let mut credentials = toml::Table::new();
        for (name, source) in &self.credentials {
            let value = match source {
                Source::Text(value) => value.clone().into(),
                Source::Variable(variable) => reference("env", variable),
                Source::File(path) => reference("file", path),
                Source::Typed(secret) => {
                    // Paths in the accounts file are relative to its folder.
                    let path = format!("{SECRETS}/{}.{name}", self.id);
                    let value = reference("file", &path);
                    typed.push((file.with_file_name(path), secret));
                    value
                }
            };
            credentials.insert(name.clone(), value);
        }
        let settings = self.settings.iter().cloned();
        let settings: toml::Table = settings.map(|(name, value)| (name, value.into())).collect();
        let members = [
            ("id", Some(self.id.clone().into())),
            ("name", self.name.clone().map(Value::from)),
            ("integration", Some(self.integration.name.into())),
            ("base_url", self.base_url.clone().map(Value::from)),
            ("settings", (!settings.is_empty()).then(|| settings.into())),
            ("credentials", Some(credentials.into())),
        ];
        let mut text = "[[account]]\n".to_owned();
        for (key, value) in members {
            if let Some(value) = value {
                // Written so, a table takes one line.
                let _ = writeln!(text, "{key} = {value}");
            }
        }
        (text, typed)
    }
}

/// Where the value of a credential is.
fn reference(kind: &str, name: &str) -> Value {
    toml::Table::from_iter([(kind.to_owned(), name.into())]).into()
}

/// Writes a secret to a new file that only its owner can read.
fn write_secret(path: &Path, secret: &SecretString) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        create_private_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    write(path, &options, secret.expose_secret())
}

/// Appends to the accounts file: what is there is not written again.
fn append(file: &Path, text: &str) -> io::Result<()> {
    write(file, OpenOptions::new().append(true).create(true), text)
}

/// Writes to a file; a new one is its owner's alone.
fn write(path: &Path, options: &OpenOptions, text: &str) -> io::Result<()> {
    let mut options = options.clone();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn failed(path: &Path, error: &io::Error) -> CliError {
    let message = format!("{}: {error}", path.display());
    CliError::new(ExitStatus::Configuration, message)
}

/// Reads the name of a credential, and where it is. A secret is not taken as it is, as others on the machine can read the arguments
/// of a program; no error has it.
fn source(integration: &Integration, argument: &str) -> Result<(String, Source), CliError> {
    let Some((name, text)) = argument.split_once('=') else {
        let message = "--credential: expected `NAME=env:VARIABLE` or `NAME=file:PATH`";
        return Err(CliError::new(ExitStatus::Usage, message));
    };
    let source = if let Some(variable) = text.strip_prefix("env:") {
        Source::Variable(variable.to_owned())
    } else if let Some(path) = text.strip_prefix("file:") {
        Source::File(path.to_owned())
    } else if is_user_name(integration, name) {
        Source::Text(text.to_owned())
    } else {
        let message = format!("--credential {name}=…: expected `env:VARIABLE` or `file:PATH`");
        return Err(CliError::new(ExitStatus::Usage, message).hint(
            "leave it out, and it is asked for: others can read the arguments of a program",
        ));
    };
    Ok((name.to_owned(), source))
}
