//! The settings of an engine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::guest::Guest;
use super::handler::Handler;
use super::limits::Limits;
use super::{Engine, Inner};
use crate::accounts::{Accounts, MemoryAccounts};
use crate::client::{Client, ResponseLimits};
use crate::error::Error;

/// The component without what sends, compiled for this target by the build script.
pub(super) static HALVES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/halves.cwasm"));

/// The component, compiled likewise.
static WHOLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/component.cwasm"));

/// Who sends the requests of a call. The responses are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sender {
    /// The engine, with its own client: the component plans and interprets, and has no network. No
    /// instance is held while the provider thinks.
    #[default]
    Host,
    /// The component, over `wasi:http`, as it does in hosts that bring no client. An instance is held
    /// for the whole call.
    Component,
    /// For measuring: the core natively, in the process, without the component and its isolation.
    #[cfg(feature = "native")]
    Native,
}

/// Settings of an engine in the making.
#[must_use = "an engine is made by `build`"]
pub struct EngineBuilder {
    accounts: Arc<dyn Accounts>,
    sender: Sender,
    deadline: Duration,
    limits: Limits,
    largest: ResponseLimits,
    max_instances: Option<u32>,
    root_certificates: Option<Vec<u8>>,
}

impl EngineBuilder {
    pub(super) fn new() -> Self {
        Self {
            accounts: Arc::new(MemoryAccounts::new()),
            sender: Sender::default(),
            deadline: Duration::from_secs(20),
            limits: Limits {
                memory: 64 << 20,
                cpu: Duration::from_millis(200),
                requests: 1,
                instances: 0,
                calls: 1,
            },
            largest: ResponseLimits {
                headers: 128 << 10,
                body: 4 << 20,
            },
            max_instances: None,
            root_certificates: None,
        }
    }

    /// Where accounts come from. Without it there are none.
    pub fn accounts(mut self, accounts: impl Accounts + 'static) -> Self {
        self.accounts = Arc::new(accounts);
        self
    }

    /// How calls are carried out; [`Sender::Host`] unless told otherwise.
    pub fn sender(mut self, sender: Sender) -> Self {
        self.sender = sender;
        self
    }

    /// How long a call may take, from the lookup of its account to the end of the provider's
    /// answer; 20 seconds.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How much memory the component may use for a call, in bytes; 64 MiB.
    pub fn max_memory(mut self, bytes: usize) -> Self {
        self.limits.memory = bytes;
        self
    }

    /// How much CPU time the component may use for a call, or for each half of one; 200 milliseconds.
    pub fn max_cpu(mut self, time: Duration) -> Self {
        self.limits.cpu = time;
        self
    }

    /// How many requests the component may send for a call where it sends for itself; 1, because no
    /// integration needs more.
    pub fn max_requests(mut self, requests: u32) -> Self {
        self.limits.requests = requests;
        self
    }

    /// How large the body of a provider's answer may be, in bytes; 4 MiB.
    pub fn max_response_body(mut self, bytes: usize) -> Self {
        self.largest.body = bytes;
        self
    }

    /// How large the head of a provider's answer may be, in bytes: its status line and headers; 128
    /// KiB. Less than 8 KiB is taken for 8 KiB, and more than 4,096 headers are always too many.
    pub fn max_response_headers(mut self, bytes: usize) -> Self {
        self.largest.headers = bytes;
        self
    }

    /// How many calls of an account an instance of the component may serve, or halves of calls; 1, a fresh instance for each.
    ///
    /// An instance never serves two accounts. What it may then find in its memory, should it ever look, is what earlier calls of
    /// the same account have left there.
    pub fn reuse(mut self, calls: u32) -> Self {
        self.limits.calls = calls;
        self
    }

    /// How many instances of the component there may be at a time; further calls wait. 64 by the
    /// halves, of which each holds one for microseconds; 1,024 by the handler.
    pub fn max_instances(mut self, instances: u32) -> Self {
        self.max_instances = Some(instances.max(1));
        self
    }

    /// Root certificates in PEM, trusted besides the public ones.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// Loads the component.
    ///
    /// # Errors
    ///
    /// When the root certificates are none, or the system does not give what the engine needs:
    /// address space for the pool of instances, a thread.
    pub fn build(self) -> Result<Engine, Error> {
        let precompiled = match self.sender {
            Sender::Component => WHOLE,
            Sender::Host => HALVES,
            #[cfg(feature = "native")]
            Sender::Native => HALVES,
        };
        self.load(precompiled)
    }

    /// Loads another component of the same world, for tests. It must come from a build script of
    /// this workspace.
    #[cfg(test)]
    pub(super) fn build_with(self, precompiled: &'static [u8]) -> Result<Engine, Error> {
        self.load(precompiled)
    }

    fn load(self, precompiled: &'static [u8]) -> Result<Engine, Error> {
        let Self {
            accounts,
            sender,
            deadline,
            mut limits,
            largest,
            max_instances,
            root_certificates,
        } = self;
        let stacks = sender == Sender::Component;
        limits.instances = max_instances.unwrap_or(if stacks { 1024 } else { 64 });
        let guest = Guest::new(precompiled, limits, stacks)?;
        let handler = if stacks {
            Some(Handler::new(&guest).map_err(Error::component)?)
        } else {
            None
        };
        let client = Client::new(root_certificates.as_deref(), largest)?;
        Ok(Engine(Arc::new(Inner {
            guest: Arc::new(guest),
            handler,
            #[cfg(feature = "native")]
            native: sender == Sender::Native,
            client,
            accounts,
            deadline,
        })))
    }
}

impl fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineBuilder")
            .field("sender", &self.sender)
            .field("deadline", &self.deadline)
            .field("limits", &self.limits)
            .field("largest", &self.largest)
            .finish_non_exhaustive()
    }
}
