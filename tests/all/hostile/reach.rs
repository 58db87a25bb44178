//! Attempts to reach what the call is not for: other hosts, other accounts.

use http::{HeaderMap, Method, Request};

use super::scene::{
    Caller, Came, ID, NOBODY, OTHER, TOKEN, Way, account, at, provider, received, send,
};
use super::table::{Row, Table};
use crate::client::{Client, ResponseLimits, SendState};
use crate::testing::Provider;

pub(super) async fn attempts(table: &mut Table, way: Way) {
    another_port(table, way).await;
    another_name(table, way).await;
    another_scheme(table, way).await;
    for (attempt, between) in [
        ("another host after the account's and `@`", "@"),
        ("another host before `#` and the account's", "#@"),
        ("another host before `?` and the account's", "?@"),
        ("another host before `\\` and the account's", "\\@"),
    ] {
        ambiguous(table, way, attempt, between).await;
    }
    no_account(table, way).await;
    another_account(table, way).await;
}

/// How an attempt ended, and how many connections came to where it must not come.
fn ended(came: &Came, there: usize) -> String {
    format!("{}, {there} connections there", came.told())
}

fn denied(came: &Came, there: usize) -> bool {
    there == 0 && came.told() == "egress-denied"
}

async fn another_port(table: &mut Table, way: Way) {
    let (home, elsewhere) = (provider().await, provider().await);
    let caller = Caller::new(way, [account(ID, &home)]);
    let came = caller.run(&send(&elsewhere, "")).await;
    let there = elsewhere.connections();
    let goes_on = caller.goes_on(&home).await;

    let lifted = Caller::new(way, [account(ID, &elsewhere)]);
    let then = lifted.run(&send(&elsewhere, "")).await;
    table.push(Row {
        attempt: "another port of the account's host",
        way,
        happened: ended(&came, there),
        nowhere: denied(&came, there) && goes_on,
        control: "an account whose base URL has that port",
        then: format!("{}, {}", then.told(), received(elsewhere.received().len())),
        succeeded: then.says("answered 200") && elsewhere.received().len() == 1,
    });
}

async fn another_name(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::new(way, [account(ID, &home)]);
    let port = home.address.rsplit(':').next().unwrap();
    let script = format!("to http://localhost:{port}/v1/agents\nsend");
    let came = caller.run(&script).await;
    let there = home.connections();
    let goes_on = caller.goes_on(&home).await;

    let named = at(ID, &format!("http://localhost:{port}/v1"));
    let before = home.received().len();
    let then = Caller::new(way, [named]).run(&script).await;
    let reached = home.received().len() - before;
    table.push(Row {
        attempt: "another name than the account's",
        way,
        happened: ended(&came, there),
        nowhere: denied(&came, there) && goes_on,
        control: "an account whose base URL has that name",
        then: format!("{}, {}", then.told(), received(reached)),
        succeeded: then.says("answered 200") && reached == 1,
    });
}

async fn another_scheme(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::new(way, [account(ID, &home)]);
    let url = format!("https://{}/v1/agents", home.address);
    let came = caller.run(&format!("to {url}\nsend")).await;
    let there = home.connections();
    let goes_on = caller.goes_on(&home).await;

    let before = home.connections();
    let reached = async {
        while home.connections() == before {
            tokio::task::yield_now().await;
        }
    };
    // A server that does not speak TLS says nothing to one that does.
    tokio::select! {
        () = past_the_door(&home, &url) => {}
        () = reached => {}
    }
    let reached = home.connections() - before;
    table.push(Row {
        attempt: "another scheme",
        way,
        happened: ended(&came, there),
        nowhere: denied(&came, there) && goes_on,
        control: "the same URL past the door",
        then: format!("{reached} connection there"),
        succeeded: reached == 1,
    });
}

/// A URL of two hosts, of which one reader may see one and another the other.
async fn ambiguous(table: &mut Table, way: Way, attempt: &'static str, between: &str) {
    let (home, elsewhere) = (provider().await, provider().await);
    let caller = Caller::new(way, [account(ID, &home)]);
    let url = if between == "@" {
        format!("http://{}@{}/v1/agents", home.address, elsewhere.address)
    } else {
        format!(
            "http://{}{between}{}/v1/agents",
            elsewhere.address, home.address
        )
    };
    let came = caller.run(&format!("to {url}\nsend")).await;
    let there = elsewhere.connections();
    let goes_on = caller.goes_on(&home).await;

    // A backslash is in no URL: there the host before it is reached by its own.
    let plain = url.split('\\').next().unwrap();
    past_the_door(&home, plain).await;
    let reached = elsewhere.received().len();
    table.push(Row {
        attempt,
        way,
        happened: ended(&came, there),
        nowhere: there == 0 && !came.says("answered") && goes_on,
        control: "the same URL past the door",
        then: received(reached),
        succeeded: reached == 1,
    });
}

/// Sends with the library's own client what the door has not seen.
async fn past_the_door(home: &Provider, url: &str) {
    let mut request = Request::new("{}".into());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = url.parse().unwrap();
    *request.headers_mut() = HeaderMap::from_iter([(http::header::CONTENT_LENGTH, 2.into())]);
    let account = account(ID, home).build().unwrap();
    let limits = ResponseLimits {
        headers: 1 << 16,
        body: 1 << 16,
    };
    let client = Client::new(None, limits).unwrap();
    let sent = client.send(&account, request, &SendState::default()).await;
    // What came back does not matter, only who was reached.
    drop(sent);
}

async fn no_account(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::new(way, [account(ID, &home)]);
    let came = caller.run_as(NOBODY, &send(&home, "")).await;
    let there = home.connections();
    let goes_on = caller.goes_on(&home).await;

    let before = home.received().len();
    let then = caller.run(&send(&home, "")).await;
    let reached = home.received().len() - before;
    table.push(Row {
        attempt: "a request of a call without an account",
        way,
        happened: ended(&came, there),
        nowhere: denied(&came, there) && goes_on,
        control: "the same call with an account",
        then: format!("{}, {}", then.told(), received(reached)),
        succeeded: then.says("answered 200") && reached == 1,
    });
}

async fn another_account(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::new(way, [account(ID, &home), account(OTHER, &home)]);
    let tricks = format!("resolve {OTHER}\nresolve  {OTHER}\nresolve {OTHER}\\0\nresolve \n");
    // In both halves, where there are two.
    let script = format!("{tricks}{}", send(&home, &tricks));
    let came = caller.run(&script).await;
    let goes_on = caller.goes_on(&home).await;
    let then = caller.run_as(OTHER, &script).await;
    let nowhere = came.says(": unknown") && !came.says("dixa");
    table.push(Row {
        attempt: "the account of another id",
        way,
        happened: came.told_as(nowhere, "unknown, each time"),
        nowhere: nowhere && goes_on,
        control: "a call of that account",
        then: "resolved; names of credentials, no value".to_owned(),
        succeeded: then.says(&format!("resolved {OTHER}: dixa, names api_token"))
            && !then.says(TOKEN),
    });
}
