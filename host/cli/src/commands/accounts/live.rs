//! `accounts check --live`: what the providers think of the credentials.

use serde_json::{Value, json};
use unified_ticketing::types::{Collection, Error, ErrorCode, Options, UserQuery};
use unified_ticketing::{Account, FileAccounts};

use crate::args::Global;
use crate::error::{CliError, ExitStatus};
use crate::input;

/// What came of asking a provider.
pub(super) struct Answer {
    /// The name of the account, else its id.
    account: String,
    integration: String,
    credentials: Credentials,
    error: Option<Error>,
}

/// What a provider thinks of the credentials.
#[derive(Clone, Copy, PartialEq)]
enum Credentials {
    Accepted,
    Rejected,
    /// The provider has not said.
    Unknown,
    /// The provider cannot be asked without a collection.
    Unchecked,
}

impl Credentials {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
            Self::Unchecked => "unchecked",
        }
    }
}

impl Answer {
    pub(super) fn to_json(&self) -> Value {
        let Self {
            account,
            integration,
            credentials,
            error,
        } = self;
        let mut json = json!({
            "account": account, "integration": integration, "credentials": credentials.as_str(),
        });
        if let (Some(error), Some(members)) = (error, json.as_object_mut()) {
            members.insert("code".to_owned(), json!(error.code.to_string()));
            members.insert("message".to_owned(), json!(error.message));
        }
        json
    }
}

/// Asks the provider of each account for a list of one user, in turn.
pub(super) async fn ask(
    global: &Global,
    accounts: FileAccounts,
    collections: &[String],
) -> Result<Vec<Answer>, CliError> {
    let asked: Vec<Account> = accounts.iter().cloned().collect();
    let engine = global.engine(accounts).await?;
    let options = Options {
        ignore_remote_data: true,
        collections: collections
            .iter()
            .map(|text| {
                let (kind, id) = input::collection(text);
                Collection {
                    id: id.to_owned(),
                    type_: kind.map(str::to_owned),
                }
            })
            .collect(),
        ..Options::default()
    };
    let mut answers = Vec::new();
    for account in asked {
        let query = UserQuery {
            email: None,
            cursor: None,
            limit: Some(1),
        };
        let listed = engine.list_users(account.id(), query, options.clone());
        let error = listed.await.err();
        let credentials = match error.as_ref().map(|error| error.code) {
            None => Credentials::Accepted,
            Some(ErrorCode::ProviderUnauthorized | ErrorCode::ProviderForbidden) => {
                Credentials::Rejected
            }
            Some(ErrorCode::InvalidRequest) => Credentials::Unchecked,
            Some(_) => Credentials::Unknown,
        };
        answers.push(Answer {
            account: account.name().unwrap_or(account.id()).to_owned(),
            integration: account.integration().to_owned(),
            credentials,
            error,
        });
    }
    Ok(answers)
}

/// The error of accounts whose credentials are rejected, else of those that are not known to work.
pub(super) fn conclude(answers: &[Answer]) -> Result<(), CliError> {
    let rejected = names(answers, Credentials::Rejected);
    if !rejected.is_empty() {
        let message = format!("the provider rejects the credentials of {rejected}");
        return Err(CliError::new(ExitStatus::Configuration, message));
    }
    let unknown = names(answers, Credentials::Unknown);
    let mut errors = answers
        .iter()
        .filter(|it| it.credentials == Credentials::Unknown)
        .filter_map(|it| it.error.as_ref());
    match errors.next() {
        Some(error) => {
            let status = ExitStatus::from_error(error.code, error.outcome);
            let message = format!("it is not known whether the credentials are good of {unknown}");
            Err(CliError::new(status, message))
        }
        None => Ok(()),
    }
}

/// The names of the accounts with such an answer.
fn names(answers: &[Answer], credentials: Credentials) -> String {
    let found = answers.iter().filter(|it| it.credentials == credentials);
    let found: Vec<String> = found.map(|it| format!("`{}`", it.account)).collect();
    found.join(", ")
}
