//! The client against a raw server on loopback: no request is sent twice, and every error is true.

mod peer;
mod pool;
mod responses;

use std::net::SocketAddr;

use http::Method;
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use unified_ticketing_guest::account::credential_names;
use unified_ticketing_guest::integration;

use super::*;
use crate::testing::{Act, Provider, response, response_text};

const MAX_BODY: usize = 1000;
const MAX_HEADERS_SIZE: usize = 16 * 1024;

const LIMITS: ResponseLimits = ResponseLimits {
    headers: MAX_HEADERS_SIZE,
    body: MAX_BODY,
};

fn client() -> Client {
    Client::new(None, LIMITS, None).unwrap()
}

/// A client for which every name has this address.
fn client_resolving_to(address: SocketAddr) -> Client {
    let mut resolvers = [Resolver::public(), Resolver::any()];
    for resolver in &mut resolvers {
        resolver.fixed = Some(address);
    }
    let [public, any] = resolvers;
    Client::with_resolvers(None, LIMITS, None, public, any).unwrap()
}

fn request(account: &Account, body: &str) -> Request<Bytes> {
    let (_, token) = account.authentication();
    Request::builder()
        .method(Method::POST)
        .uri(format!("{}/agents?a=b", account.base_url()))
        .header(AUTHORIZATION, token.expose_secret())
        .header(CONTENT_LENGTH, body.len())
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

async fn post(
    client: &Client,
    account: &Account,
    body: &str,
) -> Result<ProviderResponse, ClientError> {
    let request = request(account, body);
    client.send(account, request, &SendState::default()).await
}

fn lost(result: &Result<ProviderResponse, ClientError>) -> Option<LostKind> {
    match result {
        Err(ClientError::ConnectionLost(how, _)) => Some(*how),
        _ => None,
    }
}

/// Lets connections notice arrived bytes.
async fn settle() {
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn request_is_sent_unchanged() {
    let provider = Provider::start([response(201, "{\"data\": {}}")]).await;
    let result = post(
        &client(),
        &provider.account().build().unwrap(),
        "{\"a\": 1}",
    )
    .await
    .unwrap();
    assert_eq!(
        (result.status, result.body.as_slice()),
        (201, b"{\"data\": {}}".as_slice())
    );
    let (_, request) = provider.received().remove(0);
    let expected = format!(
        "POST /v1/agents?a=b HTTP/1.1\r\nauthorization: the-token-of-dixa\r\ncontent-length: 8\r\nhost: {}\r\n\r\n{{\"a\": 1}}",
        provider.address
    );
    assert_eq!(request, expected);
}

#[tokio::test]
async fn missing_connection_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let account = |base: String| {
        Account::builder("a", "dixa")
            .base_url(base)
            .credential("api_token", "the-token-of-dixa")
            .build()
            .unwrap()
    };
    for body in BODIES {
        let state = SendState::default();
        let account = account(format!("http://{address}"));
        let refused = client()
            .send(&account, request(&account, body), &state)
            .await
            .unwrap_err();
        assert!(
            matches!(&refused, ClientError::NoConnection(ConnectErrorKind::ConnectionRefused, why) if why.contains(&address.to_string())),
            "{refused:?}"
        );
        assert!(!state.withdraw());
    }

    // A label of a name has at most 63 characters (RFC 1035).
    let name = "x".repeat(64);
    let unknown = post(&client(), &account(format!("http://{name}.example")), "{}")
        .await
        .unwrap_err();
    assert!(
        matches!(&unknown, ClientError::NoConnection(ConnectErrorKind::Dns, why) if why.contains(&name)),
        "{unknown:?}"
    );

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let account = account(format!("https://{}", listener.local_addr().unwrap()));
    let no_tls = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        stream
    };
    let client = client();
    let (result, _stream) = tokio::join!(post(&client, &account, "{}"), no_tls);
    assert!(
        matches!(
            &result,
            Err(ClientError::NoConnection(ConnectErrorKind::Tls, _))
        ),
        "{result:?}"
    );
}

#[tokio::test]
async fn private_address_needs_a_base_url() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for address in [
        listener.local_addr().unwrap(),
        "10.1.2.3:443".parse().unwrap(),
        "169.254.169.254:80".parse().unwrap(),
        "[fd00::1]:443".parse().unwrap(),
    ] {
        let client = client_resolving_to(address);
        for integration in unified_ticketing_guest::integration::ALL {
            let (account, _) = accounts_of(integration.name);
            let state = SendState::default();
            let request = request(&account, "{}");
            let denied = client.send(&account, request, &state).await;
            assert!(
                matches!(&denied, Err(ClientError::AddressDenied(why)) if why.contains(&address.ip().to_string())),
                "{denied:?}"
            );
            assert!(!state.withdraw());
        }
    }
    // An account's own base URL may lead anywhere: this one fails only at TLS.
    let client = client_resolving_to(listener.local_addr().unwrap());
    let (_, explicit) = accounts_of("dixa");
    let accepted = async { drop(listener.accept().await.unwrap()) };
    let (result, ()) = tokio::join!(post(&client, &explicit, "{}"), accepted);
    assert!(
        matches!(result, Err(ClientError::NoConnection(..))),
        "{result:?}"
    );
}

/// Two accounts of an integration: at its own name, and at a base URL.
fn accounts_of(integration: &str) -> (Account, Account) {
    let table = integration::find(integration).unwrap();
    let account = |base_url: Option<&str>| {
        let mut account = Account::builder("a", integration);
        for setting in table.settings.iter().filter(|each| each.default.is_none()) {
            account = account.setting(setting.name, "acme");
        }
        for name in credential_names(&table.auth[0]) {
            account = account.credential(name, "the-secret-of-it");
        }
        if let Some(base_url) = base_url {
            account = account.base_url(base_url);
        }
        account.build().unwrap()
    };
    (account(None), account(Some("https://provider.example/v1")))
}

/// A request without a body starts with its head.
const BODIES: [&str; 2] = ["", "{}"];

#[tokio::test]
async fn withdrawn_request_is_not_sent() {
    for body in BODIES {
        let provider = Provider::start([response(200, "{}")]).await;
        let account = provider.account().build().unwrap();
        let state = SendState::default();
        let request = request(&account, body);
        assert!(!state.withdraw());
        let result = client().send(&account, request, &state).await;
        assert!(
            matches!(result, Err(ClientError::NoConnection(..))),
            "{result:?}"
        );
        settle().await;
        assert_eq!(provider.received(), []);
    }
}

#[tokio::test]
async fn started_request_cannot_be_withdrawn() {
    for body in BODIES {
        let mut provider = Provider::start([Act::Hang]).await;
        let (client, account, state) = (
            client(),
            provider.account().build().unwrap(),
            SendState::default(),
        );
        tokio::select! {
            result = client.send(&account, request(&account, body), &state) => panic!("{result:?}"),
            () = provider.event() => {}
        }
        assert!(state.withdraw());
    }
}

/// The listener accepts in its backlog, and says nothing of TLS.
#[tokio::test]
async fn connecting_request_can_be_withdrawn() {
    for body in BODIES {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let account = Account::builder("a", "dixa")
            .base_url(format!("https://{}", listener.local_addr().unwrap()))
            .credential("api_token", "the-token-of-dixa")
            .build()
            .unwrap();
        let (client, state) = (client(), SendState::default());
        tokio::select! {
            result = client.send(&account, request(&account, body), &state) => panic!("{result:?}"),
            accepted = listener.accept() => drop(accepted.unwrap()),
        }
        assert!(!state.withdraw());
    }
}
