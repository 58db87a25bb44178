//! Rows whose outcome is unknown.

use serde_json::json;

use super::{Fixture, assert_first, results};

const IMPORT: [&str; 3] = ["people.csv", "--account", "gorgias"];

async fn start() -> Fixture {
    let fixture = Fixture::start().await;
    fixture.write("people.csv", b"name,email\nInes,ines@k.example\n");
    fixture
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_response_is_settled() {
    let fixture = start().await;
    fixture
        .fault("gorgias", &json!({"kind": "reset-after-body"}))
        .await;
    let run = fixture.run(&[&IMPORT[..], &["--rate", "100"]].concat());
    assert_first(&run, 0, "settled");
    assert_eq!(fixture.requests("gorgias", "POST").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn absent_row_is_sent_on_request() {
    let fixture = start().await;
    fixture
        .fault("gorgias", &json!({"kind": "reset-before-body"}))
        .await;
    let fast = [&IMPORT[..], &["--rate", "100"]].concat();
    let run = fixture.run(&fast);
    assert_first(&run, 6, "unknown");
    assert!(run.stderr.contains("is unknown: line 2"), "{}", run.stderr);
    assert!(run.stderr.contains("--resend-absent"), "{}", run.stderr);
    fixture.age(120);
    // Not without being asked to.
    let run = fixture.run(&fast);
    assert_first(&run, 6, "unknown");
    assert_eq!(fixture.requests("gorgias", "POST").await, 1);
    let run = fixture.run(&[&fast[..], &["--resend-absent"]].concat());
    assert_first(&run, 0, "created");
    assert_eq!(fixture.requests("gorgias", "POST").await, 2);
    assert_eq!(fixture.users("gorgias").await, 1);
}

/// Ten minutes later than any test, a user who was shown late would have been created twice.
#[tokio::test(flavor = "multi_thread")]
async fn user_shown_late_is_not_created_again() {
    let fixture = start().await;
    fixture
        .simulators
        .control("PUT", "reads/gorgias", r#"{"late_by": 3}"#)
        .await;
    fixture
        .fault("gorgias", &json!({"kind": "reset-after-body"}))
        .await;
    let fast = [&IMPORT[..], &["--rate", "100"]].concat();
    let run = fixture.run(&fast);
    assert_first(&run, 6, "unknown");
    let run = fixture.run(&[&fast[..], &["--resend-absent"]].concat());
    assert_first(&run, 0, "settled");
    assert_eq!(results(&run.stdout)[0]["email"], "ines@k.example");
    assert_eq!(fixture.requests("gorgias", "POST").await, 1);
}
