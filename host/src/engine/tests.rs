//! The real component in the engine, against a raw server on loopback, by both senders.

mod dropped;
mod entry;
mod limits;

use super::builder::CORE;
use super::guest::Guest;
use super::limits::Limits;
use super::*;
use crate::accounts::{Lookup, LookupError, MemoryAccounts};
use crate::bindings::types::{Body, Email, ErrorCode, NewUser, Outcome, StringChange, UserChanges};
use crate::testing::{Act, Log, Provider, response};

const ID: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";
const CREATED: &str =
    "{\"data\": {\"id\": \"u1\", \"displayName\": \"Ines\", \"email\": \"ines@acme.example\"}}";

fn ines() -> NewUser {
    with_address("ines@acme.example")
}

fn with_address(address: &str) -> NewUser {
    let email = Email {
        address: address.to_owned(),
        type_: None,
    };
    NewUser {
        name: Some("Ines".to_owned()),
        emails: Some(vec![email]),
        ..NewUser::default()
    }
}

/// An engine for each sender, with the accounts of this server.
fn engines(provider: &Provider, change: impl Fn(EngineBuilder) -> EngineBuilder) -> [Engine; 2] {
    [Sender::Host, Sender::Component].map(|sender| {
        change(
            Engine::builder()
                .accounts(provider.accounts())
                .sender(sender),
        )
        .build()
        .unwrap()
    })
}

/// Creates a user, and looks for nobody.
async fn create(engine: &Engine) -> Result<Response, CallError> {
    let options = Options {
        settle: false,
        ..Options::default()
    };
    engine.create_user(ID, ines(), options).await
}

/// The result of each sender from a server that acts so.
async fn created(act: Act) -> [Result<Response, CallError>; 2] {
    let provider = Provider::start([act.clone(), act]).await;
    let [host, component] = engines(&provider, |engine| engine);
    let results = [create(&host).await, create(&component).await];
    assert_eq!(provider.received().len(), 2, "{results:?}");
    results
}

fn code(result: &Result<Response, CallError>) -> (ErrorCode, u16, Outcome) {
    let error = result.as_ref().unwrap_err();
    (error.code, error.status, error.outcome)
}

#[tokio::test]
async fn senders_send_and_return_the_same() {
    let provider = Provider::start([response(201, CREATED), response(201, CREATED)]).await;
    let [host, component] = engines(&provider, |engine| engine);
    let (one, other) = (
        create(&host).await.unwrap(),
        create(&component).await.unwrap(),
    );
    assert_eq!(one, other);
    let Body::User(user) = one.body else {
        panic!("expected a user")
    };
    assert_eq!(
        (user.id.as_deref(), user.name.as_deref()),
        (Some("u1"), Some("Ines"))
    );

    let received = provider.received();
    let lines = |request: &str| {
        let mut lines: Vec<String> = request.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&received[0].1), lines(&received[1].1));
    let request = &received[0].1;
    assert!(
        request.starts_with("POST /v1/agents HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("authorization: the-token-of-dixa\r\n")
            && !request.contains("transfer-encoding"),
        "{request}"
    );
}

#[tokio::test]
async fn senders_report_the_same_error() {
    let large = response(201, &format!("\"{}\"", "x".repeat(5 << 20)));
    let truncated = Act::SayAndClose("HTTP/1.1 201 X\r\ncontent-length: 100\r\n\r\n{}".to_owned());
    for (act, expected) in [
        (
            response(401, "{\"message\": \"no\"}"),
            (ErrorCode::ProviderUnauthorized, 401, Outcome::Rejected),
        ),
        (
            response(500, "{}"),
            (ErrorCode::ProviderFailed, 502, Outcome::Unknown),
        ),
        (
            Act::Close,
            (ErrorCode::ConnectionLost, 502, Outcome::Unknown),
        ),
        (
            Act::Reset,
            (ErrorCode::ConnectionLost, 502, Outcome::Unknown),
        ),
        (
            truncated,
            (ErrorCode::InvalidResponse, 502, Outcome::Unknown),
        ),
        (large, (ErrorCode::ResponseTooLarge, 502, Outcome::Unknown)),
    ] {
        let [host, component] = created(act).await;
        assert_eq!((code(&host), code(&component)), (expected, expected));
        if expected.2 == Outcome::Unknown {
            for result in [host, component] {
                let message = result.unwrap_err().message;
                assert!(
                    message.contains("by email `ines@acme.example`"),
                    "{message}"
                );
            }
        }
    }
}

#[tokio::test]
async fn absent_server_is_no_connection() {
    let provider = Provider::start([]).await;
    let engines = engines(&provider, |engine| engine);
    drop(provider);
    tokio::task::yield_now().await;
    for engine in engines {
        assert_eq!(
            code(&create(&engine).await),
            (ErrorCode::NoConnection, 502, Outcome::NotSent)
        );
    }
}

#[tokio::test]
async fn deadline_after_sending_is_unknown() {
    let provider = Provider::start([Act::Hang, Act::Hang]).await;
    for engine in engines(&provider, |engine| {
        engine.deadline(Duration::from_millis(300))
    }) {
        let result = create(&engine).await;
        assert_eq!(code(&result), (ErrorCode::Deadline, 504, Outcome::Unknown));
        let message = result.unwrap_err().message;
        assert!(
            message.contains("by email `ines@acme.example`"),
            "{message}"
        );
    }
    assert_eq!(provider.received().len(), 2);
}

/// Accounts that are never there.
struct Slow;

impl Accounts for Slow {
    fn get<'a>(&'a self, _: &'a str) -> Lookup<'a> {
        Box::pin(std::future::pending())
    }
}

/// Accounts that cannot be looked up.
struct Broken;

impl Accounts for Broken {
    fn get<'a>(&'a self, _: &'a str) -> Lookup<'a> {
        Box::pin(std::future::ready(Err(LookupError::new(
            "the vault is sealed",
        ))))
    }
}

#[tokio::test]
async fn unavailable_account_sends_nothing() {
    let slow = Engine::builder()
        .accounts(Slow)
        .deadline(Duration::from_millis(1))
        .build()
        .unwrap();
    assert_eq!(
        code(&create(&slow).await),
        (ErrorCode::Deadline, 504, Outcome::NotSent)
    );
    let broken = Engine::builder().accounts(Broken).build().unwrap();
    let result = create(&broken).await;
    assert_eq!(
        code(&result),
        (ErrorCode::AccountUnusable, 500, Outcome::NotSent)
    );
    assert!(result.unwrap_err().message.contains("the vault is sealed"));
    let empty = Engine::builder().build().unwrap();
    for id in [ID, "", "../x"] {
        let result = empty.create_user(id, ines(), Options::default()).await;
        assert_eq!(
            code(&result),
            (ErrorCode::UnknownAccount, 404, Outcome::NotSent)
        );
    }
}

#[tokio::test]
async fn update_is_sent_by_each_sender() {
    let provider = Provider::start([
        response(200, "{\"id\": 5, \"name\": \"Ines\"}"),
        response(200, "{\"id\": 5, \"name\": \"Ines\"}"),
    ])
    .await;
    let account = crate::Account::builder(ID, "planhat")
        .base_url(format!("http://{}", provider.address))
        .credential("api_token", "the-token-of-planhat")
        .build()
        .unwrap();
    let accounts: MemoryAccounts = [account].into_iter().collect();
    for sender in [Sender::Host, Sender::Component] {
        let engine = Engine::builder()
            .accounts(accounts.clone())
            .sender(sender)
            .build()
            .unwrap();
        let changes = || UserChanges {
            first_name: StringChange::Set("I".to_owned()),
            ..UserChanges::default()
        };
        let response = engine
            .update_user(ID, "5", changes(), Options::default())
            .await
            .unwrap();
        assert!(matches!(response.body, Body::User(_)));
        let plan = engine
            .plan_update_user(ID, "5", changes(), Options::default())
            .await
            .unwrap();
        assert_eq!(plan.safety, Safety::Idempotent);
    }
    assert_eq!(provider.received().len(), 2);
}
