//! The process that is killed.

use std::env;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use unified_ticketing::types::Options;
use unified_ticketing::{Engine, FileAccounts};
use unified_ticketing_guest::integration::ALL;

use super::dying::Dying;
use super::{Kill, create};
use crate::life::options;
use crate::serve::account_id;
use crate::stores::{self, Hooked};

/// The variable that has the orders.
const ORDERS: &str = "UNIFIED_TICKETING_TEST_ORDERS";

/// The longest life of a process that is not killed.
const LIFE: Duration = Duration::from_secs(40);

/// What the process is to do.
#[derive(Deserialize, Serialize)]
pub(super) struct Orders {
    /// The URL of the store.
    pub(super) store: String,
    /// The file of its secret.
    pub(super) secret: PathBuf,
    /// The accounts file.
    pub(super) accounts: String,
    pub(super) kill: Kill,
    /// Whether to look for a user after a creation of unknown outcome.
    pub(super) settle: bool,
}

/// Starts the process.
pub(super) fn spawn(orders: &Orders) -> Child {
    let (_, module) = module_path!().split_once("::").expect("a module");
    let test = format!("{module}::creates_until_killed");
    Command::new(env::current_exe().expect("this program"))
        .args([&test, "--exact", "--ignored", "--nocapture"])
        .env(ORDERS, serde_json::to_string(orders).expect("JSON"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of `crash_anywhere`"]
async fn creates_until_killed() {
    let orders = env::var(ORDERS).expect("orders");
    let orders: Orders = serde_json::from_str(&orders).expect("JSON");
    let accounts = FileAccounts::parse("accounts.toml".as_ref(), &orders.accounts, |_| None);
    let (store, secret) = stores::open(&orders.store, &orders.secret).await;
    let engine = Engine::builder()
        .accounts(accounts.expect("good accounts"))
        .store(
            Hooked::new(store, Dying::new(orders.kill, ALL.len())),
            secret,
        )
        .deadline(LIFE)
        .settle(LIFE)
        .max_cpu(LIFE)
        .max_instances(2)
        .build()
        .expect("an engine");
    let mut creations = JoinSet::new();
    for integration in ALL {
        let (engine, name) = (engine.clone(), integration.name);
        let account = account_id(&orders.accounts, name);
        let options = Options {
            settle: orders.settle,
            ..options(name)
        };
        creations.spawn(async move { (name, create(&engine, &account, options).await) });
    }
    let mut ended = Vec::new();
    let killed = async {
        while let Some(creation) = creations.join_next().await {
            ended.push(creation);
        }
        std::future::pending::<()>().await;
    };
    let _ = tokio::time::timeout(LIFE, killed).await;
    println!("the process was not killed; these creations have ended: {ended:#?}");
}
