//! Imports that are killed again and again.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::{Fixture, people, words};

/// Numbers that are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Kills an import so many times, each after some rows more, and then runs it to its end.
async fn assert_once(rows: u64, kills: u64) {
    let fixture = Fixture::start().await;
    fixture.write(
        "people.csv",
        people(usize::try_from(rows).expect("a size")).as_bytes(),
    );
    let import = [
        "people.csv",
        "--account",
        "gorgias",
        "--rate",
        "100000",
        "--concurrency",
        "16",
    ];
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for kill in 0..kills {
        let mut command = fixture.command(&import);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("it starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        // Those that are done come first, and take no time.
        let share = rows / (kills + 1);
        for _ in 0..kill * share + numbers.below(share) {
            lines.next().expect("a line").expect("text");
        }
        process.kill().expect("it is killed");
        process.wait().expect("it ends");
    }
    // The leases of those in flight are over, and a minute has passed.
    fixture.age(120);
    let run = fixture.run(&import);
    let unknown = words(&run.stdout)
        .iter()
        .filter(|word| *word == "unknown")
        .count();
    let posts = fixture.requests("gorgias", "POST").await;
    let code = if unknown == 0 { 0 } else { 6 };
    assert_eq!(run.code, code, "{}", run.stderr);
    assert!(run.stderr.contains("done before"), "{}", run.stderr);
    // Those that were claimed and not sent; nobody else is missing.
    let missing = u64::try_from(unknown).expect("a number");
    assert_eq!(posts, rows - missing, "{}", run.stderr);
    fixture.age(120);
    let run = fixture.run(&[&import[..], &["--resend-absent"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(fixture.users("gorgias").await, rows);
    assert_eq!(fixture.requests("gorgias", "POST").await, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_import_creates_everyone_once() {
    assert_once(300, 4).await;
}

/// As many as a company has, and killed as often as it may be.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn killed_import_of_ten_thousand() {
    assert_once(10_000, 10).await;
}
