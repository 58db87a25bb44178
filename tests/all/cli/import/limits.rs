//! The rate of a provider.

use super::{Fixture, people, words};

#[tokio::test(flavor = "multi_thread")]
async fn rejected_rows_are_sent_again() {
    let fixture = Fixture::start().await;
    fixture.limit("hive", 15, 1).await;
    fixture.write("people.csv", people(40).as_bytes());
    let run = fixture.run(&["people.csv", "--account", "hive", "--rate", "1000"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(words(&run.stdout), ["created"; 40]);
    assert_eq!(fixture.users("hive").await, 40);
    let sent = fixture.requests("hive", "POST").await;
    assert!(sent > 40, "the limit was met: {sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_end() {
    let fixture = Fixture::start().await;
    let fault = serde_json::json!({"kind": "status", "status": 429, "headers": [["retry-after", "0"]], "times": 100});
    fixture.fault("hive", &fault).await;
    fixture.write("people.csv", people(1).as_bytes());
    let run = fixture.run(&["people.csv", "--account", "hive", "--attempts", "3"]);
    assert_eq!(run.code, 7, "{}", run.stderr);
    assert_eq!(words(&run.stdout), ["not-sent"]);
    assert_eq!(fixture.requests("hive", "POST").await, 3);
}

/// Dixa documents ten requests a second, and bursts of four.
#[tokio::test(flavor = "multi_thread")]
async fn documented_rate_is_kept() {
    let fixture = Fixture::start().await;
    fixture.limit("dixa", 14, 1).await;
    fixture.write("people.csv", people(30).as_bytes());
    // Every row is a look-up and a creation.
    let run = fixture.run(&["people.csv", "--account", "dixa", "--if-exists", "keep"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(words(&run.stdout), ["created"; 30]);
    let requests = fixture.simulators.control("GET", "requests", "").await;
    let requests = requests.as_array().expect("requests");
    assert_eq!(requests.len(), 60);
    let rejected = requests.iter().filter(|request| request["status"] == 429);
    assert_eq!(rejected.count(), 0);
}
