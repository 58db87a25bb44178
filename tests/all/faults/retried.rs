//! The rows again, for a creation whose client tries again.
//!
//! A row's fault is that of the first request alone: what the client sends then reaches a provider that works. There is one user at
//! most. Whoever has created one is never told that nothing was created, and gets the user where the provider shows it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use unified_ticketing::store::{Secret, Sqlite};
use unified_ticketing::{Engine, FileAccounts};
use unified_ticketing_guest::integration::{ALL, OperationName};

use super::call::{Call, Caller, NOT_SETTLED, Observed};
use super::endpoints::Endpoints;
use super::rows::{self, Row};
use super::runner::{CALL_TIMEOUT, Count, DEADLINE, MAX_RESPONSE_BODY, count};
use crate::serve::Simulators;

/// How often a client sends a request, at most.
const ATTEMPTS: usize = 3;

/// A client that tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    /// Until the call succeeds, with one key.
    WithKey,
    /// Without a key, after the statuses that the published API's own client takes for passing faults.
    WithoutKey,
}

impl Client {
    const ALL: [Self; 2] = [Self::WithKey, Self::WithoutKey];

    fn tries_again(self, observed: &Observed) -> bool {
        match self {
            Self::WithKey => observed.status != 200,
            Self::WithoutKey => matches!(observed.status, 408 | 502 | 504),
        }
    }
}

/// One integration and one client, with an engine of their own.
struct Runner {
    integration: &'static str,
    client: Client,
    caller: Caller,
    simulators: Simulators,
    _endpoints: Endpoints,
    _folder: tempfile::TempDir,
}

impl Runner {
    async fn start(integration: &'static str, client: Client) -> Self {
        let simulators = Simulators::start().await;
        let endpoints = Endpoints::start(&simulators, integration, simulators.address).await;
        let accounts = FileAccounts::parse("accounts.toml".as_ref(), &endpoints.accounts, |_| None);
        let folder = tempfile::tempdir().expect("a folder");
        let mut engine = Engine::builder()
            .accounts(accounts.expect("good accounts"))
            .deadline(DEADLINE)
            // One look-up, and no wait for another.
            .settle(Duration::from_millis(900))
            .max_response_body(MAX_RESPONSE_BODY)
            .max_cpu(Duration::from_secs(10))
            .max_instances(4)
            .root_certificates(endpoints.root.clone());
        if client == Client::WithKey {
            let path = folder.path().join("store.db");
            let secret = Secret::create_beside(&path).expect("a secret");
            let store = Sqlite::open(&path, &secret).expect("a store");
            engine = engine.store(store, secret);
        }
        Self {
            integration,
            client,
            caller: Caller::serve(engine.build().expect("an engine")).await,
            simulators,
            _endpoints: endpoints,
            _folder: folder,
        }
    }

    /// What is wrong, row by row.
    async fn run(self, rows: &[Row]) -> Vec<String> {
        let mut wrong = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            let call = Call {
                integration: self.integration,
                endpoint: row.at,
                operation: OperationName::Create,
                id: String::new(),
                email: format!("ines.{number}@kelpworks.example"),
            };
            if let Some(fault) = row.fault("http://127.0.0.1:1/") {
                let path = format!("faults/{}", self.integration);
                self.simulators.control("PUT", &path, &fault).await;
            }
            let before = count(&self.simulators).await;
            let observed = self.attempts(&call).await;
            let seen = count(&self.simulators).await.since(before);
            let path = format!("faults/{}", self.integration);
            self.simulators.control("DELETE", &path, "").await;
            if let Err(why) = check(row, self.client, &observed, seen) {
                wrong.push(format!(
                    "{}: {} {:?}: {why}: observed {observed:?}, the provider counted {seen:?}",
                    row.name, self.integration, self.client
                ));
            }
        }
        wrong
    }

    /// The results of a client's attempts.
    async fn attempts(&self, call: &Call) -> Vec<Observed> {
        let Caller::Http(server) = &self.caller else {
            return Vec::new();
        };
        let mut request = call.request();
        request.target = request.target.replace(NOT_SETTLED, "");
        if self.client == Client::WithKey {
            let key = ("idempotency-key".to_owned(), call.email.clone());
            request.headers.push(key);
        }
        let mut observed = Vec::new();
        while observed.len() < ATTEMPTS {
            let attempt = tokio::time::timeout(CALL_TIMEOUT, Call::send(*server, &request));
            let attempt = attempt.await.expect("a response in time");
            let tries_again = self.client.tries_again(&attempt);
            observed.push(attempt);
            if !tries_again {
                break;
            }
        }
        observed
    }
}

/// Compares what a client observed with the row and with the simulator's counts.
fn check(row: &Row, client: Client, observed: &[Observed], seen: Count) -> Result<(), String> {
    let last = observed.last().ok_or("no attempt")?;
    let promise = |holds: bool, what: &str| holds.then_some(()).ok_or_else(|| what.to_owned());
    promise(seen.users <= 1, "more than one user")?;
    if row.is_rejected() {
        // Who mends a creation that was rejected sends it again.
        let again = u64::from(client.tries_again(&observed[0]));
        promise(seen.creations == 1 + again, "not sent again")?;
        return promise((last.status == 200) == (again == 1), "not created then");
    }
    promise(seen.creations <= 1, "more than one creation")?;
    promise(
        seen.creations == row.requests,
        "another number of creations",
    )?;
    promise(
        seen.users == i64::from(row.effect),
        "another number of users",
    )?;
    if row.effect {
        // A response without an id is the row's own.
        let has_id = last.id.is_some() || row.is_success();
        promise(last.status == 200 && has_id, "the user is not found")
    } else {
        let outcome = if row.requests == 0 {
            "not-sent"
        } else {
            "unknown"
        };
        promise(last.outcome == outcome, "another outcome")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_create_one_user() {
    let rows: Arc<Vec<Row>> = Arc::new(rows::rows());
    let mut runners = JoinSet::new();
    for integration in ALL.iter().map(|integration| integration.name) {
        for client in Client::ALL {
            let rows = Arc::clone(&rows);
            runners.spawn(async move { Runner::start(integration, client).await.run(&rows).await });
        }
    }
    let wrong: Vec<String> = runners.join_all().await.into_iter().flatten().collect();
    let all = rows.len() * ALL.len() * Client::ALL.len();
    println!(
        "{all} rows with clients that try again, {} wrong",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
