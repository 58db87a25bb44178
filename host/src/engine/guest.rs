//! The component at work: a fresh instance for each half of a call, within limits.
//!
//! What runs here never waits. It is called without a stack of its own, has no network, and its
//! instance is gone before the provider is asked anything.
//!
//! It is called on the thread that makes the call, which may be one that serves sockets, for a millisecond or two. That is enough
//! for all but the largest inputs. What needs longer is interrupted and called again from the start on a thread of its own, which
//! a pure function does not notice.

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

use super::bound::{Bound, HasBound};
use super::limits::{Cut, Limits, Memory, TABLE_ELEMENTS};
use super::reuse::{Shelves, Working};
use super::ticker::{Running, Ticker};
use crate::bindings::accounts as wit;
use crate::error::Error;

/// What one instance of the component is made of: core instances (the guest, and two small ones
/// that tie it to its imports), tables, and elements of a table. Room to spare; a test holds them
/// against the component.
const CORE_INSTANCES: u32 = 4;
const TABLES: u32 = 3;

/// Memory that stays mapped from one call to the next. What a call wrote is wiped; what it did not
/// touch costs nothing.
const RESIDENT_MEMORY: usize = 4 << 20;
const RESIDENT_TABLE: usize = 64 << 10;

/// How long a call may hold up the thread that makes it. The first tick may come at once.
const SHORT_TICKS: u64 = 2;

/// What a store of the pure halves holds.
struct Half {
    bound: Bound,
    memory: Memory,
}

const USERS: &str = "unified:ticketing/users@0.2.0";
const HTTP_API: &str = "unified:ticketing/http-api@0.2.0";
const INTEGRATIONS: &str = "unified:ticketing/integrations@0.2.0";

/// The functions that are called.
pub(super) struct Exports {
    pub(super) plan_create: ComponentExportIndex,
    pub(super) plan_update: ComponentExportIndex,
    pub(super) interpret_create: ComponentExportIndex,
    pub(super) interpret_update: ComponentExportIndex,
    pub(super) create: ComponentExportIndex,
    pub(super) update: ComponentExportIndex,
    pub(super) begin: ComponentExportIndex,
    pub(super) finish: ComponentExportIndex,
    pub(super) list: ComponentExportIndex,
}

impl Exports {
    fn of(component: &Component) -> Result<Self, wasmtime::Error> {
        let index = |interface, function| export(component, interface, function);
        Ok(Self {
            plan_create: index(USERS, "plan-create-user")?,
            plan_update: index(USERS, "plan-update-user")?,
            interpret_create: index(USERS, "interpret-create-user")?,
            interpret_update: index(USERS, "interpret-update-user")?,
            create: index(USERS, "create-user")?,
            update: index(USERS, "update-user")?,
            begin: index(HTTP_API, "start")?,
            finish: index(HTTP_API, "resume")?,
            list: index(INTEGRATIONS, "list-integrations")?,
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
    pub(super) component: Component,
    pub(super) exports: Exports,
    pub(super) limits: Limits,
    halves: InstancePre<Half>,
    /// As many as the pool has room for: an instance waits here rather than fail there.
    pub(super) permits: Arc<Semaphore>,
    /// Calls that need long take turns: as many at a time as there are processors, so that they leave the others room.
    turns: Arc<Semaphore>,
    shelves: Shelves<Half>,
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
        let mut linker = Linker::<Half>::new(&engine);
        wit::add_to_linker::<_, HasBound>(&mut linker, |half| &mut half.bound)
            .map_err(Error::component)?;
        // Its way to the network leads nowhere.
        linker
            .define_unknown_imports_as_traps(&component)
            .map_err(Error::component)?;
        let halves = linker
            .instantiate_pre(&component)
            .map_err(Error::component)?;
        let ticker = Ticker::start(&engine)?;
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let permits = usize::try_from(limits.instances)
            .unwrap_or(usize::MAX)
            .min(Semaphore::MAX_PERMITS);
        Ok(Self {
            exports: Exports::of(&component).map_err(Error::component)?,
            engine,
            component,
            limits,
            halves,
            permits: Arc::new(Semaphore::new(permits)),
            turns: Arc::new(Semaphore::new(processors)),
            shelves: Shelves::new(limits),
            ticker,
            made: AtomicU64::new(0),
        })
    }

    pub(super) fn engine(&self) -> &wasmtime::Engine {
        &self.engine
    }

    /// Lets time pass for the limit on CPU while the guard lives.
    pub(super) fn running(&self) -> Running<'_> {
        self.ticker.run()
    }

    /// Calls a function that does not wait, in an instance of its own, or in one that has served the same account where
    /// instances are reused. The function may be called twice.
    pub(super) async fn run<R: Send + 'static>(
        self: &Arc<Self>,
        bound: &Bound,
        call: impl Fn(&mut Calling<'_>) -> wasmtime::Result<R> + Send + 'static,
    ) -> Result<R, Cut> {
        {
            // Closed by nobody, so a permit always comes.
            let _permit = self.permits.acquire().await;
            match self.attempt(bound.clone(), &call, Patience::Short) {
                Attempt::Ended(result) => return result,
                Attempt::Interrupted => {}
            }
        }
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let (guest, bound) = (Arc::clone(self), bound.clone());
        let long = spawn_blocking(move || {
            // Given back when the function has returned, whether or not its caller still waits.
            let _held = (turn, permit);
            guest.attempt(bound, &call, Patience::Long)
        });
        match long.await {
            Ok(Attempt::Ended(result)) => result,
            Ok(Attempt::Interrupted) => Err(Cut::over_cpu(self.limits)),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Cut::Trap("the runtime is shutting down".to_owned())),
            },
        }
    }

    /// Calls the function once.
    fn attempt<R>(
        &self,
        bound: Bound,
        call: &impl Fn(&mut Calling<'_>) -> wasmtime::Result<R>,
        patience: Patience,
    ) -> Attempt<R> {
        let _running = self.running();
        let mut working = match self.shelves.take(bound.owner()) {
            Some(mut working) => {
                working.store.data_mut().bound = bound;
                working
            }
            None => self.fresh(bound),
        };
        let most = self.limits.ticks();
        let last = match patience {
            Patience::Short => {
                working.store.epoch_deadline_trap();
                working.store.set_epoch_deadline(most.min(SHORT_TICKS));
                most <= SHORT_TICKS
            }
            Patience::Long => {
                // Counted are the ticks that find the guest running: a thread that the system lets wait uses no CPU.
                let mut left = most;
                working.store.set_epoch_deadline(1);
                working
                    .store
                    .epoch_deadline_callback(move |_| count_down(&mut left));
                true
            }
        };
        let instance = match working.instance {
            Some(instance) => Ok(instance),
            None => self.halves.instantiate(&mut working.store),
        };
        let result = instance.and_then(|instance| {
            working.instance = Some(instance);
            call(&mut Calling {
                store: &mut working.store,
                instance,
                exports: &self.exports,
            })
        });
        Attempt::Ended(match result {
            Ok(result) => {
                let size = working.store.data().memory.size;
                self.shelves.keep(working, size);
                Ok(result)
            }
            Err(error)
                if !last && matches!(error.downcast_ref::<Trap>(), Some(Trap::Interrupt)) =>
            {
                return Attempt::Interrupted;
            }
            Err(error) => {
                let memory = &working.store.data().memory;
                Err(Cut::of(&error, memory, self.limits))
            }
        })
    }

    fn fresh(&self, bound: Bound) -> Working<Half> {
        self.made.fetch_add(1, Ordering::Relaxed);
        let owner = self.shelves.owner(bound.owner());
        let half = Half {
            bound,
            memory: Memory::new(self.limits.memory),
        };
        let mut store = Store::new(&self.engine, half);
        store.limiter(|half| &mut half.memory);
        Working::new(owner, store)
    }
}

/// How long a function may take.
#[derive(Clone, Copy)]
enum Patience {
    /// As long as it may hold up the thread that makes the call.
    Short,
    /// As long as its limit lets it.
    Long,
}

/// The end of an attempt.
enum Attempt<R> {
    Ended(Result<R, Cut>),
    /// It needs longer than it may hold up this thread.
    Interrupted,
}

/// Takes one tick of those that are left; the last one ends the guest.
pub(super) fn count_down(left: &mut u64) -> wasmtime::Result<UpdateDeadline> {
    *left = left.saturating_sub(1);
    if *left == 0 {
        Err(Trap::Interrupt.into())
    } else {
        Ok(UpdateDeadline::Continue(1))
    }
}

/// An instance that a function is called in.
pub(super) struct Calling<'a> {
    store: &'a mut Store<Half>,
    instance: Instance,
    pub(super) exports: &'a Exports,
}

impl Calling<'_> {
    pub(super) fn call<P, R>(
        &mut self,
        function: &ComponentExportIndex,
        parameters: P,
    ) -> wasmtime::Result<R>
    where
        P: wasmtime::component::ComponentNamedList + wasmtime::component::Lower,
        R: wasmtime::component::Lift + 'static,
        (R,): wasmtime::component::ComponentNamedList + wasmtime::component::Lift,
    {
        let function = self
            .instance
            .get_typed_func::<P, (R,)>(&mut *self.store, function)?;
        function
            .call(&mut *self.store, parameters)
            .map(|(result,)| result)
    }
}

fn config(limits: Limits, stacks: bool) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    // Those at work, and those that wait.
    let instances = limits
        .instances
        .saturating_add(Shelves::<Half>::room(limits));
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

pub(super) fn load(
    engine: &wasmtime::Engine,
    precompiled: &'static [u8],
) -> Result<Component, wasmtime::Error> {
    #[expect(
        unsafe_code,
        reason = "the bytes are what a build script of this workspace had wasmtime compile; nothing else is ever loaded"
    )]
    // SAFETY: `deserialize` must be given bytes that `precompile_component` made, unaltered. They
    // come from this build: the library's component, and in tests the hostile one.
    unsafe {
        Component::deserialize(engine, precompiled)
    }
}
