//! Attempts to keep something of one call for the next, which is another account's.

use super::scene::{Caller, ID, OTHER, Way, account, provider, send};
use super::table::{Row, Table};
use crate::engine::EngineBuilder;

/// The search knows it without its first letter, and so does not find itself.
const STAIN: &str = "Bthe-address-of-a-customer";
const SOUGHT: &str = "Athe-address-of-a-customer";

pub(super) async fn attempts(table: &mut Table, way: Way) {
    let home = provider().await;
    let accounts = || [account(ID, &home), account(OTHER, &home)];
    let to = format!("to http://{}/v1/agents\n", home.address);

    let caller = Caller::new(way, accounts());
    caller.run(&format!("{to}send\nremember {STAIN}")).await;
    let came = caller.run_as(OTHER, &format!("{to}send\nrecall")).await;
    let goes_on = caller.goes_on(&home).await;
    let then = caller
        .run(&format!("{to}send\nremember {STAIN}\nrecall"))
        .await;
    table.push(Row {
        attempt: "a static of the call before",
        way,
        happened: came.told(),
        nowhere: came.says("recalls ``") && goes_on,
        control: "within one call",
        then: then.told(),
        succeeded: then.says(&format!("recalls `{STAIN}`")),
    });

    let caller = Caller::new(way, accounts());
    caller.run(&format!("{to}send\nstain {STAIN}")).await;
    let came = caller
        .run_as(OTHER, &format!("{to}send\nsearch {SOUGHT}"))
        .await;
    let goes_on = caller.goes_on(&home).await;
    let then = caller
        .run(&format!("{to}send\nstain {STAIN}\nsearch {SOUGHT}"))
        .await;
    table.push(Row {
        attempt: "what the call before left in memory",
        way,
        happened: came.told(),
        nowhere: came.says("finds 0") && goes_on,
        control: "within one call",
        then: "found".to_owned(),
        succeeded: then.says("finds ") && !then.says("finds 0"),
    });

    let reused = |engine: EngineBuilder| engine.reuse(1000);
    let caller = Caller::with(way, accounts(), reused);
    caller.run(&format!("{to}send\nremember {STAIN}")).await;
    let came = caller.run_as(OTHER, &format!("{to}send\nrecall")).await;
    let goes_on = caller.goes_on(&home).await;
    caller.run(&format!("{to}send\nremember {STAIN}")).await;
    let then = caller.run(&format!("{to}send\nrecall")).await;
    table.push(Row {
        attempt: "a static of another account's call, with `reuse`",
        way,
        happened: came.told(),
        nowhere: came.says("recalls ``") && goes_on,
        control: "the same account",
        then: then.told(),
        succeeded: then.says(&format!("recalls `{STAIN}`")),
    });

    if way.sends() {
        return;
    }
    let caller = Caller::new(way, accounts());
    let came = caller
        .run(&format!("remember {STAIN}\n{}", send(&home, "recall")))
        .await;
    let goes_on = caller.goes_on(&home).await;
    let then = caller
        .run(&format!("remember {STAIN}\nrecall\n{}", send(&home, "")))
        .await;
    table.push(Row {
        attempt: "a static of the first half in the second",
        way,
        happened: came.told(),
        nowhere: came.says("recalls ``") && goes_on,
        control: "within the first half",
        then: "recalled".to_owned(),
        succeeded: then.says(&format!("recalls `{STAIN}`")),
    });
}
