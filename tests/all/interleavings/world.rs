//! Processes and their clients, and the events of a script.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use unified_ticketing::store::{Secret, StoreError};
use unified_ticketing::types::{IfExists, NewUser, Options};
use unified_ticketing::{Account, Accounts, Engine, Lookup, LookupError};

use super::history::{Call, History, Report, State};
use super::memory::Memory;
use super::provider::Provider;
use super::{Event, Fate, Length, Loss, PROCESSES};
use crate::life::new_user;
use crate::stores::{Hook, Hooked, Method};

const ACCOUNT: &str = "0d2c1f5e-6a43-4f0b-9c7e-3b1a5d8e4f10";

/// The deadline of a call, and the time to settle: long enough to look once.
const QUICK: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(100)];

/// The same, of a call that has to succeed.
const PATIENT: [Duration; 2] = [Duration::from_secs(20), Duration::from_secs(5)];

/// Longer than any lease: those two, and 5 seconds.
const LEASE: Duration = Duration::from_secs(10);

/// Longer than any call.
const END: Duration = Duration::from_secs(20);

tokio::task_local! {
    /// The origin at which the provider listens for a call.
    static ORIGIN: String;
}

/// The accounts: one, at the origin of the call.
struct Origins;

impl Accounts for Origins {
    fn get<'a>(&'a self, id: &'a str) -> Lookup<'a> {
        Box::pin(async move {
            let origin = ORIGIN.try_with(Clone::clone);
            let origin = origin.map_err(|_| LookupError::new("the call has no origin"))?;
            let account = Account::builder(id, "dixa")
                .base_url(format!("{origin}/v1"))
                .credential("api_token", "a-token-of-dixa");
            Ok(Some(account.build()?))
        })
    }
}

/// A process: as the store and the provider see it, it ends when it is not alive any more.
pub(super) struct Process {
    number: usize,
    is_alive: AtomicBool,
    /// Where it is to end.
    ends_at: Mutex<Option<(Method, bool)>>,
    /// The method in which the store fails next, of all processes.
    failing: Arc<Mutex<Option<Method>>>,
}

impl Process {
    pub(super) fn is_alive(&self) -> bool {
        self.is_alive.load(Ordering::Relaxed)
    }

    fn end(&self) {
        self.is_alive.store(false, Ordering::Relaxed);
    }

    /// Goes on, if the process does.
    async fn pass(&self, method: Method, after: bool) {
        let ends_here = {
            let mut ends_at = self.ends_at.lock().expect("no panic inside");
            ends_at
                .take_if(|ends_at| *ends_at == (method, after))
                .is_some()
        };
        if ends_here {
            self.end();
        }
        if !self.is_alive() {
            std::future::pending::<()>().await;
        }
    }
}

/// The store as a process sees it.
struct View(Arc<Process>);

impl Hook for View {
    async fn before(&self, method: Method) -> Result<(), StoreError> {
        self.0.pass(method, false).await;
        let mut failing = self.0.failing.lock().expect("no panic inside");
        match failing.take_if(|failing| *failing == method) {
            Some(_) => Err(StoreError::unavailable("it fails")),
            None => Ok(()),
        }
    }

    async fn after(&self, method: Method) {
        self.0.pass(method, true).await;
    }
}

/// A process with its engine, and the clients that are connected to it.
struct Running {
    process: Arc<Process>,
    engine: Engine,
}

pub(super) struct World {
    store: Memory,
    provider: Provider,
    failing: Arc<Mutex<Option<Method>>>,
    running: Vec<Running>,
    /// How many processes there have been.
    processes: usize,
    clients: Vec<Client>,
}

/// The client of a call.
struct Client {
    call: usize,
    process: Arc<Process>,
    task: JoinHandle<()>,
}

impl World {
    /// Runs a script. Returns what of it breaks a promise.
    pub(super) async fn run(script: &[Event]) -> Vec<String> {
        let store = Memory::new();
        let mut world = Self {
            provider: Provider::new(store.clone()),
            store,
            failing: Arc::default(),
            running: Vec::new(),
            processes: 0,
            clients: Vec::new(),
        };
        for _ in 0..PROCESSES {
            let running = world.process(QUICK);
            world.running.push(running);
        }
        for event in script {
            world.apply(*event).await;
        }
        world.end().await;
        std::mem::take(&mut world.provider.lock().history.violations)
    }

    /// Starts a process whose calls have this deadline and this time to settle.
    fn process(&mut self, [deadline, settle]: [Duration; 2]) -> Running {
        self.processes += 1;
        let process = Arc::new(Process {
            number: self.processes,
            is_alive: AtomicBool::new(true),
            ends_at: Mutex::default(),
            failing: Arc::clone(&self.failing),
        });
        let view = Hooked::new(Arc::new(self.store.clone()), View(Arc::clone(&process)));
        let engine = Engine::builder()
            .accounts(Origins)
            .store(view, Secret::from_bytes(&[7; 32]))
            .deadline(deadline)
            .settle(settle)
            .max_cpu(Duration::from_secs(10))
            .max_instances(2)
            .build()
            .expect("an engine");
        Running { process, engine }
    }

    async fn apply(&mut self, event: Event) {
        match event {
            Event::Start {
                process,
                key,
                body,
                resend,
                settle,
                keep,
            } => {
                let options = Options {
                    resend,
                    settle,
                    if_exists: if keep { IfExists::Keep } else { IfExists::Fail },
                    ..Options::default()
                };
                self.start(process, key, body, options).await;
            }
            Event::Act { creation, fate } => self.act(creation, fate).await,
            Event::Leave { call } => {
                if !self.clients.is_empty() {
                    let client = self.clients.remove(call % self.clients.len());
                    client.task.abort();
                    self.provider.lock().history.calls[client.call].left = true;
                }
            }
            Event::Crash { process } => {
                self.running[process].process.end();
                self.running[process] = self.process(QUICK);
            }
            Event::CrashAt {
                process,
                method,
                after,
            } => {
                let process = &self.running[process].process;
                *process.ends_at.lock().expect("no panic inside") = Some((method, after));
            }
            Event::Fail { method } => {
                *self.failing.lock().expect("no panic inside") = Some(method);
            }
            Event::Wait => self.wait().await,
            Event::Pass { length } => {
                let time = match length {
                    Length::Lease => LEASE,
                    Length::Day => Duration::from_hours(25),
                    Length::Week => Duration::from_hours(8 * 24),
                };
                // The clocks of the calls do not move: none may be under way.
                self.wait().await;
                self.store.pass(time);
            }
        }
        self.replace_dead();
    }

    /// Starts another process in the place of each that has ended.
    fn replace_dead(&mut self) {
        for position in 0..self.running.len() {
            if !self.running[position].process.is_alive() {
                self.running[position] = self.process(QUICK);
            }
        }
    }

    /// Makes a call, and waits until it has come as far as it comes. Returns its number.
    async fn start(
        &mut self,
        process: usize,
        key: Option<usize>,
        body: usize,
        options: Options,
    ) -> usize {
        let Running { process, engine } = &self.running[process];
        let (process, engine) = (Arc::clone(process), engine.clone());
        let (call, joins) = {
            let history = &mut self.provider.lock().history;
            let joins = history.calls.iter().any(|call| {
                (call.process, call.body) == (process.number, body) && call.report.is_none()
            });
            let started = history.tick();
            history.calls.push(Call {
                process: process.number,
                key,
                body,
                resend: options.resend,
                started,
                report: None,
                left: false,
            });
            (history.calls.len() - 1, joins)
        };
        let origin = self.provider.listen(call, Arc::clone(&process)).await;
        let (provider, store, own) = (
            self.provider.clone(),
            self.store.clone(),
            Arc::clone(&process),
        );
        let calling = async move {
            let user = NewUser {
                first_name: None,
                last_name: None,
                nick_name: None,
                ..new_user(&History::address(body))
            };
            let result = match key {
                Some(key) => {
                    let once = engine.once(format!("key {key}"));
                    once.create_user(ACCOUNT, user, options).await
                }
                None => engine.create_user(ACCOUNT, user, options).await,
            };
            // The client of a process that has ended gets no response.
            if own.is_alive() {
                provider.lock().history.report(call, &result, store.now());
                provider.notify();
            }
        };
        let mut changes = self.provider.changes();
        let task = tokio::spawn(ORIGIN.scope(origin, calling));
        let is_there = || {
            let inner = self.provider.lock();
            let mut creations = inner.history.creations.iter();
            creations.any(|creation| creation.call == call)
                || inner.history.calls[call].report.is_some()
                || !process.is_alive()
        };
        // One that waits for another shows nothing.
        let longest = if joins {
            Duration::from_millis(20)
        } else {
            END
        };
        let arrived = async {
            while !is_there() {
                // A process that ends tells nobody.
                let _ = timeout(Duration::from_millis(20), changes.changed()).await;
            }
        };
        let arrived = timeout(longest, arrived).await.is_ok();
        if !arrived && !joins {
            self.provider.lock().history.violate(call, "it never ends");
        }
        self.clients.push(Client {
            call,
            process,
            task,
        });
        call
    }

    /// Decides on a creation that waits, and waits until its call has ended.
    async fn act(&mut self, creation: usize, fate: Fate) {
        let pending = {
            let mut inner = self.provider.lock();
            let count = inner.pending.len();
            (count > 0).then(|| inner.pending.remove(creation % count))
        };
        let Some(pending) = pending else {
            return;
        };
        let creation = pending.creation;
        let mut changes = self.provider.changes();
        let _ = pending.decide.send(fate);
        let call = loop {
            {
                let creation = &self.provider.lock().history.creations[creation];
                if creation.state != State::Pending {
                    break creation.call;
                }
            }
            changes.changed().await.expect("the provider is here");
        };
        if fate != Fate::CreateAnd(Loss::Silence) {
            self.until_ended(|client| client.call == call).await;
        }
    }

    /// Decides so on all creations that wait.
    async fn act_on_all(&mut self, fate: Fate) {
        while !self.provider.lock().pending.is_empty() {
            self.act(0, fate).await;
        }
    }

    /// Waits until these calls have ended, those of processes that live and clients that have not left.
    async fn until_ended(&self, which: impl Fn(&Client) -> bool) {
        let mut changes = self.provider.changes();
        let waiting = async {
            loop {
                let is_over = {
                    let calls = &self.provider.lock().history.calls;
                    let mut clients = self.clients.iter().filter(|client| which(client));
                    clients.all(|client| {
                        calls[client.call].report.is_some() || !client.process.is_alive()
                    })
                };
                if is_over {
                    return;
                }
                let _ = timeout(Duration::from_millis(20), changes.changed()).await;
            }
        };
        if timeout(END, waiting).await.is_err() {
            let violation = "a call never ends".to_owned();
            self.provider.lock().history.violations.push(violation);
        }
    }

    /// Waits until all calls have ended.
    async fn wait(&mut self) {
        self.until_ended(|_| true).await;
        self.clients.clear();
    }

    /// The provider recovers, all calls end, and the leases of those that died run out; then the same creations are made once more.
    async fn end(&mut self) {
        *self.failing.lock().expect("no panic inside") = None;
        self.act_on_all(Fate::CreateAnd(Loss::Closed)).await;
        self.wait().await;
        for running in &self.running {
            running.process.end();
        }
        self.store.pass(LEASE);
        self.running = vec![self.process(PATIENT)];

        let time = self.store.now();
        for key in 0..3 {
            let created = self.provider.lock().history.created_for(key, time);
            if let Some((body, _)) = created.first() {
                self.expect_found(Some(key), *body).await;
            }
        }
        for body in 0..2 {
            let is_unknown = {
                let history = &self.provider.lock().history;
                history.is_unknown(body, time)
            };
            if is_unknown {
                self.expect_found(None, body).await;
            }
        }
    }

    /// Makes a creation once more, and expects the user who was created. Where there are several, nobody can tell who that is.
    async fn expect_found(&mut self, key: Option<usize>, body: usize) {
        let only = match self.provider.lock().history.users_of(body)[..] {
            [user] => user.id.clone(),
            _ => return,
        };
        let call = self.start(0, key, body, Options::default()).await;
        // A creation is against what was promised, and need not be waited for.
        self.act_on_all(Fate::Create).await;
        self.wait().await;
        let history = &mut self.provider.lock().history;
        let report = history.calls[call].report.clone();
        let report = report.map(|(_, _, report)| report);
        if report != Some(Report::Success(only)) {
            let why = format!("it loses the user who was created: {report:?}");
            history.violate(call, &why);
        }
    }
}
