//! Attempts to do more than the operation of a call.

use unified_ticketing_guest::integration::OperationName;

use super::caller::{Caller, EntryPoint, ID, account, provider, received, to};
use super::table::{Row, Table};

const READ: &str = "method GET\nsafety safe\n";
const CREATE: &str = "method POST\nsafety once\n";
const CHANGE: &str = "method PUT\nsafety idempotent\n";
const DELETE: &str = "method DELETE\nsafety idempotent\n";

/// Requests that a call for an operation may not send, and others that it may.
struct Attempt {
    name: &'static str,
    operation: OperationName,
    script: String,
    /// How many requests leave, and the outcome of the error for the next one.
    sent: usize,
    outcome: &'static str,
    control: &'static str,
    /// What a call for another operation, or this one, may send.
    allowed: OperationName,
    lifted: String,
    then_sent: usize,
    /// Whether it needs the safety that the component says of a request: it says one only where the host sends.
    is_said: bool,
}

impl Attempt {
    /// A request that writes, in a call for an operation that may not; in a call for one that may, it leaves.
    fn foreign(
        attempt: &'static str,
        operation: OperationName,
        write: &str,
        control: &'static str,
        allowed: OperationName,
    ) -> Self {
        let script = format!("{write}send");
        Self {
            name: attempt,
            operation,
            script: script.clone(),
            sent: 0,
            outcome: "not-sent",
            control,
            allowed,
            lifted: script,
            then_sent: 1,
            is_said: false,
        }
    }
}

fn writes() -> Vec<Attempt> {
    use OperationName::{Create, Delete, Get, List, Update};
    let said_to_read = "method POST\nsafety safe\n";
    let (create, update, delete) = (
        "a call that creates",
        "one that updates",
        "one that deletes",
    );
    let mut attempts = vec![
        Attempt::foreign("a create during a get", Get, CREATE, create, Create),
        Attempt::foreign("a create during a list", List, CREATE, create, Create),
        Attempt::foreign("a create during an update", Update, CREATE, create, Create),
        Attempt::foreign("a create during a deletion", Delete, CREATE, create, Create),
        Attempt::foreign("a change during a get", Get, CHANGE, update, Update),
        Attempt::foreign("a change during a list", List, CHANGE, update, Update),
        Attempt::foreign("a deletion during a get", Get, DELETE, delete, Delete),
        Attempt::foreign("a deletion during a list", List, DELETE, delete, Delete),
    ];
    attempts.extend([Get, List].map(|operation| Attempt {
        is_said: true,
        ..Attempt::foreign(
            match operation {
                Get => "a create that is said to be a read, during a get",
                _ => "a create that is said to be a read, during a list",
            },
            operation,
            said_to_read,
            create,
            Create,
        )
    }));
    attempts
}

fn repetitions() -> [Attempt; 4] {
    use OperationName::{Create, Delete, Get, List};
    [
        Attempt {
            sent: 1,
            outcome: "unknown",
            script: format!("{DELETE}send 2"),
            lifted: format!("{DELETE}send\n{READ}send"),
            then_sent: 2,
            ..Attempt::foreign("a second deletion", Delete, "", "a read after it", Delete)
        },
        Attempt {
            sent: 1,
            outcome: "unknown",
            script: format!("{DELETE}send\n{CREATE}send"),
            lifted: format!("{READ}send\n{CREATE}send"),
            then_sent: 2,
            ..Attempt::foreign(
                "a create after a deletion",
                Delete,
                "",
                "one after a read, in a call that creates",
                Create,
            )
        },
        Attempt {
            sent: 32,
            script: format!("{READ}send 33"),
            lifted: format!("{READ}send 32"),
            then_sent: 32,
            ..Attempt::foreign("33 reads for a list", List, "", "32 of them", List)
        },
        Attempt {
            sent: 32,
            script: format!("{READ}send 33"),
            lifted: format!("{READ}send 32"),
            then_sent: 32,
            ..Attempt::foreign("33 reads for a get", Get, "", "32 of them", Get)
        },
    ]
}

pub(super) async fn attempts(table: &mut Table, entry_point: EntryPoint) {
    for attempt in writes().iter().chain(&repetitions()) {
        if !(attempt.is_said && entry_point.is_component_driven()) {
            attempt.make(table, entry_point).await;
        }
    }
    claim_of_deletion(table, entry_point).await;
}

impl Attempt {
    async fn make(&self, table: &mut Table, entry_point: EntryPoint) {
        let home = provider().await;
        let caller = Caller::new(entry_point, [account(ID, &home)]);
        let [script, lifted] =
            [&self.script, &self.lifted].map(|script| format!("{}{script}", to(&home)));
        let observed = caller.run_for(self.operation, ID, &script).await;
        let reached = home.received().len();
        caller.assert_recovers(&home).await;

        let before = home.received().len();
        let then = caller.run_for(self.allowed, ID, &lifted).await;
        let passed = home.received().len() - before;
        table.push(Row {
            attempt: self.name,
            entry_point,
            observed: format!("{}, {}", observed.summary(), received(reached)),
            contained: observed.is_limit("requests", self.outcome) && reached == self.sent,
            control: self.control,
            then_observed: received(passed),
            succeeded: then.says("answered 200") && passed == self.then_sent,
        });
    }
}

/// An error that says less of a deletion than is known.
async fn claim_of_deletion(table: &mut Table, entry_point: EntryPoint) {
    let home = provider().await;
    let caller = Caller::new(entry_point, [account(ID, &home)]);
    let script = |method: &str| format!("{}{method}send\nclaim not-sent", to(&home));
    let delete = OperationName::Delete;
    let observed = caller.run_for(delete, ID, &script(DELETE)).await;
    let reached = home.received().len();
    caller.assert_recovers(&home).await;
    let before = home.received().len();
    let then = caller.run_for(delete, ID, &script(READ)).await;
    let passed = home.received().len() - before;
    table.push(Row {
        attempt: "an error that claims `not-sent` of a deletion",
        entry_point,
        observed: format!("{}, {}", observed.summary(), received(reached)),
        contained: observed.is_error("guest-trap", "unknown") && reached == 1,
        control: "of a read",
        then_observed: format!("{}, {}", then.summary(), received(passed)),
        succeeded: then.is_error("provider-failed", "not-sent") && passed == 1,
    });
}
