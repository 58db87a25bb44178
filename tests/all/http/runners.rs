//! The ways to serve the HTTP API.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::net::TcpSocket;
use unified_ticketing::server::Server;
use unified_ticketing::{Account, Accounts, Engine, Lookup, LookupError, Sender};
use unified_ticketing_guest::bindings::accounts::{
    Account as GuestAccount, Credentials, ResolveError,
};
use unified_ticketing_guest::bindings::http_api::{HttpRequest, HttpStep};
use unified_ticketing_guest::bindings::types::{
    Begun, ProviderRequest, ProviderResponse, TransportError,
};
use unified_ticketing_guest::http_api;

use crate::case;
use crate::case::begun::BEGUN;
use crate::cases::unlike_earlier;
use crate::client::{self, Request, Response, ResponseTruncated};

/// An account of the tests: its integration, and its other fields.
pub type TestAccount = (String, case::Account);

/// A way to get the response to a request.
pub enum Runner {
    /// The core's two functions, called here, with a small client between them.
    Native(BTreeMap<String, TestAccount>),
    /// A server at this address.
    Served(SocketAddr),
}

impl Runner {
    /// The server of the library, in this process.
    pub async fn served(sender: Sender, accounts: BTreeMap<String, TestAccount>) -> Self {
        let engine = Engine::builder()
            .accounts(TestAccounts(accounts))
            .sender(sender)
            .max_instances(4)
            .build()
            .expect("an engine");
        let server = Server::builder(engine).bind(([127, 0, 0, 1], 0).into());
        let server = server.await.expect("a port of loopback");
        let address = server.address();
        tokio::spawn(server.serve(std::future::pending()));
        Self::Served(address)
    }

    pub async fn call(&self, request: &Request) -> Response {
        match self {
            Self::Native(accounts) => native(accounts, request).await,
            Self::Served(address) => {
                // Rows have accounts and bodies in common.
                let request = Request {
                    target: unlike_earlier(request.target.clone(), &request.method),
                    ..request.clone()
                };
                client::send(*address, &request)
                    .await
                    .unwrap_or_else(|error| panic!("{request:?}: {error}"))
            }
        }
    }
}

/// The accounts of the suite. An invalid one is unusable.
struct TestAccounts(BTreeMap<String, TestAccount>);

impl Accounts for TestAccounts {
    fn get<'a>(&'a self, id: &'a str) -> Lookup<'a> {
        let account = self.0.get(&id.to_ascii_lowercase());
        let account = account.map(|(integration, account)| {
            let mut builder = Account::builder(id, integration);
            if let Some(base_url) = &account.base_url {
                builder = builder.base_url(base_url);
            }
            for (name, value) in &account.settings {
                builder = builder.setting(name, value);
            }
            for (name, value) in &account.credentials {
                builder = builder.credential(name, value.clone());
            }
            builder.build().map_err(LookupError::from)
        });
        Box::pin(std::future::ready(account.transpose()))
    }
}

/// The same accounts as JSON for the standalone component.
pub fn accounts_json(accounts: &BTreeMap<String, TestAccount>) -> Value {
    let accounts: Vec<Value> = accounts
        .iter()
        .map(|(id, (integration, account))| {
            let mut json = json!({
                "id": id,
                "integration": integration,
                "settings": account.settings,
                "credentials": account.credentials,
            });
            if let Some(base_url) = &account.base_url {
                json["base_url"] = json!(base_url);
            }
            json
        })
        .collect();
    json!({ "account": accounts })
}

async fn native(accounts: &BTreeMap<String, TestAccount>, request: &Request) -> Response {
    let Request {
        method,
        target,
        headers,
        body,
    } = request.clone();
    let is_head = method == "HEAD";
    let request = HttpRequest {
        method,
        target,
        headers,
        body,
    };
    let id = http_api::account_id(&request.target).unwrap_or_default();
    let resolve = |id: &str| {
        let (integration, account) = accounts
            .get(&id.to_ascii_lowercase())
            .ok_or(ResolveError::Unknown)?;
        let pairs = |map: &BTreeMap<String, String>| map.clone().into_iter().collect();
        Ok(GuestAccount {
            integration: integration.clone(),
            base_url: account.base_url.clone(),
            settings: pairs(&account.settings),
            credentials: Credentials::Disclosed(pairs(&account.credentials)),
        })
    };
    let begun = Begun::Now(BEGUN.to_owned());
    let mut step = http_api::start(&id, &request, &begun, resolve);
    let response = loop {
        match step {
            HttpStep::Respond(response) => break response,
            HttpStep::Send(sending) => {
                let response = execute(sending.request).await;
                step = http_api::resume(&id, &sending.context, response.as_ref(), resolve);
            }
        }
    };
    Response {
        status: response.status,
        headers: response.headers,
        body: (!is_head).then_some(response.body),
    }
}

/// Sends a planned request.
async fn execute(request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
    let url: http::Uri = request.url.parse().expect("a URL");
    let address = url.authority().expect("an authority").as_str();
    let address: SocketAddr = address.parse().expect("an address");
    let mut connection = client::Connection::open(address)
        .await
        .map_err(|error| TransportError::NoConnection(error.to_string()))?;
    let framing = ["content-length", "host"];
    let headers = request.headers.into_iter();
    let sent = Request {
        method: request.method,
        target: url.path_and_query().expect("a target").to_string(),
        headers: headers
            .filter(|(name, _)| !framing.contains(&name.as_str()))
            .collect(),
        body: request.body,
    };
    let response = connection.call(&sent).await.map_err(|error| {
        let inner = error.get_ref();
        inner.and_then(|inner| inner.downcast_ref()).map_or_else(
            || TransportError::ConnectionLost(error.to_string()),
            |ResponseTruncated(status)| {
                TransportError::ResponseTruncated((*status, error.to_string()))
            },
        )
    })?;
    let body = response.body.unwrap_or_default();
    if body.len() > 4 << 20 {
        return Err(TransportError::ResponseTooLarge(Some(response.status)));
    }
    Ok(ProviderResponse {
        status: response.status,
        headers: response.headers,
        body,
    })
}

/// A reserved port without a listener.
pub struct ClosedPort {
    socket: TcpSocket,
}

impl ClosedPort {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .bind(([127, 0, 0, 1], 0).into())
            .expect("a port of loopback");
        Self { socket }
    }

    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("its address")
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }
}
