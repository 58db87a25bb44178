//! The real program: its output and its exit code.

mod add;
mod around;
mod fixture;
mod import;
mod list;
mod live;
mod output;
mod proxy;
mod signals;
mod store;
mod support;
mod tables;
#[cfg(target_os = "linux")]
mod terminal;
mod users;

use serde_json::Value;
use snapbox::str;
use unified_ticketing_guest::integration::ALL;

use self::support::{CALLS, Sandbox, assert_program};
pub use self::support::{ProgramOutput, program, run, signal};
use crate::http::runners::ClosedPort;

#[test]
fn each_integration_creates_and_updates() {
    let sandbox = Sandbox::start();
    let tested = CALLS.iter().map(|(account, ..)| *account);
    assert!(tested.eq(ALL.iter().map(|integration| integration.name)));
    for &(account, create, (changes, shown)) in CALLS {
        let created = sandbox.run(&[&["users", "create", "--account", account], create].concat());
        assert_eq!(created.code, 0, "{account}: {}", created.stderr);
        let user: Value = serde_json::from_str(&created.stdout).expect("JSON");
        let id = user["id"].as_str().expect("an id").to_owned();
        assert_eq!(user["name"], "Ines Halvorsen", "{account}: {user:#}");
        assert!(user["remote_data"].is_object(), "{account}: {user:#}");
        let updated =
            sandbox.run(&[&["users", "update", &id, "--account", account], changes].concat());
        assert_eq!(updated.code, 0, "{account}: {}", updated.stderr);
        assert!(
            updated.stdout.contains(shown),
            "{account}: {}",
            updated.stdout
        );
        let user: Value = serde_json::from_str(&updated.stdout).expect("JSON");
        assert_eq!(user["id"], id, "{account}");
        // The provider has a user of this address now.
        let repeated = sandbox.run(&[&["users", "create", "--account", account], create].concat());
        assert_eq!(
            (repeated.code, repeated.stdout.as_str()),
            (5, ""),
            "{account}: {}",
            repeated.stderr
        );
        assert!(
            repeated.stderr.contains("rejected"),
            "{account}: {}",
            repeated.stderr
        );
    }
}

#[test]
fn raw_format_prints_provider_bytes() {
    let sandbox = Sandbox::start();
    let create = [
        "users",
        "create",
        "--account",
        "dixa",
        "--name",
        "Ines",
        "--email",
        "i@k.example",
        "--format",
        "raw",
    ];
    let raw = sandbox.run(&create);
    assert_eq!(raw.code, 0, "{}", raw.stderr);
    assert!(
        raw.stdout.starts_with(r#"{"data":{"id":""#),
        "{}",
        raw.stdout
    );
}

#[test]
fn dry_run_opens_no_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("its address");
    // The sandbox's accounts, with the address of a server that the test observes.
    let sandbox = Sandbox::start();
    let accounts =
        std::fs::read_to_string(sandbox.folder.path().join("accounts.toml")).expect("a file");
    let mut lines: Vec<String> = Vec::new();
    for line in accounts.lines() {
        match line
            .strip_prefix("base_url = \"http://")
            .and_then(|rest| rest.split_once('/'))
        {
            Some((_, path)) => lines.push(format!("base_url = \"http://{address}/{path}")),
            None => lines.push(line.to_owned()),
        }
    }
    std::fs::write(folder.path().join("accounts.toml"), lines.join("\n")).expect("a file");
    let accounts = folder.path().join("accounts.toml");
    for &(account, create, _) in CALLS {
        let arguments = [
            "--accounts",
            accounts.to_str().expect("text"),
            "users",
            "create",
            "--dry-run",
            "--account",
            account,
        ];
        let run = run([&arguments[..], create].concat());
        assert_eq!(run.code, 0, "{account}: {}", run.stderr);
        let plan: Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert_eq!(plan["method"], "POST", "{account}");
        assert!(
            plan["url"]
                .as_str()
                .is_some_and(|url| url.contains(&address.to_string())),
            "{account}: {plan:#}"
        );
        assert!(plan["body"].is_object(), "{account}: {plan:#}");
        let masked = plan["headers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|header| header[1] == "***")
            .count();
        assert_eq!(masked, 1, "{account}: {plan:#}");
        assert!(
            !run.stdout.contains("sandbox-") && !run.stdout.contains("5a6d6b0c"),
            "{account}: {}",
            run.stdout
        );
    }
    let error = listener.accept().expect_err("no connection");
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn missing_fields_are_all_named() {
    assert_program([
        "--sandbox",
        "users",
        "create",
        "--account",
        "planhat",
        "--name",
        "Ines",
    ])
    .code(3)
    .stdout_eq(str![""])
    .stderr_eq(str![[r#"
error[invalid-request]: the request is invalid, and was not sent
  --first-name: expected a string that is not blank, but found none (required)
  --last-name: expected a string that is not blank, but found none (required)
  --email: expected at least one email address, but found none (required)
  --nick-name: expected a string that is not blank, but found none (required)

"#]]);
    assert_program(["--sandbox", "users", "create", "--account", "pivotal_tracker", "--log-format", "json"])
        .code(3)
        .stdout_eq(str![""])
        .stderr_eq(str![[r#"
{"statusCode":400,"error":"Bad Request","message":"collections: Pivotal Tracker requires a collection of type `project`, but found none; /name: `name` is required: expected a string that is not blank, but found none; /emails: `emails` is required: expected at least one email address, but found none","code":"invalid-request","outcome":"not-sent","violations":[{"in":"query","path":"collections","code":"required","message":"Pivotal Tracker requires a collection of type `project`, but found none"},{"in":"body","path":"/name","code":"required","message":"`name` is required: expected a string that is not blank, but found none"},{"in":"body","path":"/emails","code":"required","message":"`emails` is required: expected at least one email address, but found none"}],"truto_error_insight":{"missing_required_body_fields":{"description":"Required fields that are missing from the request body","value":["name","emails"]},"missing_required_query_parameters":{"description":"Required parameters that are missing from the query","value":["collections"]}}}

"#]]);
}

#[test]
fn invalid_json_names_flag_and_location() {
    assert_program([
        "--sandbox",
        "users",
        "create",
        "--account",
        "planhat",
        "--custom-fields",
        "{\"a\": 1,}",
    ])
    .code(3)
    .stdout_eq(str![""])
    .stderr_eq(str![[r#"
error[invalid-request]: --custom-fields: expected JSON, but found an error: key must be a string at line 1 column 9

"#]]);
    assert_program([
        "--sandbox",
        "users",
        "create",
        "--account",
        "planhat",
        "--remote-data",
        "nonsense",
    ])
    .code(3)
    .stdout_eq(str![""])
    .stderr_eq(str![[r#"
error[invalid-request]: --remote-data: expected JSON, but found an error: expected ident at line 1 column 2

"#]]);
    snapbox::cmd::Command::from_std(program([
        "--sandbox",
        "users",
        "create",
        "--account",
        "planhat",
        "--input",
        "-",
    ]))
    .stdin("{\n  \"name\": \"Ines\"\n  \"emails\": []\n}")
    .assert()
    .code(3)
    .stdout_eq(str![""])
    .stderr_eq(str![[r#"
error[invalid-request]: --input -: expected JSON, but found an error: expected `,` or `}` at line 3 column 3

"#]]);
}

#[test]
fn flag_overrides_input() {
    let output = snapbox::cmd::Command::from_std(program([
        "--sandbox",
        "users",
        "create",
        "--account",
        "dixa",
        "--input",
        "-",
        "--name",
        "Ines",
        "--dry-run",
    ]))
    .stdin(
        r#"{"name": "Somebody", "emails": [{"email": "ines@kelpworks.example"}], "avatar": null}"#,
    )
    .assert()
    .code(0)
    .stderr_eq(str![""])
    .get_output()
    .stdout
    .clone();
    let plan: Value = serde_json::from_slice(&output).expect("JSON");
    assert_eq!(
        plan["body"],
        serde_json::json!({"displayName": "Ines", "email": "ines@kelpworks.example"})
    );
}

#[test]
fn unknown_account_lists_known_accounts() {
    assert_program(["--sandbox", "users", "create", "--account", "zendesk"])
        .code(4)
        .stdout_eq(str![""])
        .stderr_eq(str![[r#"
error[unknown-account]: there is no account `zendesk`; there is [..]`dixa`, [..]`teamwork`[..]

"#]]);
    let folder = tempfile::tempdir().expect("a folder");
    snapbox::cmd::Command::from_std(program(["accounts", "list"]))
        .current_dir(folder.path())
        .assert()
        .code(4)
        .stdout_eq(str![""])
        .stderr_eq(str![[r#"
error[account-unusable]: the accounts cannot be used
  accounts.toml: cannot be read: No such file or directory (os error 2)
hint: name a file with `--accounts FILE`, or try things out with `--sandbox`

"#]]);
}

#[test]
fn unsupported_field_gives_a_warning() {
    assert_program([
        "--sandbox",
        "users",
        "create",
        "--account",
        "dixa",
        "--name",
        "Ines",
        "--email",
        "i@k.example",
        "--nick-name",
        "I",
        "--dry-run",
    ])
    .code(0)
    .stderr_eq(str![[r#"
warning[unsupported-field]: --nick-name: Dixa does not take `nick_name` in `create-user`

"#]]);
}

#[test]
fn call_gives_component_warnings() {
    let folder = tempfile::tempdir().expect("a folder");
    let user = folder.path().join("user.json");
    std::fs::write(&user, r#"{"surprise": 1}"#).expect("a file");
    let call = |account: &str, more: &[&str]| {
        let input = ["--input", user.to_str().expect("text")];
        let common = ["--sandbox", "users", "create", "--account", account];
        let names = ["--name", "Ines", "--email", "i@k.example"];
        assert_program([&common[..], &names, &input, more].concat()).code(0)
    };
    let more = ["--email", "j@k.example", "--exclude-field", "nick"];
    call("hive", &more).stderr_eq(str![[r#"
warning[unknown-field]: --input [..]user.json /surprise: there is no such field: it is not sent
warning[unknown-field]: --exclude-field: expected a field of the response, but found `nick`
warning[surplus-value]: --email (number 2): a user has one address here: this one is not sent

"#]]);
    let more = ["--nick-name", "I", "--log-format", "json"];
    call("dixa", &more).stderr_eq(str![[r#"
{"warning":"unknown-field","path":"/surprise","message":"there is no such field: it is not sent"}
{"warning":"unsupported-field","path":"/nick_name","message":"Dixa does not take `nick_name` in `create-user`"}

"#]]);
}

#[test]
fn unreachable_provider_has_definite_outcome() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("accounts.toml");
    let call = |address: std::net::SocketAddr, more: &[&str]| {
        let account = format!(
            "[[account]]\nid = \"62f44730-dd91-461e-bd6a-aedd9e0ad79d\"\nintegration = \"dixa\"\nname = \"d\"\n\
             base_url = \"http://{address}\"\ncredentials = {{ api_token = \"a-token-of-dixa\" }}\n"
        );
        std::fs::write(&file, account).expect("a file");
        let path = file.to_str().expect("text");
        let call = [
            "--accounts",
            path,
            "users",
            "create",
            "--account",
            "d",
            "--name",
            "Ines",
            "--email",
            "i@k.example",
        ];
        run([&call[..], more].concat())
    };
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = silent.local_addr().expect("its address");
    let timed_out = call(address, &["--deadline", "300ms", "--log-format", "json"]);
    let body: Value = serde_json::from_str(&timed_out.stderr).expect("JSON");
    assert_eq!(
        (timed_out.code, timed_out.stdout.as_str()),
        (6, ""),
        "{}",
        timed_out.stderr
    );
    assert_eq!(
        (&body["code"], &body["outcome"]),
        (&"deadline".into(), &"unknown".into()),
        "{body:#}"
    );
    assert!(
        body["message"]
            .as_str()
            .is_some_and(|message| message.contains("by email `i@k.example`")),
        "{body:#}"
    );
    // Reserved, so that no other test listens there meanwhile.
    let closed = ClosedPort::new();
    let not_connected = call(closed.address(), &["--log-format", "json"]);
    let body: Value = serde_json::from_str(&not_connected.stderr).expect("JSON");
    assert_eq!(
        (not_connected.code, not_connected.stdout.as_str()),
        (7, ""),
        "{}",
        not_connected.stderr
    );
    assert_eq!(
        (&body["code"], &body["outcome"]),
        (&"no-connection".into(), &"not-sent".into()),
        "{body:#}"
    );
}
