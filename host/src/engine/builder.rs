//! The settings of an engine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::call::HostDriven;
#[cfg(feature = "component-sender")]
use super::component_driven::ComponentDriven;
use super::guest::Guest;
use super::limits::Limits;
#[cfg(feature = "native")]
use super::native::Native;
use super::once::{Auditor, Memory};
use super::pace::Pacer;
use super::{Engine, Inner, Side};
use crate::accounts::{Accounts, MemoryAccounts};
use crate::audit::Audit;
use crate::client::{Client, Proxy, ResponseLimits};
use crate::error::Error;
use crate::metrics::Metrics;
use crate::store::{Secret, Store};

/// The component of the world `core`, compiled for this target by the build script.
pub(super) static CORE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/core.cwasm"));

/// The component of the world `ticketing`, compiled likewise.
#[cfg(feature = "component-sender")]
static TICKETING: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ticketing.cwasm"));

/// Who sends the requests of a call. The responses are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sender {
    /// The engine, with its own client: the component has no network. No instance is held while the provider thinks.
    #[default]
    Host,
    /// The component, over `wasi:http`, as it does in hosts that bring no client. An instance is held for the whole call. The
    /// warnings of the HTTP API are read from its headers, which have no messages.
    #[cfg(feature = "component-sender")]
    Component,
}

/// Builds an engine.
#[must_use = "an engine is made by `build`"]
pub struct EngineBuilder {
    accounts: Arc<dyn Accounts>,
    sender: Sender,
    deadline: Duration,
    settle: Duration,
    store: Option<(Arc<dyn Store>, Secret)>,
    scope: Option<Arc<str>>,
    pacer: Option<Arc<dyn Pacer>>,
    metrics: Option<Metrics>,
    audit: Option<Arc<dyn Audit>>,
    audit_secret: Option<Secret>,
    limits: Limits,
    response_limits: ResponseLimits,
    max_instances: Option<u32>,
    proxy: Option<Proxy>,
    root_certificates: Option<Vec<u8>>,
    precompiled: Option<&'static [u8]>,
    #[cfg(feature = "native")]
    native: Option<Arc<dyn Native>>,
}

impl EngineBuilder {
    pub(super) fn new() -> Self {
        Self {
            accounts: Arc::new(MemoryAccounts::new()),
            sender: Sender::default(),
            deadline: Duration::from_secs(20),
            settle: Duration::from_secs(5),
            store: None,
            scope: None,
            pacer: None,
            metrics: None,
            audit: None,
            audit_secret: None,
            limits: Limits {
                memory: 64 << 20,
                cpu: Duration::from_millis(200),
                requests: 32,
                instances: 0,
                reuse: 1,
            },
            response_limits: ResponseLimits {
                headers: 128 << 10,
                body: 4 << 20,
            },
            max_instances: None,
            proxy: None,
            root_certificates: None,
            precompiled: None,
            #[cfg(feature = "native")]
            native: None,
        }
    }

    /// The accounts. Without them there are none.
    pub fn accounts(mut self, accounts: impl Accounts + 'static) -> Self {
        self.accounts = Arc::new(accounts);
        self
    }

    /// Who sends the requests of calls; [`Sender::Host`] by default.
    pub fn sender(mut self, sender: Sender) -> Self {
        self.sender = sender;
        self
    }

    /// How long a call may take, from the lookup of its account to the end of the provider's
    /// response; 20 seconds.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How long a call may look for a user after a creation whose outcome is unknown, besides its deadline; 5 s. With 0 it does not
    /// look. Where the component sends for itself, a call looks once, within its deadline, unless its options say otherwise.
    pub fn settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// How much memory the component may use for a call, in bytes; 64 MiB.
    pub fn max_memory(mut self, bytes: usize) -> Self {
        self.limits.memory = bytes;
        self
    }

    /// How much CPU time the component may use for a step of a call, or for a whole call where it sends for itself; 200
    /// milliseconds.
    pub fn max_cpu(mut self, time: Duration) -> Self {
        self.limits.cpu = time;
        self
    }

    /// How many requests a call may send; 32. At most one of them creates, whatever this says.
    pub fn max_requests(mut self, requests: u32) -> Self {
        self.limits.requests = requests;
        self
    }

    /// How large the body of a provider's response may be, in bytes; 4 MiB.
    pub fn max_response_body(mut self, bytes: usize) -> Self {
        self.response_limits.body = bytes;
        self
    }

    /// How large the head of a provider's response may be, in bytes: its status line and headers; 128
    /// KiB. Less than 8 KiB counts as 8 KiB, and more than 4,096 headers are always too many.
    pub fn max_response_headers(mut self, bytes: usize) -> Self {
        self.response_limits.headers = bytes;
        self
    }

    /// Where calls with an idempotency key are kept, and creations of unknown outcome, and the secret that names and seals them.
    /// Without a store, keys have no effect, and echoes are remembered by this process alone.
    pub fn store(mut self, store: impl Store + 'static, secret: Secret) -> Self {
        self.store = Some((Arc::new(store), secret));
        self
    }

    /// Says when a request to a provider may be sent; without one, at once. It has no effect where the component sends.
    pub fn pacer(mut self, pacer: impl Pacer + 'static) -> Self {
        self.pacer = Some(Arc::new(pacer));
        self
    }

    /// The scope of the idempotency keys of this engine's own calls: those of another scope never meet them, though they are in the
    /// same store. A server's clients have the scopes of their tokens.
    pub fn scope(mut self, scope: &str) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Where requests to providers are measured, and what a server does with this engine.
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// Where calls that may write are audited: one whose beginning cannot be written fails with `audit-unavailable`, and sends
    /// nothing. Calls of [`Engine::start`] are not audited, as their requests are sent by other means.
    ///
    /// Addresses are in the audit as MACs under a key of the store's secret, or that of [`Self::audit_secret`]. With neither, the
    /// key is this engine's alone, and no address can be found by it later.
    pub fn audit(mut self, audit: impl Audit + 'static) -> Self {
        self.audit = Some(Arc::new(audit));
        self
    }

    /// The secret of the audit's MACs, in place of the store's.
    pub fn audit_secret(mut self, secret: Secret) -> Self {
        self.audit_secret = Some(secret);
        self
    }

    /// How many steps of an account's calls an instance of the component may serve; 1, a fresh instance for each step.
    ///
    /// An instance never serves two accounts. Its memory then holds what earlier calls of the same account have left in it.
    pub fn reuse(mut self, steps: u32) -> Self {
        self.limits.reuse = steps;
        self
    }

    /// How many instances of the component there may be at a time; further calls wait. 64 where the engine sends, because a step
    /// holds one for microseconds; 1,024 where the component does.
    pub fn max_instances(mut self, instances: u32) -> Self {
        self.max_instances = Some(instances.max(1));
        self
    }

    /// A proxy, for every connection to a provider, also to one that a `base_url` names; none, whatever variables such as
    /// `HTTPS_PROXY` say.
    ///
    /// The proxy looks up the names of the providers, so which addresses they may lead to is its to decide. TLS is with the provider
    /// all the same: the proxy sees the name, and no credential.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Root certificates in PEM, trusted besides the public ones.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// Loads this component instead of the built-in one: of the world `ticketing` where the component sends, else of the world
    /// `core`.
    ///
    /// # Safety
    ///
    /// The bytes must be the unaltered output of `wasmtime::Engine::precompile_component`, as the build script of this crate
    /// calls it: machine code is run as it is.
    #[expect(unsafe_code, reason = "the caller vouches for machine code")]
    pub unsafe fn precompiled(mut self, component: &'static [u8]) -> Self {
        self.precompiled = Some(component);
        self
    }

    /// For measuring: calls of the HTTP API go through functions in the process instead of the component and its isolation.
    #[cfg(feature = "native")]
    pub fn native(mut self, native: impl Native + 'static) -> Self {
        self.native = Some(Arc::new(native));
        self
    }

    /// Loads the component.
    ///
    /// # Errors
    ///
    /// The root certificates cannot be read, or the system lacks what the engine needs: address space for the pool of instances, a
    /// thread.
    pub fn build(self) -> Result<Engine, Error> {
        let Self {
            accounts,
            sender,
            deadline,
            settle,
            store,
            scope,
            pacer,
            metrics,
            audit,
            audit_secret,
            mut limits,
            response_limits,
            max_instances,
            proxy,
            root_certificates,
            precompiled,
            #[cfg(feature = "native")]
            native,
        } = self;
        let (built_in, usual_instances, has_stacks) = match sender {
            Sender::Host => (CORE, 64, false),
            #[cfg(feature = "component-sender")]
            Sender::Component => (TICKETING, 1024, true),
        };
        limits.instances = max_instances.unwrap_or(usual_instances);
        let guest = Guest::new(precompiled.unwrap_or(built_in), limits, has_stacks)?;
        let guest = Arc::new(guest);
        let client = Client::new(
            root_certificates.as_deref(),
            response_limits,
            proxy.as_ref(),
        )?
        .with_metrics(metrics.clone());
        // Where the component sends, nothing is kept: its host learns too late what it sends.
        let memory = match sender {
            Sender::Host => Some(Memory::new(store)?),
            #[cfg(feature = "component-sender")]
            Sender::Component if store.is_some() => return Err(Error::StoreWithoutHost),
            #[cfg(feature = "component-sender")]
            Sender::Component if audit.is_some() => return Err(Error::AuditWithoutHost),
            #[cfg(feature = "component-sender")]
            Sender::Component => None,
        };
        let auditor = match (audit, &memory) {
            (Some(audit), Some(memory)) => {
                let secret = audit_secret.as_ref().unwrap_or(memory.secret());
                Some(Auditor::new(audit, secret.address_key()))
            }
            _ => None,
        };
        let side = match sender {
            Sender::Host => Side::Host,
            #[cfg(feature = "component-sender")]
            Sender::Component => {
                let component = ComponentDriven::new(Arc::clone(&guest), client.clone());
                Side::Component(Box::new(component.map_err(Error::component)?))
            }
        };
        Ok(Engine(Arc::new(Inner {
            host: HostDriven {
                guest,
                client,
                max_requests: limits.requests,
                settle,
                auditor,
                memory,
                pacer,
            },
            side,
            #[cfg(feature = "native")]
            native,
            accounts,
            deadline,
            scope,
            metrics,
        })))
    }
}

impl fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineBuilder")
            .field("sender", &self.sender)
            .field("deadline", &self.deadline)
            .field("limits", &self.limits)
            .field("response_limits", &self.response_limits)
            .finish_non_exhaustive()
    }
}
