//! Attempts to leave the caller in error about whether the provider has the request.

use super::caller::{Caller, EntryPoint, ID, account, provider, received, send};
use super::observed::Observed;
use super::table::{Row, Table};
use crate::raw_provider::{Act, Provider, response};

pub(super) async fn attempts(table: &mut Table, entry_point: EntryPoint) {
    before_sending(table, entry_point).await;
    after_the_response(table, entry_point).await;
    if entry_point.is_component_driven() {
        in_flight(table, entry_point).await;
    }
}

async fn before_sending(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let observed = caller.run(&format!("trap\n{}", send(&home, ""))).await;
    let reached = home.connections();
    caller.assert_recovers(&home).await;
    let (then_observed, succeeded) = caller.control(&home, &send(&home, "")).await;
    table.push(Row {
        attempt: "a trap before sending",
        entry_point,
        observed: format!("{}, {}", observed.summary(), received(reached)),
        contained: observed.is_error("guest-trap", "not-sent") && reached == 0,
        control: "the same without the trap",
        then_observed,
        succeeded,
    });
}

/// A trap after the provider has the request: the outcome is the one that the provider's response gives.
async fn after_the_response(table: &mut Table, entry_point: EntryPoint) {
    let part = "HTTP/1.1 409 X\r\ncontent-length: 100\r\n\r\n{}".to_owned();
    for (attempt, act, outcome, end) in [
        (
            "a trap after the provider has the request",
            response(200, "{}"),
            "unknown",
            "answered 200",
        ),
        (
            "a trap after a rejection",
            response(409, "{}"),
            "rejected",
            "answered 409",
        ),
        (
            "a trap after a 408",
            response(408, "{}"),
            "unknown",
            "answered 408",
        ),
        (
            "a trap after a part of a rejection",
            Act::SayAndClose(part),
            "unknown",
            "no response",
        ),
    ] {
        let home = Provider::start([act.clone(), response(200, "{}"), act]).await;
        let caller = Caller::new(entry_point, [account(ID, &home)]);
        let observed = caller.run(&send(&home, "trap")).await;
        let reached = home.received().len();
        caller.assert_recovers(&home).await;
        let before = home.received().len();
        let then = caller.run(&send(&home, "")).await;
        let passed = home.received().len() - before;
        table.push(Row {
            attempt,
            entry_point,
            observed: format!("{}, {}", observed.summary(), received(reached)),
            contained: observed.is_error("guest-trap", outcome) && reached == 1,
            control: "the same without the trap",
            then_observed: format!(
                "{}, {}",
                then.summary_if(then.says(end), end),
                received(passed)
            ),
            succeeded: then.says(end) && passed == 1,
        });
    }
}

/// Each trap comes before a connection has the request, or after; its outcome must be true.
async fn in_flight(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let (mut not_sent, mut untrue) = (Vec::new(), 0);
    for number in 0..50 {
        let script = format!(
            "to http://{}/v1/agents/{number}\nsend-and-trap",
            home.address
        );
        match caller.run(&script).await {
            Observed::Error { outcome, .. } if outcome == "not-sent" => not_sent.push(number),
            Observed::Error { .. } => {}
            Observed::Report(_) | Observed::Panicked => untrue += 1,
        }
        // It takes as long as a request that is still in flight needs to arrive.
        caller.assert_recovers(&home).await;
    }
    for number in not_sent {
        let begin = format!("POST /v1/agents/{number} ");
        let requests = home.received();
        untrue += requests
            .iter()
            .filter(|(_, request)| request.starts_with(&begin))
            .count();
    }
    let (then_observed, succeeded) = caller.control(&home, &send(&home, "")).await;
    table.push(Row {
        attempt: "a trap while the request is in flight, 50 times",
        entry_point,
        observed: format!("{untrue} of 50 outcomes untrue"),
        contained: untrue == 0,
        control: "the same without the trap",
        then_observed,
        succeeded,
    });
}
