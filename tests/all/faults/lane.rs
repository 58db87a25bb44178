//! One integration by one way: its own simulator, its own engine, fault after fault.

use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use unified_ticketing::{Engine, FileAccounts};

use super::call::{Call, Caller, Told, Way};
use super::leaving::{Leave, Leaving, PAUSE};
use super::relay::Relay;
use super::served::Served;
use super::table::{At, Row};
use super::tls::front;
use crate::provider::Provider;
use crate::serve::Simulators;
use crate::tls::Root;

/// Of every call. Long enough for a good one on a busy machine.
const DEADLINE: Duration = Duration::from_secs(5);
/// Of every answer, in bytes.
const LARGEST: usize = 1 << 20;
/// Beyond which nobody waits for an answer any more.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Lane {
    integration: &'static str,
    way: Way,
    caller: Caller,
    simulators: Simulators,
    /// Before the simulators, where answers have to wait for a client to leave.
    relay: Option<Relay>,
    /// Where redirects lead; nobody may call it.
    elsewhere: Provider,
    /// Accepts connections and leaves them alone.
    _mute: TcpListener,
    /// Keeps a port that nobody listens at.
    _dead: TcpSocket,
    /// How many addresses were used.
    used: u32,
}

/// What became of one row for one operation.
pub struct Verdict {
    pub row: usize,
    /// A good call worked after it.
    pub survived: bool,
    /// The caller was told nothing, or something that what the provider saw contradicts.
    pub lost: bool,
    /// The provider saw more than one request, or carried out more than one.
    pub doubled: bool,
    /// What is not as the row has it.
    pub wrong: Option<String>,
}

/// What the simulator has counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    requests: u64,
    users: u64,
}

impl Lane {
    pub async fn start(integration: &'static str, way: Way) -> Self {
        let simulators = Simulators::start().await;
        let relay = match way {
            Way::Left => Some(Relay::start(simulators.address).await),
            _ => None,
        };
        let simulator = relay
            .as_ref()
            .map_or(simulators.address, |relay| relay.address);
        let mute = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        // Bound, and not listening: nobody else gets the port, and who connects is refused.
        let dead = TcpSocket::new_v4().expect("a socket");
        let any_port = ([127, 0, 0, 1], 0).into();
        dead.bind(any_port).expect("a port");
        let dead_address = dead.local_addr().expect("its address");

        let root = || Root::new().expect("a root");
        let (root, other) = (root(), root());
        let mut accounts = String::new();
        for at in At::ALL {
            let origin = match at {
                At::Plain => format!("http://{simulator}"),
                At::Tls => format!("https://{}", front(&root, "127.0.0.1", simulator).await),
                At::WrongName => {
                    format!("https://{}", front(&root, "example.com", simulator).await)
                }
                At::UnknownRoot => {
                    format!("https://{}", front(&other, "127.0.0.1", simulator).await)
                }
                At::NoTls => format!("https://{simulator}"),
                At::Mute => format!("https://{}", mute.local_addr().expect("its address")),
                At::Refused => format!("http://{dead_address}"),
                // A label has at most 63 characters (RFC 1035), so nobody is asked.
                At::Unresolvable => format!("http://{}.example", "x".repeat(64)),
            };
            accounts.push_str(&account(&simulators, integration, at, &origin));
        }

        let (deadline, largest) = (DEADLINE.as_secs().to_string(), LARGEST.to_string());
        // No row is about the component's time, and a busy machine takes some of it.
        let limits = [
            "--deadline",
            &deadline,
            "--max-response-body",
            &largest,
            "--max-cpu=10s",
        ];
        let caller = match way {
            Way::Program => Caller::program(&accounts, &root.pem(), &limits),
            Way::Served(stderr) => {
                Caller::Served(Served::start(&accounts, &root.pem(), &limits, stderr).await)
            }
            Way::Left => {
                let leaving = Leaving::start(&accounts, &root.pem(), &limits);
                Caller::Leaving(Box::new(leaving))
            }
            Way::Typed(_) | Way::Http(_) => {
                let accounts = FileAccounts::parse("accounts.toml".as_ref(), &accounts, |_| None);
                let engine = Engine::builder()
                    .accounts(accounts.expect("good accounts"))
                    .sender(way.sender())
                    .deadline(DEADLINE)
                    .max_response_body(LARGEST)
                    .max_cpu(Duration::from_secs(10))
                    .max_instances(4)
                    .root_certificates(root.pem())
                    .build()
                    .expect("an engine");
                match way {
                    Way::Http(_) => Caller::served(engine).await,
                    Way::Typed(_) | Way::Program | Way::Served(_) | Way::Left => {
                        Caller::Typed(engine)
                    }
                }
            }
        };
        Self {
            integration,
            way,
            caller,
            simulators,
            relay,
            elsewhere: Provider::start().await,
            _mute: mute,
            _dead: dead,
            used: 0,
        }
    }

    pub async fn run(mut self, rows: &[Row]) -> Vec<Verdict> {
        let operations: &[bool] = match self.integration {
            "dixa" | "gorgias" => &[false],
            _ => &[false, true],
        };
        let first = self.good(None);
        let created = self.caller.call(&first).await;
        let user = created.id.clone();
        let user = user.unwrap_or_else(|| panic!("{:?}: {created:?}", self.integration));
        let mut verdicts = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            for update in operations {
                let id = update.then(|| user.clone());
                verdicts.push(self.check(number, row, id).await);
            }
        }
        assert_eq!(self.elsewhere.count(), 0, "a redirect was followed");
        if let Caller::Leaving(leaving) = &mut self.caller {
            leaving.stop().await;
        }
        verdicts
    }

    async fn check(&mut self, number: usize, row: &Row, id: Option<String>) -> Verdict {
        let integration = self.integration;
        let creates = id.is_none();
        if let Some(fault) = row.fault(&self.elsewhere.url()) {
            self.simulators
                .control("PUT", &format!("faults/{integration}"), &fault)
                .await;
        }
        let before = count(&self.simulators).await;
        let call = Call {
            at: row.at,
            ..self.good(id.clone())
        };
        let told = tokio::time::timeout(PATIENCE, self.told((number, row), &call, before)).await;
        let after = count(&self.simulators).await;
        self.simulators
            .control("DELETE", &format!("faults/{integration}"), "")
            .await;
        let seen = Count {
            requests: after.requests - before.requests,
            users: after.users - before.users,
        };

        let good = self.good(id);
        let good = tokio::time::timeout(PATIENCE, self.caller.call(&good)).await;
        let good = good.ok();
        let survived = good
            .as_ref()
            .is_some_and(|told| told.status == 200 && told.id.is_some() && told.client.is_empty());
        let told = told.ok();
        let lost = told
            .as_ref()
            .is_none_or(|told| contradicts(told, seen, creates && row.effect));
        let right = told.as_ref().is_some_and(|told| {
            self.as_promised(row, told)
                && seen.requests == row.requests
                && seen.users == u64::from(creates && row.effect)
        });
        let wrong = (!right || !survived).then(|| {
            let operation = call.operation();
            let way = self.way;
            format!(
                "{}: {integration} {operation} {way:?}: told {told:?}, the provider saw {seen:?}, a good call then {good:?}",
                row.name
            )
        });
        Verdict {
            row: number,
            survived,
            lost,
            doubled: seen.requests > 1 || seen.users > 1,
            wrong,
        }
    }

    /// Makes a call. Where its client leaves, it does so when the provider has the request and has not answered it yet; where
    /// nothing reaches a provider, as soon as the request is sent.
    async fn told(&mut self, (number, row): (usize, &Row), call: &Call, before: Count) -> Told {
        let (Caller::Leaving(leaving), Some(relay)) = (&mut self.caller, &self.relay) else {
            return self.caller.call(call).await;
        };
        // Each row has both, and so has each operation.
        let leave = if (number + usize::from(call.id.is_some())).is_multiple_of(2) {
            Leave::Close
        } else {
            Leave::Reset
        };
        let reaches = row.requests > 0;
        relay.hold(reaches);
        let client = leaving.begin(call).await;
        if reaches {
            // Who waits for this call has patience, and not without end.
            while count(&self.simulators).await.requests == before.requests && !leaving.has_told() {
                tokio::time::sleep(PAUSE).await;
            }
        }
        leaving.leave(client, leave).await;
        relay.hold(false);
        leaving.told(call).await
    }

    /// Whether the caller was told what the row has.
    fn as_promised(&self, row: &Row, told: &Told) -> bool {
        let Told {
            status,
            code,
            outcome,
            limit,
            provider,
            wait,
            id: _,
            exit,
            client,
        } = told;
        if (*status, code, outcome) != (row.status, &row.code, &row.outcome) {
            return false;
        }
        if let Way::Left = self.way {
            // The log has no more than that. What reaches no provider may have ended before its client left.
            return client == "gone" || (row.requests == 0 && client.is_empty());
        }
        let program = matches!(self.way, Way::Program);
        *limit == row.limit
            && (row.provider.is_none() || *provider == row.provider)
            && (program || *wait == row.wait)
            && *exit == program.then_some(row.exit)
    }

    /// A call that succeeds when nothing goes wrong.
    fn good(&mut self, id: Option<String>) -> Call {
        self.used += 1;
        Call {
            integration: self.integration,
            at: At::Plain,
            id,
            email: format!("ines.{}@kelpworks.example", self.used),
        }
    }
}

async fn count(simulators: &Simulators) -> Count {
    let count = simulators.control("GET", "count", "").await;
    let figure = |name: &str| count[name].as_u64().expect("a figure");
    Count {
        requests: figure("requests"),
        users: figure("users"),
    }
}

/// Whether the provider saw otherwise than the caller was told. `effect` is whether the fault lets a creation be carried out.
fn contradicts(told: &Told, seen: Count, effect: bool) -> bool {
    match (told.status, told.outcome.as_str()) {
        (200, "") => seen.requests == 0 || (effect && seen.users == 0),
        (_, "not-sent") => seen.requests > 0,
        (_, "rejected") => seen.requests == 0 || seen.users > 0,
        // To say so of everything would be easy, and of no use.
        (_, "unknown") => seen.requests == 0,
        _ => true,
    }
}

/// The account of an integration in the sandbox's file, under an id of its own and with another origin.
fn account(simulators: &Simulators, integration: &str, at: At, origin: &str) -> String {
    let file: toml::Table = simulators.accounts.parse().expect("TOML");
    let accounts = file["account"].as_array().expect("accounts");
    let account = accounts
        .iter()
        .find(|account| account["integration"].as_str() == Some(integration));
    let mut account = account
        .expect(integration)
        .as_table()
        .expect("a table")
        .clone();
    let base_url = account["base_url"].as_str().expect("a URL");
    let base_url = base_url.replace(&format!("http://{}", simulators.address), origin);
    account.insert("id".to_owned(), at.id().into());
    account.insert("name".to_owned(), at.name().into());
    account.insert("base_url".to_owned(), base_url.into());
    let mut file = toml::Table::new();
    file.insert("account".to_owned(), vec![account].into());
    file.to_string()
}
