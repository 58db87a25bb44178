//! The latency of `/healthz` while others send the most costly bodies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::support::{Serve, create, get};
use super::{ACCOUNT, accounts, created};
use crate::client::{Connection, Request};
use crate::provider::Provider;

/// The number of connections that send these bodies, one after the other.
const CONNECTIONS: usize = 4;
const SECONDS: u64 = 5;

/// Bodies of at most 1 MiB that cost much more to read than to send.
fn costly_bodies() -> Vec<(&'static str, String)> {
    let array = |of: &str, count: usize, ends: [&str; 2]| {
        format!(
            r#"{}{}{of}{}"#,
            ends[0],
            format!("{of},").repeat(count),
            ends[1]
        )
    };
    let members: Vec<String> = (0..80_000).map(|n| format!(r#""m{n}":{n}"#)).collect();
    let members = members.join(",");
    vec![
        (
            "36 kB: 12,000 empty emails",
            array("{}", 12_000, [r#"{"emails":["#, "]}"]),
        ),
        (
            "1 MB: empty emails",
            array("{}", 340_000, [r#"{"emails":["#, "]}"]),
        ),
        (
            "1 MB: emails of a wrong type",
            array("0", 500_000, [r#"{"emails":["#, "]}"]),
        ),
        (
            "1 MB: one address, many times",
            array(
                r#"{"email":"a@x.example"}"#,
                40_000,
                [r#"{"emails":["#, "]}"],
            ),
        ),
        (
            "1 MB: empty roles",
            array("{}", 340_000, [r#"{"roles":["#, "]}"]),
        ),
        ("1 MB: unknown members", format!("{{{members}}}")),
        (
            "1 MB: remote data",
            format!(r#"{{"remote_data":{{{members}}}}}"#),
        ),
        (
            "1 MB: one member, many times",
            array(r#""name":"a""#, 90_000, ["{", "}"]),
        ),
        (
            "1 MB: nested",
            format!(
                r#"{{"custom_fields":{}1{}}}"#,
                r#"{"a":"#.repeat(150_000),
                "}".repeat(150_000)
            ),
        ),
        (
            "1 MB: escapes",
            format!(r#"{{"name":"{}"}}"#, r"\u00e9".repeat(170_000)),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement; CONTRIBUTING.md has the command"]
async fn healthz_stays_quick_under_load() {
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    let serve = Serve::with_accounts(&accounts(&provider.url()), &[]);
    println!(
        "{:<32} {:>8} {:>8} {:>8} {:>8}",
        "body", "calls", "p50", "p99", "most"
    );
    for (name, body) in std::iter::once(("none", String::new())).chain(costly_bodies()) {
        let strict = "&unified_strict=true";
        let mut request = create(ACCOUNT, "ines@kelpworks.example");
        request.target.push_str(strict);
        request.body = body.into_bytes();
        let (calls, mut times) = measure(&serve, request).await;
        drop(provider.received());
        times.sort();
        let at = |part: usize| times[(times.len() - 1) * part / 100];
        println!(
            "{name:<32} {calls:>8} {:>8.1?} {:>8.1?} {:>8.1?}",
            at(50),
            at(99),
            at(100)
        );
    }
}

/// Sends this request by every connection. Returns the number of responses, and the latencies of `/healthz` meanwhile.
async fn measure(serve: &Serve, request: Request) -> (usize, Vec<Duration>) {
    let (stop, calls) = (
        Arc::new(AtomicBool::new(request.body.is_empty())),
        Arc::new(AtomicUsize::new(0)),
    );
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (stop, calls) = (Arc::clone(&stop), Arc::clone(&calls));
            let (address, request) = (serve.address, request.clone());
            tokio::spawn(async move {
                let mut connection = Connection::open(address).await.expect("a connection");
                while !stop.load(Ordering::Relaxed) {
                    if connection.call(&request).await.is_err() {
                        connection = Connection::open(address).await.expect("a connection");
                    }
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let mut health = Connection::open(serve.address).await.expect("a connection");
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < Duration::from_secs(SECONDS) {
        let start = Instant::now();
        let healthy = health.call(&get("/healthz")).await.expect("a response");
        assert_eq!(healthy.status, 200);
        times.push(start.elapsed());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("no panic inside");
    }
    (calls.load(Ordering::Relaxed), times)
}
