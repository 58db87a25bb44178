//! `accounts add`: appends an account to the accounts file.

mod questions;

use std::fmt::Write as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use unified_ticketing::FileAccounts;
use unified_ticketing_guest::account::is_user_name;
use unified_ticketing_guest::integration::Integration;

use self::questions::Questions;
use crate::args::{AddArgs, Global};
use crate::error::{CliError, ExitStatus};
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
        let mut text = format!("[[account]]\nid = {}\n", quoted(&self.id));
        if let Some(name) = &self.name {
            let _ = writeln!(text, "name = {}", quoted(name));
        }
        let _ = writeln!(text, "integration = {}", quoted(self.integration.name));
        if let Some(url) = &self.base_url {
            let _ = writeln!(text, "base_url = {}", quoted(url));
        }
        if !self.settings.is_empty() {
            let settings = self.settings.iter();
            let settings = settings.map(|(name, value)| (name, quoted(value)));
            let _ = writeln!(text, "settings = {}", inline_table(settings));
        }
        let mut typed = Vec::new();
        let credentials = self.credentials.iter().map(|(name, source)| {
            let value = match source {
                Source::Text(value) => quoted(value),
                Source::Variable(variable) => format!("{{ env = {} }}", quoted(variable)),
                Source::File(path) => format!("{{ file = {} }}", quoted(path)),
                Source::Typed(secret) => {
                    // Paths in the accounts file are relative to its folder.
                    let path = format!("{SECRETS}/{}.{name}", self.id);
                    let value = format!("{{ file = {} }}", quoted(&path));
                    typed.push((file.with_file_name(path), secret));
                    value
                }
            };
            (name, value)
        });
        let _ = writeln!(text, "credentials = {}", inline_table(credentials));
        (text, typed)
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn inline_table<'a>(members: impl Iterator<Item = (&'a String, String)>) -> String {
    let members: Vec<_> = members
        .map(|(name, value)| format!("{} = {value}", key(name)))
        .collect();
    format!("{{ {} }}", members.join(", "))
}

/// A key, bare where it can be.
fn key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// Writes a secret to a new file that only its owner can read.
fn write_secret(path: &Path, secret: &SecretString) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
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
