//! Attempts to read a secret back: the component never has it, but a provider may send it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::caller::{Caller, EntryPoint, ID, account, acting, request, send};
use super::observed::Observed;
use super::table::{Row, Table};
use crate::raw_provider::{Act, Provider, response_text};
use unified_ticketing::{Account, AccountBuilder};

/// With characters that every encoding has to escape.
const LONG: &str = "the/token+of \"dixa\"";
const SHORT: &str = "a/\"b c";

pub(super) async fn attempts(table: &mut Table, entry_point: EntryPoint) {
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
        repeated(table, entry_point, attempt, reply, form).await;
    }
    basic(table, entry_point).await;
    coded(table, entry_point).await;
    token_of_the_client(table, entry_point).await;
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
    entry_point: EntryPoint,
    attempt: &'static str,
    reply: fn(&str) -> String,
    form: fn(&str) -> String,
) {
    let home = acting(Act::Reply(reply)).await;
    let script = send(&home, "echo");
    let caller = Caller::new(entry_point, [with_token(&home, LONG)]);
    let observed = caller.run(&script).await;
    caller.assert_recovers(&home).await;
    let then = Caller::new(entry_point, [with_token(&home, SHORT)])
        .run(&script)
        .await;
    let contained = observed.says("***") && nothing_of(LONG, &observed);
    table.push(Row {
        attempt,
        entry_point,
        observed: observed.summary_if(contained, "reads `***`"),
        contained,
        control: "a value too short to be a secret",
        then_observed: "reads it".to_owned(),
        succeeded: then.says(form(SHORT).trim_matches('"')),
    });
}

/// Whether no piece of a secret is in what the component says.
fn nothing_of(secret: &str, observed: &Observed) -> bool {
    let pieces = secret.split(|character: char| !character.is_alphanumeric());
    pieces
        .filter(|piece| piece.len() > 2)
        .all(|piece| !observed.says(piece))
}

async fn basic(table: &mut Table, entry_point: EntryPoint) {
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
    let caller = Caller::new(
        entry_point,
        [gorgias("ops@acme.example", "the-key-of-gorgias")],
    );
    let observed = caller.run(&script).await;
    let sent = authorization(&home.received()[0].1);
    let encoded = sent.strip_prefix("Basic ").unwrap();
    caller.assert_recovers(&home).await;
    // So short that what is made of both is shorter than a secret.
    let then = Caller::new(entry_point, [gorgias("a", "b")])
        .run(&script)
        .await;
    let contained = observed.says("Basic ***") && !observed.says(&encoded[..12]);
    table.push(Row {
        attempt: "a secret repeated as `Basic`",
        entry_point,
        observed: observed.summary_if(contained, "reads `***`"),
        contained,
        control: "a value too short to be a secret",
        then_observed: "reads it".to_owned(),
        succeeded: then.says("Basic YTpi"),
    });
}

/// A provider that codes its responses when it is asked to: backwards here, for any coding that the
/// component can undo and the engine cannot see through.
async fn coded(table: &mut Table, entry_point: EntryPoint) {
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
    let caller = Caller::new(entry_point, [with_token(&home, LONG)]);
    let observed = caller.run(&ask("")).await;
    caller.assert_recovers(&home).await;
    let then = caller.run(&ask("x-")).await;
    let contained = observed.says("***") && !observed.says(&backwards);
    table.push(Row {
        attempt: "a secret in a response asked for in another coding",
        entry_point,
        observed: observed.summary_if(contained, "the provider is not asked; reads `***`"),
        contained,
        control: "headers that the provider takes for the same",
        then_observed: "reads it".to_owned(),
        succeeded: then.says(&backwards),
    });
}

async fn token_of_the_client(table: &mut Table, entry_point: EntryPoint) {
    if !entry_point.is_http() {
        return;
    }
    let home = acting(crate::raw_provider::response(200, "{}")).await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let asked = |names: [&str; 3]| {
        let mut request = request(ID, "incoming");
        for name in names {
            let value = "Bearer the-token-of-the-client".to_owned();
            request.headers.push((name.to_owned(), value));
        }
        caller.engine.http(request)
    };
    let observed =
        Observed::from_response(&asked(["authorization", "Proxy-Authorization", "cookie"]).await);
    caller.assert_recovers(&home).await;
    let then = Observed::from_response(&asked(["x-authorization", "x-proxy", "x-cookie"]).await);
    let contained = observed.says("received content-type") && !observed.says("the-token");
    table.push(Row {
        attempt: "the bearer token of the client",
        entry_point,
        observed: observed.summary_if(contained, "does not see it"),
        contained,
        control: "headers that do not authenticate",
        then_observed: "sees them".to_owned(),
        succeeded: then.says("received x-authorization: Bearer the-token-of-the-client"),
    });
}
