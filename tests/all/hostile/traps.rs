//! Attempts to leave the caller in error about whether the provider has the request.

use super::scene::{Caller, Came, ID, Way, account, provider, received, send};
use super::table::{Row, Table};

pub(super) async fn attempts(table: &mut Table, way: Way) {
    before_sending(table, way).await;
    after_the_answer(table, way).await;
    if way.sends() {
        on_the_way(table, way).await;
    }
}

async fn before_sending(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::new(way, [account(ID, &home)]);
    let came = caller.run(&format!("trap\n{}", send(&home, ""))).await;
    let reached = home.connections();
    let goes_on = caller.goes_on(&home).await;
    let before = home.received().len();
    let then = caller.run(&send(&home, "")).await;
    let passed = home.received().len() - before;
    table.push(Row {
        attempt: "a trap before sending",
        way,
        happened: format!("{}, {}", came.told(), received(reached)),
        nowhere: came.failed("guest-trap", "not-sent") && reached == 0 && goes_on,
        control: "the same without the trap",
        then: format!("{}, {}", then.told(), received(passed)),
        succeeded: then.says("answered 200") && passed == 1,
    });
}

async fn after_the_answer(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::new(way, [account(ID, &home)]);
    let came = caller.run(&send(&home, "trap")).await;
    let reached = home.received().len();
    let goes_on = caller.goes_on(&home).await;
    let before = home.received().len();
    let then = caller.run(&send(&home, "")).await;
    let passed = home.received().len() - before;
    table.push(Row {
        attempt: "a trap after the provider has the request",
        way,
        happened: format!("{}, {}", came.told(), received(reached)),
        nowhere: came.failed("guest-trap", "unknown") && reached == 1 && goes_on,
        control: "the same without the trap",
        then: format!("{}, {}", then.told(), received(passed)),
        succeeded: then.says("answered 200") && passed == 1,
    });
}

/// Each trap comes where it comes, before a connection has the request or after; what is said of it
/// must be true.
async fn on_the_way(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::new(way, [account(ID, &home)]);
    let (mut not_sent, mut untrue) = (Vec::new(), 0);
    for number in 0..50 {
        let script = format!(
            "to http://{}/v1/agents/{number}\nsend-and-trap",
            home.address
        );
        match caller.run(&script).await {
            Came::Failed { outcome, .. } if outcome == "not-sent" => not_sent.push(number),
            Came::Failed { .. } => {}
            Came::Said(_) | Came::Panicked => untrue += 1,
        }
        // Takes as long as a request that is still on its way would.
        untrue += usize::from(!caller.goes_on(&home).await);
    }
    for number in not_sent {
        let begin = format!("POST /v1/agents/{number} ");
        let requests = home.received();
        untrue += requests
            .iter()
            .filter(|(_, request)| request.starts_with(&begin))
            .count();
    }
    let before = home.received().len();
    let then = caller.run(&send(&home, "")).await;
    let passed = home.received().len() - before;
    table.push(Row {
        attempt: "a trap while the request is on its way, 50 times",
        way,
        happened: format!("{untrue} of 50 outcomes untrue"),
        nowhere: untrue == 0,
        control: "the same without the trap",
        then: format!("{}, {}", then.told(), received(passed)),
        succeeded: then.says("answered 200") && passed == 1,
    });
}
