//! `token new`: makes a token for clients of `serve`.

use serde_json::json;
use unified_ticketing::server::{NewToken, NewTokenError, TokenOperation};

use crate::args::{NewTokenArgs, OperationName};
use crate::error::{CliError, ExitStatus};
use crate::terminal::Terminal;

pub(super) fn create(arguments: &NewTokenArgs, terminal: &mut Terminal) -> Result<(), CliError> {
    let NewTokenArgs {
        name,
        account_ids,
        operations,
    } = arguments;
    let mut token = NewToken::generate(name).map_err(|error| match error {
        NewTokenError::InvalidName => CliError::new(ExitStatus::Usage, format!("NAME: {error}")),
        error => CliError::new(ExitStatus::Other, error.to_string()),
    })?;
    if !account_ids.is_empty() {
        token = token.accounts(account_ids);
    }
    if !operations.is_empty() {
        token = token.operations(operations.iter().copied().map(TokenOperation::from));
    }
    let result = json!({"token": token.expose_token(), "entry": token.to_toml()});
    terminal.json(result.to_string().as_bytes())?;
    terminal.note(
        "give `token` to the client, it is shown only this once; add `entry` to the file of `serve --tokens`",
    );
    Ok(())
}

impl From<OperationName> for TokenOperation {
    fn from(name: OperationName) -> Self {
        match name {
            OperationName::Read => Self::Read,
            OperationName::Create => Self::Create,
            OperationName::Update => Self::Update,
            OperationName::Delete => Self::Delete,
        }
    }
}
