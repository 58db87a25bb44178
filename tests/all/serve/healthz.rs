//! How long `/healthz` takes while others send the dearest bodies that there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::support::{Serve, create, get};
use super::{ACCOUNT, accounts, created};
use crate::client::{Connection, Request};
use crate::provider::Provider;

/// Connections that send such bodies, one after the other.
const SENDERS: usize = 4;
const SECONDS: u64 = 5;

/// Bodies of at most 1 MiB that cost much more to look at than to send.
fn dear() -> Vec<(&'static str, String)> {
    let list = |of: &str, count: usize, ends: [&str; 2]| {
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
            list("{}", 12_000, [r#"{"emails":["#, "]}"]),
        ),
        (
            "1 MB: empty emails",
            list("{}", 340_000, [r#"{"emails":["#, "]}"]),
        ),
        (
            "1 MB: emails of a wrong type",
            list("0", 500_000, [r#"{"emails":["#, "]}"]),
        ),
        (
            "1 MB: one address, many times",
            list(
                r#"{"email":"a@x.example"}"#,
                40_000,
                [r#"{"emails":["#, "]}"],
            ),
        ),
        (
            "1 MB: empty roles",
            list("{}", 340_000, [r#"{"roles":["#, "]}"]),
        ),
        ("1 MB: unknown members", format!("{{{members}}}")),
        (
            "1 MB: remote data",
            format!(r#"{{"remote_data":{{{members}}}}}"#),
        ),
        (
            "1 MB: one member, many times",
            list(r#""name":"a""#, 90_000, ["{", "}"]),
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
async fn healthz_stays_quick_beside_the_dearest_bodies() {
    let provider = Provider::start().await;
    provider.answer(Some(created("")));
    let serve = Serve::of(&accounts(&provider.url()), &[]);
    println!(
        "{:<32} {:>8} {:>8} {:>8} {:>8}",
        "body", "calls", "p50", "p99", "most"
    );
    for (name, body) in std::iter::once(("none", String::new())).chain(dear()) {
        let strict = "&unified_strict=true";
        let mut request = create(ACCOUNT, "ines@kelpworks.example");
        request.target.push_str(strict);
        request.body = body.into_bytes();
        let (calls, mut times) = beside(&serve, request).await;
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

/// How many such requests were answered meanwhile, and how long each look at `/healthz` took.
async fn beside(serve: &Serve, request: Request) -> (usize, Vec<Duration>) {
    let (stop, calls) = (
        Arc::new(AtomicBool::new(request.body.is_empty())),
        Arc::new(AtomicUsize::new(0)),
    );
    let senders: Vec<_> = (0..SENDERS)
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
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < Duration::from_secs(SECONDS) {
        let asked = Instant::now();
        let healthy = health.call(&get("/healthz")).await.expect("a response");
        assert_eq!(healthy.status, 200);
        times.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.await.expect("no panic inside");
    }
    (calls.load(Ordering::Relaxed), times)
}
