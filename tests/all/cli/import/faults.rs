//! Files with faults: every one is named, and nothing is sent.

use snapbox::str;

use super::{Fixture, results, words};

const FAULTY: &str = "\
account,email,name,role,collection,key
gorgias,tomas@kelpworks.example,Tomas,agent,,
gorgias,TOMAS@kelpworks.example,Tomas,agent,,
gorgias,,Nobody,agent,,
gorgias,maren@kelpworks.example,Maren,boss,,
gorgias, ines@kelpworks.example,Ines,agent,,
zendesk,a@kelpworks.example,A,,,
,b@kelpworks.example,B,,,
pivotal_tracker,c@kelpworks.example,C,owner,,
pivotal_tracker,d@kelpworks.example,D,owner,x,
dixa,e@kelpworks.example,E,,,once
dixa,f@kelpworks.example,F,,,once
dixa,g@kelpworks.example
dixa,h@kelpworks.example,Zo\u{fffd},,,
";

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_named() {
    let fixture = Fixture::start().await;
    fixture.write("people.csv", FAULTY.as_bytes());
    fixture
        .assert(&["people.csv"])
        .code(3)
        .stdout_eq(str![""])
        .stderr_eq(str![[r#"
  line 3, column 2 `email`, /emails/0/email: expected an address of one row, but found `TOMAS@kelpworks.example` in another case in line 2 too: they are one person (duplicate)
  line 4, column 2 `email`, /emails: expected at least one email address, but found none (required)
  line 5, column 4 `role`, /roles/0/name: expected one of `admin`, `agent`, `basic-agent`, `lite-agent`, `observer-agent`, but found `boss` (enum)
  line 6, column 2 `email`: expected no blanks at the ends, but found ` ines@kelpworks.example`: `--trim` removes them (format)
  line 7, column 1 `account`: there is no account `zendesk` (unknown-account)
  line 8, column 1 `account`: expected an account, here or by `--account`, but found none (required)
  line 9, column 5 `collection`, collections: Pivotal Tracker requires a collection of type `project`, but found none (required)
  line 10, column 5 `collection`, collections: expected the digits of a project's id, but found `x` (format)
  line 12, column 6 `key`: expected a key of one row, but found it in line 11 too (duplicate)
  line 13: expected 6 values, as many as there are columns, but found 2 (format)
  line 14, column 3 `name`: expected text, but found `Zo�`, where a character is lost: look at the encoding of the file (format)
error[invalid-request]: people.csv: 11 of 13 rows are invalid; nothing was sent
hint: correct these rows, or import the others with `--skip-invalid`

"#]]);
    for integration in ["gorgias", "pivotal_tracker", "dixa"] {
        assert_eq!(fixture.count(integration).await["requests"], 0);
    }
    assert!(!fixture.path("results.jsonl").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_json_for_programs() {
    let fixture = Fixture::start().await;
    fixture.write("people.csv", b"name,email\nMaren,\n");
    fixture
        .assert(&["people.csv", "--account", "gorgias", "--log-format", "json"])
        .code(3)
        .stdout_eq(str![""])
        .stderr_eq(str![[r#"
{"line":2,"column":2,"name":"email","path":"/emails","code":"required","message":"expected at least one email address, but found none"}
{"statusCode":400,"error":"Bad Request","message":"people.csv: 1 of 1 row is invalid; nothing was sent","code":"invalid-request","outcome":"not-sent"}

"#]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn valid_rows_are_sent_on_request() {
    let fixture = Fixture::start().await;
    fixture.write("people.csv", FAULTY.as_bytes());
    let run = fixture.run(&["people.csv", "--skip-invalid"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let words = words(&run.stdout);
    let created = words.iter().filter(|word| *word == "created").count();
    let invalid = words.iter().filter(|word| *word == "invalid").count();
    assert_eq!((created, invalid), (2, 11), "{}", run.stdout);
    let results = results(&run.stdout);
    assert_eq!(results[1]["email"], "TOMAS@kelpworks.example");
    let error = results[3]["error"].as_str().expect("an error");
    assert!(error.starts_with("enum: expected one of"), "{error}");
    assert_eq!(fixture.users("gorgias").await, 1);
    assert_eq!(fixture.users("dixa").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_other_forms_are_rejected() {
    let fixture = Fixture::start().await;
    for (content, message) in [
        (
            &b""[..],
            "expected a line of column names, or JSON objects, but found nothing",
        ),
        (
            b"[{}]",
            "expected JSON Lines, an object a line, but found an array",
        ),
        (b"n\0a\0m\0e\0", "with a byte order mark"),
    ] {
        fixture.write("people", content);
        let run = fixture.run(&["people", "--account", "gorgias"]);
        assert_eq!(run.code, 3, "{}", run.stderr);
        assert!(run.stderr.contains(message), "{}", run.stderr);
    }
    fixture.write("people", b"email\na@k.example\n");
    let run = fixture.run(&["people"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("no column says the account"),
        "{}",
        run.stderr
    );
    let run = fixture.run(&["missing.csv", "--account", "gorgias"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn warnings_are_told_once() {
    let fixture = Fixture::start().await;
    fixture.write(
        "people.csv",
        b"name,email,nick_name\nA,a@k.example,A\nB,b@k.example,\nC,c@k.example,C\n",
    );
    let run = ["people.csv", "--account", "dixa", "--dry-run"];
    fixture.assert(&run).code(0).stderr_eq(str![[r#"
warning[unsupported-field]: line 2, and 1 row more, /nick_name: Dixa does not take `nick_name` in `create-user`
people.csv: 3 rows would be sent, [..] s

"#]]);
}
