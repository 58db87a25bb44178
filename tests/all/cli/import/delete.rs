//! Files of users to delete.

use snapbox::str;

use super::{Fixture, people, results, words};

const IMPORT: [&str; 5] = ["people.csv", "--account", "gorgias", "--rate", "1000"];

/// Creates so many users.
async fn start(count: usize) -> Fixture {
    let fixture = Fixture::start().await;
    fixture.write("people.csv", people(count).as_bytes());
    let run = fixture.run(&IMPORT);
    assert_eq!(run.code, 0, "{}", run.stderr);
    fixture
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_deleted_by_address() {
    let fixture = start(12).await;
    fixture.write(
        "people.csv",
        b"email\nP3@kelpworks.example\nnobody@kelpworks.example\n",
    );
    let delete = [&IMPORT[..], &["--delete"]].concat();
    fixture.assert(&delete).code(2).stderr_eq(str![[r#"
error[usage]: deleting needs `--yes`; `integrations NAME` says what deleting means
hint: `--dry-run` shows the requests, and sends nothing

"#]]);
    let delete = [&delete[..], &["--yes"]].concat();
    let look = fixture.run(&[&delete[..], &["--dry-run=look"]].concat());
    let lines = results(&look.stdout);
    assert_eq!(
        (&lines[0]["would"], &lines[1]["would"]),
        (&"delete".into(), &"leave".into())
    );
    for deleted in ["deleted", "unchanged"] {
        let run = fixture.run(&delete);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(words(&run.stdout), [deleted, "unchanged"]);
        assert_eq!(fixture.users("gorgias").await, 11);
    }
    assert_eq!(fixture.requests("gorgias", "DELETE").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_allowed_is_not_deleted() {
    let fixture = start(12).await;
    let ids = results(&fixture.run(&IMPORT).stdout);
    let ids: Vec<&str> = ids
        .iter()
        .filter_map(|row| row["id"].as_str())
        .take(3)
        .collect();
    fixture.write("people.csv", format!("id\n{}\n", ids.join("\n")).as_bytes());
    let delete = [&IMPORT[..], &["--delete", "--yes"]].concat();
    fixture.assert(&delete).code(3).stdout_eq(str![""]).stderr_eq(str![[r#"
error[invalid-request]: gorgias: 3 rows would delete of 12 users, and at most 2 (10%) may; in Gorgias it means: the user is deleted
hint: nothing was deleted; `--max-delete N` or `N%` allows more

"#]]);
    assert_eq!(fixture.requests("gorgias", "DELETE").await, 0);
    for max in ["3", "25%"] {
        let run = fixture.run(&[&delete[..], &["--max-delete", max]].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(words(&run.stdout), ["deleted"; 3]);
        // The second time, nothing is sent.
        assert_eq!(fixture.requests("gorgias", "DELETE").await, 3);
        assert_eq!(fixture.users("gorgias").await, 9);
    }
}
