//! Attempts by the context of a call.

use unified_ticketing::steps::{Operation, Step};
use unified_ticketing::types::{
    Begun, Body, Email, Error, ErrorCode, NewUser, Options, Outcome, ProviderResponse, Response,
};
use unified_ticketing::{Engine, http_response};
use unified_ticketing_guest as guest;
use unified_ticketing_guest::bindings::accounts as guest_accounts;
use unified_ticketing_guest::bindings::http_api as guest_http_api;

use super::caller::{
    Caller, EntryPoint, ID, OTHER, account, accounts, provider, received, request, send, to, user,
};
use super::observed::Observed;
use super::table::{Row, Table};

pub(super) async fn attempts(table: &mut Table, entry_point: EntryPoint) {
    if !entry_point.is_component_driven() {
        unreadable(table, entry_point).await;
    }
    if entry_point == EntryPoint::Steps {
        another_account(table, entry_point).await;
        for foreign in [Foreign::Account, Foreign::EntryPoint] {
            foreign_to_real_component(table, entry_point, foreign).await;
        }
    }
}

/// After a create, a step that cannot read its context knows nothing of it, and claims that nothing was sent.
async fn unreadable(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let observed = caller.run(&format!("context x\n{}", send(&home, ""))).await;
    let reached = home.received().len();
    caller.assert_recovers(&home).await;
    let (then_observed, succeeded) = caller.control(&home, &send(&home, "")).await;
    table.push(Row {
        attempt: "a context that its own component cannot read",
        entry_point,
        observed: format!("{}, {}", observed.summary(), received(reached)),
        contained: observed.is_error("guest-trap", "unknown") && reached == 1,
        control: "one that it can read",
        then_observed,
        succeeded,
    });
}

/// The context of a call after its first step.
async fn started(engine: &Engine, account: &str, user: NewUser) -> Vec<u8> {
    let operation = Operation::CreateUser(user);
    match engine
        .start(account, operation, Options::default(), Begun::now())
        .await
    {
        Step::Send(sending) => sending.context,
        Step::Done(result) => panic!("{result:?}"),
    }
}

/// The end of a call of this account with this context.
async fn resumed(engine: &Engine, account: &str, context: Vec<u8>) -> Result<Response, Error> {
    let created = ProviderResponse {
        status: 201,
        headers: Vec::new(),
        body: b"{\"data\": {\"id\": \"u1\"}}".to_vec(),
    };
    match engine.resume(account, context, Ok(created)).await {
        Step::Done(result) => result,
        Step::Send(sending) => panic!("{sending:?}"),
    }
}

async fn another_account(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home), account(OTHER, &home)]);
    let script = format!("{}send\nresolve {ID}", to(&home));
    let context = started(&caller.engine, ID, user(&script)).await;
    let resume = async |account| match resumed(&caller.engine, account, context.clone()).await {
        Ok(response) => Observed::from_body(response.body),
        Err(error) => Observed::from_response(&http_response(&error)),
    };
    let observed = resume(OTHER).await;
    caller.assert_recovers(&home).await;
    let then = resume(ID).await;
    let contained = observed.says(": unknown") && !observed.says("dixa");
    table.push(Row {
        attempt: "the account of a context, in a call of another",
        entry_point,
        observed: observed.summary_if(contained, "unknown"),
        contained,
        control: "a call of that account",
        then_observed: "resolved".to_owned(),
        succeeded: then.says(&format!("resolved {ID}: dixa")),
    });
}

/// What a context belongs to, other than the call.
#[derive(Clone, Copy)]
enum Foreign {
    Account,
    EntryPoint,
}

/// Here the caller is hostile, and the component is the real one.
async fn foreign_to_real_component(table: &mut Table, entry_point: EntryPoint, foreign: Foreign) {
    let home = provider().await;
    let both = accounts([account(ID, &home), account(OTHER, &home)]);
    let engine = Engine::builder().accounts(both).build().unwrap();
    let own = started(&engine, ID, ines()).await;
    let (attempt, id, context) = match foreign {
        Foreign::Account => (
            "a context of another account, to the real component",
            OTHER,
            own.clone(),
        ),
        Foreign::EntryPoint => (
            "a context of the HTTP API, to the real component",
            ID,
            http_api_context(),
        ),
    };
    let result = resumed(&engine, id, context).await;
    let contained = result.as_ref().is_err_and(|error| {
        (error.code, error.outcome) == (ErrorCode::InvalidRequest, Outcome::Unknown)
    });
    let observed = match result {
        Ok(response) => format!("{response:?}"),
        Err(error) => Observed::from_response(&http_response(&error)).summary(),
    };
    let then = resumed(&engine, ID, own).await;
    let is_created = then.is_ok_and(
        |response| matches!(response.body, Body::User(user) if user.id.as_deref() == Some("u1")),
    );
    table.push(Row {
        attempt,
        entry_point,
        observed,
        contained,
        control: "the call's own context",
        then_observed: "created".to_owned(),
        succeeded: is_created,
    });
}

fn ines() -> NewUser {
    let email = Email {
        address: "ines@acme.example".to_owned(),
        type_: None,
    };
    NewUser {
        name: Some("Ines".to_owned()),
        emails: Some(vec![email]),
        ..NewUser::default()
    }
}

/// A context that the HTTP API of the same version makes, for the same account.
fn http_api_context() -> Vec<u8> {
    let body = "{\"name\": \"Ines\", \"emails\": [{\"email\": \"ines@acme.example\"}]}";
    let unified_ticketing::http_api::HttpRequest {
        method,
        target,
        headers,
        body,
    } = request(ID, body);
    let request = guest_http_api::HttpRequest {
        method,
        target,
        headers,
        body,
    };
    let resolve = |_: &str| {
        Ok(guest_accounts::Account {
            integration: "dixa".to_owned(),
            base_url: None,
            settings: Vec::new(),
            credentials: guest_accounts::Credentials::Injected(vec!["api_token".to_owned()]),
        })
    };
    let begun = guest::bindings::types::Begun::Now(String::new());
    match guest::http_api::start(ID, &request, &begun, resolve) {
        guest_http_api::HttpStep::Send(sending) => sending.context,
        guest_http_api::HttpStep::Respond(response) => {
            panic!("{}", String::from_utf8_lossy(&response.body))
        }
    }
}
