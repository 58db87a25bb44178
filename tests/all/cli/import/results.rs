//! The results.

use snapbox::str;

use super::{Fixture, words};

const IMPORT: [&str; 5] = ["people.csv", "--account", "hive", "--concurrency", "1"];

#[tokio::test(flavor = "multi_thread")]
async fn csv_results_have_the_columns() {
    let fixture = Fixture::start().await;
    fixture.write(
        "people.csv",
        b"name;email\n\"Ines; D\";ines@k.example\nMaren;maren@k.example\n",
    );
    let import = [
        &IMPORT[..],
        &["--results", "results.csv", "--format", "csv"],
    ]
    .concat();
    for _ in 0..2 {
        fixture.assert(&import).code(0).stdout_eq(str![""]);
        let ids = "[..]";
        snapbox::assert_data_eq!(
            fixture.read("results.csv"),
            format!(
                "name;email;result;id;error\n\"Ines; D\";ines@k.example;created;{ids};\nMaren;maren@k.example;created;{ids};\n"
            )
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_file_is_not_overwritten() {
    let fixture = Fixture::start().await;
    fixture.write("people.csv", b"name,email\nInes,ines@k.example\n");
    for format in ["csv", "jsonl"] {
        let run = fixture.run(
            &[
                &IMPORT[..],
                &["--results", "people.csv", "--format", format],
            ]
            .concat(),
        );
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(
            run.stderr.contains("but found another file"),
            "{}",
            run.stderr
        );
        assert_eq!(
            fixture.read("people.csv"),
            "name,email\nInes,ines@k.example\n"
        );
    }
    assert_eq!(fixture.users("hive").await, 0);
    for _ in 0..2 {
        let run = fixture.run(&[&IMPORT[..], &["--results", "results.jsonl"]].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(words(&fixture.read("results.jsonl")), ["created"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_fail_end_the_run() {
    let fixture = Fixture::start().await;
    fixture.write("people.csv", super::people(40).as_bytes());
    let run = fixture.run(&[&IMPORT[..], &["--results", "/dev/full"]].concat());
    assert_eq!(run.code, 6, "{}", run.stderr);
    assert!(
        run.stderr.contains("the results cannot be written"),
        "{}",
        run.stderr
    );
    assert!(fixture.users("hive").await < 40);
    let run = fixture.run(&IMPORT);
    assert_eq!(words(&run.stdout), ["created"; 40]);
    assert_eq!(fixture.requests("hive", "POST").await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn end_is_told_at_80_columns() {
    let fixture = Fixture::start().await;
    fixture.write(
        "people.csv",
        b"name,email\nInes,ines@k.example\nMaren,maren@k.example\n",
    );
    fixture
        .fault(
            "hive",
            &serde_json::json!({"kind": "status", "status": 403, "body": "{}"}),
        )
        .await;
    fixture.assert(&IMPORT).code(5).stderr_eq(str![[r#"
people.csv: 2 rows, [..] s
  created          1
  rejected         1  provider-forbidden 1
error[rows-rejected]: 1 row was rejected
hint: the results say why; correct these rows, and run the same command again

"#]]);
    fixture.write(
        "people.csv",
        b"name,email\nInes,ines@k.example\nMaren,maren@k.example\nTomas,t@k.example\n",
    );
    let json = [&IMPORT[..], &["--log-format", "json"]].concat();
    fixture.assert(&json).code(0).stderr_eq(str![[r#"
{"summary":{"file":"people.csv","rows":3,"results":{"created":{"rows":3,"reasons":{}}},"done_before":1,"left":0}}

"#]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn colours_are_for_terminals() {
    let fixture = Fixture::start().await;
    fixture.write("people.csv", b"name,email\nInes,\n");
    let mut command = fixture.command(&IMPORT);
    command.env("CLICOLOR_FORCE", "1");
    let shown = snapbox::cmd::Command::from_std(command).assert().code(3);
    let shown = String::from_utf8(shown.get_output().stderr.clone()).expect("text");
    snapbox::assert_data_eq!(
        shown.replace('\u{1b}', "ESC"),
        str![[r#"
  line 2, column 2 `email`, /emails: expected at least one email address, but found none (required)
ESC[1mESC[31merror[invalid-request]:ESC[0m people.csv: 1 of 1 row is invalid; nothing was sent
ESC[1mESC[36mhint:ESC[0m correct these rows, or import the others with `--skip-invalid`

"#]]
    );
}
