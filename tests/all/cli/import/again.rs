//! The same file again, and an edited one.

use super::{Fixture, assert_first, people, results, words};
use crate::stores::{Kind, on_each_store};

const IMPORT: [&str; 3] = ["people.csv", "--account", "gorgias"];

#[tokio::test(flavor = "multi_thread")]
async fn second_run_sends_nothing() {
    let fixture = Fixture::start().await;
    fixture.write("people.csv", people(12).as_bytes());
    let first = fixture.run(&[&IMPORT[..], &["--rate", "1000"]].concat());
    assert_eq!(first.code, 0, "{}", first.stderr);
    let requests = fixture.count("gorgias").await["requests"].clone();
    let second = fixture.run(&IMPORT);
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert_eq!(results(&second.stdout), results(&first.stdout));
    assert!(
        second
            .stderr
            .contains("12 rows were done before: nothing was sent"),
        "{}",
        second.stderr
    );
    assert_eq!(fixture.count("gorgias").await["requests"], requests);
    assert_eq!(fixture.users("gorgias").await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn edited_row_is_never_created_twice() {
    let fixture = Fixture::start().await;
    fixture.write(
        "people.csv",
        b"name,email\nInes,ines@k.example\nMaren,maren@k.example\n",
    );
    let created = fixture.run(&IMPORT);
    let id = results(&created.stdout)[0]["id"].clone();
    let other = results(&created.stdout)[1]["id"].clone();
    fixture.write(
        "people.csv",
        b"name,email\nInes Duarte,INES@k.example\nMaren,maren@k.example\n",
    );

    let fail = fixture.run(&IMPORT);
    assert_eq!(fail.code, 5, "{}", fail.stderr);
    assert_eq!(words(&fail.stdout), ["exists", "created"]);
    assert_eq!(results(&fail.stdout)[0]["id"], id);

    let keep = fixture.run(&[&IMPORT[..], &["--if-exists", "keep"]].concat());
    assert_first(&keep, 0, "found");
    assert_eq!(fixture.requests("gorgias", "PUT").await, 0);

    let update = [&IMPORT[..], &["--if-exists", "update"]].concat();
    fixture.write(
        "people.csv",
        b"name,email\nInes Aas,INES@k.example\nMaren,maren@k.example\n",
    );
    for _ in 0..2 {
        let updated = fixture.run(&update);
        assert_eq!(updated.code, 0, "{}", updated.stderr);
        assert_eq!(words(&updated.stdout), ["updated", "created"]);
        assert_eq!(results(&updated.stdout)[0]["id"], id);
        assert_eq!(results(&updated.stdout)[1]["id"], other);
        // The second time, nothing is sent.
        assert_eq!(fixture.requests("gorgias", "PUT").await, 1);
    }
    assert_eq!(fixture.requests("gorgias", "POST").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn edited_row_of_nobody_is_not_sent() {
    let fixture = Fixture::start().await;
    fixture.write("people.csv", b"name,email,key\nInes,ines@k.example,\n");
    let created = fixture.run(&IMPORT);
    let id = results(&created.stdout)[0]["id"].clone();
    let accounts = fixture.path("accounts.toml");
    let deleted = super::super::support::run([
        "--accounts",
        accounts.to_str().expect("text"),
        "users",
        "delete",
        id.as_str().expect("an id"),
        "--account=gorgias",
        "--yes",
    ]);
    assert_eq!(deleted.code, 0, "{}", deleted.stderr);
    fixture.write("people.csv", b"name,email,key\nInes D.,ines@k.example,\n");
    for if_exists in ["fail", "keep", "update"] {
        let run = fixture.run(&[&IMPORT[..], &["--if-exists", if_exists]].concat());
        assert_eq!(run.code, 7, "{if_exists}: {}", run.stderr);
        assert_eq!(words(&run.stdout), ["not-sent"], "{if_exists}");
    }
    assert_eq!(fixture.requests("gorgias", "POST").await, 1);
    fixture.write(
        "people.csv",
        b"name,email,key\nInes D.,ines@k.example,again\n",
    );
    assert_eq!(words(&fixture.run(&IMPORT).stdout), ["created"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_who_exist_are_kept() {
    let fixture = Fixture::start().await;
    fixture.write("one.csv", b"name,email\nInes,ines@k.example\n");
    let created = fixture.run(&["one.csv", "--account", "gorgias"]);
    let id = results(&created.stdout)[0]["id"].clone();
    std::fs::remove_file(fixture.path("import.db")).expect("it is removed");
    let run = fixture.run(&["one.csv", "--account", "gorgias"]);
    assert_first(&run, 5, "exists");
    let run = fixture.run(&["one.csv", "--account", "gorgias", "--if-exists", "keep"]);
    assert_first(&run, 0, "found");
    assert_eq!(results(&run.stdout)[0]["id"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn look_says_what_would_be() {
    let fixture = Fixture::start().await;
    fixture.write(
        "people.csv",
        b"name,email\nInes,ines@k.example\nMaren,maren@k.example\n",
    );
    fixture.run(&IMPORT);
    fixture.write(
        "people.csv",
        b"name,email\nInes Duarte,ines@k.example\nMaren,maren@k.example\nTomas,tomas@k.example\n",
    );
    let before = fixture.requests("gorgias", "POST").await;
    for (if_exists, would) in [
        ("fail", ["fail", "fail", "create"]),
        ("keep", ["leave", "leave", "create"]),
        ("update", ["change", "leave", "create"]),
    ] {
        let look =
            fixture.run(&[&IMPORT[..], &["--dry-run=look", "--if-exists", if_exists]].concat());
        let code = if if_exists == "fail" { 5 } else { 0 };
        assert_eq!(look.code, code, "{if_exists}: {}", look.stderr);
        let lines = results(&look.stdout);
        let found: Vec<&str> = lines
            .iter()
            .filter_map(|line| line["would"].as_str())
            .collect();
        assert_eq!(found, would, "{if_exists}: {}", look.stdout);
    }
    assert_eq!(fixture.requests("gorgias", "POST").await, before);
    assert_eq!(fixture.requests("gorgias", "PUT").await, 0);
}

on_each_store!(two_runs_divide_the_rows);

async fn two_runs_divide_the_rows(kind: Kind) {
    let (fixture, place) = (Fixture::start().await, kind.place().await);
    let store = place.arguments();
    let store: Vec<&str> = store.iter().map(String::as_str).collect();
    fixture.write("people.csv", people(60).as_bytes());
    let start = || {
        let mut command = fixture.command_with(&store, &["people.csv", "--account", "hive"]);
        command.stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::piped());
        command.spawn().expect("it starts")
    };
    fixture.simulators.delay("hive", 20, 60).await;
    let runs = [start(), start()];
    for run in runs {
        let output = run.wait_with_output().expect("its output");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        let stdout = String::from_utf8(output.stdout).expect("text");
        assert_eq!(words(&stdout), ["created"; 60]);
    }
    assert_eq!(fixture.users("hive").await, 60);
    let count = fixture.count("hive").await;
    assert_eq!(count["requests"], 60, "{count}");
}
