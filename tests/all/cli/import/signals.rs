//! Imports that a signal interrupts.

use std::process::Stdio;

use super::super::support::signal;
use super::{Fixture, people, words};

fn start(fixture: &Fixture) -> std::process::Child {
    let import = [
        "people.csv",
        "--account",
        "hive",
        "--concurrency",
        "2",
        "--results",
        "results.jsonl",
    ];
    let mut command = fixture.command(&import);
    command.stderr(Stdio::piped()).stdout(Stdio::null());
    command.spawn().expect("it starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn interruption_waits_for_rows_in_flight() {
    let fixture = Fixture::start().await;
    fixture.write("people.csv", people(20).as_bytes());
    fixture.simulators.delay("hive", 500, 2).await;
    let process = start(&fixture);
    fixture.simulators.reached("hive", 2).await;
    signal("INT", &process);
    let output = process.wait_with_output().expect("its output");
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("18 rows were left"), "{stderr}");
    assert!(
        stderr.contains("the same command again goes on"),
        "{stderr}"
    );
    assert_eq!(words(&fixture.read("results.jsonl")), ["created"; 2]);
    assert_eq!(fixture.users("hive").await, 2);
    let run = fixture.run(&["people.csv", "--account", "hive"]);
    assert_eq!(words(&run.stdout), ["created"; 20], "{}", run.stderr);
    assert_eq!(fixture.requests("hive", "POST").await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn second_interruption_ends_at_once() {
    let fixture = Fixture::start().await;
    fixture.write("people.csv", people(20).as_bytes());
    fixture.simulators.delay("hive", 60_000, 2).await;
    let mut process = start(&fixture);
    fixture.simulators.reached("hive", 2).await;
    signal("INT", &process);
    let mut stderr = std::io::BufReader::new(process.stderr.take().expect("its output"));
    let mut line = String::new();
    // Told before the second one is sent.
    while !line.contains("stopping") {
        line.clear();
        assert_ne!(
            std::io::BufRead::read_line(&mut stderr, &mut line).expect("a line"),
            0
        );
    }
    signal("INT", &process);
    assert_eq!(process.wait().expect("it ends").code(), Some(130));
}
