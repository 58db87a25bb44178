//! Attempts to reach what the call is not for: other hosts, other accounts.

use http::Uri;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::caller::{
    Caller, EntryPoint, ID, OTHER, TOKEN, UNKNOWN, account, at, provider, received, send,
};
use super::observed::Observed;
use super::table::{Row, Table};

pub(super) async fn attempts(table: &mut Table, entry_point: EntryPoint) {
    another_port(table, entry_point).await;
    another_name(table, entry_point).await;
    another_scheme(table, entry_point).await;
    for (attempt, between) in [
        ("another host after the account's and `@`", "@"),
        ("another host before `#` and the account's", "#@"),
        ("another host before `?` and the account's", "?@"),
        ("another host before `\\` and the account's", "\\@"),
    ] {
        ambiguous(table, entry_point, attempt, between).await;
    }
    no_account(table, entry_point).await;
    another_account(table, entry_point).await;
}

/// How an attempt ended, and how many connections observed to where it must not come.
fn ended(observed: &Observed, there: usize) -> String {
    format!("{}, {there} connections there", observed.summary())
}

fn is_denied(observed: &Observed, there: usize) -> bool {
    there == 0 && observed.is_denied()
}

async fn another_port(table: &mut Table, entry_point: EntryPoint) {
    let (home, elsewhere) = (provider().await, provider().await);
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let observed = caller.run(&send(&elsewhere, "")).await;
    let there = elsewhere.connections();
    caller.assert_recovers(&home).await;

    let lifted = Caller::new(entry_point, [account(ID, &elsewhere)]);
    let (then_observed, succeeded) = lifted.control(&elsewhere, &send(&elsewhere, "")).await;
    table.push(Row {
        attempt: "another port of the account's host",
        entry_point,
        observed: ended(&observed, there),
        contained: is_denied(&observed, there),
        control: "an account whose base URL has that port",
        then_observed,
        succeeded,
    });
}

async fn another_name(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let port = home.address.rsplit(':').next().unwrap();
    let script = format!("to http://localhost:{port}/v1/agents\nsend");
    let observed = caller.run(&script).await;
    let there = home.connections();
    caller.assert_recovers(&home).await;

    let named = at(ID, &format!("http://localhost:{port}/v1"));
    let lifted = Caller::new(entry_point, [named]);
    let (then_observed, succeeded) = lifted.control(&home, &script).await;
    table.push(Row {
        attempt: "another name than the account's",
        entry_point,
        observed: ended(&observed, there),
        contained: is_denied(&observed, there),
        control: "an account whose base URL has that name",
        then_observed,
        succeeded,
    });
}

async fn another_scheme(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let script = format!("to https://{}/v1/agents\nsend", home.address);
    let observed = caller.run(&script).await;
    let there = home.connections();
    caller.assert_recovers(&home).await;

    let before = home.connections();
    let secure = at(ID, &format!("https://{}/v1", home.address));
    let lifted = Caller::new(entry_point, [secure]);
    let reached = async {
        while home.connections() == before {
            tokio::task::yield_now().await;
        }
    };
    // A server that does not speak TLS says nothing to a client that does.
    tokio::select! {
        observed = lifted.run(&script) => panic!("{observed:?}"),
        () = reached => {}
    }
    let reached = home.connections() - before;
    table.push(Row {
        attempt: "another scheme",
        entry_point,
        observed: ended(&observed, there),
        contained: is_denied(&observed, there),
        control: "an account whose base URL has that scheme",
        then_observed: format!("{reached} connection there"),
        succeeded: reached == 1,
    });
}

/// A URL of two hosts, of which one reader may see one and another the other.
async fn ambiguous(
    table: &mut Table,
    entry_point: EntryPoint,
    attempt: &'static str,
    between: &str,
) {
    let (home, elsewhere) = (provider().await, provider().await);
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let url = if between == "@" {
        format!("http://{}@{}/v1/agents", home.address, elsewhere.address)
    } else {
        format!(
            "http://{}{between}{}/v1/agents",
            elsewhere.address, home.address
        )
    };
    let observed = caller.run(&format!("to {url}\nsend")).await;
    let there = elsewhere.connections();
    caller.assert_recovers(&home).await;

    // A backslash is in no URL: there the host before it is reached by its own.
    let plain = url.split('\\').next().unwrap();
    send_unguarded(plain).await;
    let reached = elsewhere.received().len();
    table.push(Row {
        attempt,
        entry_point,
        observed: ended(&observed, there),
        contained: there == 0 && !observed.says("answered"),
        control: "the same URL in a client without egress",
        then_observed: received(reached),
        succeeded: reached == 1,
    });
}

/// Sends to a URL as a client reads it that has no account to hold it against.
async fn send_unguarded(url: &str) {
    let url: Uri = url.parse().unwrap();
    let authority = url.authority().unwrap();
    let address = (authority.host(), authority.port_u16().unwrap());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "POST /v1/agents HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}";
    stream.write_all(request.as_bytes()).await.unwrap();
    // The response does not matter, only who received the request.
    stream.read_u8().await.unwrap();
}

async fn no_account(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let observed = caller.run_as(UNKNOWN, &send(&home, "")).await;
    let there = home.connections();
    caller.assert_recovers(&home).await;

    let (then_observed, succeeded) = caller.control(&home, &send(&home, "")).await;
    table.push(Row {
        attempt: "a request of a call without an account",
        entry_point,
        observed: ended(&observed, there),
        contained: is_denied(&observed, there),
        control: "the same call with an account",
        then_observed,
        succeeded,
    });
}

async fn another_account(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home), account(OTHER, &home)]);
    let tricks = format!("resolve {OTHER}\nresolve  {OTHER}\nresolve {OTHER}\\0\nresolve \n");
    // In both steps, where there are two.
    let script = format!("{tricks}{}", send(&home, &tricks));
    let observed = caller.run(&script).await;
    caller.assert_recovers(&home).await;
    let then = caller.run_as(OTHER, &script).await;
    let contained = observed.says(": unknown") && !observed.says("dixa");
    table.push(Row {
        attempt: "the account of another id",
        entry_point,
        observed: observed.summary_if(contained, "unknown, each time"),
        contained,
        control: "a call of that account",
        then_observed: "resolved; names of credentials, no value".to_owned(),
        succeeded: then.says(&format!("resolved {OTHER}: dixa, names api_token"))
            && !then.says(TOKEN),
    });
}
