//! Runs the component: a fresh instance for each step of a call, within limits.
//!
//! A step never waits. It runs without a stack of its own, has no network, and its instance is gone before the provider is asked
//! anything.
//!
//! A step runs on the thread that makes the call, which may be one that serves sockets, for a millisecond or two. That is enough
//! for all but the largest inputs. A step that needs longer is interrupted, and runs again from its start on a thread of its own: a
//! pure function returns the same.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use wasmtime::component::{Component, ComponentExportIndex, Instance, InstancePre, Linker};
use wasmtime::error::Context as _;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, Store, Trap,
    UpdateDeadline,
};

use super::account::{CallAccount, HasAccount};
use super::export::{Export, HttpResume, HttpStart, ListIntegrations, Resume, Start};
use super::limits::{GuestError, Limits, Memory, TABLE_ELEMENTS};
use super::pool::{InstancePool, PooledInstance};
use super::ticker::{Running, Ticker};
use crate::bindings::accounts as wit;
use crate::error::Error;

/// The parts of one instance of the component: core instances (the guest, and two small ones
/// that tie it to its imports), tables, and elements of a table. Room to spare; a test holds them
/// against the component.
const CORE_INSTANCES: u32 = 4;
const TABLES: u32 = 3;

/// Memory that stays mapped from one call to the next. What a call wrote is wiped; what it did not
/// touch costs nothing.
const RESIDENT_MEMORY: usize = 4 << 20;
const RESIDENT_TABLE: usize = 64 << 10;

/// How long a step may occupy the thread that makes the call. The first tick may come at once.
const SHORT_TICKS: u64 = 2;

/// The data of a store while a step runs.
pub(super) struct State {
    account: CallAccount,
    memory: Memory,
}

const STEPS: &str = "unified:ticketing/steps@0.2.0";
const HTTP_API: &str = "unified:ticketing/http-api@0.2.0";
const INTEGRATIONS: &str = "unified:ticketing/integrations@0.2.0";

/// The functions that steps call.
pub(super) struct Exports {
    pub(super) start: Export<Start>,
    pub(super) resume: Export<Resume>,
    pub(super) http_start: Export<HttpStart>,
    pub(super) http_resume: Export<HttpResume>,
    pub(super) list: Export<ListIntegrations>,
}

impl Exports {
    fn new(component: &Component) -> Result<Self, wasmtime::Error> {
        Ok(Self {
            start: Export::new(component, STEPS, "start")?,
            resume: Export::new(component, STEPS, "resume")?,
            http_start: Export::new(component, HTTP_API, "start")?,
            http_resume: Export::new(component, HTTP_API, "resume")?,
            list: Export::new(component, INTEGRATIONS, "list-integrations")?,
        })
    }
}

/// A function of an interface that the component exports.
pub(super) fn export(
    component: &Component,
    interface: &str,
    function: &str,
) -> Result<ComponentExportIndex, wasmtime::Error> {
    component
        .get_export_index(None, interface)
        .and_then(|outer| component.get_export_index(Some(&outer), function))
        .with_context(|| format!("it does not export `{function}` of `{interface}`"))
}

/// The loaded component.
pub(super) struct Guest {
    engine: wasmtime::Engine,
    #[cfg(feature = "component-sender")]
    pub(super) component: Component,
    pub(super) exports: Exports,
    pub(super) limits: Limits,
    pre: InstancePre<State>,
    /// As many as the pool has room for: an instance waits here rather than fail there.
    pub(super) permits: Arc<Semaphore>,
    /// Long steps take turns: as many at a time as there are processors, so that they leave the others room.
    turns: Arc<Semaphore>,
    pool: InstancePool<State>,
    ticker: Ticker,
    /// How many instances have been made.
    pub(super) made: AtomicU64,
}

impl Guest {
    /// Loads the component. `stacks` says whether instances will wait, each on a stack of its own.
    pub(super) fn new(
        precompiled: &'static [u8],
        limits: Limits,
        stacks: bool,
    ) -> Result<Self, Error> {
        let engine = wasmtime::Engine::new(&config(limits, stacks)).map_err(Error::component)?;
        let component = load(&engine, precompiled).map_err(Error::component)?;
        let pre = link(&engine, &component).map_err(Error::component)?;
        let ticker = Ticker::start(&engine)?;
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let permits = usize::try_from(limits.instances)
            .unwrap_or(usize::MAX)
            .min(Semaphore::MAX_PERMITS);
        Ok(Self {
            exports: Exports::new(&component).map_err(Error::component)?,
            engine,
            #[cfg(feature = "component-sender")]
            component,
            limits,
            pre,
            permits: Arc::new(Semaphore::new(permits)),
            turns: Arc::new(Semaphore::new(processors)),
            pool: InstancePool::new(limits),
            ticker,
            made: AtomicU64::new(0),
        })
    }

    #[cfg(feature = "component-sender")]
    pub(super) fn engine(&self) -> &wasmtime::Engine {
        &self.engine
    }

    /// Counts time for the limit on CPU while the guard lives.
    pub(super) fn running(&self) -> Running<'_> {
        self.ticker.run()
    }

    /// Runs a step in an instance of its own, or in one that has served the same account where instances are reused. The step may
    /// run twice.
    pub(super) async fn run<R: Send + 'static>(
        self: &Arc<Self>,
        account: &CallAccount,
        step: impl Fn(&mut Calling<'_>) -> wasmtime::Result<R> + Send + 'static,
    ) -> Result<R, GuestError> {
        {
            // The semaphore is never closed, so a permit always comes.
            let _permit = self.permits.acquire().await;
            if let Some(result) = self.attempt(account.clone(), &step, TimeSlice::Short) {
                return result;
            }
        }
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let (guest, account) = (Arc::clone(self), account.clone());
        let long = spawn_blocking(move || {
            // Given back when the step has returned, whether or not its caller still waits.
            let _held = (turn, permit);
            guest.attempt(account, &step, TimeSlice::Full)
        });
        match long.await {
            Ok(Some(result)) => result,
            Ok(None) => Err(GuestError::over_cpu(self.limits)),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(GuestError::Trap("the runtime is shutting down".to_owned())),
            },
        }
    }

    /// Runs the step once. `None` when it needs longer than its slice, and has more left.
    fn attempt<R>(
        &self,
        account: CallAccount,
        step: &impl Fn(&mut Calling<'_>) -> wasmtime::Result<R>,
        slice: TimeSlice,
    ) -> Option<Result<R, GuestError>> {
        let _running = self.running();
        let mut pooled = match self.pool.take(account.owner()) {
            Some(mut pooled) => {
                pooled.store.data_mut().account = account;
                pooled
            }
            None => self.fresh(account),
        };
        let max = self.limits.ticks();
        let is_last = match slice {
            TimeSlice::Short => {
                pooled.store.epoch_deadline_trap();
                pooled.store.set_epoch_deadline(max.min(SHORT_TICKS));
                max <= SHORT_TICKS
            }
            TimeSlice::Full => {
                // Counted are the ticks that find the guest running: a thread that the system lets wait uses no CPU.
                let mut left = max;
                pooled.store.set_epoch_deadline(1);
                pooled
                    .store
                    .epoch_deadline_callback(move |_| count_down(&mut left));
                true
            }
        };
        let instance = match pooled.instance {
            Some(instance) => Ok(instance),
            None => self.pre.instantiate(&mut pooled.store),
        };
        let result = instance.and_then(|instance| {
            pooled.instance = Some(instance);
            step(&mut Calling {
                store: &mut pooled.store,
                instance,
                exports: &self.exports,
            })
        });
        match result {
            Ok(result) => {
                let size = pooled.store.data().memory.size;
                self.pool.keep(pooled, size);
                Some(Ok(result))
            }
            Err(error)
                if !is_last && matches!(error.downcast_ref::<Trap>(), Some(Trap::Interrupt)) =>
            {
                None
            }
            Err(error) => {
                let memory = &pooled.store.data().memory;
                Some(Err(GuestError::new(&error, memory, self.limits)))
            }
        }
    }

    fn fresh(&self, account: CallAccount) -> PooledInstance<State> {
        self.made.fetch_add(1, Ordering::Relaxed);
        let state = State {
            account,
            memory: Memory::new(self.limits.memory),
        };
        let owner = state.account.clone();
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        self.pool.wrap(owner.owner(), store)
    }
}

/// How long a step may run.
#[derive(Clone, Copy)]
enum TimeSlice {
    /// As long as it may occupy the thread that makes the call.
    Short,
    /// As long as its limit lets it.
    Full,
}

/// Takes one tick of those that are left; the last one stops the guest.
pub(super) fn count_down(left: &mut u64) -> wasmtime::Result<UpdateDeadline> {
    *left = left.saturating_sub(1);
    if *left == 0 {
        Err(Trap::Interrupt.into())
    } else {
        Ok(UpdateDeadline::Continue(1))
    }
}

/// An instance, to call functions of.
pub(super) struct Calling<'a> {
    pub(super) store: &'a mut Store<State>,
    pub(super) instance: Instance,
    pub(super) exports: &'a Exports,
}

fn config(limits: Limits, stacks: bool) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    // Running ones, and those that wait for their next step.
    let instances = limits
        .instances
        .saturating_add(InstancePool::<State>::capacity(limits));
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .max_core_instances_per_component(CORE_INSTANCES)
        .total_memories(instances)
        .max_memories_per_component(1)
        .max_memory_size(limits.memory)
        .linear_memory_keep_resident(RESIDENT_MEMORY)
        .total_tables(instances.saturating_mul(TABLES))
        .max_tables_per_component(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .table_keep_resident(RESIDENT_TABLE)
        // A store that waits keeps its stack.
        .total_stacks(if stacks { instances } else { 0 })
        .pagemap_scan(Enabled::Auto);
    let mut config = crate::config::shared();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Links the component for steps.
fn link(
    engine: &wasmtime::Engine,
    component: &Component,
) -> Result<InstancePre<State>, wasmtime::Error> {
    let mut linker = Linker::<State>::new(engine);
    wit::add_to_linker::<_, HasAccount>(&mut linker, |state| &mut state.account)?;
    // A component of the world `ticketing` imports outbound HTTP, which no step has.
    linker.define_unknown_imports_as_traps(component)?;
    linker.instantiate_pre(component)
}

pub(super) fn load(
    engine: &wasmtime::Engine,
    precompiled: &'static [u8],
) -> Result<Component, wasmtime::Error> {
    #[expect(
        unsafe_code,
        reason = "the bytes are what a build script of this workspace had wasmtime compile; nothing else is ever loaded"
    )]
    // SAFETY: `deserialize` must be given bytes that `precompile_component` made, unaltered. They
    // come from this build, or from a caller of `precompiled`, who vouches for them.
    unsafe {
        Component::deserialize(engine, precompiled)
    }
}
