//! What can go wrong at a provider and on the way to it, against what the caller is told.
//!
//! Each row of `tests/faults.toml` runs for every integration, every operation that it has, every entry point and every sender, and for
//! the program that serves while its log goes nowhere, and for the one whose client leaves in the middle of the call. What the caller
//! is told, or the log says where there is none left to be told, is compared with the row; what the provider has seen is what the
//! simulator counts. After each fault a good call must work on the same engine.
//!
//! `cargo test faults -- --nocapture` prints the table.

mod call;
mod lane;
mod leaving;
mod relay;
mod served;
mod table;
mod tls;

use std::sync::Arc;

use tokio::task::JoinSet;

use self::call::Way;
use self::lane::{Lane, Verdict};
pub use self::served::{Served, Stderr};
use self::table::Row;

const INTEGRATIONS: [&str; 6] = [
    "dixa",
    "gorgias",
    "hive",
    "pivotal_tracker",
    "planhat",
    "teamwork",
];

/// The sums of one row of the table, or of all.
#[derive(Default)]
struct Sums {
    run: usize,
    survived: usize,
    lost: usize,
    doubled: usize,
}

impl Sums {
    fn add(&mut self, verdict: &Verdict) {
        self.run += 1;
        self.survived += usize::from(verdict.survived);
        self.lost += usize::from(verdict.lost);
        self.doubled += usize::from(verdict.doubled);
    }

    fn line(&self, name: &str, told: &str) -> String {
        let Self {
            run,
            survived,
            lost,
            doubled,
        } = self;
        format!("{name:<56} {told:<40} {run:>5} {survived:>8} {lost:>5} {doubled:>7}\n")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_doubled_whatever_a_provider_does() {
    let rows: Arc<Vec<Row>> = Arc::new(table::rows());
    let mut lanes = JoinSet::new();
    for integration in INTEGRATIONS {
        for way in Way::ALL {
            let rows = Arc::clone(&rows);
            lanes.spawn(async move { Lane::start(integration, way).await.run(&rows).await });
        }
    }
    let verdicts: Vec<Verdict> = lanes.join_all().await.into_iter().flatten().collect();

    let mut all = Sums::default();
    let mut printed = format!(
        "{:<56} {:<40} {:>5} {:>8} {:>5} {:>7}\n",
        "fault", "the caller is told", "rows", "survived", "lost", "doubled"
    );
    for (number, row) in rows.iter().enumerate() {
        let mut sums = Sums::default();
        for verdict in verdicts.iter().filter(|verdict| verdict.row == number) {
            sums.add(verdict);
            all.add(verdict);
        }
        printed.push_str(&sums.line(&row.name, &row.told()));
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
    // Ten operations, each way.
    assert_eq!(all.run, rows.len() * 10 * Way::ALL.len());
    assert_eq!((all.survived, all.lost, all.doubled), (all.run, 0, 0));
}
