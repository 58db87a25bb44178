//! Attempts to take more than a call may have.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use super::caller::{AGES, Caller, EntryPoint, ID, account, provider, received, send, to};
use super::observed::Observed;
use super::table::{Row, Table};
use crate::raw_provider::Provider;
use unified_ticketing::EngineBuilder;

pub(super) async fn attempts(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    for bomb in bombs() {
        if entry_point.is_component_driven() || !bomb.over_wasi {
            explode(table, entry_point, &home, &bomb).await;
        }
    }
    loop_after_the_response(table, entry_point, &home).await;
    if entry_point.is_component_driven() {
        held_back(table, entry_point).await;
    } else {
        own_request(table, entry_point).await;
    }
    many_headers(table, entry_point).await;
}

/// A script that takes too much, and the same taking less or allowed more.
struct Bomb {
    attempt: &'static str,
    script: &'static str,
    /// Whether it needs what only a component that sends has.
    over_wasi: bool,
    /// How it ends.
    end: fn(&Observed) -> bool,
    control: &'static str,
    lifted: &'static str,
    allow: fn(EngineBuilder) -> EngineBuilder,
    says: &'static str,
}

fn bombs() -> Vec<Bomb> {
    let same = |engine: EngineBuilder| engine;
    let little_cpu = |observed: &Observed| observed.is_limit("cpu", "not-sent");
    let memory = |observed: &Observed| observed.is_limit("memory", "not-sent");
    let trap = |observed: &Observed| observed.is_error("guest-trap", "not-sent");
    vec![
        Bomb {
            attempt: "a loop without end",
            script: "spin",
            over_wasi: false,
            end: little_cpu,
            control: "`max_cpu`, and an end after 150 million rounds",
            lifted: "spin 150",
            allow: |engine| engine.max_cpu(AGES),
            says: "spun",
        },
        Bomb {
            attempt: "a loop of 150 million rounds",
            script: "spin 150",
            over_wasi: false,
            end: little_cpu,
            control: "`max_cpu`",
            lifted: "spin 150",
            allow: |engine| engine.max_cpu(AGES),
            says: "spun",
        },
        Bomb {
            attempt: "128 MiB of memory",
            script: "memory 128",
            over_wasi: false,
            end: memory,
            control: "`max_memory`",
            lifted: "memory 128",
            allow: |engine| engine.max_memory(256 << 20).max_cpu(AGES),
            says: "took memory",
        },
        Bomb {
            attempt: "a table of a million elements",
            script: "table 1000000",
            over_wasi: false,
            end: |observed| observed.says("the table stays"),
            control: "a thousand elements",
            lifted: "table 1000",
            allow: same,
            says: "grew the table",
        },
        Bomb {
            attempt: "recursion without end",
            script: "recurse 1000000000",
            over_wasi: false,
            end: trap,
            control: "an end after a hundred calls",
            lifted: "recurse 100",
            allow: same,
            says: "came back",
        },
        Bomb {
            attempt: "ten gigabytes of header maps held by the host",
            script: "hoard 100000",
            over_wasi: true,
            end: memory,
            control: "twenty of them",
            lifted: "hoard 20",
            allow: same,
            says: "hoards 20",
        },
        Bomb {
            attempt: "one string given to the host a million times",
            script: "amplify 1000000",
            over_wasi: true,
            end: trap,
            control: "given once",
            lifted: "amplify 1",
            allow: |engine| engine.max_memory(256 << 20),
            says: "taken",
        },
    ]
}

async fn explode(table: &mut Table, entry_point: EntryPoint, home: &Provider, bomb: &Bomb) {
    let before = home.received().len();
    let caller = Caller::with(entry_point, [account(ID, home)], |engine| {
        // The rows for memory have time enough, so that it is memory that ends them.
        if bomb.script.starts_with("spin") {
            engine.max_cpu(Duration::from_millis(20))
        } else {
            engine
        }
    });
    // On both sides of the request, so that a bomb that does not go off is seen by the provider.
    let sending = |script: &str| format!("{script}\n{}", send(home, ""));
    let observed = caller.run(&sending(bomb.script)).await;
    let reached = home.received().len() - before;
    caller.assert_recovers(home).await;

    let lifted = Caller::with(entry_point, [account(ID, home)], bomb.allow);
    let then = lifted.run(&sending(bomb.lifted)).await;
    let summary = match &observed {
        Observed::Report(report) => report.lines().next().unwrap_or_default().to_owned(),
        Observed::Error { .. } | Observed::Panicked => {
            format!("{}, {}", observed.summary(), received(reached))
        }
    };
    // A table that stays as it is does not keep the component from its request.
    let sent = usize::from(matches!(observed, Observed::Report(_)));
    table.push(Row {
        attempt: bomb.attempt,
        entry_point,
        observed: summary,
        contained: (bomb.end)(&observed) && reached == sent,
        control: bomb.control,
        then_observed: bomb.says.to_owned(),
        succeeded: then.says(bomb.says) && then.says("answered 200"),
    });
}

async fn loop_after_the_response(table: &mut Table, entry_point: EntryPoint, home: &Provider) {
    let before = home.received().len();
    let script = send(home, "spin 150");
    let caller = Caller::with(entry_point, [account(ID, home)], |engine| {
        engine.max_cpu(Duration::from_millis(20))
    });
    let observed = caller.run(&script).await;
    let reached = home.received().len() - before;
    caller.assert_recovers(home).await;
    let then = Caller::with(entry_point, [account(ID, home)], |engine| {
        engine.max_cpu(AGES)
    })
    .run(&script)
    .await;
    table.push(Row {
        attempt: "a loop after the provider's response",
        entry_point,
        observed: format!("{}, {}", observed.summary(), received(reached)),
        contained: observed.is_limit("cpu", "unknown") && reached == 1,
        control: "`max_cpu`",
        then_observed: then.summary(),
        succeeded: then.says("spun"),
    });
}

/// A request that the component never ends holds its instance, and nothing leaves.
async fn held_back(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::with(entry_point, [account(ID, &home)], |engine| {
        engine.deadline(Duration::from_secs(1))
    });
    let script = format!("{}hold", to(&home));
    let observed = caller.run(&script).await;
    let reached = home.received().len();
    caller.assert_recovers(&home).await;
    let before = home.received().len();
    let then = caller.run(&send(&home, "")).await;
    table.push(Row {
        attempt: "a request without end",
        entry_point,
        observed: format!("{}, {}", observed.summary(), received(reached)),
        contained: observed.is_error("deadline", "not-sent") && reached == 0,
        control: "a request with an end",
        then_observed: then.summary(),
        succeeded: then.says("answered 200") && home.received().len() == before + 1,
    });
}

/// Where the engine sends, no step of the component has a network of its own.
async fn own_request(table: &mut Table, entry_point: EntryPoint) {
    const OWN: &str = "method GET\nsend-over-wasi\nmethod POST\n";
    for (attempt, first, outcome, count) in [
        ("a request of its own in the first step", OWN, "not-sent", 0),
        ("a request of its own in the second step", "", "unknown", 1),
    ] {
        let home = provider().await;
        let caller = Caller::new(entry_point, [account(ID, &home)]);
        let script = format!("{}{first}send\n{OWN}", to(&home));
        let observed = caller.run(&script).await;
        let reached = home.received().len();
        caller.assert_recovers(&home).await;

        let other = if entry_point == EntryPoint::Steps {
            EntryPoint::Users
        } else {
            EntryPoint::IncomingHandler
        };
        let before = home.received().len();
        let then = Caller::new(other, [account(ID, &home)]).run(&script).await;
        let passed = home.received().len() - before;
        table.push(Row {
            attempt,
            entry_point,
            observed: format!("{}, {}", observed.summary(), received(reached)),
            contained: observed.is_error("guest-trap", outcome) && reached == count,
            control: "`Sender::Component`",
            then_observed: format!("{}, {}", then.summary(), received(passed)),
            succeeded: then.says("answered 200") && passed == 2 + usize::from(!first.is_empty()),
        });
    }
}

/// More headers than a map of them can have.
async fn many_headers(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let observed = caller
        .run(&format!("headers 40000\n{}", send(&home, "")))
        .await;
    let nothing = home.received().is_empty();
    caller.assert_recovers(&home).await;
    let then = caller
        .run(&format!("headers 1000\n{}", send(&home, "")))
        .await;
    let passed = home
        .received()
        .last()
        .is_some_and(|(_, request)| request.contains("x-999: "));
    // wasi:http ends the component when it adds one too many.
    let is_rejected = if entry_point.is_component_driven() {
        observed.is_error("guest-trap", "not-sent")
    } else {
        observed.is_denied()
    };
    table.push(Row {
        attempt: "40,000 headers",
        entry_point,
        observed: observed.summary(),
        contained: is_rejected && nothing,
        control: "a thousand",
        then_observed: then.summary(),
        succeeded: then.says("answered 200") && passed,
    });
}

/// Guest code that takes long leaves the thread of its caller to others.
#[tokio::test]
async fn long_guest_code_leaves_thread_free() {
    let home = provider().await;
    for entry_point in EntryPoint::ALL {
        let caller = Caller::with(entry_point, [account(ID, &home)], |engine| {
            engine.max_cpu(AGES)
        });
        let script = format!("spin 900\n{}", send(&home, ""));
        let call = tokio::spawn(async move { caller.run(&script).await });
        // There is one thread, and each turn of this task is one in which the guest does not hold it. It asks for its next turn at
        // once: Tokio's own `yield_now`, and what waits for a test as a whole, get theirs after 61 turns of others.
        let other = tokio::spawn(async move {
            let mut turns = 0;
            poll_fn(|context| {
                turns += 1;
                context.waker().wake_by_ref();
                if call.is_finished() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            (call.await, turns)
        });
        let (observed, turns) = other.await.unwrap();
        assert!(observed.unwrap().says("spun"), "{entry_point:?}");
        assert!(turns > 20, "{entry_point:?}: {turns}");
    }
}
