//! `--metrics`: what Prometheus reads, and that no request makes it more.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use super::SENDERS;
use super::support::{Serve, Simulators, create, get, until};
use crate::client::{self, Request};

/// The address in the line that `serve` starts with.
async fn metrics_address(serve: &mut Serve) -> SocketAddr {
    let line = serve.wait_for_line(&["metrics http://"]).await;
    let (_, url) = line.split_once("metrics http://").expect("a URL");
    let address = url.strip_suffix("/metrics").expect("a path");
    address.parse().expect("an address")
}

async fn scrape(address: SocketAddr) -> String {
    let response = client::send(address, &get("/metrics")).await;
    let response = response.expect("a response");
    assert_eq!(response.status, 200, "{response:?}");
    let expected = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(response.header("content-type"), Some(expected));
    String::from_utf8(response.body.unwrap_or_default()).expect("UTF-8")
}

/// The metrics after this many requests of clients. A request is counted once its client has the response.
async fn scrape_after(address: SocketAddr, requests: usize) -> String {
    let expected = f64::from(u32::try_from(requests).expect("a few"));
    until("every request in the metrics", async || {
        let text = scrape(address).await;
        let counted: f64 = series(&text)
            .iter()
            .filter(|(name, _)| name.starts_with("http_server_request_duration_seconds_count"))
            .map(|(_, count)| count)
            .sum();
        (counted >= expected).then_some(text)
    })
    .await
}

/// The value of each series.
fn series(text: &str) -> BTreeMap<String, f64> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let samples = samples.map(|line| {
        let (name, value) = line.rsplit_once(' ').expect("a value");
        (name.to_owned(), value.parse().expect("a number"))
    });
    samples.collect()
}

/// The rules of the format that Prometheus checks, and what a histogram promises.
fn assert_valid(text: &str) {
    let mut types: BTreeMap<&str, &str> = BTreeMap::new();
    let mut described: BTreeSet<&str> = BTreeSet::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').expect("a text");
            assert!(described.insert(name) && !help.is_empty(), "{line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a type");
            assert!(described.contains(name), "{line}");
            assert!(types.insert(name, kind).is_none(), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
        } else {
            let name = line.split(['{', ' ']).next().expect("a name");
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix));
            let kind = types.get(family.unwrap_or(name));
            let expected = if family.is_some() {
                "histogram"
            } else {
                "counter"
            };
            assert_eq!(kind, Some(&expected), "{line}");
        }
    }
    let all = series(text);
    for (name, count) in all.iter().filter(|(name, _)| name.contains("_count{")) {
        let infinite = name.replace("_count{", "_bucket{le=\"+Inf\",");
        let (family, labels) = name.split_once("_count{").expect("labels");
        let buckets: Vec<f64> = all
            .iter()
            .filter(|(bucket, _)| {
                bucket.starts_with(&format!("{family}_bucket{{"))
                    && (bucket.ends_with(labels)
                        || bucket.contains(labels.strip_suffix('}').unwrap_or(labels)))
            })
            .map(|(_, value)| *value)
            .collect();
        assert_eq!(buckets.len(), 15, "{name}: {infinite}");
        let most = buckets.iter().copied().fold(0.0, f64::max);
        assert!((most - count).abs() < 0.5, "{name}");
    }
}

/// A request of each kind. Whatever is the client's own is made of this number.
fn requests(account: &str, number: usize) -> Vec<Request> {
    let with = |method: &str, path: &str| Request {
        method: method.to_owned(),
        target: format!("{path}?integrated_account_id={account}"),
        ..Request::default()
    };
    let users = "/unified/ticketing/users";
    let lost = format!("{users}/9{number:09}");
    let mut update = with("PATCH", &lost);
    let json = ("content-type".to_owned(), "application/json".to_owned());
    update.headers.push(json);
    update.body = br#"{"name": "Ines"}"#.to_vec();
    let mut strange = with("GET", &lost);
    strange.method = format!("X{number}");
    vec![
        create(account, &format!("u{number}@kelpworks.example")),
        with("GET", &lost),
        with("DELETE", &lost),
        update,
        with("GET", users),
        with("GET", &format!("/of/nobody/{number}")),
        strange,
        get(&format!(
            "{users}?integrated_account_id=00000000-0000-4000-8000-{number:012}"
        )),
    ]
}

async fn ids_leave_series(times: usize) {
    let simulators = Simulators::start().await;
    let account = simulators.id("gorgias");
    for sender in SENDERS {
        simulators.control("POST", "reset", "").await;
        let arguments = ["--metrics", "localhost:0", "--sender", sender];
        let mut serve = Serve::start(&simulators, &arguments);
        let address = metrics_address(&mut serve).await;
        assert_valid(&scrape(address).await);
        let kinds = requests(&account, 0);
        for request in &kinds {
            serve.call(request).await;
        }
        let first = scrape_after(address, kinds.len()).await;
        assert_valid(&first);
        for number in 1..=times {
            for request in requests(&account, number) {
                serve.call(&request).await;
            }
        }
        let last = scrape_after(address, kinds.len() * (times + 1)).await;
        assert_valid(&last);
        let (before, after) = (series(&first), series(&last));
        let names =
            |series: &BTreeMap<String, f64>| series.keys().cloned().collect::<BTreeSet<_>>();
        let more: Vec<String> = names(&after).difference(&names(&before)).cloned().collect();
        assert_eq!(more, Vec::<String>::new(), "{sender}");
        let created = "unified_ticketing_calls_total{integration=\"gorgias\",operation=\"create\",result=\"created\",outcome=\"\",code=\"\"}";
        let expected = u32::try_from(times + 1).expect("a few");
        assert_eq!(
            after.get(created),
            Some(&f64::from(expected)),
            "{sender}: {last}"
        );
        let sent = "http_client_request_duration_seconds_count{integration=\"gorgias\",http_request_method=\"POST\"";
        let sent = after.iter().find(|(name, _)| name.starts_with(sent));
        assert_eq!(
            sent.map(|(_, count)| *count),
            Some(f64::from(expected)),
            "{sender}: {last}"
        );
        // A value may have any digits.
        let labels: String = after.keys().map(String::as_str).collect();
        let one = account.split('-').next().expect("a part");
        for word in [
            "kelpworks",
            "9000000",
            "nobody",
            one,
            "127.0.0.1",
            "00000000-0000",
            "X1",
        ] {
            assert!(!labels.contains(word), "{sender}: {word} in {labels}");
        }
        check_with_promtool(&last);
        let other = client::send(address, &get("/")).await.expect("a response");
        assert_eq!(other.status, 404);
    }
}

/// Has Prometheus's own tool look, where the variable `PROMTOOL` says where it is.
fn check_with_promtool(text: &str) {
    let Some(promtool) = std::env::var_os("PROMTOOL") else {
        return;
    };
    let mut check = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts");
    let mut stdin = check.stdin.take().expect("its input");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    let output = check.wait_with_output().expect("its end");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[tokio::test]
async fn series_depend_on_no_client() {
    ids_leave_series(40).await;
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn hundred_thousand_ids_leave_series() {
    ids_leave_series(100_000 / 8).await;
}
