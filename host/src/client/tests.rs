//! The client against a raw server on loopback: nothing is sent twice, and what is said of a
//! failure is true.

mod answers;
mod kept;
mod peer;

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::*;
use crate::accounts::Account;
use crate::egress::{self, Outgoing};
use crate::testing::{Act, Provider, answer, answer_text};

const LARGEST: usize = 1000;
const LARGEST_HEAD: usize = 16 * 1024;

fn client() -> Client {
    let largest = LargestAnswer {
        head: LARGEST_HEAD,
        body: LARGEST,
    };
    Client::new(None, largest).unwrap()
}

/// A client for which every name has this address.
fn client_where_names_lead_to(address: SocketAddr) -> Client {
    let largest = LargestAnswer {
        head: LARGEST_HEAD,
        body: LARGEST,
    };
    let mut resolvers = [Resolver::public(), Resolver::any()];
    for resolver in &mut resolvers {
        resolver.fixed = Some(address);
    }
    let [public, any] = resolvers;
    Client::of(None, largest, public, any).unwrap()
}

fn prepared(account: &Account, body: &str, begun: &Begun) -> Prepared {
    let uri = format!("{}/agents?a=b", account.base_url())
        .parse()
        .unwrap();
    let outgoing = Outgoing {
        method: Method::POST,
        uri,
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_owned()),
    };
    egress::prepare(account, outgoing, begun).unwrap()
}

async fn post(client: &Client, account: &Account, body: &str) -> Result<ProviderResponse, Failure> {
    client
        .send(prepared(account, body, &Begun::default()))
        .await
}

fn lost(result: &Result<ProviderResponse, Failure>) -> Option<Break> {
    match result {
        Err(Failure::Lost(how, _)) => Some(*how),
        _ => None,
    }
}

/// Lets connections notice what has arrived for them.
async fn settle() {
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_request_is_sent_as_it_is() {
    let provider = Provider::start([answer(201, "{\"data\": {}}")]).await;
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
async fn without_a_connection_nothing_is_sent() {
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
    let begun = Begun::default();
    let refused = client()
        .send(prepared(
            &account(format!("http://{address}")),
            "{}",
            &begun,
        ))
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, Failure::NoConnection(Stage::Refused, why) if why.contains(&address.to_string())),
        "{refused:?}"
    );
    assert!(!begun.withdraw());

    // A label of a name has at most 63 characters (RFC 1035).
    let name = "x".repeat(64);
    let unknown = post(&client(), &account(format!("http://{name}.example")), "{}")
        .await
        .unwrap_err();
    assert!(
        matches!(&unknown, Failure::NoConnection(Stage::Name, why) if why.contains(&name)),
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
        matches!(&result, Err(Failure::NoConnection(Stage::Tls, _))),
        "{result:?}"
    );
}

#[tokio::test]
async fn an_integrations_own_name_leads_to_no_private_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for address in [
        listener.local_addr().unwrap(),
        "10.1.2.3:443".parse().unwrap(),
        "169.254.169.254:80".parse().unwrap(),
        "[fd00::1]:443".parse().unwrap(),
    ] {
        let client = client_where_names_lead_to(address);
        for integration in unified_ticketing_guest::integration::ALL {
            let (account, _) = accounts_of(integration.name);
            let begun = Begun::default();
            let denied = client.send(prepared(&account, "{}", &begun)).await;
            assert!(
                matches!(&denied, Err(Failure::Denied(why)) if why.contains(&address.ip().to_string())),
                "{denied:?}"
            );
            assert!(!begun.withdraw());
        }
    }
    // An address that the account gives may be any: this is as far as plain text comes with TLS.
    let client = client_where_names_lead_to(listener.local_addr().unwrap());
    let (_, explicit) = accounts_of("dixa");
    let accepted = async { drop(listener.accept().await.unwrap()) };
    let (result, ()) = tokio::join!(post(&client, &explicit, "{}"), accepted);
    assert!(
        matches!(result, Err(Failure::NoConnection(..))),
        "{result:?}"
    );
}

/// Two accounts of an integration: at its own name, and at a base URL.
fn accounts_of(integration: &str) -> (Account, Account) {
    let account = |base_url: Option<&str>| {
        let mut account = Account::builder("a", integration);
        for (name, value) in match integration {
            "gorgias" => &[("subdomain", "acme")][..],
            "hive" => &[("workspace_id", "w"), ("user_id", "u")],
            "teamwork" => &[("site", "acme")],
            _ => &[],
        } {
            account = account.setting(*name, *value);
        }
        let credential = match integration {
            "gorgias" | "teamwork" => "access_token",
            "hive" => "api_key",
            _ => "api_token",
        };
        account = account.credential(credential, "the-secret-of-it");
        if let Some(base_url) = base_url {
            account = account.base_url(base_url);
        }
        account.build().unwrap()
    };
    (account(None), account(Some("https://provider.example/v1")))
}

#[tokio::test]
async fn what_is_withdrawn_is_never_begun() {
    let provider = Provider::start([answer(200, "{}")]).await;
    let begun = Begun::default();
    let withdrawn = prepared(&provider.account().build().unwrap(), "{}", &begun);
    assert!(!begun.withdraw());
    assert!(matches!(
        client().send(withdrawn).await,
        Err(Failure::NoConnection(..))
    ));
    settle().await;
    assert_eq!(provider.received(), []);
}

#[tokio::test]
async fn what_is_begun_cannot_be_withdrawn() {
    let mut provider = Provider::start([Act::Hang]).await;
    let (client, account, begun) = (
        client(),
        provider.account().build().unwrap(),
        Begun::default(),
    );
    tokio::select! {
        result = client.send(prepared(&account, "{}", &begun)) => panic!("{result:?}"),
        () = provider.event() => {}
    }
    assert!(begun.withdraw());
}
