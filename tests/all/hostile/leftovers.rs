//! Attempts to keep something of one call for the next, which is another account's.

use super::caller::{Caller, EntryPoint, ID, OTHER, account, provider, send};
use super::table::{Row, Table};
use unified_ticketing::EngineBuilder;

/// The search knows it without its first letter, and so does not find itself.
const STAIN: &str = "Bthe-address-of-a-customer";
const SOUGHT: &str = "Athe-address-of-a-customer";

pub(super) async fn attempts(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let accounts = || [account(ID, &home), account(OTHER, &home)];
    let to = format!("to http://{}/v1/agents\n", home.address);

    let caller = Caller::new(entry_point, accounts());
    caller.run(&format!("{to}send\nremember {STAIN}")).await;
    let observed = caller.run_as(OTHER, &format!("{to}send\nrecall")).await;
    caller.assert_recovers(&home).await;
    let then = caller
        .run(&format!("{to}send\nremember {STAIN}\nrecall"))
        .await;
    table.push(Row {
        attempt: "a static of the call before",
        entry_point,
        observed: observed.summary(),
        contained: observed.says("recalls ``"),
        control: "within one call",
        then_observed: then.summary(),
        succeeded: then.says(&format!("recalls `{STAIN}`")),
    });

    let caller = Caller::new(entry_point, accounts());
    caller.run(&format!("{to}send\nstain {STAIN}")).await;
    let observed = caller
        .run_as(OTHER, &format!("{to}send\nsearch {SOUGHT}"))
        .await;
    caller.assert_recovers(&home).await;
    let then = caller
        .run(&format!("{to}send\nstain {STAIN}\nsearch {SOUGHT}"))
        .await;
    table.push(Row {
        attempt: "what the call before left in memory",
        entry_point,
        observed: observed.summary(),
        contained: observed.says("finds 0"),
        control: "within one call",
        then_observed: "found".to_owned(),
        succeeded: then.says("finds ") && !then.says("finds 0"),
    });

    let reused = |engine: EngineBuilder| engine.reuse(1000);
    let caller = Caller::with(entry_point, accounts(), reused);
    caller.run(&format!("{to}send\nremember {STAIN}")).await;
    let observed = caller.run_as(OTHER, &format!("{to}send\nrecall")).await;
    caller.assert_recovers(&home).await;
    caller.run(&format!("{to}send\nremember {STAIN}")).await;
    let then = caller.run(&format!("{to}send\nrecall")).await;
    table.push(Row {
        attempt: "a static of another account's call, with `reuse`",
        entry_point,
        observed: observed.summary(),
        contained: observed.says("recalls ``"),
        control: "the same account",
        then_observed: then.summary(),
        succeeded: then.says(&format!("recalls `{STAIN}`")),
    });

    if entry_point.is_component_driven() {
        return;
    }
    let caller = Caller::new(entry_point, accounts());
    let observed = caller
        .run(&format!("remember {STAIN}\n{}", send(&home, "recall")))
        .await;
    caller.assert_recovers(&home).await;
    let then = caller
        .run(&format!("remember {STAIN}\nrecall\n{}", send(&home, "")))
        .await;
    table.push(Row {
        attempt: "a static of the first step in the second",
        entry_point,
        observed: observed.summary(),
        contained: observed.says("recalls ``"),
        control: "within the first step",
        then_observed: "recalled".to_owned(),
        succeeded: then.says(&format!("recalls `{STAIN}`")),
    });
}
