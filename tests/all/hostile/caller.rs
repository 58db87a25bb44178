//! Calls of the hostile component.

use std::iter;
use std::panic::Location;
use std::time::Duration;

use unified_ticketing::http_api::HttpRequest;
use unified_ticketing::types::{Error, NewUser, Options, Response, UserChanges, UserQuery};
use unified_ticketing::{
    Account, AccountBuilder, Engine, EngineBuilder, MemoryAccounts, Sender, http_response,
};
use unified_ticketing_guest::integration::OperationName;
use unified_ticketing_hostile::PRECOMPILED;

use super::observed::Observed;
use crate::raw_provider::{Act, Provider, response};

pub(super) const ID: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";
pub(super) const OTHER: &str = "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35";
pub(super) const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";
pub(super) const TOKEN: &str = "the-token-of-dixa";

/// More than any script of a control needs.
pub(super) const AGES: Duration = Duration::from_mins(5);

/// The functions of the component that a call goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryPoint {
    /// `start` and `resume` of `steps`, the engine sending in between.
    Steps,
    /// `start` and `resume` of the HTTP API, likewise.
    HttpApi,
    /// `create-user` of `users`, which sends over wasi:http.
    Users,
    /// The component's handler of the HTTP API, likewise.
    IncomingHandler,
}

impl EntryPoint {
    pub(super) const ALL: [Self; 4] = [
        Self::Steps,
        Self::HttpApi,
        Self::Users,
        Self::IncomingHandler,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::HttpApi => "http-api",
            Self::Users => "users",
            Self::IncomingHandler => "incoming-handler",
        }
    }

    pub(super) const fn sender(self) -> Sender {
        match self {
            Self::Steps | Self::HttpApi => Sender::Host,
            Self::Users | Self::IncomingHandler => Sender::Component,
        }
    }

    /// Whether the component sends for itself.
    pub(super) fn is_component_driven(self) -> bool {
        self.sender() == Sender::Component
    }

    /// Whether the call is a request of the HTTP API.
    pub(super) fn is_http(self) -> bool {
        matches!(self, Self::HttpApi | Self::IncomingHandler)
    }
}

/// A provider that accepts everything.
pub(super) async fn provider() -> Provider {
    acting(response(200, "{}")).await
}

/// A provider that always acts so.
pub(super) async fn acting(act: Act) -> Provider {
    Provider::start(iter::repeat_n(act, 2000)).await
}

/// An account of the same integration at this server.
pub(super) fn account(id: &str, provider: &Provider) -> AccountBuilder {
    at(id, &format!("http://{}/v1", provider.address))
}

/// An account with this base URL.
pub(super) fn at(id: &str, base_url: &str) -> AccountBuilder {
    Account::builder(id, "dixa")
        .base_url(base_url)
        .credential("api_token", TOKEN)
}

/// The accounts of an engine.
pub(super) fn accounts(accounts: impl IntoIterator<Item = AccountBuilder>) -> MemoryAccounts {
    let accounts = accounts.into_iter().map(|account| account.build().unwrap());
    accounts.collect()
}

/// Has an engine load this component.
pub(super) fn load(engine: EngineBuilder, component: &'static [u8]) -> EngineBuilder {
    #[expect(
        unsafe_code,
        reason = "the engine runs machine code; it is what the build script of the hostile component had wasmtime compile"
    )]
    // SAFETY: the bytes are the unaltered output of `precompile_component`.
    unsafe {
        engine.precompiled(component)
    }
}

/// An engine with the hostile component, and the entry point of its calls.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) entry_point: EntryPoint,
    pub(super) engine: Engine,
}

impl Caller {
    pub(super) fn new(
        entry_point: EntryPoint,
        accounts: impl IntoIterator<Item = AccountBuilder>,
    ) -> Self {
        Self::with(entry_point, accounts, |engine| engine)
    }

    /// With changed settings.
    pub(super) fn with(
        entry_point: EntryPoint,
        accounts: impl IntoIterator<Item = AccountBuilder>,
        change: impl FnOnce(EngineBuilder) -> EngineBuilder,
    ) -> Self {
        let builder = Engine::builder()
            .accounts(self::accounts(accounts))
            .sender(entry_point.sender())
            // One call after the other in the same memory, so that each finds what an earlier one leaves.
            .max_instances(1);
        let engine = load(change(builder), PRECOMPILED).build().unwrap();
        Self {
            entry_point,
            engine,
        }
    }

    /// Has the component run a script, with the account [`ID`].
    pub(super) async fn run(&self, script: &str) -> Observed {
        self.run_as(ID, script).await
    }

    /// Has the component run a script, with this account.
    pub(super) async fn run_as(&self, account: &str, script: &str) -> Observed {
        self.run_for(OperationName::Create, account, script).await
    }

    /// Has the component run a script in a call for this operation, with this account.
    pub(super) async fn run_for(
        &self,
        operation: OperationName,
        account: &str,
        script: &str,
    ) -> Observed {
        let this = self.clone();
        let (account, script) = (account.to_owned(), script.to_owned());
        // On a task of its own: a panic of the engine is a row of the table, too.
        let calling = tokio::spawn(async move {
            if this.entry_point.is_http() {
                let request = request_for(operation, &account, &script);
                return Observed::from_response(&this.engine.http(request).await);
            }
            match this.typed(operation, &account, script).await {
                Ok(response) => Observed::from_body(response.body),
                Err(error) => Observed::from_response(&http_response(&error)),
            }
        });
        calling.await.unwrap_or(Observed::Panicked)
    }

    async fn typed(
        &self,
        operation: OperationName,
        account: &str,
        script: String,
    ) -> Result<Response, Error> {
        let (engine, options) = (&self.engine, Options::default());
        match operation {
            OperationName::Create => engine.create_user(account, user(&script), options).await,
            OperationName::Update => {
                let changes = UserChanges {
                    remote_data: Some(script),
                    ..UserChanges::default()
                };
                engine.update_user(account, "1", changes, options).await
            }
            OperationName::Get => engine.get_user(account, &script, options).await,
            OperationName::List => {
                let query = UserQuery {
                    email: Some(script),
                    cursor: None,
                    limit: None,
                };
                engine.list_users(account, query, options).await
            }
            OperationName::Delete => engine.delete_user(account, &script, options).await,
        }
    }

    /// Has the component run the script of a control, which sends one request that this provider accepts.
    ///
    /// Returns how it ended, for the table, and whether it ended so.
    pub(super) async fn control(&self, provider: &Provider, script: &str) -> (String, bool) {
        let before = provider.received().len();
        let then = self.run(script).await;
        let passed = provider.received().len() - before;
        (
            format!("{}, {}", then.summary(), received(passed)),
            then.says("answered 200") && passed == 1,
        )
    }

    /// Asserts that the same engine carries out a good call, which this provider receives.
    #[track_caller]
    pub(super) fn assert_recovers(&self, provider: &Provider) -> impl Future<Output = ()> {
        let location = Location::caller();
        async move {
            // Not counted is what an attempt before has sent to another path: it may arrive only now.
            let good = || {
                let received = provider.received();
                let good =
                    |(_, request): &&(usize, String)| request.starts_with("POST /v1/agents ");
                received.iter().filter(good).count()
            };
            let before = good();
            // What became of the same creation before is no matter.
            let script = format!("resend\n{}", send(provider, ""));
            let observed = self.run(&script).await;
            let received = good() - before;
            assert!(
                observed.says("answered ") && received == 1,
                "after the attempt at {location}, by {}, the engine carries out no good call: {observed:?}, {received} received",
                self.entry_point.name()
            );
        }
    }
}

/// A user with this script.
pub(super) fn user(script: &str) -> NewUser {
    NewUser {
        remote_data: Some(script.to_owned()),
        ..NewUser::default()
    }
}

/// A request of the HTTP API with this script.
pub(super) fn request(account: &str, script: &str) -> HttpRequest {
    request_for(OperationName::Create, account, script)
}

/// A request of the HTTP API for this operation, with this script in its body.
fn request_for(operation: OperationName, account: &str, script: &str) -> HttpRequest {
    let id = if operation.has_id() { "/1" } else { "" };
    HttpRequest {
        method: operation.http_method().to_owned(),
        target: format!("/unified/ticketing/users{id}?integrated_account_id={account}"),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: script.as_bytes().to_vec(),
    }
}

/// The command by which requests go to a provider.
pub(super) fn to(provider: &Provider) -> String {
    format!("to http://{}/v1/agents\n", provider.address)
}

/// The script that sends to a provider, and then does more.
pub(super) fn send(provider: &Provider, then: &str) -> String {
    format!("{}send\n{then}", to(provider))
}

/// How many requests a provider has, for the table.
pub(super) fn received(count: usize) -> String {
    match count {
        0 => "nothing received".to_owned(),
        1 => "one request received".to_owned(),
        more => format!("{more} requests received"),
    }
}
