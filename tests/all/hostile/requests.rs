//! Attempts to send what a call may not, and to report less than was sent.

use std::iter;
use std::time::Duration;

use unified_ticketing::EngineBuilder;

use super::caller::{AGES, Caller, EntryPoint, ID, account, acting, provider, received, send, to};
use super::observed::Observed;
use super::table::{Row, Table};
use crate::raw_provider::{Provider, response};

const READ: &str = "method GET\nsafety safe\n";
const CHANGE: &str = "method PUT\nsafety idempotent\n";

pub(super) async fn attempts(table: &mut Table, entry_point: EntryPoint) {
    for sequence in sequences() {
        if !(sequence.is_said && entry_point.is_component_driven()) {
            sequence.attempt(table, entry_point).await;
        }
    }
    claims(table, entry_point).await;
    if entry_point.is_http() {
        error_without_outcome(table, entry_point).await;
    }
    if !entry_point.is_component_driven() {
        wait_beyond_deadline(table, entry_point).await;
        create_after_deadline(table, entry_point).await;
        create_while_settling(table, entry_point).await;
        claim_after_rejection(table, entry_point).await;
    }
}

/// Requests that one call may not send, and others that it may.
struct Sequence {
    attempt: &'static str,
    /// Whether it needs the safety that the component says of a request: it says one only where the host sends.
    is_said: bool,
    /// The status of each response.
    status: u16,
    script: String,
    /// How many requests leave, and the outcome of the error for the next one.
    sent: usize,
    outcome: &'static str,
    control: &'static str,
    then_status: u16,
    lifted: String,
    allow: fn(EngineBuilder) -> EngineBuilder,
    then_sent: usize,
}

impl Default for Sequence {
    fn default() -> Self {
        Self {
            attempt: "",
            is_said: false,
            status: 200,
            script: String::new(),
            sent: 1,
            outcome: "unknown",
            control: "",
            then_status: 200,
            lifted: String::new(),
            allow: |engine| engine,
            then_sent: 2,
        }
    }
}

fn sequences() -> Vec<Sequence> {
    let reads = format!("{READ}send 2");
    let create_and_change = format!("send\n{CHANGE}send");
    vec![
        Sequence {
            attempt: "a second create",
            script: "send 2".to_owned(),
            control: "a read after it",
            lifted: format!("send\n{READ}send"),
            ..Sequence::default()
        },
        Sequence {
            attempt: "a second create, after a rejection",
            status: 409,
            script: "send 2".to_owned(),
            outcome: "rejected",
            control: "a change after it",
            then_status: 409,
            lifted: create_and_change.clone(),
            ..Sequence::default()
        },
        Sequence {
            attempt: "a second create, in lower case",
            script: "method post\nsend 2".to_owned(),
            control: "reads",
            lifted: reads.clone(),
            ..Sequence::default()
        },
        Sequence {
            attempt: "a change after a create",
            script: create_and_change.clone(),
            control: "a create that is rejected",
            then_status: 409,
            lifted: create_and_change,
            ..Sequence::default()
        },
        Sequence {
            attempt: "a second change",
            script: format!("{CHANGE}send 2"),
            control: "a read after it",
            lifted: format!("{CHANGE}send\n{READ}send"),
            ..Sequence::default()
        },
        Sequence {
            attempt: "creates that are said to be reads",
            is_said: true,
            script: "safety safe\nsend 2".to_owned(),
            control: "reads",
            lifted: reads.clone(),
            ..Sequence::default()
        },
        Sequence {
            attempt: "changes that are said to be reads",
            is_said: true,
            script: "method PUT\nsafety safe\nsend 2".to_owned(),
            control: "reads",
            lifted: reads,
            ..Sequence::default()
        },
        Sequence {
            attempt: "a million requests",
            script: format!("{READ}send 1000000"),
            sent: 32,
            outcome: "not-sent",
            control: "`max_requests`, and so many of them",
            lifted: format!("{READ}send 200"),
            allow: |engine| engine.max_requests(200).max_cpu(AGES),
            then_sent: 200,
            ..Sequence::default()
        },
    ]
}

impl Sequence {
    async fn attempt(&self, table: &mut Table, entry_point: EntryPoint) {
        let home = acting(response(self.status, "{}")).await;
        let caller = Caller::new(entry_point, [account(ID, &home)]);
        let observed = caller.run(&format!("{}{}", to(&home), self.script)).await;
        let reached = home.received().len();
        caller.assert_recovers(&home).await;

        let other = acting(response(self.then_status, "{}")).await;
        let lifted = Caller::with(entry_point, [account(ID, &other)], self.allow);
        let then = lifted.run(&format!("{}{}", to(&other), self.lifted)).await;
        let passed = other.received().len();
        table.push(Row {
            attempt: self.attempt,
            entry_point,
            observed: format!("{}, {}", observed.summary(), received(reached)),
            contained: observed.is_limit("requests", self.outcome) && reached == self.sent,
            control: self.control,
            then_observed: received(passed),
            succeeded: then.says(&format!("answered {}", self.then_status))
                && passed == self.then_sent,
        });
    }
}

/// An error that says less of a create than is known.
async fn claims(table: &mut Table, entry_point: EntryPoint) {
    for (attempt, claim, control, status, then_sent) in [
        (
            "an error that claims `not-sent` of a create",
            "not-sent",
            "an error before the create",
            200,
            0,
        ),
        (
            "an error that claims `rejected` of a create",
            "rejected",
            "a provider that rejects it",
            409,
            1,
        ),
    ] {
        let home = provider().await;
        let caller = Caller::new(entry_point, [account(ID, &home)]);
        let claim_it = format!("claim {claim}");
        let observed = caller.run(&send(&home, &claim_it)).await;
        let reached = home.received().len();
        caller.assert_recovers(&home).await;

        let other = acting(response(status, "{}")).await;
        let script = match then_sent {
            0 => claim_it,
            _ => send(&other, &claim_it),
        };
        let lifted = Caller::new(entry_point, [account(ID, &other)]);
        let then = lifted.run(&script).await;
        let passed = other.received().len();
        table.push(Row {
            attempt,
            entry_point,
            observed: format!("{}, {}", observed.summary(), received(reached)),
            contained: observed.is_error("guest-trap", "unknown") && reached == 1,
            control,
            then_observed: format!("{}, {}", then.summary(), received(passed)),
            succeeded: then.is_error("provider-failed", claim) && passed == then_sent,
        });
    }
}

/// A response of the HTTP API that is an error by its status alone.
async fn error_without_outcome(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let observed = caller.run(&send(&home, "response-status 502")).await;
    let reached = home.received().len();
    caller.assert_recovers(&home).await;
    let then = caller.run("response-status 502").await;
    table.push(Row {
        attempt: "a status 502 that claims no outcome of a create",
        entry_point,
        observed: format!("{}, {}", observed.summary(), received(reached)),
        contained: observed.is_error("guest-trap", "unknown") && reached == 1,
        control: "the same status before the create",
        then_observed: "its own body".to_owned(),
        succeeded: then == Observed::Report(String::new()),
    });
}

/// A path that no good call goes to.
const LATE: &str = "/v1/late";

fn late(home: &Provider) -> usize {
    let received = home.received();
    let late = |(_, request): &&(usize, String)| request.contains(LATE);
    received.iter().filter(late).count()
}

/// A call that waits holds no instance, and ends at its deadline.
async fn wait_beyond_deadline(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::with(entry_point, [account(ID, &home)], |engine| {
        engine.deadline(Duration::from_secs(1))
    });
    let to = format!("to http://{}{LATE}\n", home.address);
    let script = |wait: u32| format!("{to}wait {wait}\nsend");
    let meanwhile = async {
        while caller.engine.instances() == 0 {
            tokio::task::yield_now().await;
        }
        caller.assert_recovers(&home).await;
    };
    let too_long = script(u32::MAX);
    let (observed, ()) = tokio::join!(caller.run(&too_long), meanwhile);
    let reached = late(&home);
    caller.assert_recovers(&home).await;
    let then = caller.run(&script(1)).await;
    table.push(Row {
        attempt: "a wait of 49 days",
        entry_point,
        observed: format!("{}, {}", observed.summary(), received(reached)),
        contained: observed.says("Deadline(false)") && reached == 0,
        control: "a wait within the deadline",
        then_observed: then.summary(),
        succeeded: then.says("answered 200") && late(&home) == 1,
    });
}

/// Once the deadline has passed, nothing leaves, also where a connection waits for a request.
async fn create_after_deadline(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::with(entry_point, [account(ID, &home)], |engine| {
        engine.deadline(Duration::from_secs(1))
    });
    caller.assert_recovers(&home).await;
    let to = format!("to http://{}{LATE}\n", home.address);
    let script =
        |wait: u32| format!("{to}{READ}wait {wait}\nsend\nmethod POST\nsafety once\nwait 0\nsend");
    let observed = caller.run(&script(u32::MAX)).await;
    caller.assert_recovers(&home).await;
    let reached = late(&home);
    let then = caller.run(&script(0)).await;
    let passed = late(&home) - reached;
    table.push(Row {
        attempt: "a create after the deadline",
        entry_point,
        observed: format!("{}, {}", observed.summary(), received(reached)),
        contained: observed.says("Deadline(false)")
            && !observed.says("Deadline(true)")
            && reached == 0,
        control: "the same before the deadline",
        then_observed: received(passed),
        succeeded: then.says("answered 200") && passed == 2,
    });
}

/// The same creation after one whose outcome is unknown is to look for the user.
async fn create_while_settling(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let unknown = send(&home, "claim unknown");
    caller.run(&unknown).await;
    let before = home.received().len();
    let observed = caller.run(&unknown).await;
    let reached = home.received().len() - before;
    let then = caller.run(&format!("resend\n{unknown}")).await;
    let passed = home.received().len() - before - reached;
    table.push(Row {
        attempt: "a create in a call that is to look for the user",
        entry_point,
        observed: format!("{}, {}", observed.summary(), received(reached)),
        contained: observed.is_limit("requests", "unknown") && reached == 0,
        control: "a caller who has looked",
        then_observed: format!("{}, {}", then.summary(), received(passed)),
        succeeded: passed == 1,
    });
}

/// A change after a rejected create. One that the deadline keeps back has changed nothing, and the component may say so.
async fn claim_after_rejection(table: &mut Table, entry_point: EntryPoint) {
    let rejecting = || {
        let then = iter::repeat_n(response(200, "{}"), 9);
        Provider::start(iter::once(response(409, "{}")).chain(then))
    };
    let script = |home: &Provider, wait: u32| {
        let send = send(home, CHANGE);
        format!("{send}wait {wait}\nsend\nclaim rejected")
    };
    let home = rejecting().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let observed = caller.run(&script(&home, 0)).await;
    let reached = home.received().len();
    caller.assert_recovers(&home).await;

    let other = rejecting().await;
    let lifted = Caller::with(entry_point, [account(ID, &other)], |engine| {
        engine.deadline(Duration::from_secs(1))
    });
    let then = lifted.run(&script(&other, u32::MAX)).await;
    let passed = other.received().len();
    table.push(Row {
        attempt: "an error that claims `rejected` of a change after it",
        entry_point,
        observed: format!("{}, {}", observed.summary(), received(reached)),
        contained: observed.is_error("guest-trap", "unknown") && reached == 2,
        control: "a change that the deadline keeps back",
        then_observed: format!("{}, {}", then.summary(), received(passed)),
        succeeded: then.is_error("provider-failed", "rejected") && passed == 1,
    });
}
