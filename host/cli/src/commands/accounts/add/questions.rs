//! Asks for what an account needs and the arguments do not say.

use std::io::{self, BufRead as _, IsTerminal as _};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use unified_ticketing_guest::account::{credential_names, is_user_name};
use unified_ticketing_guest::integration::{ALL, Integration, Setting, find};

use super::{NewAccount, Source, source};
use crate::args::AddArgs;
use crate::error::{CliError, ExitStatus};
use crate::terminal::Terminal;

/// Asks on standard error, and reads lines of standard input.
pub(super) struct Questions<'a> {
    terminal: &'a mut Terminal,
    /// Whether a person answers: only a person is asked for what can be left out.
    is_person: bool,
}

impl<'a> Questions<'a> {
    pub(super) fn new(terminal: &'a mut Terminal) -> Self {
        Self {
            terminal,
            is_person: io::stdin().is_terminal(),
        }
    }

    pub(super) fn ask(mut self, arguments: &AddArgs) -> Result<NewAccount, CliError> {
        let AddArgs {
            integration,
            name,
            id,
            base_url,
            settings,
            credentials,
        } = arguments;
        let integration = self.integration(integration.as_deref())?;
        let name = match name {
            None => self.optional("a name for the command line (optional)")?,
            given => given.clone(),
        };
        let mut settings = settings.clone();
        for setting in integration.settings {
            let is_given = settings.iter().any(|(name, _)| name == setting.name);
            // A base URL has the host already.
            let is_needed = base_url.is_none() || !setting.in_host;
            if !is_given
                && is_needed
                && let Some(value) = self.setting(setting)?
            {
                settings.push((setting.name.to_owned(), value));
            }
        }
        let mut sources = Vec::new();
        for argument in credentials {
            sources.push(source(integration, argument)?);
        }
        for name in self.scheme(integration, &sources)? {
            if sources.iter().all(|(given, _)| given != name) {
                sources.push((name.to_owned(), self.credential(integration, name)?));
            }
        }
        Ok(NewAccount {
            id: id
                .clone()
                .unwrap_or_else(|| uuid::Uuid::new_v4().to_string()),
            name,
            integration,
            base_url: base_url.clone(),
            settings,
            credentials: sources,
        })
    }

    fn integration(&mut self, given: Option<&str>) -> Result<&'static Integration, CliError> {
        let names: Vec<&str> = ALL.iter().map(|integration| integration.name).collect();
        let names = names.join(", ");
        let name = match given {
            Some(name) => name.to_owned(),
            None => self.required("the integration", &names)?,
        };
        find(&name).ok_or_else(|| {
            let message = format!("INTEGRATION: expected one of {names}, but found `{name}`");
            CliError::new(ExitStatus::Usage, message)
        })
    }

    fn setting(&mut self, setting: &Setting) -> Result<Option<String>, CliError> {
        let Setting {
            name, description, ..
        } = setting;
        match setting.default {
            Some(default) => self.optional(&format!("`{name}`: {description} [{default}]")),
            None => self.required(&format!("`{name}`"), description).map(Some),
        }
    }

    /// The names of the credentials of one scheme: of the one that the arguments have a part of, else of the one that a person
    /// chooses, else of the first.
    fn scheme(
        &mut self,
        integration: &Integration,
        given: &[(String, Source)],
    ) -> Result<Vec<&'static str>, CliError> {
        let schemes: Vec<Vec<&str>> = integration.auth.iter().map(credential_names).collect();
        let begun = schemes
            .iter()
            .position(|names| given.iter().any(|(given, _)| names.contains(&&**given)));
        let chosen = match begun {
            Some(begun) => begun,
            None if schemes.len() > 1 && self.is_person => {
                let schemes = schemes.iter().enumerate();
                let schemes: Vec<_> = schemes
                    .map(|(index, names)| format!("{} for {}", index + 1, names.join(" and ")))
                    .collect();
                let answer = self.optional(&format!("credentials: {} [1]", schemes.join(", ")))?;
                let number: usize = answer.map_or(Ok(1), |answer| answer.parse()).unwrap_or(0);
                number.wrapping_sub(1)
            }
            None => 0,
        };
        schemes.get(chosen).cloned().ok_or_else(|| {
            let message = format!("expected a number from 1 to {}", schemes.len());
            CliError::new(ExitStatus::Usage, message)
        })
    }

    fn credential(
        &mut self,
        integration: &Integration,
        name: &'static str,
    ) -> Result<Source, CliError> {
        if is_user_name(integration, name) {
            return self
                .required(&format!("`{name}`"), "not a secret")
                .map(Source::Text);
        }
        let what = format!("`{name}`, a secret, or nothing to name a variable");
        let typed = self.secret(&what)?;
        if let Some(secret) = typed {
            return Ok(Source::Typed(secret));
        }
        self.required(&format!("the variable that has `{name}`"), "its name")
            .map(Source::Variable)
    }

    /// An answer that must not be empty.
    fn required(&mut self, what: &str, hint: &str) -> Result<String, CliError> {
        self.prompt(&format!("{what} ({hint}): "));
        let answer = line()?.filter(|answer| !answer.is_empty());
        answer
            .map(|answer| answer.as_str().to_owned())
            .ok_or_else(|| {
                let message = format!("{what} is missing: standard input has no answer");
                CliError::new(ExitStatus::Usage, message)
            })
    }

    /// An answer of a person, who may give none.
    fn optional(&mut self, what: &str) -> Result<Option<String>, CliError> {
        if !self.is_person {
            return Ok(None);
        }
        self.prompt(&format!("{what}: "));
        let answer = line()?.filter(|answer| !answer.is_empty());
        Ok(answer.map(|answer| answer.as_str().to_owned()))
    }

    fn secret(&mut self, what: &str) -> Result<Option<SecretString>, CliError> {
        self.prompt(&format!("{what}: "));
        let answer = if self.is_person {
            let answer = rpassword::read_password().map_err(|error| unreadable(&error))?;
            Some(Zeroizing::new(answer))
        } else {
            line()?
        };
        let answer = answer.ok_or_else(|| {
            let message = format!("{what}: standard input has no answer");
            CliError::new(ExitStatus::Usage, message)
        })?;
        let secret = answer.trim();
        Ok((!secret.is_empty()).then(|| SecretString::from(secret)))
    }

    fn prompt(&mut self, text: &str) {
        if self.is_person {
            self.terminal.prompt(text);
        }
    }
}

/// A line of standard input, without blanks at its ends; none at the end of the input.
fn line() -> Result<Option<Zeroizing<String>>, CliError> {
    let mut line = Zeroizing::new(String::new());
    let length = io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| unreadable(&error))?;
    Ok((length > 0).then(|| Zeroizing::new(line.trim().to_owned())))
}

fn unreadable(error: &io::Error) -> CliError {
    CliError::new(ExitStatus::Other, format!("standard input: {error}"))
}
