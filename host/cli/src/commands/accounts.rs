//! `accounts add`, `accounts list` and `accounts check`.

mod add;
mod live;

use serde_json::{Map, Value, json};

pub(super) use self::add::add;
use self::live::Answer;
use crate::args::{CheckArgs, Global};
use crate::error::CliError;
use crate::setup::call_runtime;
use crate::terminal::Terminal;

pub(super) fn list(global: &Global, terminal: &mut Terminal) -> Result<(), CliError> {
    let accounts = call_runtime()?.block_on(global.open_accounts())?;
    let accounts: Vec<Value> = accounts
        .iter()
        .map(|account| {
            let settings: Map<String, Value> = account
                .settings()
                .iter()
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect();
            json!({
                "id": account.id(),
                "name": account.name(),
                "integration": account.integration(),
                "base_url": account.base_url(),
                "settings": settings,
                "credentials": account.credential_names().collect::<Vec<_>>(),
            })
        })
        .collect();
    terminal.json(Value::Array(accounts).to_string().as_bytes())
}

pub(super) fn check(
    global: &Global,
    arguments: &CheckArgs,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let CheckArgs { live, collections } = arguments;
    call_runtime()?.block_on(async {
        let accounts = global.open_accounts().await?;
        for warning in accounts.warnings() {
            terminal.configuration_warning(&warning.to_string());
        }
        let (count, warnings) = (accounts.iter().count(), accounts.warnings().count());
        let mut checked = json!({"accounts": count, "faults": 0, "warnings": warnings});
        if !live {
            return terminal.json(checked.to_string().as_bytes());
        }
        let answers = live::ask(global, accounts, collections).await?;
        if let Some(members) = checked.as_object_mut() {
            let answers = answers.iter().map(Answer::to_json).collect();
            members.insert("live".to_owned(), Value::Array(answers));
        }
        terminal.json(checked.to_string().as_bytes())?;
        live::conclude(&answers)
    })
}
