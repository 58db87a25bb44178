//! Attempts by way of the answer: too large, or more than one to the client of the server.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::scene::{Caller, Came, ID, Way, account, provider, request};
use super::table::{Row, Table};
use crate::server::Server;

pub(super) async fn attempts(table: &mut Table, way: Way) {
    if !way.is_http() {
        return;
    }
    endless(table, way).await;
    split(table, way).await;
    many_headers(table, way).await;
    interim(table, way).await;
}

async fn endless(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::new(way, [account(ID, &home)]);
    let came = caller.run("more 1000").await;
    let goes_on = caller.goes_on(&home).await;
    let then = caller.run("more 8").await;
    let large = matches!(&then, Came::Said(body) if body.len() == 8 << 20);
    table.push(Row {
        attempt: "an answer of 1,000 MiB",
        way,
        happened: came.told(),
        nowhere: came.limited("memory", "not-sent") && goes_on,
        control: "one of 8 MiB",
        then: then.told(),
        succeeded: large,
    });
}

/// What a client receives that sends this script to the server, and then asks for its health on the
/// same connection.
async fn over_the_server(caller: &Caller, script: &str) -> String {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(address, caller.engine.clone(), None, 8)
        .await
        .unwrap();
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
async fn at_its_word(caller: &Caller, script: &str) -> String {
    let response = caller
        .engine
        .at_its_word(request(ID, script))
        .await
        .unwrap();
    let mut text = format!("HTTP/1.1 {} X\r\n", response.status);
    for (name, value) in response.headers {
        text.extend([&name, ": ", &value, "\r\n"]);
    }
    text.extend(["\r\n", &String::from_utf8(response.body).unwrap()]);
    text
}

/// The answers that a client reads of what it received: status, headers, body.
fn answers(mut received: &str) -> Vec<(u16, String, String)> {
    let mut answers = Vec::new();
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
        answers.push((status.unwrap_or(0), head.to_owned(), body.to_owned()));
        received = rest;
    }
    answers
}

async fn split(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::new(way, [account(ID, &home)]);
    let body = "helloHTTP/1.1 200 OK\\r\\ncontent-length: 8\\r\\n\\r\\nsmuggled";
    let forge = |prefix: &str| {
        format!(
            "answer-header {prefix}content-length: 5\nanswer-header {prefix}transfer-encoding: chunked\n\
             answer-header {prefix}connection: upgrade\nanswer {body}"
        )
    };
    let received = over_the_server(&caller, &forge("")).await;
    let read = answers(&received);
    let goes_on = caller.goes_on(&home).await;
    let own = read.len() == 2 && read[1].2.contains("ok");
    // wasi:http does not let the component say such a thing, so there its word is not enough.
    let (control, then, succeeded) = if way == Way::Face {
        let read = answers(&at_its_word(&caller, &forge("")).await);
        let hidden = read.get(1).is_some_and(|answer| answer.2 == "smuggled");
        let then = format!("{} answers read to 1 request", read.len());
        (
            "a server that takes the component at its word",
            then,
            hidden,
        )
    } else {
        let read = answers(&over_the_server(&caller, &forge("x-")).await);
        let received = read.len() == 2 && read[0].1.contains("x-content-length: 5");
        ("headers of other names", "received".to_owned(), received)
    };
    table.push(Row {
        attempt: "a second answer hidden in the first",
        way,
        happened: format!("{} answers read to 2 requests", read.len()),
        nowhere: own && !received.contains("upgrade") && goes_on,
        control,
        then,
        succeeded,
    });
}

async fn many_headers(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::new(way, [account(ID, &home)]);
    let read = answers(&over_the_server(&caller, "answer-headers 40000").await);
    let goes_on = caller.goes_on(&home).await;
    let then = answers(&over_the_server(&caller, "answer-headers 1000").await);
    table.push(Row {
        attempt: "40,000 headers in the answer",
        way,
        happened: format!("{} answers to 2 requests", read.len()),
        nowhere: read.len() == 2 && read[1].0 == 200 && goes_on,
        control: "a thousand",
        then: "received".to_owned(),
        succeeded: then.len() == 2 && then[0].1.contains("x-999: "),
    });
}

async fn interim(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::new(way, [account(ID, &home)]);
    let mut statuses = Vec::new();
    for status in [0, 99, 100, 101, 103, 199, 1000, 65535] {
        let read = answers(&over_the_server(&caller, &format!("status {status}")).await);
        statuses.push(read.first().map_or(0, |answer| answer.0));
    }
    let goes_on = caller.goes_on(&home).await;
    let then = answers(&over_the_server(&caller, "status 599").await);
    table.push(Row {
        attempt: "statuses that end no request, eight",
        way,
        happened: format!("{statuses:?}"),
        nowhere: statuses.iter().all(|status| (200..600).contains(status)) && goes_on,
        control: "status 599",
        then: format!("{}", then[0].0),
        succeeded: then[0].0 == 599,
    });
}
