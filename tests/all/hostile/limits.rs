//! Attempts to take more than a call may have.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use super::scene::{AGES, Caller, Came, ID, Way, account, provider, received, send};
use super::table::{Row, Table};
use crate::engine::EngineBuilder;
use crate::testing::Provider;

pub(super) async fn attempts(table: &mut Table, way: Way) {
    let home = provider().await;
    for bomb in bombs() {
        if way.sends() || !bomb.over_wasi {
            explode(table, way, &home, &bomb).await;
        }
    }
    loop_after_the_answer(table, way, &home).await;
    if way.sends() {
        requests(table, way).await;
        held_back(table, way).await;
    } else {
        own_request(table, way).await;
    }
    many_headers(table, way).await;
}

/// A script that takes too much, and the same taking less or allowed more.
struct Bomb {
    attempt: &'static str,
    script: &'static str,
    /// Whether it needs what only a component that sends has.
    over_wasi: bool,
    /// How it ends.
    end: fn(&Came) -> bool,
    control: &'static str,
    lifted: &'static str,
    allow: fn(EngineBuilder) -> EngineBuilder,
    says: &'static str,
}

fn bombs() -> Vec<Bomb> {
    let same = |engine: EngineBuilder| engine;
    let little_cpu = |came: &Came| came.limited("cpu", "not-sent");
    let memory = |came: &Came| came.limited("memory", "not-sent");
    let trap = |came: &Came| came.failed("guest-trap", "not-sent");
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
            end: |came| came.says("the table stays"),
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
            attempt: "one text given to the host a million times",
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

async fn explode(table: &mut Table, way: Way, home: &Provider, bomb: &Bomb) {
    let before = home.received().len();
    let caller = Caller::with(way, [account(ID, home)], |engine| {
        // The rows for memory have time enough, so that it is memory that ends them.
        if bomb.script.starts_with("spin") {
            engine.max_cpu(Duration::from_millis(20))
        } else {
            engine
        }
    });
    // On both sides of the request, so that a bomb that does not go off is seen by the provider.
    let sending = |script: &str| format!("{script}\n{}", send(home, ""));
    let came = caller.run(&sending(bomb.script)).await;
    let reached = home.received().len() - before;
    let goes_on = caller.goes_on(home).await;

    let lifted = Caller::with(way, [account(ID, home)], bomb.allow);
    let then = lifted.run(&sending(bomb.lifted)).await;
    let told = match &came {
        Came::Said(report) => report.lines().next().unwrap_or_default().to_owned(),
        Came::Failed { .. } | Came::Panicked => format!("{}, {}", came.told(), received(reached)),
    };
    // What is only refused does not keep the component from its request.
    let sent = usize::from(matches!(came, Came::Said(_)));
    table.push(Row {
        attempt: bomb.attempt,
        way,
        happened: told,
        nowhere: (bomb.end)(&came) && reached == sent && goes_on,
        control: bomb.control,
        then: bomb.says.to_owned(),
        succeeded: then.says(bomb.says) && then.says("answered 200"),
    });
}

async fn loop_after_the_answer(table: &mut Table, way: Way, home: &Provider) {
    let before = home.received().len();
    let script = send(home, "spin 150");
    let caller = Caller::with(way, [account(ID, home)], |engine| {
        engine.max_cpu(Duration::from_millis(20))
    });
    let came = caller.run(&script).await;
    let reached = home.received().len() - before;
    let goes_on = caller.goes_on(home).await;
    let then = Caller::with(way, [account(ID, home)], |engine| engine.max_cpu(AGES))
        .run(&script)
        .await;
    table.push(Row {
        attempt: "a loop after the provider's answer",
        way,
        happened: format!("{}, {}", came.told(), received(reached)),
        nowhere: came.limited("cpu", "unknown") && reached == 1 && goes_on,
        control: "`max_cpu`",
        then: then.told(),
        succeeded: then.says("spun"),
    });
}

async fn requests(table: &mut Table, way: Way) {
    for (attempt, flood) in [
        ("a second request", "flood 2"),
        ("a million requests", "flood 1000000"),
    ] {
        let home = provider().await;
        let script = format!("to http://{}/v1/agents\n{flood}", home.address);
        let caller = Caller::new(way, [account(ID, &home)]);
        let came = caller.run(&script).await;
        let reached = home.received().len();
        let goes_on = caller.goes_on(&home).await;

        let count = if flood == "flood 2" { 2 } else { 200 };
        let script = format!("to http://{}/v1/agents\nflood {count}", home.address);
        let before = home.received().len();
        let lifted = Caller::with(way, [account(ID, &home)], |engine| {
            engine.max_requests(count).max_cpu(AGES)
        });
        let then = lifted.run(&script).await;
        let passed = home.received().len() - before;
        table.push(Row {
            attempt,
            way,
            happened: format!("{}, {}", came.told(), received(reached)),
            nowhere: came.limited("requests", "unknown") && reached == 1 && goes_on,
            control: "`max_requests`, and so many of them",
            then: received(passed),
            succeeded: then.says(&format!("{count} answered, 0 denied"))
                && u32::try_from(passed) == Ok(count),
        });
    }
}

/// A request that the component never ends holds its instance, and nothing leaves.
async fn held_back(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::with(way, [account(ID, &home)], |engine| {
        engine.deadline(Duration::from_secs(1))
    });
    let script = format!("to http://{}/v1/agents\nhold", home.address);
    let came = caller.run(&script).await;
    let reached = home.received().len();
    let goes_on = caller.goes_on(&home).await;
    let before = home.received().len();
    let then = caller.run(&send(&home, "")).await;
    table.push(Row {
        attempt: "a request without end",
        way,
        happened: format!("{}, {}", came.told(), received(reached)),
        nowhere: came.failed("deadline", "not-sent") && reached == 0 && goes_on,
        control: "a request with an end",
        then: then.told(),
        succeeded: then.says("answered 200") && home.received().len() == before + 1,
    });
}

/// Where the engine sends, the component has no network of its own in either half.
async fn own_request(table: &mut Table, way: Way) {
    for (attempt, own, outcome, count) in [
        (
            "a request of its own in the first half",
            "send-over-wasi\n",
            "not-sent",
            0,
        ),
        ("a request of its own in the second half", "", "unknown", 1),
    ] {
        let home = provider().await;
        let caller = Caller::new(way, [account(ID, &home)]);
        let to = format!("to http://{}/v1/agents\n", home.address);
        let script = format!("{to}{own}send\n{to}send-over-wasi");
        let came = caller.run(&script).await;
        let reached = home.received().len();
        let goes_on = caller.goes_on(&home).await;

        let other = if way == Way::Halves {
            Way::Whole
        } else {
            Way::Handler
        };
        let before = home.received().len();
        let lifted = Caller::with(other, [account(ID, &home)], |engine| engine.max_requests(3));
        let then = lifted.run(&script).await;
        let passed = home.received().len() - before;
        table.push(Row {
            attempt,
            way,
            happened: format!("{}, {}", came.told(), received(reached)),
            nowhere: came.failed("guest-trap", outcome) && reached == count && goes_on,
            control: "`Sender::Component` and `max_requests`",
            then: format!("{}, {}", then.told(), received(passed)),
            succeeded: then.says("answered 200") && passed == 2 + usize::from(!own.is_empty()),
        });
    }
}

/// More headers than a map of them can have.
async fn many_headers(table: &mut Table, way: Way) {
    let home = provider().await;
    let caller = Caller::new(way, [account(ID, &home)]);
    let came = caller
        .run(&format!("headers 40000\n{}", send(&home, "")))
        .await;
    let nothing = home.received().is_empty();
    let goes_on = caller.goes_on(&home).await;
    let then = caller
        .run(&format!("headers 1000\n{}", send(&home, "")))
        .await;
    let passed = home
        .received()
        .last()
        .is_some_and(|(_, request)| request.contains("x-999: "));
    // wasi:http ends the component when it adds one too many.
    let refused = if way.sends() {
        came.failed("guest-trap", "not-sent")
    } else {
        came.told() == "egress-denied"
    };
    table.push(Row {
        attempt: "40,000 headers",
        way,
        happened: came.told(),
        nowhere: refused && nothing && goes_on,
        control: "a thousand",
        then: then.told(),
        succeeded: then.says("answered 200") && passed,
    });
}

/// Guest code that takes long leaves the thread of its caller to others.
#[tokio::test]
async fn long_guest_code_holds_up_no_other_task() {
    let home = provider().await;
    for way in Way::ALL {
        let caller = Caller::with(way, [account(ID, &home)], |engine| engine.max_cpu(AGES));
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
        let (came, turns) = other.await.unwrap();
        assert!(came.unwrap().says("spun"), "{way:?}");
        assert!(turns > 20, "{way:?}: {turns}");
    }
}
