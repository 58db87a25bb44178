//! Faults of a provider and of the connection to it, and the results that the caller observes.
//!
//! Each row of `tests/faults.toml` runs for every integration, entry point and sender, for `serve` with a log that cannot be written, and
//! for `serve` with a client that disconnects in the middle of the call: for a create, and for an update or a deletion, and by some of
//! these for a get and a list. The result that the caller observes, or the line of the log if the client has left, is compared with the row, and so
//! are the requests and users that the simulator counts. After each fault a good call must succeed on the same engine.
//!
//! `retried` has the rows for clients that try again.
//!
//! `cargo test faults -- --nocapture` prints the table.

mod broken_log;
mod call;
mod disconnected;
mod endpoints;
pub mod relay;
mod retried;
mod rows;
mod runner;
mod tls;

use std::sync::Arc;

use tokio::task::JoinSet;
use unified_ticketing_guest::integration::{ALL, OperationName};

pub use self::broken_log::{BrokenLogServer, Stderr};
use self::call::EntryPoint;
use self::rows::Row;
use self::runner::{Runner, Verdict};

/// The totals of one row of the table, or of all rows.
#[derive(Default)]
struct Totals {
    run: usize,
    survived: usize,
    lost: usize,
    doubled: usize,
}

impl Totals {
    fn add(&mut self, verdict: &Verdict) {
        self.run += 1;
        self.survived += usize::from(verdict.survived);
        self.lost += usize::from(verdict.lost);
        self.doubled += usize::from(verdict.doubled);
    }

    fn line(&self, name: &str, result: &str) -> String {
        let Self {
            run,
            survived,
            lost,
            doubled,
        } = self;
        format!("{name:<56} {result:<40} {run:>5} {survived:>8} {lost:>5} {doubled:>7}\n")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled() {
    let rows: Arc<Vec<Row>> = Arc::new(rows::rows());
    let mut runners = JoinSet::new();
    for integration in ALL.iter().map(|integration| integration.name) {
        for entry_point in EntryPoint::ALL {
            let rows = Arc::clone(&rows);
            runners.spawn(async move {
                Runner::start(integration, entry_point)
                    .await
                    .run(&rows)
                    .await
            });
        }
    }
    let verdicts: Vec<Verdict> = runners.join_all().await.into_iter().flatten().collect();

    let mut all = Totals::default();
    let mut printed = format!(
        "{:<56} {:<40} {:>5} {:>8} {:>5} {:>7}\n",
        "fault", "result", "rows", "survived", "lost", "doubled"
    );
    for (number, row) in rows.iter().enumerate() {
        let mut totals = Totals::default();
        for verdict in verdicts.iter().filter(|verdict| verdict.row == number) {
            totals.add(verdict);
            all.add(verdict);
        }
        printed.push_str(&totals.line(&row.name, &row.expected_result()));
    }
    printed.push_str(&all.line("total", ""));
    println!("{printed}");

    let wrong: Vec<&str> = verdicts
        .iter()
        .filter_map(|verdict| verdict.wrong.as_deref())
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} rows:\n{}",
        wrong.len(),
        all.run,
        wrong.join("\n")
    );
    // Every row, for every integration.
    let operations = |number| {
        let entry_points = EntryPoint::ALL.iter();
        entry_points.flat_map(move |entry_point| runner::operations(number, *entry_point))
    };
    let runs = (0..rows.len()).flat_map(operations).count();
    assert_eq!(all.run, runs * ALL.len());
    for (number, row) in rows.iter().enumerate() {
        for name in OperationName::ALL {
            let tried = operations(number).any(|operation| operation == *name);
            assert!(tried, "{}: {}", row.name, name.verb());
        }
    }
    assert_eq!((all.survived, all.lost, all.doubled), (all.run, 0, 0));
}
