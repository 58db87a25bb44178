//! Simulators of the providers, as one HTTP server on loopback.
//!
//! They are written from the providers' documentation alone and share no code with the mapping: a
//! simulator that agreed with the mapping by construction would repeat its mistakes. Each provider
//! lives under `/{integration}` followed by the path of its own base URL, keeps its users in
//! memory, and starts empty. A request body has to be a JSON object with the content type
//! `application/json`.
//!
//! | Control request | Effect |
//! | --- | --- |
//! | `GET /_sandbox/requests[?integration=NAME]` | the last 10,000 provider requests, oldest first: `[{integration, method, target, headers: [[name, value]], body, status}]`; `status` is `null` when none was sent |
//! | `DELETE /_sandbox/requests[?integration=NAME]` | forgets them, and restarts the count at 0 |
//! | `GET /_sandbox/count[?integration=NAME]` | `{"requests": n, "methods": {"GET": n, …}, "routes": {"GET /dixa/v1/agents/{id}": n, …}, "users": n}`: provider requests whose headers arrived, in all and by method and by route, and users held |
//! | `PUT /_sandbox/faults/{integration}` | queues a fault for the next requests |
//! | `DELETE /_sandbox/faults/{integration}` | forgets the faults still queued |
//! | `PUT /_sandbox/limits/{integration}` | enforces a limit, `{"requests": n, "seconds": n}`: more requests in any such time get 429 with `retry-after`, and take no effect |
//! | `DELETE /_sandbox/limits/{integration}` | enforces none |
//! | `PUT /_sandbox/reads/{integration}` | changes what reads see from now on |
//! | `GET /_sandbox/reads/{integration}` | these settings |
//! | `DELETE /_sandbox/reads/{integration}` | makes reads see what is usual |
//! | `POST /_sandbox/reset` | forgets users, requests, faults, limits and settings |
//!
//! A fault is `{"kind": KIND, "times": n, …}`; `times` is 1 when left out, and faults apply in the
//! order of their arrival.
//!
//! | Kind | Further members | The request takes effect | What the client sees |
//! | --- | --- | --- | --- |
//! | `latency` | `milliseconds` | yes, before the wait | the usual response, late |
//! | `status` | `status`, `headers` (`[[name, value]]`), `body` (a string), `content_type` | no | that response |
//! | `reset-before-body` | | no | a TCP reset, the body unread |
//! | `reset-after-body` | | yes | a TCP reset, no response |
//! | `truncated` | | yes | the usual response, truncated in the middle of its body |
//! | `oversized` | `bytes` | yes | 200 and a JSON object of that many bytes |
//! | `html` | | no | 200 and an HTML page |
//! | `slow` | `milliseconds` | yes | the usual response, one byte in each interval |
//! | `raw` | `text` or `base64` | yes | these bytes instead of a response, then the end of the connection |
//!
//! The settings of reads are one object; a member that is left out is as usual.
//!
//! | Member | Usual | Effect |
//! | --- | --- | --- |
//! | `max_page_size` | `null` | a page has at most that many users, whatever its request asks for; rejected for a provider without pages, and for one whose pages say nothing about a next one: there a short page is the last (Planhat) |
//! | `ignore_filters` | `false` | a list has every user, whatever its filters; rejected for a provider without filters |
//! | `late_by` | 0 | a user who is created while this is set is missing from the next `n` responses to a get or a list of the provider |
//!
//! A late user is missing from reads alone: its address is taken, and it can be changed and deleted.
//! Reads are counted where the simulator looks at its users: those rejected before, or replaced by
//! a fault, do not count. Users that are late stay so when the settings change.

mod accounts;
mod call;
mod clock;
mod connection;
mod control;
mod faults;
mod fields;
mod journal;
mod limits;
mod paging;
mod reads;
mod store;

mod dixa;
mod gorgias;
mod hive;
mod pivotal_tracker;
mod planhat;
mod teamwork;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use accounts::Account;
use call::{Call, CallResult, HttpResponse, JsonResponse};
use clock::{Limit, Window};
use connection::Interruption;
use faults::{Fault, Faults};
use journal::Journal;
use limits::EnforcedLimit;
use store::Store;

static SIMULATORS: &[&Simulator] = &[
    &dixa::SIMULATOR,
    &gorgias::SIMULATOR,
    &hive::SIMULATOR,
    &pivotal_tracker::SIMULATOR,
    &planhat::SIMULATOR,
    &teamwork::SIMULATOR,
];

/// Far above the body of any provider, and low enough that a mistake does not fill the memory.
const MAX_BODY: usize = 16 << 20;

/// The simulators, bound to an address and ready to serve.
///
/// Every instance has its own state, shared by its connections.
pub struct Sandbox {
    listener: TcpListener,
    address: SocketAddr,
    state: Arc<SharedState>,
}

impl Sandbox {
    /// Binds `address`; with port 0 the system chooses one.
    ///
    /// # Errors
    ///
    /// Fails if the address cannot be bound.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            state: Arc::default(),
        })
    }

    /// The bound address, with the port that the system chose.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An accounts file (TOML) with one account for each simulator, named after its integration.
    #[must_use]
    pub fn accounts_file(&self) -> String {
        accounts::file(
            self.address,
            SIMULATORS.iter().map(|simulator| &simulator.account),
        )
    }

    /// Serves until `shutdown` resolves, and then drops the requests still in flight.
    ///
    /// # Errors
    ///
    /// Fails if the listening socket does.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) -> io::Result<()> {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = &mut shutdown => return Ok(()),
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(connection::serve(stream, Arc::clone(&self.state)));
                    }
                    Err(error) => connection::ignore_transient(error).await?,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

/// The differences between providers.
struct Simulator {
    account: Account,
    /// Responds to a request, and changes the users accordingly.
    respond: fn(&Call, &mut Store) -> CallResult,
    /// The paths after the integration's name. A segment may be `{name}`, with a suffix.
    routes: &'static [&'static str],
    /// Whether lists come in pages.
    pages: Pages,
    /// Whether a parameter filters a list.
    has_filters: bool,
    /// The limit that the provider reports in headers.
    limit: Option<Limit>,
}

/// The pages of a list.
enum Pages {
    /// The list has none.
    None,
    /// A page says whether another follows.
    Marked,
    /// A page shorter than its request asks for is the last one.
    Unmarked,
}

impl Simulator {
    /// The route of a path that begins with the integration's name.
    fn route(&self, path: &str) -> Option<&'static str> {
        let path = path.split('/').skip(2);
        let fits = |route: &&&str| {
            let mut given = path.clone();
            let mut segments = route.split('/').skip(1);
            segments.all(|segment| given.next().is_some_and(|given| is_segment(segment, given)))
                && given.next().is_none()
        };
        self.routes.iter().find(fits).copied()
    }
}

fn is_segment(segment: &str, given: &str) -> bool {
    let name = segment
        .strip_prefix('{')
        .and_then(|rest| rest.split_once('}'));
    match name {
        Some((_, suffix)) => given.len() > suffix.len() && given.ends_with(suffix),
        None => segment == given,
    }
}

/// A simulator and its state.
struct Provider {
    simulator: &'static Simulator,
    users: Store,
    window: Window,
    limit: Option<EnforcedLimit>,
}

impl Provider {
    fn name(&self) -> &'static str {
        self.simulator.account.integration
    }

    fn respond(&mut self, call: &Call) -> JsonResponse {
        if let Some(response) = self.limit.as_mut().and_then(EnforcedLimit::count) {
            return response;
        }
        let Simulator {
            account: _,
            respond,
            routes: _,
            pages: _,
            has_filters: _,
            limit,
        } = self.simulator;
        let response = respond(call, &mut self.users).unwrap_or_else(|rejection| rejection);
        match limit {
            Some(limit) => (limit.set_headers)(response, &self.window.count(limit)),
            None => response,
        }
    }
}

struct State {
    providers: Vec<Provider>,
    journal: Journal,
    faults: Faults,
}

impl Default for State {
    fn default() -> Self {
        let providers = SIMULATORS.iter().map(|simulator| Provider {
            simulator,
            users: Store::default(),
            window: Window::default(),
            limit: None,
        });
        Self {
            providers: providers.collect(),
            journal: Journal::default(),
            faults: Faults::default(),
        }
    }
}

impl State {
    /// The simulator of the integration, if there is one.
    fn provider(&mut self, integration: &str) -> Option<&mut Provider> {
        self.providers
            .iter_mut()
            .find(|provider| provider.name() == integration)
    }

    fn respond(&mut self, call: &Call) -> HttpResponse {
        let provider = self.provider(call.integration());
        let response = provider.map(|provider| provider.respond(call));
        response
            .unwrap_or_else(|| JsonResponse::new(404, json!({})))
            .into_http()
    }
}

/// The state, shared by the connections.
#[derive(Default)]
struct SharedState(Mutex<State>);

impl SharedState {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn handle(
    shared: Arc<SharedState>,
    request: Request<Incoming>,
) -> Result<HttpResponse, Interruption> {
    let (parts, body) = request.into_parts();
    let received = {
        let mut state = shared.lock();
        let provider = state.provider(call::integration(&parts.uri));
        let known = provider.map(|provider| {
            let route = provider.simulator.route(parts.uri.path());
            (provider.name(), route)
        });
        known.map(|(name, route)| {
            let entry = state.journal.add(name, route, &parts);
            (route, entry, state.faults.next(name))
        })
    };
    let Some((route, entry, fault)) = received else {
        let Some(body) = read_body(body).await? else {
            return Ok(too_large());
        };
        let call = Call {
            parts,
            body,
            route: None,
        };
        let result = control::respond(&mut shared.lock(), &call);
        return Ok(result.unwrap_or_else(|rejection| rejection).into_http());
    };
    if matches!(fault, Some(Fault::ResetBeforeBody)) {
        return Err(Interruption::Reset);
    }
    let result = match read_body(body).await? {
        Some(body) => {
            shared.lock().journal.set_body(entry, &body);
            let call = Call { parts, body, route };
            apply_fault(&shared, &call, fault).await
        }
        None => Ok(too_large()),
    };
    let status = match &result {
        Ok(response) => Some(response.status()),
        Err(interruption) => interruption.status(),
    };
    shared.lock().journal.set_status(entry, status);
    result
}

/// Applies the request where the fault lets it take effect, and changes the response.
async fn apply_fault(
    shared: &SharedState,
    call: &Call,
    fault: Option<Fault>,
) -> Result<HttpResponse, Interruption> {
    if let Some(Fault::Replace(response)) = fault {
        return Ok(response);
    }
    let response = shared.lock().respond(call);
    match fault {
        None | Some(Fault::Replace(_)) => Ok(response),
        Some(Fault::Latency(wait)) => {
            tokio::time::sleep(wait).await;
            Ok(response)
        }
        Some(Fault::ResetBeforeBody | Fault::ResetAfterBody) => Err(Interruption::Reset),
        Some(Fault::Truncated) => Err(Interruption::truncated(&response).await),
        Some(Fault::Oversized(bytes)) => Ok(faults::oversized(bytes)),
        Some(Fault::Slow(interval)) => Err(Interruption::slow(&response, interval).await),
        Some(Fault::Raw(bytes)) => Err(Interruption::raw(bytes)),
    }
}

/// The whole body, or `None` if it is larger than [`MAX_BODY`].
async fn read_body(body: Incoming) -> Result<Option<Bytes>, Interruption> {
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => Ok(Some(body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Ok(None),
        Err(_) => Err(Interruption::Close),
    }
}

fn too_large() -> HttpResponse {
    JsonResponse::new(413, json!({ "message": "the body is too large" })).into_http()
}
