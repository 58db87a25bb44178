//! The component at work: a fresh instance for each call, within limits.
//!
//! What runs here never waits. It is called without a stack of its own, has no network, and its
//! instance is gone before the provider is asked anything.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::LengthLimitError;
use tokio::sync::Semaphore;
use wasmtime::component::{
    Component, ComponentExportIndex, HasData, Instance, InstancePre, Linker, ResourceTableError,
};
use wasmtime::error::Context as _;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, ResourceLimiter, Store,
    Trap, format_err,
};

use crate::accounts::Account;
use crate::bindings::accounts::{self as wit, Credentials, ResolveError};
use crate::bindings::types::Limit;
use crate::error::Error;

/// How often the clock of the limit on CPU ticks.
const TICK: Duration = Duration::from_millis(10);

/// What one instance of the component is made of: core instances (the guest, and two small ones
/// that tie it to its imports), tables, and elements of a table. Room to spare; a test holds them
/// against the component.
const CORE_INSTANCES: u32 = 4;
const TABLES: u32 = 3;
const TABLE_ELEMENTS: usize = 4096;

/// Memory that stays mapped from one call to the next. What a call wrote is wiped; what it did not
/// touch costs nothing.
const RESIDENT_MEMORY: usize = 4 << 20;
const RESIDENT_TABLE: usize = 64 << 10;

/// How many things a call may have the host hold for it: header maps, bodies, streams. The component
/// needs about ten at a time, and each can be as large as the host's own limits let it.
pub(super) const RESOURCES: usize = 128;

/// What a call may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) memory: usize,
    pub(super) cpu: Duration,
    /// Where the component sends for itself.
    pub(super) requests: u32,
    pub(super) instances: u32,
}

impl Limits {
    pub(super) fn ticks(self) -> u64 {
        let ticks = self.cpu.as_millis().div_ceil(TICK.as_millis());
        // The first tick may come at once.
        u64::try_from(ticks)
            .unwrap_or(u64::MAX)
            .saturating_add(1)
            .min(u64::from(u32::MAX))
    }
}

/// The account that a call is bound to: the only one that it can resolve.
#[derive(Clone)]
pub(crate) struct Bound {
    id: String,
    found: Result<Account, ResolveError>,
}

impl Bound {
    pub(super) fn new(id: &str, found: Result<Option<Account>, String>) -> Self {
        let found = found
            .map_err(ResolveError::Unusable)
            .and_then(|account| account.ok_or(ResolveError::Unknown));
        Self {
            id: id.to_owned(),
            found,
        }
    }

    /// Bound to no account, for calls that need none.
    pub(super) fn nothing() -> Self {
        Self {
            id: String::new(),
            found: Err(ResolveError::Unknown),
        }
    }

    pub(super) fn account(&self) -> Option<&Account> {
        self.found.as_ref().ok()
    }
}

impl wit::Host for Bound {
    fn resolve(&mut self, id: String) -> Result<wit::Account, ResolveError> {
        if !id.eq_ignore_ascii_case(&self.id) {
            return Err(ResolveError::Unknown);
        }
        self.found
            .as_ref()
            .map_err(Clone::clone)
            .map(|account| wit::Account {
                integration: account.integration().to_owned(),
                base_url: account.explicit_base_url().map(str::to_owned),
                settings: account.settings().to_vec(),
                credentials: Credentials::Injected(
                    account.credential_names().map(str::to_owned).collect(),
                ),
            })
    }
}

/// For linking [`Bound`].
pub(super) struct HasBound;

impl HasData for HasBound {
    type Data<'a> = &'a mut Bound;
}

/// Counts memory, and remembers that there was too little.
pub(super) struct Memory {
    largest: usize,
    exceeded: bool,
}

impl Memory {
    pub(super) fn new(largest: usize) -> Self {
        Self {
            largest,
            exceeded: false,
        }
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired <= self.largest {
            return Ok(true);
        }
        self.exceeded = true;
        // Ends the call here: what a guest makes of memory that it is refused says less.
        Err(format_err!("more than {} bytes of memory", self.largest))
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}

/// Why an instance did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It went over a limit of a call.
    Limit(Limit, String),
    /// It trapped.
    Trap(String),
}

impl Cut {
    pub(super) fn of(error: &wasmtime::Error, memory: &Memory, limits: Limits) -> Self {
        if memory.exceeded {
            let why = format!("it needed more than {} bytes of memory", limits.memory);
            return Self::Limit(Limit::Memory, why);
        }
        let held = || format!("it had the host hold more than {RESOURCES} things at a time");
        let answered = || {
            format!(
                "it answered with more than its memory of {} bytes",
                limits.memory
            )
        };
        let cause = error.root_cause();
        if let Some(ResourceTableError::Full) = cause.downcast_ref() {
            return Self::Limit(Limit::Memory, held());
        }
        if cause.is::<LengthLimitError>() {
            return Self::Limit(Limit::Memory, answered());
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => {
                let most = limits.cpu.as_millis();
                let why = format!("it needed more than {most} ms of CPU time");
                Self::Limit(Limit::Cpu, why)
            }
            Some(trap) => Self::Trap(trap.to_string()),
            None => Self::Trap(error.root_cause().to_string()),
        }
    }
}

/// What a store of the pure halves holds.
struct Half {
    bound: Bound,
    memory: Memory,
}

const USERS: &str = "unified:ticketing/users@0.1.0";
const FACE: &str = "unified:ticketing/face@0.1.0";
const INTEGRATIONS: &str = "unified:ticketing/integrations@0.1.0";

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
    pub(super) handle: ComponentExportIndex,
}

impl Exports {
    fn of(component: &Component) -> Result<Self, wasmtime::Error> {
        let index = |interface: &str, function: &str| {
            component
                .get_export_index(None, interface)
                .and_then(|outer| component.get_export_index(Some(&outer), function))
                .with_context(|| format!("it does not export `{function}` of `{interface}`"))
        };
        Ok(Self {
            plan_create: index(USERS, "plan-create-user")?,
            plan_update: index(USERS, "plan-update-user")?,
            interpret_create: index(USERS, "interpret-create-user")?,
            interpret_update: index(USERS, "interpret-update-user")?,
            create: index(USERS, "create-user")?,
            update: index(USERS, "update-user")?,
            begin: index(FACE, "begin")?,
            finish: index(FACE, "finish")?,
            list: index(INTEGRATIONS, "list-integrations")?,
            handle: index("wasi:http/incoming-handler@0.2.12", "handle")?,
        })
    }
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
}

impl Guest {
    /// Loads the component. `stacks` says whether instances will wait, each on a stack of its own.
    pub(super) fn new(
        precompiled: &'static [u8],
        limits: Limits,
        stacks: bool,
    ) -> Result<Self, Error> {
        let engine = wasmtime::Engine::new(&config(limits, stacks))?;
        let component = load(&engine, precompiled)?;
        let mut linker = Linker::<Half>::new(&engine);
        wit::add_to_linker::<_, HasBound>(&mut linker, |half| &mut half.bound)?;
        // Its way to the network leads nowhere.
        linker.define_unknown_imports_as_traps(&component)?;
        let halves = linker.instantiate_pre(&component)?;
        tick(&engine)?;
        let permits = usize::try_from(limits.instances)
            .unwrap_or(usize::MAX)
            .min(Semaphore::MAX_PERMITS);
        Ok(Self {
            exports: Exports::of(&component)?,
            engine,
            component,
            limits,
            halves,
            permits: Arc::new(Semaphore::new(permits)),
        })
    }

    pub(super) fn engine(&self) -> &wasmtime::Engine {
        &self.engine
    }

    /// Calls a function that does not wait, in an instance of its own that is gone when this
    /// returns.
    pub(super) async fn run<R>(
        &self,
        bound: Bound,
        call: impl FnOnce(&mut Calling<'_>) -> wasmtime::Result<R>,
    ) -> Result<R, Cut> {
        // Closed by nobody, so a permit always comes.
        let _permit = self.permits.acquire().await;
        let half = Half {
            bound,
            memory: Memory::new(self.limits.memory),
        };
        let mut store = Store::new(&self.engine, half);
        store.limiter(|half| &mut half.memory);
        store.set_epoch_deadline(self.limits.ticks());
        let result = self.halves.instantiate(&mut store).and_then(|instance| {
            call(&mut Calling {
                store: &mut store,
                instance,
            })
        });
        result.map_err(|error| Cut::of(&error, &store.data().memory, self.limits))
    }
}

/// An instance that a function is called in.
pub(super) struct Calling<'a> {
    store: &'a mut Store<Half>,
    instance: Instance,
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
    let instances = limits.instances;
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

/// Starts the thread that lets time pass for the limit on CPU. It ends soon after the engine is
/// gone.
fn tick(engine: &wasmtime::Engine) -> Result<(), Error> {
    let engine = engine.weak();
    let ticking = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    std::thread::Builder::new()
        .name("unified-ticketing-cpu".to_owned())
        .spawn(ticking)
        .map(drop)
        .map_err(Error::Ticker)
}
