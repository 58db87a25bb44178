//! Attempts to read a secret back: what the component never has, a provider may tell it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::scene::{Caller, Came, ID, Way, account, acting, request, send};
use super::table::{Row, Table};
use crate::accounts::{Account, AccountBuilder};
use crate::testing::{Act, Provider, response_text};

/// With characters that every encoding has to escape.
const LONG: &str = "the/token+of \"dixa\"";
const SHORT: &str = "a/\"b c";

pub(super) async fn attempts(table: &mut Table, way: Way) {
    for (attempt, reply, form) in [
        (
            "a secret that the provider repeats as it is",
            (|request| response_text(400, &authorization(request))) as fn(&str) -> String,
            str::to_owned as fn(&str) -> String,
        ),
        (
            "a secret repeated in a header",
            |request| {
                let value = authorization(request);
                format!("HTTP/1.1 400 X\r\nx-echo: {value}\r\ncontent-length: 0\r\n\r\n")
            },
            str::to_owned,
        ),
        (
            "a secret repeated in JSON",
            |request| response_text(400, &json(&authorization(request))),
            json,
        ),
        (
            "a secret repeated percent-encoded",
            |request| response_text(400, &percent(&authorization(request))),
            percent,
        ),
    ] {
        repeated(table, way, attempt, reply, form).await;
    }
    basic(table, way).await;
    coded(table, way).await;
    token_of_the_client(table, way).await;
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap().replace('/', "\\/")
}

fn percent(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// What the provider was authenticated with.
fn authorization(request: &str) -> String {
    let mut lines = request.lines();
    let value = lines.find_map(|line| line.strip_prefix("authorization: "));
    value.unwrap().to_owned()
}

fn with_token(provider: &Provider, token: &str) -> AccountBuilder {
    Account::builder(ID, "dixa")
        .base_url(format!("http://{}/v1", provider.address))
        .credential("api_token", token)
}

async fn repeated(
    table: &mut Table,
    way: Way,
    attempt: &'static str,
    reply: fn(&str) -> String,
    form: fn(&str) -> String,
) {
    let home = acting(Act::Reply(reply)).await;
    let script = send(&home, "echo");
    let caller = Caller::new(way, [with_token(&home, LONG)]);
    let came = caller.run(&script).await;
    let goes_on = caller.goes_on(&home).await;
    let then = Caller::new(way, [with_token(&home, SHORT)])
        .run(&script)
        .await;
    let nowhere = came.says("***") && nothing_of(LONG, &came);
    table.push(Row {
        attempt,
        way,
        happened: came.told_as(nowhere, "reads `***`"),
        nowhere: nowhere && goes_on,
        control: "a value too short to be a secret",
        then: "reads it".to_owned(),
        succeeded: then.says(form(SHORT).trim_matches('"')),
    });
}

/// Whether no piece of a secret is in what the component says.
fn nothing_of(secret: &str, came: &Came) -> bool {
    let pieces = secret.split(|character: char| !character.is_alphanumeric());
    pieces
        .filter(|piece| piece.len() > 2)
        .all(|piece| !came.says(piece))
}

async fn basic(table: &mut Table, way: Way) {
    let home = acting(Act::Reply(|request| {
        response_text(400, &authorization(request))
    }))
    .await;
    let gorgias = |email: &str, key: &str| {
        Account::builder(ID, "gorgias")
            .base_url(format!("http://{}/v1", home.address))
            .credential("email", email)
            .credential("api_key", key)
    };
    let script = send(&home, "echo");
    let caller = Caller::new(way, [gorgias("ops@acme.example", "the-key-of-gorgias")]);
    let came = caller.run(&script).await;
    let sent = authorization(&home.received()[0].1);
    let encoded = sent.strip_prefix("Basic ").unwrap();
    let goes_on = caller.goes_on(&home).await;
    // So short that what is made of both is shorter than a secret.
    let then = Caller::new(way, [gorgias("a", "b")]).run(&script).await;
    let nowhere = came.says("Basic ***") && !came.says(&encoded[..12]);
    table.push(Row {
        attempt: "a secret repeated as `Basic`",
        way,
        happened: came.told_as(nowhere, "reads `***`"),
        nowhere: nowhere && goes_on,
        control: "a value too short to be a secret",
        then: "reads it".to_owned(),
        succeeded: then.says("Basic YTpi"),
    });
}

/// A provider that codes its answers when it is asked to: backwards here, for any coding that the
/// component can undo and the engine cannot see through.
async fn coded(table: &mut Table, way: Way) {
    let home = acting(Act::Reply(|request| {
        let value = authorization(request);
        let asked = ["accept-encoding: ", "accept-charset: ", "range: "];
        if asked.iter().any(|header| request.contains(header)) {
            response_text(400, &value.chars().rev().collect::<String>())
        } else {
            response_text(400, &value)
        }
    }))
    .await;
    let backwards: String = LONG.chars().rev().collect();
    let ask = |prefix: &str| {
        let headers = [
            "accept-encoding: backwards",
            "accept-charset: backwards",
            "range: bytes=0-5",
        ]
        .map(|header| format!("header {prefix}{header}\n"));
        format!("{}{}", headers.concat(), send(&home, "echo"))
    };
    let caller = Caller::new(way, [with_token(&home, LONG)]);
    let came = caller.run(&ask("")).await;
    let goes_on = caller.goes_on(&home).await;
    let then = caller.run(&ask("x-")).await;
    let nowhere = came.says("***") && !came.says(&backwards);
    table.push(Row {
        attempt: "a secret in an answer asked for in another coding",
        way,
        happened: came.told_as(nowhere, "the provider is not asked; reads `***`"),
        nowhere: nowhere && goes_on,
        control: "headers that the provider takes for the same",
        then: "reads it".to_owned(),
        succeeded: then.says(&backwards),
    });
}

async fn token_of_the_client(table: &mut Table, way: Way) {
    if !way.is_http() {
        return;
    }
    let home = acting(crate::testing::response(200, "{}")).await;
    let caller = Caller::new(way, [account(ID, &home)]);
    let asked = |names: [&str; 3]| {
        let mut request = request(ID, "incoming");
        for name in names {
            let value = "Bearer the-token-of-the-client".to_owned();
            request.headers.push((name.to_owned(), value));
        }
        caller.engine.http(request)
    };
    let came = Came::of(&asked(["authorization", "Proxy-Authorization", "cookie"]).await);
    let goes_on = caller.goes_on(&home).await;
    let then = Came::of(&asked(["x-authorization", "x-proxy", "x-cookie"]).await);
    let nowhere = came.says("came content-type") && !came.says("the-token");
    table.push(Row {
        attempt: "the bearer token of the client",
        way,
        happened: came.told_as(nowhere, "does not see it"),
        nowhere: nowhere && goes_on,
        control: "headers that authenticate nobody",
        then: "sees them".to_owned(),
        succeeded: then.says("came x-authorization: Bearer the-token-of-the-client"),
    });
}
