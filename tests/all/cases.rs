//! Every golden case through the built component in the host, with a provider on loopback: as a request of the HTTP API, and as
//! a typed call, by either sender.

mod typed;

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use unified_ticketing::http_api::HttpRequest;
use unified_ticketing::{Account, Accounts, Engine, Lookup, MemoryAccounts, Sender};

use crate::case::{self, ACCOUNT, Case, ResponseError};
use crate::provider::{Provider, ProviderResponse, Received};

pub use typed::kebab_case;

fn account(case: &Case, provider: &Provider) -> Account {
    let case::Account {
        base_url,
        settings,
        credentials,
    } = case.account_at(&provider.url());
    let mut account = Account::builder(ACCOUNT, &case.integration);
    if let Some(base_url) = base_url {
        account = account.base_url(base_url);
    }
    for (name, value) in settings {
        account = account.setting(name, value);
    }
    for (name, value) in credentials {
        account = account.credential(name, value);
    }
    account
        .build()
        .unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

/// The responses of a case in turn, for a provider.
pub fn provider_responses(case: &Case) -> Vec<Option<ProviderResponse>> {
    let responses = case.file.responses.iter().map(|response| {
        let headers = response.headers.iter();
        let mut headers: Vec<(String, String)> = headers
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        match response.error {
            None => {}
            Some(ResponseError::ResponseTruncated) => {
                headers.push(("content-length".to_owned(), "1000".to_owned()));
            }
            Some(_) => return None,
        }
        Some(ProviderResponse {
            status: response.status.unwrap_or_default(),
            headers,
            body: response.body(),
        })
    });
    responses.collect()
}

/// Whether a provider on loopback can respond as in a case, without a wait.
fn is_served(case: &Case) -> bool {
    let can_respond = |response: &case::Response| {
        let error = response.error;
        error.is_none_or(|it| {
            matches!(
                it,
                ResponseError::ConnectionLost | ResponseError::ResponseTruncated
            )
        })
    };
    let case::File {
        requests,
        responses,
        ..
    } = &case.file;
    responses.iter().all(can_respond) && requests.iter().all(|request| request.wait_ms == 0)
}

/// The cases that a provider can serve. Where the component sends, there is no clock, so that a creation is settled in another way.
pub fn served_cases(sender: Sender) -> Vec<Case> {
    let mut cases = case::all();
    cases.retain(|case| {
        let settles = case.file.call.settle;
        is_served(case) && (sender == Sender::Host || !settles)
    });
    let since = SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970");
    let now = i64::try_from(since.as_secs()).expect("a time");
    for case in &mut cases {
        if case.file.call.settle {
            *case = case.begun_at(now);
        }
    }
    cases
}

/// Checks the requests that the provider received.
fn check_received(case: &Case, received: &[Received]) {
    case.check_count(received.len());
    for (position, request) in received.iter().enumerate() {
        case.check_request(
            position,
            &request.method,
            &request.target,
            &request.headers,
            &request.body,
        );
    }
}

/// Runs a case against a provider, and checks what the provider received.
async fn run<T>(case: &Case, sender: Sender, call: impl AsyncFnOnce(Engine, &Provider) -> T) -> T {
    let provider = Provider::start().await;
    provider.respond_in_turn(provider_responses(case));
    let accounts = MemoryAccounts::from_iter([account(case, &provider)]);
    let engine = Engine::builder()
        .accounts(accounts)
        .sender(sender)
        .max_instances(1)
        .build()
        .expect("an engine");
    let result = call(engine, &provider).await;
    check_received(case, &provider.received());
    result
}

/// A single id, whose account is replaced between calls.
#[derive(Clone, Default)]
struct ReplaceableAccount(Arc<Mutex<Option<Account>>>);

impl Accounts for ReplaceableAccount {
    fn get<'a>(&'a self, _: &'a str) -> Lookup<'a> {
        let account = self.0.lock().expect("no panic inside").clone();
        Box::pin(std::future::ready(Ok(account)))
    }
}

/// The target of a creation that is carried out whatever became of the same one before; any other target as it is.
pub fn unlike_earlier(target: String, method: &str) -> String {
    if method == "POST" && target.contains("integrated_account_id=") {
        target + "&unified_resend=true"
    } else {
        target
    }
}

/// The response to a call does not depend on earlier calls of the instance.
#[tokio::test]
async fn cases_hold_in_reused_instances() {
    for sender in [Sender::Host, Sender::Component] {
        let (accounts, provider) = (ReplaceableAccount::default(), Provider::start().await);
        let engine = Engine::builder()
            .accounts(accounts.clone())
            .sender(sender)
            .reuse(u32::MAX)
            .max_instances(1);
        let engine = engine.build().expect("an engine");
        let cases = served_cases(sender);
        let mut calls = 0;
        for case in cases.iter().chain(cases.iter().rev()) {
            *accounts.0.lock().expect("no panic inside") = Some(account(case, &provider));
            provider.respond_in_turn(provider_responses(case));
            let mut request = request(case);
            request.target = unlike_earlier(request.target, &request.method);
            let response = engine.http(request).await;
            case.check_response(
                &provider.url(),
                response.status,
                &response.headers,
                &response.body,
            );
            check_received(case, &provider.received());
            calls += 1;
        }
        let made = engine.instances();
        // A step that a busy machine interrupts runs again in another instance.
        assert!(made < calls / 2, "{sender:?}: {made} for {calls} calls");
    }
}

#[tokio::test]
async fn each_step_gets_a_fresh_instance() {
    let cases = case::all();
    let sends = |case: &&Case| case.file.requests.len() == 1;
    let case = cases.iter().find(sends).expect("a case that sends once");
    let provider = Provider::start().await;
    provider.respond_in_turn(provider_responses(case));
    for (sender, each) in [(Sender::Host, 2), (Sender::Component, 1)] {
        let accounts = MemoryAccounts::from_iter([account(case, &provider)]);
        let engine = Engine::builder().accounts(accounts).sender(sender);
        let engine = engine.max_instances(1).build().expect("an engine");
        for call in 1..=3 {
            engine.http(request(case)).await;
            // On a busy machine, a step longer than a millisecond or two starts again in another instance.
            let made = engine.instances();
            assert!(
                (call * each..=2 * call * each).contains(&made),
                "{sender:?}: {made} after {call} calls"
            );
        }
    }
    assert_eq!(provider.received().len(), 6);
}

fn request(case: &Case) -> HttpRequest {
    let (method, target) = case.http();
    HttpRequest {
        method: method.to_owned(),
        target,
        headers: content_type(case),
        body: case.file.call.bytes().to_vec(),
    }
}

/// The header of a request that has a body.
pub fn content_type(case: &Case) -> Vec<(String, String)> {
    let value = "application/json; charset=utf-8".to_owned();
    let body = case.file.call.body.iter();
    body.map(|_| ("Content-Type".to_owned(), value.clone()))
        .collect()
}

fn run_all(name: &str, sender: Sender, run_case: impl Fn(&Case, &tokio::runtime::Runtime)) {
    let cases = served_cases(sender);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let failed: Vec<&str> = cases
        .iter()
        .filter(|case| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run_case(case, &runtime)))
                .is_err()
        })
        .map(|case| case.name.as_str())
        .collect();
    assert!(
        failed.is_empty(),
        "{name}: {} of {} cases failed: {failed:#?}",
        failed.len(),
        cases.len()
    );
}

#[test]
fn http_cases_hold_when_host_sends() {
    over_http(Sender::Host);
}

#[test]
fn http_cases_hold_when_component_sends() {
    over_http(Sender::Component);
}

fn over_http(sender: Sender) {
    run_all(&format!("http, {sender:?}"), sender, |case, runtime| {
        runtime.block_on(run(case, sender, async |engine, provider| {
            let response = engine.http(request(case)).await;
            case.check_response(
                &provider.url(),
                response.status,
                &response.headers,
                &response.body,
            );
        }));
    });
}
