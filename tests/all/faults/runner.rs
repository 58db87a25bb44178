//! One integration by one entry point: its own simulator and engine, and one fault after the other.

use std::time::Duration;

use unified_ticketing::{Engine, FileAccounts};
use unified_ticketing_guest::bindings::types::Safety;
use unified_ticketing_guest::integration::{Operation, OperationName, find};

use super::broken_log::BrokenLogServer;
use super::call::{Call, Caller, EntryPoint, Observed};
use super::disconnected::{Disconnect, LoggedServer, PAUSE};
use super::endpoints::Endpoints;
use super::relay::Relay;
use super::rows::{Endpoint, Row};
use crate::provider::Provider;
use crate::serve::Simulators;

/// The deadline of every call. Long enough for a good call on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// The limit of every response body, in bytes. Low, so that a body beyond it costs a busy machine little.
pub const MAX_RESPONSE_BODY: usize = 256 << 10;
/// The longest wait for a result.
pub const CALL_TIMEOUT: Duration = Duration::from_mins(1);

pub struct Runner {
    integration: &'static str,
    entry_point: EntryPoint,
    caller: Caller,
    simulators: Simulators,
    /// In front of the simulators, to hold responses back until the client has left.
    relay: Option<Relay>,
    /// The target of redirects. No request may reach it.
    redirect_target: Provider,
    _endpoints: Endpoints,
    /// How many addresses were used so far.
    addresses: u32,
}

/// The verdict on one row for one operation.
pub struct Verdict {
    pub row: usize,
    /// A good call succeeded after it.
    pub survived: bool,
    /// The caller observed no result, or one that contradicts the simulator's counts.
    pub lost: bool,
    /// The provider received more than one request, or created more than one user.
    pub doubled: bool,
    /// The difference from the row.
    pub wrong: Option<String>,
}

/// The simulator's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub requests: u64,
    /// Those that create.
    pub creations: u64,
    pub users: i64,
}

/// The operations that a row runs for, by an entry point: one of each safety.
///
/// A create runs by all, and so does a request that is idempotent: an update or a deletion, in turn. What is special to a read is
/// known to the component, and not to entry points: each row has a get and a list for each integration, by two of the entry points,
/// which take turns. No log takes part in that. The whole product would take three times as long.
pub fn operations(number: usize, entry_point: EntryPoint) -> Vec<OperationName> {
    let turn = number + entry_point.position();
    let idempotent = [OperationName::Update, OperationName::Delete];
    let mut operations = vec![OperationName::Create, idempotent[turn % 2]];
    let reads = [OperationName::Get, OperationName::List];
    if turn.is_multiple_of(3) && !matches!(entry_point, EntryPoint::BrokenLog(_)) {
        operations.push(reads[turn / 3 % 2]);
    }
    operations
}

impl Runner {
    pub async fn start(integration: &'static str, entry_point: EntryPoint) -> Self {
        let simulators = Simulators::start().await;
        let relay = match entry_point {
            EntryPoint::Disconnected => Some(Relay::start(simulators.address).await),
            _ => None,
        };
        let simulator = relay
            .as_ref()
            .map_or(simulators.address, |relay| relay.address);
        let endpoints = Endpoints::start(&simulators, integration, simulator).await;
        let (accounts, root) = (&endpoints.accounts, &endpoints.root);

        let (deadline, max_response_body) = (
            DEADLINE.as_secs().to_string(),
            MAX_RESPONSE_BODY.to_string(),
        );
        // No row is about the component's time, and a busy machine takes some of it.
        let limits = [
            "--deadline",
            &deadline,
            "--max-response-body",
            &max_response_body,
            "--max-cpu=10s",
            "--settle=0",
        ];
        let caller = match entry_point {
            EntryPoint::Program => Caller::program(accounts, root, &limits),
            EntryPoint::BrokenLog(stderr) => {
                Caller::BrokenLog(BrokenLogServer::start(accounts, root, &limits, stderr).await)
            }
            EntryPoint::Disconnected => {
                let server = LoggedServer::start(accounts, root, &limits);
                Caller::Logged(Box::new(server))
            }
            EntryPoint::Typed(_) | EntryPoint::Http(_) => {
                let accounts = FileAccounts::parse("accounts.toml".as_ref(), accounts, |_| None);
                let engine = Engine::builder()
                    .accounts(accounts.expect("good accounts"))
                    .sender(entry_point.sender())
                    .deadline(DEADLINE)
                    .max_response_body(MAX_RESPONSE_BODY)
                    .max_cpu(Duration::from_secs(10))
                    .max_instances(4)
                    .root_certificates(root.clone())
                    .build()
                    .expect("an engine");
                match entry_point {
                    EntryPoint::Http(_) => Caller::serve(engine).await,
                    EntryPoint::Typed(_)
                    | EntryPoint::Program
                    | EntryPoint::BrokenLog(_)
                    | EntryPoint::Disconnected => Caller::Typed(engine),
                }
            }
        };
        Self {
            integration,
            entry_point,
            caller,
            simulators,
            relay,
            redirect_target: Provider::start().await,
            _endpoints: endpoints,
            addresses: 0,
        }
    }

    pub async fn run(mut self, rows: &[Row]) -> Vec<Verdict> {
        let user = self.create().await;
        // Another one for each deletion, so that there is one left.
        let mut deletable = self.create().await;
        let mut verdicts = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            for operation in operations(number, self.entry_point) {
                let id = match operation {
                    OperationName::Delete => &mut deletable,
                    _ => &mut user.clone(),
                };
                verdicts.push(self.check(number, row, operation, id).await);
            }
        }
        assert_eq!(self.redirect_target.count(), 0, "a redirect was followed");
        if let Caller::Logged(server) = &mut self.caller {
            server.stop().await;
        }
        verdicts
    }

    /// Creates a user, and returns the id.
    async fn create(&mut self) -> String {
        let call = self.good(OperationName::Create, "");
        let created = self.caller.call(&call).await;
        let id = created.id.clone();
        id.unwrap_or_else(|| panic!("{:?}: {created:?}", self.integration))
    }

    /// Checks a row for an operation, for the user `id`. A deletion is followed by a good creation, whose user takes its place.
    async fn check(
        &mut self,
        number: usize,
        row: &Row,
        operation: OperationName,
        id: &mut String,
    ) -> Verdict {
        let integration = self.integration;
        if let Some(fault) = row.fault(&self.redirect_target.url()) {
            self.simulators
                .control("PUT", &format!("faults/{integration}"), &fault)
                .await;
        }
        let before = count(&self.simulators).await;
        let call = Call {
            endpoint: row.at,
            ..self.good(operation, id)
        };
        let observed =
            tokio::time::timeout(CALL_TIMEOUT, self.observe((number, row), &call, before)).await;
        let after = count(&self.simulators).await;
        self.simulators
            .control("DELETE", &format!("faults/{integration}"), "")
            .await;
        let seen = after.since(before);

        let deletes = operation == OperationName::Delete;
        let good = match operation {
            OperationName::Delete => self.good(OperationName::Create, ""),
            _ => self.good(operation, id),
        };
        let good = tokio::time::timeout(CALL_TIMEOUT, self.caller.call(&good)).await;
        let good = good.ok();
        let survived = good.as_ref().is_some_and(|observed| {
            observed.status == 200 && observed.id.is_some() && observed.client.is_empty()
        });
        if let Some(created) = good.as_ref().and_then(|good| good.id.clone())
            && deletes
        {
            *id = created;
        }
        let observed = observed.ok();
        let table = find(integration).and_then(|integration| integration.operation(operation));
        let table = table.expect("every integration has every operation");
        let users = row.users(operation);
        let lost = observed
            .as_ref()
            .is_none_or(|observed| contradicts(observed, seen, table.safety, users));
        let right = observed.as_ref().is_some_and(|observed| {
            self.as_promised(row, table, observed)
                && (seen.requests, seen.users) == (row.requests, users)
        });
        let wrong = (!right || !survived).then(|| {
            let (operation, entry_point) = (operation.verb(), self.entry_point);
            format!(
                "{}: {integration} {operation} {entry_point:?}: observed {observed:?}, the provider counted {seen:?}, a good call then {good:?}",
                row.name
            )
        });
        Verdict {
            row: number,
            survived,
            lost,
            doubled: seen.requests > 1 || seen.users.abs() > 1,
            wrong,
        }
    }

    /// Makes a call. A client that disconnects does so when the provider has the request and has not responded yet, or, if no request
    /// reaches the provider, once its own request is sent.
    async fn observe(
        &mut self,
        (number, row): (usize, &Row),
        call: &Call,
        before: Count,
    ) -> Observed {
        let (Caller::Logged(server), Some(relay)) = (&mut self.caller, &self.relay) else {
            return self.caller.call(call).await;
        };
        // Both ways occur in each row, and for each operation.
        let how = if (number + call.operation as usize).is_multiple_of(2) {
            Disconnect::Close
        } else {
            Disconnect::Reset
        };
        let reaches = row.requests > 0;
        relay.hold(reaches);
        let client = server.send(call).await;
        if reaches {
            // The caller of this function has a timeout.
            while count(&self.simulators).await.requests == before.requests && !server.has_logged()
            {
                tokio::time::sleep(PAUSE).await;
            }
        }
        server.disconnect(client, how).await;
        relay.hold(false);
        server.logged(call).await
    }

    /// Whether the caller observed the result of the row.
    fn as_promised(&self, row: &Row, operation: &Operation, observed: &Observed) -> bool {
        let expected = row.result(operation);
        let Observed {
            status,
            code,
            outcome,
            limit,
            provider_status,
            retry_after,
            id: _,
            exit,
            client,
        } = observed;
        if (*status, code, outcome) != (expected.status, &expected.code, &expected.outcome) {
            return false;
        }
        if let EntryPoint::Disconnected = self.entry_point {
            // The log has no further fields. A call that reaches no provider may end before its client leaves.
            return client == "gone" || (row.requests == 0 && client.is_empty());
        }
        let program = matches!(self.entry_point, EntryPoint::Program);
        *limit == expected.limit
            && (expected.provider_status.is_none() || *provider_status == expected.provider_status)
            && (program || *retry_after == expected.retry_after)
            && *exit == program.then_some(expected.exit)
    }

    /// A call that succeeds without a fault.
    fn good(&mut self, operation: OperationName, id: &str) -> Call {
        self.addresses += 1;
        Call {
            integration: self.integration,
            endpoint: Endpoint::Plain,
            operation,
            id: id.to_owned(),
            email: format!("ines.{}@kelpworks.example", self.addresses),
        }
    }
}

impl Count {
    /// What has been counted since an earlier count.
    pub fn since(self, before: Self) -> Self {
        Self {
            requests: self.requests - before.requests,
            creations: self.creations - before.creations,
            users: self.users - before.users,
        }
    }
}

pub async fn count(simulators: &Simulators) -> Count {
    let count = simulators.control("GET", "count", "").await;
    Count {
        requests: count["requests"].as_u64().expect("a figure"),
        // Every provider creates by it.
        creations: count["methods"]["POST"].as_u64().unwrap_or_default(),
        users: count["users"].as_i64().expect("a figure"),
    }
}

/// Whether the simulator's counts contradict the result. `users` is how many users the fault lets the call create, or delete.
fn contradicts(observed: &Observed, seen: Count, safety: Safety, users: i64) -> bool {
    let reads = safety == Safety::Safe;
    match (observed.status, observed.outcome.as_str()) {
        (200, "") => seen.requests == 0 || (users != 0 && seen.users == 0),
        (_, "not-sent") => seen.requests > 0 && !reads,
        (_, "rejected") => seen.requests == 0 || seen.users != 0 || reads,
        // `unknown` would be easy to say of every call, and of no use.
        (_, "unknown") => seen.requests == 0 || reads,
        _ => true,
    }
}
