//! The hostile component outside the engine, in a host that gives it everything that it imports but a network, and believes what it
//! says: for controls that no setting of an engine lets through.

#[path = "../../../host/src/config.rs"]
mod config;

use unified_ticketing::http_api::{HttpRequest, HttpResponse, HttpStep};
use unified_ticketing::types::Begun;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as WasiError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

use super::caller::ID;

struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    network: NoNetwork,
}

/// No script here asks for the network.
struct NoNetwork;

type Io = Box<dyn Future<Output = Result<(), WasiError>> + Send>;

impl WasiHttpHooks for NoNetwork {
    fn send_request(
        &mut self,
        _: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), WasiError>> + Send> {
        Box::new(std::future::ready(Err(WasiError::HttpRequestDenied)))
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.network,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// What the component responds to a request of the HTTP API, word for word. It cannot send.
pub(super) fn respond(precompiled: &[u8], request: &HttpRequest) -> HttpResponse {
    let engine = Engine::new(&config::shared()).unwrap();
    let component = load(&engine, precompiled);
    let mut linker = Linker::<State>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker).unwrap();
    wasmtime_wasi_http::p2::add_only_http_to_linker_sync(&mut linker).unwrap();
    linker
        .instance("unified:ticketing/accounts@0.2.0")
        .unwrap()
        .func_new("resolve", |_, _, _, _| {
            wasmtime::bail!("no script here asks for an account")
        })
        .unwrap();
    let state = State {
        table: ResourceTable::new(),
        wasi: WasiCtx::builder().build(),
        http: WasiHttpCtx::new(),
        network: NoNetwork,
    };
    let mut store = Store::new(&engine, state);
    store.set_epoch_deadline(1);
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let interface = component
        .get_export_index(None, "unified:ticketing/http-api@0.2.0")
        .unwrap();
    let start = component
        .get_export_index(Some(&interface), "start")
        .unwrap();
    let (step,) = instance
        .get_typed_func::<(&str, &HttpRequest, &Begun), (HttpStep,)>(&mut store, start)
        .unwrap()
        .call(&mut store, (ID, request, &Begun::now()))
        .unwrap();
    match step {
        HttpStep::Respond(response) => response,
        HttpStep::Send(sending) => panic!("the script sends: {sending:?}"),
    }
}

fn load(engine: &Engine, precompiled: &[u8]) -> Component {
    #[expect(
        unsafe_code,
        reason = "no engine of the library lets this through; the bytes are what the build script of the hostile component had wasmtime compile"
    )]
    // SAFETY: the bytes are the unaltered output of `precompile_component`.
    unsafe {
        Component::deserialize(engine, precompiled).unwrap()
    }
}
