//! Attempts to import more than the world has.

use unified_ticketing_hostile::WITH_MORE_IMPORTS;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine as Wasmtime, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as WasiError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

use super::super::bound::{Bound, HasBound};
use super::super::guest;
use super::scene::{Caller, Came, ID, Way, account, provider};
use super::table::{Row, Table};
use crate::bindings::accounts;
use crate::bindings::types::{NewUser, Options, Plan};
use crate::engine::{Engine, EngineBuilder};

pub(super) async fn attempts(table: &mut Table) {
    let then = with_all_of_wasi();
    let succeeded = then.contains("it is ") && then.contains("directories");
    for way in [Way::Halves, Way::Face] {
        let home = provider().await;
        let mut caller = Caller::new(way, [account(ID, &home)]);
        let builder: EngineBuilder = Engine::builder().accounts(home.accounts());
        caller.engine = builder.build_with(WITH_MORE_IMPORTS).unwrap();
        let came = caller.run("look-around").await;
        let goes_on = caller.goes_on(&home).await;
        table.push(Row {
            attempt: "clocks, chance, environment, files",
            way,
            happened: came.told(),
            nowhere: matches!(&came, Came::Failed { code, .. } if code == "guest-trap") && goes_on,
            control: "a linker with all of WASI",
            then: "has them".to_owned(),
            succeeded,
        });
    }
    for way in [Way::Whole, Way::Handler] {
        let built = Engine::builder()
            .sender(way.sender())
            .max_instances(1)
            .build_with(WITH_MORE_IMPORTS);
        table.push(Row {
            attempt: "clocks, chance, environment, files",
            way,
            happened: "not loaded".to_owned(),
            nowhere: built.is_err(),
            control: "a linker with all of WASI",
            then: "has them".to_owned(),
            succeeded,
        });
    }
}

struct All {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    nowhere: Nowhere,
    bound: Bound,
}

/// No network: the script does not ask for it.
struct Nowhere;

type Io = Box<dyn Future<Output = Result<(), WasiError>> + Send>;

impl WasiHttpHooks for Nowhere {
    fn send_request(
        &mut self,
        _: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), WasiError>> + Send> {
        Box::new(std::future::ready(Err(WasiError::HttpRequestDenied)))
    }
}

impl WasiView for All {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for All {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.nowhere,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

type Planned = Result<Plan, crate::types::Error>;

/// What the same component says where it has all that it asks for.
fn with_all_of_wasi() -> String {
    let engine = Wasmtime::new(&crate::config::shared()).unwrap();
    let component = guest::load(&engine, WITH_MORE_IMPORTS).unwrap();
    let mut linker = Linker::<All>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker).unwrap();
    wasmtime_wasi_http::p2::add_only_http_to_linker_sync(&mut linker).unwrap();
    accounts::add_to_linker::<_, HasBound>(&mut linker, |all| &mut all.bound).unwrap();
    let all = All {
        table: ResourceTable::new(),
        wasi: WasiCtx::builder().build(),
        http: WasiHttpCtx::new(),
        nowhere: Nowhere,
        bound: Bound::nothing(),
    };
    let mut store = Store::new(&engine, all);
    store.set_epoch_deadline(1);
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let function = export(&component);
    let user = NewUser {
        remote_data: Some("look-around".to_owned()),
        ..NewUser::default()
    };
    let (planned,) = instance
        .get_typed_func::<(&str, &NewUser, &Options), (Planned,)>(&mut store, function)
        .unwrap()
        .call(&mut store, (ID, &user, &Options::default()))
        .unwrap();
    String::from_utf8(planned.unwrap().context).unwrap()
}

fn export(component: &Component) -> wasmtime::component::ComponentExportIndex {
    let users = component
        .get_export_index(None, "unified:ticketing/users@0.2.0")
        .unwrap();
    component
        .get_export_index(Some(&users), "plan-create-user")
        .unwrap()
}
