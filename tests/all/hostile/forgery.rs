//! Attempts to authenticate as another, and to say what only the client says.

use super::caller::{Caller, EntryPoint, ID, account, provider, received, send};
use super::table::{Row, Table};
use crate::raw_provider::Provider;
use unified_ticketing::{Account, AccountBuilder};

pub(super) async fn attempts(table: &mut Table, entry_point: EntryPoint) {
    authorization(table, entry_point).await;
    key_of_hive(table, entry_point).await;
    query_of_hive(table, entry_point).await;
    connection(table, entry_point).await;
    injected(table, entry_point).await;
    split_line(table, entry_point).await;
}

fn headers(lines: &[&str]) -> String {
    let lines = lines.iter().flat_map(|line| ["header ", line, "\n"]);
    lines.collect()
}

/// What the provider last received: its lines.
fn last(provider: &Provider) -> Vec<String> {
    let received = provider.received();
    let request = received.last().map(|(_, request)| request.as_str());
    request
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

async fn authorization(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let forged = headers(&["authorization: forged-1", "Authorization: forged-2"]);
    let script = format!("{forged}{}", send(&home, ""));
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let observed = caller.run(&script).await;
    let lines = last(&home);
    let own = lines
        .iter()
        .filter(|line| line.starts_with("authorization: "))
        .eq(["authorization: the-token-of-dixa"]);
    caller.assert_recovers(&home).await;

    // It authenticates by `x-trackertoken`: `authorization` is a header like others there.
    let tracker = Account::builder(ID, "pivotal_tracker")
        .base_url(format!("http://{}/v1", home.address))
        .credential("api_token", "the-token-of-pivotal");
    let then = Caller::new(entry_point, [tracker]).run(&script).await;
    let passed = last(&home).contains(&"authorization: forged-1".to_owned());
    let contained = observed.says("answered 200") && own;
    table.push(Row {
        attempt: "a forged `authorization`",
        entry_point,
        observed: observed.summary_if(contained, "only the account's own was received"),
        contained,
        control: "an integration that does not authenticate by it",
        then_observed: "received as forged".to_owned(),
        succeeded: then.says("answered 200") && passed,
    });
}

fn hive(provider: &Provider) -> AccountBuilder {
    Account::builder(ID, "hive")
        .base_url(format!("http://{}/v1", provider.address))
        .setting("workspace_id", "w")
        .setting("user_id", "owner")
        .credential("api_key", "the-key-of-hive")
}

async fn key_of_hive(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    // A server that hands headers to a program as variables takes `-` and `_` for the same.
    let forged = headers(&["api_key: forged", "API_KEY: forged", "api-key: forged"]);
    let script = format!("{forged}{}", send(&home, ""));
    let caller = Caller::new(entry_point, [hive(&home)]);
    let observed = caller.run(&script).await;
    let lines = last(&home);
    let own = !lines.iter().any(|line| line.contains("forged"))
        && lines.contains(&"api_key: the-key-of-hive".to_owned());
    caller.assert_recovers(&home).await;

    let then = Caller::new(entry_point, [account(ID, &home)])
        .run(&script)
        .await;
    let passed = last(&home).contains(&"api_key: forged".to_owned());
    let contained = observed.says("answered 200") && own;
    table.push(Row {
        attempt: "a forged `api_key`, in three spellings",
        entry_point,
        observed: observed.summary_if(contained, "only the account's own was received"),
        contained,
        control: "an integration that does not authenticate by it",
        then_observed: "received as forged".to_owned(),
        succeeded: then.says("answered 200") && passed,
    });
}

async fn query_of_hive(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let query = "api_key=forged&API_KEY=forged&api%5Fkey=forged&user_id=forged&api_key[]=forged&user_id%5B0%5D=forged&a=1";
    let script = format!("to http://{}/v1/agents?{query}\nsend", home.address);
    let caller = Caller::new(entry_point, [hive(&home)]);
    let observed = caller.run(&script).await;
    let clean = last(&home)
        .first()
        .is_some_and(|line| line == "POST /v1/agents?a=1 HTTP/1.1");
    caller.assert_recovers(&home).await;

    let then = Caller::new(entry_point, [account(ID, &home)])
        .run(&script)
        .await;
    let passed = last(&home)
        .first()
        .is_some_and(|line| line.contains("?api_key=forged&"));
    let contained = observed.says("answered 200") && clean;
    table.push(Row {
        attempt: "forged parameters that authenticate",
        entry_point,
        observed: observed.summary_if(contained, "none was received"),
        contained,
        control: "an integration that does not authenticate by them",
        then_observed: "received as forged".to_owned(),
        succeeded: then.says("answered 200") && passed,
    });
}

async fn connection(table: &mut Table, entry_point: EntryPoint) {
    const FORGED: [&str; 12] = [
        "host: elsewhere.example",
        "content-length: 1",
        "transfer-encoding: chunked",
        "connection: close",
        "keep-alive: timeout=1",
        "proxy-authorization: forged",
        "proxy-connection: close",
        "te: trailers",
        "trailer: x",
        "upgrade: h2c",
        "expect: 100-continue",
        "forwarded: for=forged",
    ];
    let home = provider().await;
    // One at a time: one that the host rejects must not hide another.
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let (mut received, mut passed) = (0, 0);
    for forged in FORGED {
        caller
            .run(&format!("{}{}", headers(&[forged]), send(&home, "")))
            .await;
        let lines = last(&home);
        let count = |name: &str| {
            let name = format!("{name}: ");
            lines.iter().filter(|line| line.starts_with(&name)).count()
        };
        let well = lines.contains(&format!("host: {}", home.address))
            && lines.contains(&"content-length: 2".to_owned())
            && (count("host"), count("content-length")) == (1, 1);
        if lines.contains(&forged.to_owned()) || !well {
            received += 1;
        }
        let passing = format!("x-{forged}");
        caller
            .run(&format!("{}{}", headers(&[&passing]), send(&home, "")))
            .await;
        if last(&home).contains(&passing) {
            passed += 1;
        }
    }
    caller.assert_recovers(&home).await;
    table.push(Row {
        attempt: "forged headers of the connection, twelve",
        entry_point,
        observed: format!("{received} received"),
        contained: received == 0,
        control: "the same, each with `x-` before its name",
        then_observed: format!("{passed} received"),
        succeeded: passed == FORGED.len(),
    });
}

async fn injected(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let mut sent = 0;
    for line in [
        "x-a: 1\\r\\nx-smuggled: 1",
        "x-a: 1\\nx-smuggled: 1",
        "x-a: 1\\rx-smuggled: 1",
        "x-a: \\0x-smuggled: 1",
        "x-a\\r\\nx-smuggled: 1",
        "x-a: 1\\r\\n\\r\\nPOST /x-smuggled: 1 HTTP/1.1",
    ] {
        caller
            .run(&format!("{}{}", headers(&[line]), send(&home, "")))
            .await;
        sent += 1;
    }
    let smuggled = home
        .received()
        .iter()
        .filter(|(_, request)| request.contains("x-smuggled"))
        .count();
    caller.assert_recovers(&home).await;

    let script = format!("{}{}", headers(&["x-smuggled: 1"]), send(&home, ""));
    let then = caller.run(&script).await;
    let passed = last(&home).contains(&"x-smuggled: 1".to_owned());
    table.push(Row {
        attempt: "a line break in a header, six ways",
        entry_point,
        observed: format!("{smuggled} of {sent} received"),
        contained: smuggled == 0,
        control: "a header of its own",
        then_observed: "received".to_owned(),
        succeeded: then.says("answered 200") && passed,
    });
}

async fn split_line(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let to = format!("http://{}/v1/agents", home.address);
    let rest = "HTTP/1.1\\r\\nx-smuggled: 1\\r\\n\\r\\n";
    for script in [
        format!("to {to} {rest}\nsend"),
        format!("to {to}?a= {rest}\nsend"),
        format!("to {to}\\r\\nx-smuggled: 1\nsend"),
        format!("to {to}\nmethod POST /x {rest}\nsend"),
        format!("to {to}\nmethod CONNECT\nsend"),
        format!("to {to}\nmethod TRACE\nsend"),
    ] {
        caller.run(&script).await;
    }
    let count = home.received().len();
    // The component leaves out what wasi:http rejects, and then sends what any may send.
    let smuggled = home
        .received()
        .iter()
        .filter(|(_, request)| {
            request.contains("x-smuggled")
                || !(request.starts_with("GET /") || request.starts_with("POST /"))
        })
        .count();
    caller.assert_recovers(&home).await;

    let before = home.received().len();
    let then = caller
        .run(&format!("to {to}?x-smuggled=1\nmethod PUT\nsend"))
        .await;
    let passed = last(&home)
        .first()
        .is_some_and(|line| line == "PUT /v1/agents?x-smuggled=1 HTTP/1.1");
    table.push(Row {
        attempt: "a line break in path or method; CONNECT, TRACE",
        entry_point,
        observed: format!("{smuggled} of {count} received so"),
        contained: smuggled == 0,
        control: "another path and method without one",
        then_observed: received(home.received().len() - before),
        succeeded: then.says("answered 200") && passed,
    });
}
