//! The component-driven side: the component sends for itself, over `wasi:http`, as in hosts that bring no client.
//!
//! The component imports outbound HTTP, and a host must be able to provide it. Every request passes the same egress rules and the
//! same client as in host-driven calls. An instance is held for the whole call.

mod egress;
mod serve;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, HasData, Instance, InstancePre, Lift, Linker, Lower,
    Resource, ResourceTable,
};
use wasmtime::{Store, StoreContextMut, UpdateDeadline};
use wasmtime_wasi::p2::bindings::io;
use wasmtime_wasi_http::p2::bindings::LinkOptions;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::{
    Error as WasiError, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpView,
};

use self::egress::Egress;
use super::account::{CallAccount, HasAccount};
use super::call::{Call, Stop, conclude};
use super::entry::{Entry, Http, Steps};
use super::guest::{self, Guest};
use super::limits::{GuestError, Memory, RESOURCES};
use super::pool::{InstancePool, PooledInstance};
use super::requests::Requests;
use crate::bindings::accounts as wit;
use crate::bindings::http_api::HttpResponse;
use crate::bindings::steps::{Operation, UserUpdate};
use crate::bindings::types::{Error as CallError, Response};
use crate::client::Client;

const USERS: &str = "unified:ticketing/users@0.2.0";
const HANDLER: &str = "wasi:http/incoming-handler@0.2.12";

/// The data of a store during a call.
struct State {
    account: CallAccount,
    memory: Memory,
    table: ResourceTable,
    http: WasiHttpCtx,
    egress: Egress,
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.egress,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

/// The functions of `users`.
struct Users {
    create: ComponentExportIndex,
    update: ComponentExportIndex,
    get: ComponentExportIndex,
    list: ComponentExportIndex,
    delete: ComponentExportIndex,
}

impl Users {
    fn new(guest: &Guest) -> Result<Self, wasmtime::Error> {
        let function = |name: &str| guest::export(&guest.component, USERS, name);
        Ok(Self {
            create: function("create-user")?,
            update: function("update-user")?,
            get: function("get-user")?,
            list: function("list-users")?,
            delete: function("delete-user")?,
        })
    }
}

/// The component, linked to the network.
pub(super) struct ComponentDriven {
    guest: Arc<Guest>,
    client: Client,
    pre: InstancePre<State>,
    pool: InstancePool<State>,
    users: Users,
    handle: ComponentExportIndex,
}

/// The requests of a call, which the component sends while it runs.
type SharedRequests = Arc<Mutex<Requests>>;

impl ComponentDriven {
    pub(super) fn new(guest: Arc<Guest>, client: Client) -> Result<Self, wasmtime::Error> {
        let mut linker = Linker::<State>::new(guest.engine());
        wit::add_to_linker::<_, HasAccount>(&mut linker, |state| &mut state.account)?;
        // Interface by interface: the crates' own bundles also link clocks, random numbers and standard streams.
        io::error::add_to_linker::<_, HasTable>(&mut linker, |state| &mut state.table)?;
        io::poll::add_to_linker::<_, HasTable>(&mut linker, |state| &mut state.table)?;
        io::streams::add_to_linker::<_, HasTable>(&mut linker, |state| &mut state.table)?;
        types::add_to_linker::<_, WasiHttp>(
            &mut linker,
            &LinkOptions::default().into(),
            State::http,
        )?;
        outgoing_handler::add_to_linker::<_, WasiHttp>(&mut linker, State::http)?;
        name_body_errors(&mut linker)?;
        Ok(Self {
            users: Users::new(&guest)?,
            handle: guest::export(&guest.component, HANDLER, "handle")?,
            pre: linker.instantiate_pre(&guest.component)?,
            pool: InstancePool::new(guest.limits),
            guest,
            client,
        })
    }

    /// Has the component carry out an operation.
    pub(super) async fn steps(&self, steps: Steps, call: &Call) -> Result<Response, CallError> {
        let requests = self.requests(&steps);
        let account = call.account.id();
        let Steps { operation, options } = &steps;
        let Users {
            create,
            update,
            get,
            list,
            delete,
        } = &self.users;
        let result = match operation {
            Operation::CreateUser(user) => {
                self.call(call, &requests, create, (account, user, options))
                    .await
            }
            Operation::UpdateUser(UserUpdate { id, changes }) => {
                let parameters = (account, id.as_str(), changes, options);
                self.call(call, &requests, update, parameters).await
            }
            Operation::GetUser(id) => {
                let parameters = (account, id.as_str(), options);
                self.call(call, &requests, get, parameters).await
            }
            Operation::ListUsers(query) => {
                self.call(call, &requests, list, (account, query, options))
                    .await
            }
            Operation::DeleteUser(id) => {
                let parameters = (account, id.as_str(), options);
                self.call(call, &requests, delete, parameters).await
            }
        };
        let requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
        conclude(result, call, &requests, || steps.subject())
    }

    /// Has the component respond to a request of the HTTP API.
    pub(super) async fn http(&self, http: Http, call: &Call) -> HttpResponse {
        let requests = self.requests(&http);
        let serving = self.serve(http.0.clone(), call, &requests);
        let result = Self::within_deadline(call, serving).await;
        let requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
        conclude(result, call, &requests, || http.subject())
    }

    /// The requests of a call.
    fn requests(&self, call: &impl Entry) -> SharedRequests {
        let requests = Requests::new(self.guest.limits.requests, call.safety());
        Arc::new(Mutex::new(requests))
    }

    /// Calls a function with the account of the call.
    async fn call<P, R>(
        &self,
        call: &Call,
        requests: &SharedRequests,
        function: &ComponentExportIndex,
        parameters: P,
    ) -> Result<R, Stop>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: Lift + Send + Sync + 'static,
        (R,): ComponentNamedList + Lift,
    {
        let calling = async {
            let _permit = self.guest.permits.acquire().await;
            let _running = self.guest.running();
            let mut pooled = self.pooled(call, requests);
            let result = async {
                let instance = self.instance(&mut pooled).await?;
                let store = &mut pooled.store;
                let function = instance.get_typed_func::<P, (R,)>(&mut *store, function)?;
                function
                    .call_async(store, parameters)
                    .await
                    .map(|(result,)| result)
            }
            .await;
            self.ended(pooled, result)
        };
        Self::within_deadline(call, calling).await
    }

    async fn within_deadline<R>(
        call: &Call,
        calling: impl Future<Output = Result<R, Stop>>,
    ) -> Result<R, Stop> {
        let result = call.deadline.within(calling).await;
        result.unwrap_or(Err(Stop::Deadline))
    }

    /// A store for one call, and the instance in it where one is reused.
    fn pooled(&self, call: &Call, requests: &SharedRequests) -> PooledInstance<State> {
        let mut state = State {
            account: call.account.clone(),
            memory: Memory::new(self.guest.limits.memory),
            table: ResourceTable::new(),
            http: WasiHttpCtx::new(),
            egress: Egress::new(call, self.client.clone(), Arc::clone(requests)),
        };
        state.table.set_max_capacity(RESOURCES);
        let owner = call.account.owner();
        let mut pooled = if let Some(mut pooled) = self.pool.take(owner) {
            state.memory.size = pooled.store.data().memory.size;
            *pooled.store.data_mut() = state;
            pooled
        } else {
            let mut store = Store::new(self.guest.engine(), state);
            store.limiter(|state| &mut state.memory);
            self.pool.wrap(owner, store)
        };
        // Ticks pass while the provider thinks, too. Only those that find the guest running are counted, and at each it yields
        // to the other tasks of its thread.
        let mut left = self.guest.limits.ticks();
        pooled.store.set_epoch_deadline(1);
        pooled.store.epoch_deadline_callback(move |_| {
            guest::count_down(&mut left).map(|_| UpdateDeadline::Yield(1))
        });
        pooled
    }

    async fn instance(&self, pooled: &mut PooledInstance<State>) -> wasmtime::Result<Instance> {
        if let Some(instance) = pooled.instance {
            return Ok(instance);
        }
        self.guest.made.fetch_add(1, Ordering::Relaxed);
        let instance = self.pre.instantiate_async(&mut pooled.store).await?;
        pooled.instance = Some(instance);
        Ok(instance)
    }

    /// The result of a call, unless it went over a limit.
    fn ended<R>(
        &self,
        pooled: PooledInstance<State>,
        result: wasmtime::Result<R>,
    ) -> Result<R, Stop> {
        let state = pooled.store.data();
        if let Some(denied) = state.egress.denied {
            return Err(Stop::Request(denied));
        }
        let result = result.map_err(|error| {
            Stop::Guest(GuestError::new(&error, &state.memory, self.guest.limits))
        })?;
        // A resource that it still holds would be another one in the next call.
        if state.table.is_empty() {
            let size = state.memory.size;
            self.pool.keep(pooled, size);
        }
        Ok(result)
    }
}

/// Replaces `http-error-code` by one that knows the error that a body can end with here.
///
/// `wasmtime-wasi-http` 48 looks for an error code where it has put an error of its own, and so finds none.
fn name_body_errors(linker: &mut Linker<State>) -> Result<(), wasmtime::Error> {
    linker.allow_shadowing(true);
    linker.instance("wasi:http/types@0.2.12")?.func_wrap(
        "http-error-code",
        |store: StoreContextMut<'_, State>, (error,): (Resource<types::IoError>,)| {
            let error = store.data().table.get(&error)?;
            Ok((match error.downcast_ref() {
                Some(WasiError::HttpResponseBodySize(size)) => {
                    Some(types::ErrorCode::HttpResponseBodySize(*size))
                }
                _ => None,
            },))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}
