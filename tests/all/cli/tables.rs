//! Commands that send nothing, and errors of usage.

use std::ffi::OsStr;

use serde_json::Value;
use snapbox::str;
use unified_ticketing::Engine;

use super::support::{assert_program, program, run};

#[test]
fn integration_is_shown_in_full() {
    assert_program(["integrations", "hive"])
        .code(0)
        .stdout_eq(str![[r#"
Hive (hive)
  docs         https://developers.hive.com
  base URL     https://app.hive.com/api/v1
  setting      workspace_id: the workspace that users are invited to
  setting      user_id: the owner of the API key (My profile, API info)
  credentials  api_key

create-user: POST /workspaces/{workspace_id}/users
  docs         https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/invite-user.md
  required     emails
  supported    name
  answers with id, name, first_name, last_name, emails

update-user: PUT /users/{id}
  docs         https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/users-1.md
  supported    first_name, last_name
  answers with id, name, first_name, last_name, emails

get-user: GET /users/{id}
  docs         https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/users-1.md
  answers with id, name, first_name, last_name, emails

list-users: GET /workspaces/{workspace_id}/users
  docs         https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/users-1.md
  answers with id, name, first_name, last_name, emails
  pages        none, the whole list at once
  by address   by the provider

delete-user: DELETE /workspaces/{workspace_id}/users
  docs         https://github.com/hiveteams/cursor-plugin/blob/HEAD/skills/hive-api/docs/v1/users-1.md
  effect       the user leaves the workspace

"#]])
        .stderr_eq(str![""]);
    assert_program(["integrations", "zendesk"])
        .code(3)
        .stdout_eq(str![""])
        .stderr_eq(str![[r#"
error[invalid-request]: there is no integration `zendesk`: there is [..]`dixa`, [..]`teamwork`[..]

"#]]);
}

#[test]
fn integrations_match_published_tables() {
    let shown: Value = serde_json::from_str(&run(["integrations", "--json"]).stdout).expect("JSON");
    let published: Value =
        serde_json::from_str(include_str!("../../published.json")).expect("JSON");
    let names = |array: &Value| -> Vec<String> {
        array
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let shown = shown.as_array().expect("an array");
    let mut compared = 0;
    for integration in shown {
        let name = integration["name"].as_str().expect("a name");
        // Other integrations have no published table.
        if !names(&published["create"]["integrations"])
            .iter()
            .any(|each| each == name)
        {
            continue;
        }
        compared += 1;
        for (ours, theirs) in [("create-user", "create"), ("update-user", "update")] {
            let operation = integration["operations"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|each| each["name"] == ours);
            let is_published = names(&published[theirs]["integrations"])
                .iter()
                .any(|each| each == name);
            let operation = operation.filter(|operation| operation["extension"] != true);
            assert_eq!(operation.is_some(), is_published, "{name} {ours}");
            let Some(operation) = operation else { continue };
            let published_fields = |table: &str, member: &str| -> Vec<String> {
                let fields = published[theirs][table].as_object().into_iter().flatten();
                let fields = fields
                    .filter(|(_, field)| names(&field[member]).iter().any(|each| each == name));
                fields.map(|(field, _)| field.clone()).collect()
            };
            for member in ["required", "supported"] {
                assert_eq!(
                    names(&operation["request"][member]),
                    published_fields("request", member),
                    "{name} {ours} {member}"
                );
            }
            assert_eq!(
                names(&operation["response"]),
                published_fields("response", "supported"),
                "{name} {ours}"
            );
        }
    }
    assert_eq!(compared, names(&published["create"]["integrations"]).len());
}

#[test]
fn component_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("component.wasm");
    for (flag, component) in [
        (None, Engine::component()),
        (Some("--core"), Engine::core()),
        (Some("--standalone"), Engine::standalone()),
    ] {
        let arguments = [Some("component"), flag, Some("--out")];
        let arguments = arguments.into_iter().flatten().map(OsStr::new);
        let run = run(arguments.clone().chain([file.as_os_str()]));
        assert_eq!(
            (run.code, run.stdout.as_str(), run.stderr.as_str()),
            (0, "", "")
        );
        assert_eq!(std::fs::read(&file).expect("the component"), component);
        let piped = program(arguments.chain([OsStr::new("-")])).output();
        let piped = piped.expect("the program runs");
        assert_eq!(
            (piped.status.code(), piped.stdout.as_slice()),
            (Some(0), component)
        );
    }
}

#[test]
fn usage_error_exits_2() {
    assert_eq!(run(["users", "create"]).code, 2);
    assert_eq!(
        run(["users", "create", "--account", "x", "--deadline", "0"]).code,
        2
    );
    assert_eq!(
        run(["users", "create", "--account", "x", "--remote-query", "a"]).code,
        2
    );
}
