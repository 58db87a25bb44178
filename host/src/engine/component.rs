//! The other sender: the component sends for itself, over `wasi:http`, as in hosts that bring no
//! client.
//!
//! Every request still leaves by [`Door`], with the same rules and the same client.

mod serve;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use wasmtime::component::{
    ComponentExportIndex, HasData, Instance, InstancePre, Linker, Resource, ResourceTable,
};
use wasmtime::{Store, StoreContextMut, UpdateDeadline};
use wasmtime_wasi::p2::bindings::io;
use wasmtime_wasi_http::p2::bindings::LinkOptions;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::{
    Error as WasiError, RequestOptions, WasiBody, WasiHttp, WasiHttpCtx, WasiHttpCtxView,
    WasiHttpHooks, WasiHttpView,
};

use super::bound::{Bound, HasBound};
use super::guest::{self, Guest};
use super::limits::{Cut, Memory, RESOURCES};
use super::reuse::{Shelves, Working};
use crate::bindings::accounts as wit;
use crate::bindings::types::{Limit, ProviderResponse};
use crate::client::{Client, ClientError, ConnectErrorKind, LostKind, SendState};
use crate::egress;
use crate::telemetry;

/// The largest body of a request, in bytes. The guest cannot make a larger one within its memory;
/// this is the second lock.
const LARGEST_REQUEST: usize = 64 << 20;

const HANDLER: &str = "wasi:http/incoming-handler@0.2.12";

/// What a store of this sender holds.
struct Whole {
    bound: Bound,
    memory: Memory,
    table: ResourceTable,
    http: WasiHttpCtx,
    door: Door,
}

impl WasiHttpView for Whole {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.door,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

/// The component, linked to the network.
pub(super) struct Handler {
    pre: InstancePre<Whole>,
    /// What serves a request.
    handle: ComponentExportIndex,
    shelves: Shelves<Whole>,
}

impl Handler {
    pub(super) fn new(guest: &Guest) -> Result<Self, wasmtime::Error> {
        let mut linker = Linker::<Whole>::new(guest.engine());
        wit::add_to_linker::<_, HasBound>(&mut linker, |whole| &mut whole.bound)?;
        // Interface by interface: the crates' own bundles also give clocks, random numbers and
        // standard streams.
        io::error::add_to_linker::<_, HasTable>(&mut linker, |whole| &mut whole.table)?;
        io::poll::add_to_linker::<_, HasTable>(&mut linker, |whole| &mut whole.table)?;
        io::streams::add_to_linker::<_, HasTable>(&mut linker, |whole| &mut whole.table)?;
        types::add_to_linker::<_, WasiHttp>(
            &mut linker,
            &LinkOptions::default().into(),
            Whole::http,
        )?;
        outgoing_handler::add_to_linker::<_, WasiHttp>(&mut linker, Whole::http)?;
        name_body_errors(&mut linker)?;
        Ok(Self {
            handle: guest::export(&guest.component, HANDLER, "handle")?,
            pre: linker.instantiate_pre(&guest.component)?,
            shelves: Shelves::new(guest.limits),
        })
    }

    /// Calls a function that may send one request with the account that the call is bound to.
    pub(super) async fn call<P, R>(
        &self,
        guest: &Guest,
        client: &Client,
        bound: Bound,
        begun: &SendState,
        function: &ComponentExportIndex,
        parameters: P,
    ) -> Result<R, Cut>
    where
        P: wasmtime::component::ComponentNamedList + wasmtime::component::Lower + Send + Sync,
        R: wasmtime::component::Lift + Send + Sync + 'static,
        (R,): wasmtime::component::ComponentNamedList + wasmtime::component::Lift,
    {
        let _permit = guest.permits.acquire().await;
        let _running = guest.running();
        let mut working = self.working(guest, whole(guest, client, bound, begun));
        let result = async {
            let instance = self.instance(guest, &mut working).await?;
            let store = &mut working.store;
            let function = instance.get_typed_func::<P, (R,)>(&mut *store, function)?;
            function
                .call_async(store, parameters)
                .await
                .map(|(result,)| result)
        }
        .await;
        self.ended(guest, working, result)
    }

    /// A store for one call, and the instance in it where one is reused.
    fn working(&self, guest: &Guest, whole: Whole) -> Working<Whole> {
        let kept = self.shelves.take(whole.bound.owner());
        let mut working = if let Some(mut working) = kept {
            let memory = working.store.data().memory.size;
            *working.store.data_mut() = whole;
            working.store.data_mut().memory.size = memory;
            working
        } else {
            let owner = self.shelves.owner(whole.bound.owner());
            let mut store = Store::new(guest.engine(), whole);
            store.limiter(|whole| &mut whole.memory);
            Working::new(owner, store)
        };
        // Ticks pass while the provider thinks, too. Counted here are only those that find the
        // guest running, and at each it lets the others of its thread go on.
        let mut left = guest.limits.ticks();
        working.store.set_epoch_deadline(1);
        working.store.epoch_deadline_callback(move |_| {
            guest::count_down(&mut left).map(|_| UpdateDeadline::Yield(1))
        });
        working
    }

    async fn instance(
        &self,
        guest: &Guest,
        working: &mut Working<Whole>,
    ) -> wasmtime::Result<Instance> {
        if let Some(instance) = working.instance {
            return Ok(instance);
        }
        guest.made.fetch_add(1, Ordering::Relaxed);
        let instance = self.pre.instantiate_async(&mut working.store).await?;
        working.instance = Some(instance);
        Ok(instance)
    }

    /// What a call gave, unless it went over a limit.
    fn ended<R>(
        &self,
        guest: &Guest,
        working: Working<Whole>,
        result: wasmtime::Result<R>,
    ) -> Result<R, Cut> {
        let Whole {
            memory,
            door,
            table,
            bound: _,
            http: _,
        } = working.store.data();
        if door.exceeded {
            let most = guest.limits.requests;
            let why = format!("it tried to send more than {most} requests");
            return Err(Cut::Limit(Limit::Requests, why));
        }
        let result = result.map_err(|error| Cut::of(&error, memory, guest.limits))?;
        // What it still holds would mean something else in the next call.
        if table.is_empty() {
            let size = memory.size;
            self.shelves.keep(working, size);
        }
        Ok(result)
    }
}

/// What the store of one call holds.
fn whole(guest: &Guest, client: &Client, bound: Bound, begun: &SendState) -> Whole {
    let door = Door {
        bound: bound.clone(),
        client: client.clone(),
        begun: begun.clone(),
        request_id: telemetry::request_id(),
        left: guest.limits.requests,
        exceeded: false,
    };
    let memory = Memory::new(guest.limits.memory);
    let mut table = ResourceTable::new();
    table.set_max_capacity(RESOURCES);
    Whole {
        bound,
        memory,
        table,
        http: WasiHttpCtx::new(),
        door,
    }
}

/// Has `http-error-code` know the one error that a body can end with here.
///
/// `wasmtime-wasi-http` 48 looks for an error code where it has put an error of its own, and so
/// knows none.
fn name_body_errors(linker: &mut Linker<Whole>) -> Result<(), wasmtime::Error> {
    linker.allow_shadowing(true);
    linker.instance("wasi:http/types@0.2.12")?.func_wrap(
        "http-error-code",
        |store: StoreContextMut<'_, Whole>, (error,): (Resource<types::IoError>,)| {
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

/// The one door by which requests leave: one for each call, unless the engine is set to more.
struct Door {
    bound: Bound,
    client: Client,
    begun: SendState,
    /// Of the request that the call answers, for the log.
    request_id: Option<Arc<str>>,
    /// How many more may leave.
    left: u32,
    /// One more than that was tried.
    exceeded: bool,
}

type Sending = Pin<Box<dyn Future<Output = Result<Sent, WasiError>> + Send>>;
type Sent = (
    Response<WasiBody>,
    Box<dyn Future<Output = Result<(), WasiError>> + Send>,
);

impl WasiHttpHooks for Door {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), WasiError>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, WasiError>> + Send> {
        let Some(left) = self.left.checked_sub(1) else {
            self.exceeded = true;
            return Box::new(std::future::ready(Err(WasiError::HttpRequestDenied)));
        };
        self.left = left;
        let (bound, client, begun) = (self.bound.clone(), self.client.clone(), self.begun.clone());
        let request_id = self.request_id.clone();
        let sending: Sending = Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = Limited::new(body, LARGEST_REQUEST)
                .collect()
                .await
                .map_err(|_| WasiError::HttpRequestBodySize(None))?;
            let account = bound.account().ok_or(WasiError::HttpRequestDenied)?;
            let request = Request::from_parts(head, body.to_bytes());
            let permitted =
                egress::permit(account, request).map_err(|_| WasiError::HttpRequestDenied)?;
            let sending = client.send(account, permitted, &begun);
            let answer = telemetry::with_request_id(request_id, sending).await;
            let response = answer.map_or_else(failed, answered)?;
            Ok((
                response,
                Box::new(std::future::ready(Ok(()))) as Box<dyn Future<Output = _> + Send>,
            ))
        });
        Box::new(sending)
    }
}

/// The provider's answer for the guest to read.
fn answered(answer: ProviderResponse) -> Result<Response<WasiBody>, WasiError> {
    let ProviderResponse {
        status,
        headers,
        body,
    } = answer;
    let body = Full::new(Bytes::from(body))
        .map_err(|never| match never {})
        .boxed_unsync();
    let mut response = response(status, body)?;
    for (name, value) in headers {
        // Each came from such a header, with nothing but printable text put in.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    Ok(response)
}

/// What the guest learns of a failure: a code, from which it knows where the request is.
fn failed(error: ClientError) -> Result<Response<WasiBody>, WasiError> {
    Err(match error {
        ClientError::AddressDenied(_) => WasiError::HttpRequestDenied,
        ClientError::NoConnection(kind, why) => match kind {
            ConnectErrorKind::Dns => WasiError::DnsError {
                rcode: Some(why),
                info_code: None,
            },
            ConnectErrorKind::ConnectionRefused => WasiError::ConnectionRefused,
            ConnectErrorKind::Timeout => WasiError::ConnectionTimeout,
            ConnectErrorKind::Unreachable => WasiError::DestinationUnavailable,
            ConnectErrorKind::Certificate => WasiError::TlsCertificateError,
            ConnectErrorKind::Tls => WasiError::TlsProtocolError,
        },
        ClientError::ConnectionLost(kind, _) => match kind {
            LostKind::Closed => WasiError::ConnectionTerminated,
            LostKind::NotHttp => WasiError::HttpProtocolError,
        },
        // The head came well; the body ends with an error.
        ClientError::ResponseTruncated(status, _) => {
            return response(
                status,
                Ending(Some(WasiError::HttpResponseIncomplete)).boxed_unsync(),
            );
        }
        ClientError::ResponseTooLarge(Some(status)) => {
            let ending = Ending(Some(WasiError::HttpResponseBodySize(None)));
            return response(status, ending.boxed_unsync());
        }
        ClientError::ResponseTooLarge(None) => WasiError::HttpResponseHeaderSectionSize(None),
    })
}

fn response(status: u16, body: WasiBody) -> Result<Response<WasiBody>, WasiError> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).map_err(|_| WasiError::HttpProtocolError)?;
    Ok(response)
}

/// A body that ends with an error before it has begun.
struct Ending(Option<WasiError>);

impl http_body::Body for Ending {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, WasiError>>> {
        std::task::Poll::Ready(self.0.take().map(Err))
    }
}
