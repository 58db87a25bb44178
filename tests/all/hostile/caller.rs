//! Calls of the hostile component, and what came of them.

use std::iter;
use std::time::Duration;

use serde_json::Value;
use unified_ticketing_hostile::PRECOMPILED;

use crate::accounts::{Account, AccountBuilder, MemoryAccounts};
use crate::bindings::http_api::{HttpRequest, HttpResponse};
use crate::bindings::types::{Body, NewUser, Options};
use crate::engine::{Engine, EngineBuilder, Sender, http_response};
use crate::testing::{Act, Provider, response};

pub(super) const ID: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";
pub(super) const OTHER: &str = "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35";
pub(super) const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
pub(super) const TOKEN: &str = "the-token-of-dixa";

/// A function of the component that a call goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `plan-create-user` and `interpret-create-user`, the engine sending in between.
    Halves,
    /// `begin` and `finish` of the HTTP API, likewise.
    Face,
    /// `create-user`, which sends over wasi:http.
    Whole,
    /// The component's handler of the HTTP API, likewise.
    Handler,
}

impl Way {
    pub(super) const ALL: [Self; 4] = [Self::Halves, Self::Face, Self::Whole, Self::Handler];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Halves => "plan-*",
            Self::Face => "face",
            Self::Whole => "create-user",
            Self::Handler => "component",
        }
    }

    pub(super) const fn sender(self) -> Sender {
        match self {
            Self::Halves | Self::Face => Sender::Host,
            Self::Whole | Self::Handler => Sender::Component,
        }
    }

    /// Whether the component sends for itself.
    pub(super) fn sends(self) -> bool {
        self.sender() == Sender::Component
    }

    /// Whether the call is a request of the HTTP API.
    pub(super) fn is_http(self) -> bool {
        matches!(self, Self::Face | Self::Handler)
    }
}

/// A provider that says yes to everything.
pub(super) async fn provider() -> Provider {
    acting(response(200, "{}")).await
}

/// A provider that always acts so.
pub(super) async fn acting(act: Act) -> Provider {
    Provider::start(iter::repeat_n(act, 2000)).await
}

/// An account of the same integration at another server.
pub(super) fn account(id: &str, provider: &Provider) -> AccountBuilder {
    at(id, &format!("http://{}/v1", provider.address))
}

/// An account with this base URL.
pub(super) fn at(id: &str, base_url: &str) -> AccountBuilder {
    Account::builder(id, "dixa")
        .base_url(base_url)
        .credential("api_token", TOKEN)
}

/// An engine with the hostile component, and the way that calls are made.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) way: Way,
    pub(super) engine: Engine,
}

impl Caller {
    pub(super) fn new(way: Way, accounts: impl IntoIterator<Item = AccountBuilder>) -> Self {
        Self::with(way, accounts, |engine| engine)
    }

    /// With changed settings.
    pub(super) fn with(
        way: Way,
        accounts: impl IntoIterator<Item = AccountBuilder>,
        change: impl FnOnce(EngineBuilder) -> EngineBuilder,
    ) -> Self {
        let accounts = accounts.into_iter().map(|account| account.build().unwrap());
        let builder = Engine::builder()
            .accounts(accounts.collect::<MemoryAccounts>())
            .sender(way.sender())
            // One after the other in the same place, so that what one leaves is where the next is.
            .max_instances(1);
        let engine = change(builder).build_with(PRECOMPILED).unwrap();
        Self { way, engine }
    }

    /// Has the component run a script, with the account [`ID`].
    pub(super) async fn run(&self, script: &str) -> Came {
        self.run_as(ID, script).await
    }

    /// Has the component run a script, with this account.
    pub(super) async fn run_as(&self, account: &str, script: &str) -> Came {
        let this = self.clone();
        let (account, script) = (account.to_owned(), script.to_owned());
        // On a task of its own: a panic of the engine is a row of the table, too.
        let calling = tokio::spawn(async move {
            if this.way.is_http() {
                let request = request(&account, &script);
                Came::of(&this.engine.http(request).await)
            } else {
                let user = NewUser {
                    remote_data: Some(script),
                    ..NewUser::default()
                };
                let created = this
                    .engine
                    .create_user(&account, user, Options::default())
                    .await;
                match created {
                    Ok(response) => match response.body {
                        Body::Raw(report) => Came::Said(String::from_utf8(report).unwrap()),
                        Body::User(_) => Came::Panicked,
                    },
                    Err(error) => Came::of(&http_response(&error)),
                }
            }
        });
        calling.await.unwrap_or(Came::Panicked)
    }

    /// Whether the same engine carries out a good call, which this provider receives.
    pub(super) async fn goes_on(&self, provider: &Provider) -> bool {
        // Not counted is what an attempt before has sent to another path: it may arrive only now.
        let good = || {
            let received = provider.received();
            let good = |(_, request): &&(usize, String)| request.starts_with("POST /v1/agents ");
            received.iter().filter(good).count()
        };
        let before = good();
        let came = self.run(&send(provider, "")).await;
        came.says("answered ") && good() == before + 1
    }
}

/// A request of the HTTP API with this script.
pub(super) fn request(account: &str, script: &str) -> HttpRequest {
    HttpRequest {
        method: "POST".to_owned(),
        target: format!("/unified/ticketing/users?integrated_account_id={account}"),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: script.as_bytes().to_vec(),
    }
}

/// The script that sends to a provider, and then does more.
pub(super) fn send(provider: &Provider, then: &str) -> String {
    format!("to http://{}/v1/agents\nsend\n{then}", provider.address)
}

/// What came of a call.
#[derive(Debug, PartialEq)]
pub(super) enum Came {
    /// The component came to its end, and says this.
    Said(String),
    /// The engine gives this error: code, outcome, and the limit where it was one.
    Failed {
        code: String,
        outcome: String,
        limit: Option<String>,
    },
    /// The engine panicked.
    Panicked,
}

impl Came {
    pub(super) fn of(response: &HttpResponse) -> Self {
        let is_json = response
            .headers
            .iter()
            .any(|(name, value)| name == "content-type" && value == "application/json");
        if !is_json {
            return Self::Said(String::from_utf8_lossy(&response.body).into_owned());
        }
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Self::Failed {
            code: text("code").unwrap(),
            outcome: text("outcome").unwrap(),
            limit: text("limit"),
        }
    }

    /// Whether the component says so.
    pub(super) fn says(&self, text: &str) -> bool {
        matches!(self, Self::Said(report) if report.contains(text))
    }

    /// Whether the engine gives this error, and with this outcome.
    pub(super) fn failed(&self, expected: &str, with: &str) -> bool {
        matches!(self, Self::Failed { code, outcome, .. } if code == expected && outcome == with)
    }

    /// Whether the engine names this limit, and this outcome.
    pub(super) fn limited(&self, expected: &str, with: &str) -> bool {
        matches!(self, Self::Failed { limit: Some(limit), outcome, .. } if limit == expected && outcome == with)
    }

    /// For the table: these words where they are true, else all that came.
    pub(super) fn told_as(&self, is_true: bool, words: &str) -> String {
        if is_true {
            words.to_owned()
        } else {
            format!("{self:?}")
        }
    }

    /// For the table: the error, or the last that the component says.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Said(report) => {
                let last = report.lines().last().unwrap_or("nothing");
                if last.contains("EgressDenied") || last.contains("HttpRequestDenied") {
                    "egress-denied".to_owned()
                } else if last.len() > 60 {
                    format!("{} bytes", report.len())
                } else {
                    last.to_owned()
                }
            }
            Self::Failed {
                code,
                outcome,
                limit,
            } => match limit {
                Some(limit) if code != limit => format!("{code} ({limit}), {outcome}"),
                _ => format!("{code}, {outcome}"),
            },
            Self::Panicked => "the engine panicked".to_owned(),
        }
    }
}

/// How many requests a provider has, for the table.
pub(super) fn received(count: usize) -> String {
    match count {
        0 => "nothing received".to_owned(),
        1 => "one request received".to_owned(),
        more => format!("{more} requests received"),
    }
}

/// More than any script of a control needs.
pub(super) const AGES: Duration = Duration::from_mins(5);
