//! Which call gets which connection.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tokio::task::JoinSet;

use super::peer::{Line, Peer};
use super::*;
use crate::client::pool::{IDLE_TIMEOUT, MAX_IDLE};

async fn body(client: &Client, account: &Account, body: &str) -> (u16, String) {
    let response = post(client, account, body).await.unwrap();
    (response.status, String::from_utf8(response.body).unwrap())
}

fn expected(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}

/// The connection of each request.
fn connections(provider: &Provider) -> Vec<usize> {
    let received = provider.received();
    received.iter().map(|(connection, _)| *connection).collect()
}

#[tokio::test]
async fn connection_is_kept_for_its_account() {
    let provider = Provider::start([
        response(200, "{}"),
        response(200, "{}"),
        response(200, "{}"),
    ])
    .await;
    let client = client();
    for body in ["1", "2", "3"] {
        post(&client.clone(), &provider.account().build().unwrap(), body)
            .await
            .unwrap();
    }
    assert_eq!(connections(&provider), [0, 0, 0]);
}

#[tokio::test]
async fn only_like_accounts_share_connections() {
    let account = |provider: &Provider, id: &str, token: &str| {
        Account::builder(id, "dixa")
            .base_url(format!("http://{}/v1", provider.address))
            .credential("api_token", token.to_owned())
            .build()
            .unwrap()
    };
    for (id, token, expected) in [
        ("a", "the-token-of-a", [0, 0, 0]),
        ("A", "the-token-of-a", [0, 0, 0]),
        ("b", "the-token-of-a", [0, 1, 0]),
        ("a", "the-token-of-b", [0, 1, 0]),
    ] {
        let provider = Provider::start([
            response(200, "{}"),
            response(200, "{}"),
            response(200, "{}"),
        ])
        .await;
        let client = client();
        for (id, token) in [
            ("a", "the-token-of-a"),
            (id, token),
            ("a", "the-token-of-a"),
        ] {
            post(&client, &account(&provider, id, token), "{}")
                .await
                .unwrap();
        }
        assert_eq!(connections(&provider), expected, "{id} {token}");
    }
}

#[tokio::test]
async fn lost_request_is_never_repeated() {
    for act in [Act::Close, Act::Reset] {
        let provider = Provider::start([response(200, "{}"), act, response(200, "{}")]).await;
        let (client, account) = (client(), provider.account().build().unwrap());
        post(&client, &account, "first").await.unwrap();
        assert_eq!(
            lost(&post(&client, &account, "second").await),
            Some(LostKind::Closed)
        );
        settle().await;
        let received = provider.received();
        let second: Vec<_> = received
            .iter()
            .filter(|(_, request)| request.ends_with("second"))
            .collect();
        assert_eq!(second.len(), 1);
        assert_eq!(second[0].0, 0, "the connection was to be the kept one");
    }
}

#[tokio::test]
async fn closed_idle_connection_is_replaced() {
    let whole = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_owned();
    let mut provider = Provider::start([Act::SayAndClose(whole), response(200, "{}")]).await;
    let (client, account) = (client(), provider.account().build().unwrap());
    post(&client, &account, "first").await.unwrap();
    provider.event().await;
    provider.event().await;
    settle().await;
    post(&client, &account, "second").await.unwrap();
    assert_eq!(connections(&provider), [0, 1]);
}

#[tokio::test]
async fn idle_connection_is_closed_in_time() {
    let mut provider = Provider::start([response(200, "{}"), response(200, "{}")]).await;
    let (client, account) = (client(), provider.account().build().unwrap());
    let before = tokio::time::Instant::now();
    post(&client, &account, "first").await.unwrap();
    provider.event().await;
    // From here, time passes as soon as nothing else happens.
    tokio::time::pause();
    provider.event().await;
    assert!(before.elapsed() >= IDLE_TIMEOUT, "{:?}", before.elapsed());
    assert_eq!(client.pool.len(), 0);
    tokio::time::resume();
    post(&client, &account, "second").await.unwrap();
    assert_eq!(connections(&provider), [0, 1]);
}

#[tokio::test]
async fn idle_connections_are_bounded() {
    let calls = MAX_IDLE + 10;
    let provider = Provider::start(vec![response(200, "{}"); calls + 2]).await;
    let client = client();
    let account = |number: usize| {
        Account::builder(number.to_string(), "dixa")
            .base_url(format!("http://{}/v1", provider.address))
            .credential("api_token", "the-token-of-dixa")
            .build()
            .unwrap()
    };
    for number in 0..calls {
        post(&client, &account(number), "{}").await.unwrap();
    }
    assert_eq!(client.pool.len(), MAX_IDLE);
    // The youngest is there, the oldest is not.
    for number in [calls - 1, 0] {
        post(&client, &account(number), "{}").await.unwrap();
    }
    let connections = connections(&provider);
    assert_eq!(connections[calls..], [calls - 1, calls]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn request_given_back_has_not_started() {
    for text in BODIES {
        let peer = Peer::start(false, |side| {
            let mut line = side.accept();
            line.request();
            line.respond(200, "{}");
            let side = side.shut();
            side.step(line.client, || line.close(true));
        });
        let (account, state) = (peer.account("a"), SendState::default());
        post(&peer.client, &account, "{}").await.unwrap();
        assert_eq!(peer.client.pool.len(), 1);
        peer.step();
        let result = peer
            .client
            .send(&account, request(&account, text), &state)
            .await;
        assert!(
            matches!(
                result,
                Err(ClientError::NoConnection(
                    ConnectErrorKind::ConnectionRefused,
                    _
                ))
            ),
            "{result:?}"
        );
        assert!(!state.withdraw());
        peer.end();
    }
}

/// The runtime of the idle connection is gone, and with it the task that would have closed it in time.
#[test]
fn client_survives_its_runtime() {
    let peer = Peer::start(false, |side| {
        let mut lines: Vec<Line> = Vec::new();
        for _ in 0..2 {
            let mut line = side.accept();
            line.request();
            line.respond(200, "{}");
            lines.push(line);
        }
        lines.len()
    });
    let account = peer.account("a");
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let result = runtime.block_on(post(&peer.client, &account, "{}"));
        assert_eq!(result.unwrap().status, 200);
    }
    assert_eq!(peer.end(), 2);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn closed_connection_takes_no_request() {
    for (secure, properly, calls) in [(false, true, 600), (true, true, 30), (true, false, 30)] {
        let peer = Peer::start(secure, move |side| {
            let mut bodies = Vec::new();
            for _ in 0..calls {
                let mut line = side.accept();
                bodies.push(line.request());
                line.respond(201, bodies.last().unwrap());
                side.step(line.client, || line.close(properly));
            }
            bodies
        });
        let account = peer.account("a");
        let sent: Vec<String> = (0..calls).map(|number| number.to_string()).collect();
        for number in &sent {
            assert_eq!(
                body(&peer.client, &account, number).await,
                expected(201, number)
            );
            assert_eq!(peer.client.pool.len(), 1);
            peer.step();
        }
        assert_eq!(peer.end(), sent);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn unsolicited_response_ends_the_connection() {
    for secure in [false, true] {
        let peer = Peer::start(secure, |side| {
            let mut line = side.accept();
            line.request();
            line.respond(201, "first");
            side.step(line.client, || line.respond(400, "late"));
            let mut other = side.accept();
            other.request();
            other.respond(201, "second");
            side.step(other.client, || other.respond(400, "late"));
        });
        let account = peer.account("a");
        for text in ["first", "second"] {
            assert_eq!(
                body(&peer.client, &account, "{}").await,
                expected(201, text)
            );
            assert_eq!(peer.client.pool.len(), 1);
            peer.step();
        }
        peer.end();
    }
}

/// The response comes when the other account's request is already under way, and does not say which
/// request it answers.
#[tokio::test]
async fn late_response_never_reaches_another_account() {
    for secure in [false, true] {
        let peer = Peer::start(secure, |side| {
            let mut line = side.accept();
            line.request();
            line.respond(201, "of a");
            let mut other = side.accept_unless(&line);
            other.as_mut().unwrap_or(&mut line).request();
            line.respond(400, "late, of a");
            other.as_mut().unwrap_or(&mut line).respond(201, "of b");
        });
        for id in ["a", "b"] {
            let (status, text) = body(&peer.client, &peer.account(id), "{}").await;
            assert_eq!((status, text), expected(201, &format!("of {id}")));
        }
        peer.end();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn tls_control_bytes_keep_the_connection() {
    const CALLS: usize = 4;
    let peer = Peer::start(true, |side| {
        let mut line = side.accept();
        let side = side.shut();
        for number in 0..CALLS {
            assert_eq!(line.request(), number.to_string());
            line.respond(200, "{}");
            side.step(line.client, || line.renew_keys());
        }
    });
    for number in 0..CALLS {
        post(&peer.client, &peer.account("a"), &number.to_string())
            .await
            .unwrap();
        peer.step();
    }
    peer.end();
}

/// Responds with the body of the request.
fn echo(request: &str) -> String {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    response_text(200, body)
}

fn echo_and_more(request: &str) -> String {
    format!("{}{}", echo(request), response_text(400, "nobody asked"))
}

fn act() -> impl Strategy<Value = Act> {
    let part = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}";
    prop_oneof![
        4 => Just(Act::Reply(echo)),
        2 => Just(Act::Reply(echo_and_more)),
        1 => Just(Act::SayAndClose(response_text(204, ""))),
        1 => Just(Act::SayAndClose(part.to_owned())),
        1 => Just(Act::SayAndClose(part[..20].to_owned())),
        1 => Just(Act::Close),
        1 => Just(Act::Reset),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn request_is_never_sent_twice(
        script in prop::collection::vec(act(), 24),
        waves in prop::collection::vec(prop::collection::vec(0..3_usize, 1..4), 8),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let provider = Provider::start(script).await;
            let client = client();
            let next = AtomicUsize::new(0);
            for wave in waves {
                let mut calls = JoinSet::new();
                for account in wave {
                    let account = Account::builder(account.to_string(), "dixa")
                        .base_url(format!("http://{}/v1", provider.address))
                        .credential("api_token", "the-token-of-dixa")
                        .build()
                        .unwrap();
                    let (client, number) = (client.clone(), next.fetch_add(1, Ordering::Relaxed));
                    calls.spawn(async move {
                        let body = format!("<{number}>");
                        let result = post(&client, &account, &body).await;
                        (body, result)
                    });
                }
                while let Some(call) = calls.join_next().await {
                    let (body, result) = call.unwrap();
                    let received = provider.received();
                    let times = received.iter().filter(|(_, request)| request.ends_with(&body)).count();
                    match result {
                        Ok(response) if response.status == 200 => assert_eq!(response.body, body.as_bytes()),
                        Ok(response) => assert_eq!(response.status, 204),
                        // The provider may have closed before it read the request.
                        Err(ClientError::ConnectionLost(..)) if times == 0 => continue,
                        Err(ClientError::ConnectionLost(..) | ClientError::ResponseTruncated(..)) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                    assert_eq!(times, 1, "{body}");
                }
            }
        });
    }
}
