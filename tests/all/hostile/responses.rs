//! Attempts by the response: one that is too large, or more than one to the client of the server.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use unified_ticketing::server::Server;
use unified_ticketing_hostile::PRECOMPILED;

use super::caller::{Caller, EntryPoint, ID, account, provider, request};
use super::observed::Observed;
use super::table::{Row, Table};
use super::unguarded;

pub(super) async fn attempts(table: &mut Table, entry_point: EntryPoint) {
    if !entry_point.is_http() {
        return;
    }
    endless(table, entry_point).await;
    split(table, entry_point).await;
    many_headers(table, entry_point).await;
    interim(table, entry_point).await;
}

async fn endless(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let observed = caller.run("response-more 1000").await;
    caller.assert_recovers(&home).await;
    let then = caller.run("response-more 8").await;
    table.push(Row {
        attempt: "a response of 1,000 MiB",
        entry_point,
        observed: observed.summary(),
        contained: observed.is_limit("memory", "not-sent"),
        control: "one of 8 MiB",
        then_observed: then.summary(),
        succeeded: matches!(&then, Observed::Report(body) if body.len() == 8 << 20),
    });
}

/// What a client receives that sends this script to the server, and then asks for its health on the
/// same connection.
async fn over_the_server(caller: &Caller, script: &str) -> String {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::builder(caller.engine.clone()).bind(address);
    let server = server.await.unwrap();
    let address = server.address();
    let serving = tokio::spawn(server.serve(std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let target = request(ID, "").target;
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n",
        script.len()
    );
    let after = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream
        .write_all(format!("{head}{script}{after}").as_bytes())
        .await
        .unwrap();
    let mut received = Vec::new();
    // A connection that the server breaks off has said what it says.
    drop(stream.read_to_end(&mut received).await);
    serving.abort();
    String::from_utf8_lossy(&received).into_owned()
}

/// What a client would receive from a server that writes what the component says.
fn word_for_word(script: &str) -> String {
    let response = unguarded::respond(PRECOMPILED, &request(ID, script));
    let mut text = format!("HTTP/1.1 {} X\r\n", response.status);
    for (name, value) in response.headers {
        text.extend([&name, ": ", &value, "\r\n"]);
    }
    text.extend(["\r\n", &String::from_utf8(response.body).unwrap()]);
    text
}

/// The responses that a client reads of what it received: status, headers, body.
fn responses(mut received: &str) -> Vec<(u16, String, String)> {
    let mut responses = Vec::new();
    while let Some((head, rest)) = received.split_once("\r\n\r\n") {
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
            .unwrap_or(0);
        let (body, rest) = rest.split_at_checked(length).unwrap_or((rest, ""));
        responses.push((status.unwrap_or(0), head.to_owned(), body.to_owned()));
        received = rest;
    }
    responses
}

async fn split(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let body = "helloHTTP/1.1 200 OK\\r\\ncontent-length: 8\\r\\n\\r\\nsmuggled";
    let forge = |prefix: &str| {
        format!(
            "response-header {prefix}content-length: 5\nresponse-header {prefix}transfer-encoding: chunked\n\
             response-header {prefix}connection: upgrade\nresponse-body {body}"
        )
    };
    let received = over_the_server(&caller, &forge("")).await;
    let read = responses(&received);
    caller.assert_recovers(&home).await;
    let is_own = read.len() == 2 && read[1].2.contains("ok");
    // wasi:http does not let the component say such a thing, so there its word is not enough.
    let (control, then_observed, succeeded) = if entry_point == EntryPoint::HttpApi {
        let read = responses(&word_for_word(&forge("")));
        let hidden = read.get(1).is_some_and(|response| response.2 == "smuggled");
        let then = format!("{} responses read to 1 request", read.len());
        ("a server that writes what the component says", then, hidden)
    } else {
        let read = responses(&over_the_server(&caller, &forge("x-")).await);
        let received = read.len() == 2 && read[0].1.contains("x-content-length: 5");
        ("headers of other names", "received".to_owned(), received)
    };
    table.push(Row {
        attempt: "a second response hidden in the first",
        entry_point,
        observed: format!("{} responses read to 2 requests", read.len()),
        contained: is_own && !received.contains("upgrade"),
        control,
        then_observed,
        succeeded,
    });
}

async fn many_headers(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let read = responses(&over_the_server(&caller, "response-headers 40000").await);
    caller.assert_recovers(&home).await;
    let then = responses(&over_the_server(&caller, "response-headers 1000").await);
    table.push(Row {
        attempt: "40,000 headers in the response",
        entry_point,
        observed: format!("{} responses to 2 requests", read.len()),
        contained: read.len() == 2 && read[1].0 == 200,
        control: "a thousand",
        then_observed: "received".to_owned(),
        succeeded: then.len() == 2 && then[0].1.contains("x-999: "),
    });
}

async fn interim(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let mut statuses = Vec::new();
    for status in [0, 99, 100, 101, 103, 199, 1000, 65535] {
        let script = format!("response-status {status}");
        let read = responses(&over_the_server(&caller, &script).await);
        statuses.push(read.first().map_or(0, |response| response.0));
    }
    caller.assert_recovers(&home).await;
    let then = responses(&over_the_server(&caller, "response-status 599").await);
    table.push(Row {
        attempt: "statuses that end no request, eight",
        entry_point,
        observed: format!("{statuses:?}"),
        contained: statuses.iter().all(|status| (200..600).contains(status)),
        control: "status 599",
        then_observed: then[0].0.to_string(),
        succeeded: then[0].0 == 599,
    });
}
