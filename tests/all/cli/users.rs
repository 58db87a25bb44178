//! `users get` and `users delete`, and what all operations have in common.

use serde_json::Value;
use snapbox::str;
use unified_ticketing_guest::integration::{ALL, OperationName};

use super::fixture::{Fixture, Stdout};
use super::support::{CALLS, ProgramOutput, Sandbox, assert_program, run};

const AGENT: &str = "8d4e1f66-1c5e-4f0a-9a35-0f3f4b0b9c11";

/// The arguments that every call of an account needs.
fn common(account: &str) -> Vec<&str> {
    let project = ["--collection", "1"];
    let project = if account == "pivotal_tracker" {
        &project[..]
    } else {
        &[]
    };
    [&["--account", account], project].concat()
}

fn json(output: &ProgramOutput) -> Value {
    assert_eq!(output.code, 0, "{}", output.stderr);
    serde_json::from_str(&output.stdout).expect("JSON")
}

#[test]
fn each_integration_has_a_whole_life() {
    let sandbox = Sandbox::start();
    for &(account, create, (changes, _)) in CALLS {
        let users =
            |arguments: &[&str]| sandbox.run(&[&["users"], arguments, &common(account)].concat());
        let create = |address: &str| {
            let arguments = create.iter().map(|argument| match *argument {
                "ines@kelpworks.example" => address,
                other => other,
            });
            // The project of these is the common one.
            let arguments =
                arguments.filter(|argument| !matches!(*argument, "--collection" | "project:1"));
            let arguments: Vec<&str> = std::iter::once("create").chain(arguments).collect();
            json(&users(&arguments))["id"]
                .as_str()
                .expect("an id")
                .to_owned()
        };
        let ids = ["ines@k.example", "priya@k.example", "maren@k.example"].map(create);
        let id = ids[1].as_str();

        let listed = users(&["list", "--all", "--limit", "1", "--ignore-remote-data"]);
        assert_eq!((listed.code, listed.stderr.as_str()), (0, ""), "{account}");
        let listed: Vec<Value> = listed
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("a user a line"))
            .collect();
        for id in &ids {
            let count = listed.iter().filter(|user| user["id"] == **id).count();
            assert_eq!(count, 1, "{account} {id}: {listed:#?}");
        }
        let found = json(&users(&["list", "--email", "PRIYA@k.example"]));
        assert_eq!(found["result_count"], 1, "{account}: {found:#}");
        assert_eq!(found["result"][0]["id"], id, "{account}: {found:#}");
        assert!(
            found["result"][0]["remote_data"].is_object(),
            "{account}: {found:#}"
        );

        // The flags of the update have the project.
        let changes: Vec<&str> = changes
            .iter()
            .copied()
            .filter(|argument| !matches!(*argument, "--collection" | "1"))
            .collect();
        let updated = users(&[&["update", id, "--format=debug"], &changes[..]].concat());
        let updated = json(&updated);
        assert_eq!(updated["result"]["id"], id, "{account}: {updated:#}");
        assert!(
            updated["debug"]["requestUrl"].is_string(),
            "{account}: {updated:#}"
        );
        let got = json(&users(&["get", id, "--format", "normalized"]));
        assert_eq!(got["id"], id, "{account}: {got:#}");

        let unconfirmed = users(&["delete", id]);
        assert_eq!(
            (unconfirmed.code, unconfirmed.stdout.as_str()),
            (2, ""),
            "{account}"
        );
        let integration = ALL
            .iter()
            .find(|it| it.name == account)
            .expect("it is there");
        let delete = integration.operation(OperationName::Delete);
        let effect = delete.and_then(|delete| delete.effect).expect("an effect");
        assert!(
            unconfirmed.stderr.contains(effect),
            "{account}: {}",
            unconfirmed.stderr
        );
        let planned = json(&users(&["delete", id, "--dry-run"]));
        assert_eq!(
            planned["operation"], "delete-user",
            "{account}: {planned:#}"
        );
        assert_eq!(
            json(&users(&["get", id]))["id"],
            id,
            "{account}: it is still there"
        );
        let deleted = json(&users(&["delete", id, "--yes"]));
        assert_eq!(deleted, serde_json::json!({ "id": id }), "{account}");
        let gone = users(&["get", id]);
        assert_eq!(
            (gone.code, gone.stdout.as_str()),
            (5, ""),
            "{account}: {}",
            gone.stderr
        );
        let nobody = json(&users(&["list", "--email", "priya@k.example"]));
        assert_eq!(nobody["result_count"], 0, "{account}: {nobody:#}");
    }
}

#[test]
fn deletion_without_yes_says_meaning() {
    assert_program(["--sandbox", "users", "delete", AGENT, "--account=dixa"])
        .code(2)
        .stdout_eq(str![""])
        .stderr_eq(str![[r#"
error[usage]: deleting needs `--yes`; in Dixa it means: the agent becomes an end user; the person is not erased
hint: `--dry-run` shows the request, and sends nothing

"#]]);
    let dry = [
        "--sandbox",
        "users",
        "delete",
        AGENT,
        "--account=dixa",
        "--dry-run",
    ];
    assert_program(dry)
        .code(0)
        .stdout_eq(str![[r#"
{
  "integration": "dixa",
  "operation": "delete-user",
  "method": "DELETE",
  "url": "http://127.0.0.1:[..]/dixa/v1/agents/8d4e1f66-1c5e-4f0a-9a35-0f3f4b0b9c11",
  "headers": [
    [
      "accept",
      "application/json"
    ],
    [
      "user-agent",
      "unified-ticketing/0.1.0"
    ],
    [
      "authorization",
      "***"
    ]
  ],
  "body": null,
  "safety": "idempotent",
  "warnings": []
}

"#]])
        .stderr_eq(str![""]);
}

#[test]
fn address_as_id_names_the_list() {
    for operation in [&["get"][..], &["update", "--name=I"], &["delete", "--yes"]] {
        let call = ["--sandbox", "users", "--account=dixa"];
        assert_program([&call[..2], operation, &call[2..], &["ines@k.example"]].concat())
            .code(3)
            .stdout_eq(str![""])
            .stderr_eq(str![[r#"
error[invalid-request]: ID: expected a user's id in Dixa, but found the address `ines@k.example`: a list by this address has the id
hint: `users list --email ADDRESS` finds the id

"#]]);
    }
    let call = ["--sandbox", "users", "get", "7", "--account=dixa"];
    assert_program(call)
        .code(3)
        .stdout_eq(str![""])
        .stderr_eq(str![[r#"
error[invalid-request]: ID: expected a user's id in Dixa: a UUID, but found `7`

"#]]);
}

#[test]
fn empty_id_is_invalid() {
    for operation in ["get", "update", "delete"] {
        let output = run(["--sandbox", "users", operation, "", "--account=dixa"]);
        assert_eq!(output.code, 3, "{operation}: {}", output.stderr);
        let expected = "error[invalid-request]: ID: expected a user's id, but found nothing\n";
        assert_eq!(output.stderr, expected, "{operation}");
    }
}

#[test]
fn contradicting_flags_are_usage_errors() {
    for arguments in [
        &["get", AGENT, "--output=table", "--format=raw"][..],
        &["list", "--output=table", "--format=debug"],
        &["list", "--all", "--format=raw"],
        &["create", "--output=table", "--dry-run"],
        &["delete", AGENT, "--output=table"],
        &["get", AGENT, "--dry-run"],
        &["get"],
        &["list", AGENT],
    ] {
        let call = [&["--sandbox", "users"], arguments, &["--account=dixa"]].concat();
        let output = run(call);
        assert_eq!(
            (output.code, output.stdout.as_str()),
            (2, ""),
            "{arguments:?}"
        );
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_read_never_exits_6() {
    let fixture = Fixture::start().await;
    for (status, headers, body, read, delete) in [
        (500, &[][..], "{}", 7, 6),
        (503, &[("retry-after", "7")], "{}", 7, 6),
        (429, &[], "{}", 7, 7),
        (404, &[], "{}", 5, 5),
        (401, &[], "{}", 5, 5),
        (302, &[("location", "/x")], "", 7, 6),
        (200, &[], "<html>", 7, 6),
        (200, &[("content-length", "100")], "{", 7, 6),
    ] {
        fixture.respond(status, headers, body);
        for (arguments, expected) in [
            (&["get", AGENT][..], read),
            (&["list"], read),
            (&["list", "--all"], read),
            (&["list", "--email=i@k.example"], read),
            (&["delete", AGENT, "--yes"], delete),
        ] {
            let (code, out, err) = fixture.users(arguments, Stdout::Read);
            assert_eq!(
                (code, out.as_str()),
                (Some(expected), ""),
                "{status} {arguments:?}: {err}"
            );
            assert_eq!(
                fixture.provider.received().len(),
                1,
                "{status} {arguments:?}"
            );
            let looks = err.contains("users get ID");
            assert_eq!(looks, expected == 6, "{status} {arguments:?}: {err}");
        }
    }
    // The connection is lost, and then the deadline passes.
    fixture.provider.respond(None);
    for (arguments, expected) in [(&["get", AGENT][..], 7), (&["delete", AGENT, "--yes"], 6)] {
        let (code, _, err) = fixture.users(arguments, Stdout::Read);
        assert_eq!(code, Some(expected), "{err}");
    }
    fixture.respond(200, &[], "{}");
    fixture.provider.hold(true);
    for (arguments, expected) in [(&["list"][..], 7), (&["delete", AGENT, "--yes"], 6)] {
        let arguments = [arguments, &["--deadline=300ms"]].concat();
        let (code, _, err) = fixture.users(&arguments, Stdout::Read);
        assert_eq!(code, Some(expected), "{err}");
    }
    fixture.provider.hold(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_deletion_says_how_to_look() {
    let fixture = Fixture::start().await;
    fixture.respond(500, &[], r#"{"message": "no"}"#);
    let (code, out, err) = fixture.users(&["delete", AGENT, "--yes"], Stdout::Read);
    assert_eq!((code, out.as_str()), (Some(6), ""), "{err}");
    snapbox::assert_data_eq!(
        err,
        str![[r#"
error[provider-failed]: Dixa failed with status 500: no; the user may be deleted: look for the user in Dixa
  the provider answered 500: {"message":"no"}
  outcome unknown: the provider may have acted
hint: `users get ID` shows whether the user is still there

"#]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unwritten_deletion_says_user_is_deleted() {
    let fixture = Fixture::start().await;
    for stdout in [Stdout::Full, Stdout::Closed, Stdout::ReaderGone] {
        fixture.respond(200, &[], "{}");
        let delete = ["delete", AGENT, "--yes", "--log-format=json"];
        let (code, _, err) = fixture.users(&delete, stdout);
        assert_eq!(code, Some(6), "{stdout:?}: {err}");
        let body: Value = serde_json::from_str(&err).expect("JSON");
        assert_eq!(
            (&body["code"], &body["outcome"], &body["id"]),
            (&"output-failed".into(), &"done".into(), &AGENT.into()),
            "{stdout:?}: {body:#}"
        );
        let message = body["message"].as_str().expect("a message");
        assert!(
            message.starts_with("the user is deleted: "),
            "{stdout:?}: {message}"
        );
        // A read whose reader is gone ends quietly.
        fixture.respond(200, &[], &format!(r#"{{"data": {{"id": "{AGENT}"}}}}"#));
        let (code, _, err) = fixture.users(&["get", AGENT], stdout);
        let quiet = matches!(stdout, Stdout::ReaderGone);
        assert_eq!(
            (code, err.is_empty()),
            (Some(i32::from(!quiet)), quiet),
            "{stdout:?}: {err}"
        );
    }
}
