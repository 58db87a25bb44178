//! `users list`: pages, tables, and lists that end early.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use serde_json::Value;
use snapbox::str;

use super::fixture::{Fixture, Stdout, response};
use super::support::{assert_program, program};
use crate::provider::ProviderResponse;

/// Returns a page of Dixa: users of these names, and the key of the next page.
fn page(names: &[&str], next: Option<&str>) -> ProviderResponse {
    let users: Vec<Value> = names
        .iter()
        .map(|name| {
            let id = format!("8d4e1f66-1c5e-4f0a-9a35-{:012}", name.len());
            serde_json::json!({"id": id, "displayName": name, "email": "i@kelpworks.example"})
        })
        .collect();
    let next = next.map(|key| format!("https://dev.dixa.io/v1/agents?pageKey={key}"));
    let page = serde_json::json!({"data": users, "meta": {"next": next}});
    response(200, &[], &page.to_string())
}

fn next_cursor(err: &str) -> String {
    let body: Value = serde_json::from_str(err).expect("a line of JSON");
    body["next_cursor"].as_str().expect("a cursor").to_owned()
}

#[test]
fn violations_name_the_flags() {
    let list = ["--sandbox", "users", "list", "--account=gorgias"];
    assert_program([&list[..], &["--limit=501", "--cursor=made-up"]].concat())
        .code(3)
        .stdout_eq(str![""])
        .stderr_eq(str![[r#"
error[invalid-request]: the request is invalid, and was not sent
  --cursor: expected the cursor of a page of Gorgias, but found `made-up` (format)
  --limit: expected a number from 1 to 500, but found 501 (format)

"#]]);
    assert_program([&list[..], &["--limit=ten"]].concat())
        .code(3)
        .stdout_eq(str![""])
        .stderr_eq(str![[r#"
error[invalid-request]: --limit: expected a number from 1 to 500, but found `ten`

"#]]);
    let more = ["--email= ", "--limit=5", "--remote-query=limit=5"];
    assert_program([&list[..], &more].concat())
        .code(3)
        .stdout_eq(str![""])
        .stderr_eq(str![[r#"
error[invalid-request]: the request is invalid, and was not sent
  --remote-query limit: a look-up by an address takes no parameters of the provider (unsupported-field)
  --email: expected an address, but found ` ` (format)
  --limit: a look-up by an address has one page with everyone who has it (unsupported-field)

"#]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn page_is_the_published_envelope() {
    let fixture = Fixture::start().await;
    let pages = [page(&["Ines"], Some("k1")), page(&[], None)];
    fixture.provider.respond_in_turn(pages.map(Some).to_vec());
    let list = ["list", "--limit=1", "--ignore-remote-data"];
    let (code, out, err) = fixture.users(&list, Stdout::Read);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    snapbox::assert_data_eq!(
        &out,
        str![[r#"
{
  "result": [
    {
      "id": "8d4e1f66-1c5e-4f0a-9a35-000000000004",
      "name": "Ines",
      "emails": [
        {
          "email": "i@kelpworks.example",
          "type": "primary"
        }
      ],
      "is_active": true
    }
  ],
  "next_cursor": "ZGl4YTpjdXJzb3I6azE",
  "prev_cursor": null,
  "result_count": 1
}

"#]]
    );
    let cursor = next_cursor(&out);
    let (code, out, err) =
        fixture.users(&[&list[..], &["--cursor", &cursor]].concat(), Stdout::Read);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("\"next_cursor\": null"), "{out}");
    let targets = fixture
        .provider
        .received()
        .into_iter()
        .map(|request| request.target);
    assert_eq!(
        targets.collect::<Vec<_>>(),
        ["/agents?pageLimit=1", "/agents?pageLimit=1&pageKey=k1"]
    );
    // The provider's bytes do not have the cursor.
    fixture.provider.respond(Some(page(&["Ines"], Some("k1"))));
    let raw = ["list", "--limit=1", "--format=raw", "--log-format=json"];
    let (code, out, err) = fixture.users(&raw, Stdout::Read);
    assert!(code == Some(0) && out.starts_with("{\"data\""), "{out}");
    assert_eq!(next_cursor(&err), cursor);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_are_json_lines() {
    let fixture = Fixture::start().await;
    let pages = [
        page(&["Ines", "Priya"], Some("k1")),
        page(&[], Some("k2")),
        page(&["Maren"], None),
    ];
    fixture.provider.respond_in_turn(pages.map(Some).to_vec());
    // Every page has the same warning.
    let list = [
        "list",
        "--all",
        "--limit=2",
        "--ignore-remote-data",
        "--exclude-field=nick",
    ];
    let (code, out, err) = fixture.users(&list, Stdout::Read);
    assert_eq!(code, Some(0), "{err}");
    snapbox::assert_data_eq!(
        out,
        str![[r#"
{"id":"8d4e1f66-1c5e-4f0a-9a35-000000000004","name":"Ines","emails":[{"email":"i@kelpworks.example","type":"primary"}],"is_active":true}
{"id":"8d4e1f66-1c5e-4f0a-9a35-000000000005","name":"Priya","emails":[{"email":"i@kelpworks.example","type":"primary"}],"is_active":true}
{"id":"8d4e1f66-1c5e-4f0a-9a35-000000000005","name":"Maren","emails":[{"email":"i@kelpworks.example","type":"primary"}],"is_active":true}

"#]]
    );
    snapbox::assert_data_eq!(
        err,
        str![[r#"
warning[unknown-field]: --exclude-field: expected a field of the response, but found `nick`

"#]]
    );
    assert_eq!(fixture.provider.received().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_printed_as_they_come() {
    let fixture = Fixture::start().await;
    // The list never ends.
    let pages = [page(&["Ines"], Some("k1")), page(&["Priya"], Some("k2"))];
    fixture.provider.respond_in_turn(pages.map(Some).to_vec());
    let mut list = program(["users", "list", "--all", "--limit=1", "--account=dixa"])
        .args(["--accounts", &fixture.accounts()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(list.stdout.take().expect("its output"));
    let mut line = String::new();
    for name in ["Ines", "Priya", "Ines"] {
        line.clear();
        lines.read_line(&mut line).expect("a line");
        assert!(line.ends_with("}\n") && line.contains(name), "{line}");
    }
    drop(lines);
    let status = list.wait().expect("it ends");
    let mut err = String::new();
    list.stderr
        .take()
        .expect("its errors")
        .read_to_string(&mut err)
        .expect("text");
    assert_eq!((status.code(), err.as_str()), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn list_resumes_after_an_error() {
    let fixture = Fixture::start().await;
    let failed = response(500, &[], "{}");
    let pages = [page(&["Ines"], Some("k1")), failed, page(&["Maren"], None)];
    fixture.provider.respond_in_turn(pages.map(Some).to_vec());
    let list = ["list", "--all", "--limit=1", "--log-format=json"];
    let (code, out, err) = fixture.users(&list, Stdout::Read);
    assert_eq!(code, Some(7), "{err}");
    assert!(out.lines().count() == 1 && out.contains("Ines"), "{out}");
    let cursor = next_cursor(&err);
    let (code, out, err) =
        fixture.users(&[&list[..], &["--cursor", &cursor]].concat(), Stdout::Read);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.lines().count() == 1 && out.contains("Maren"), "{out}");

    let pages = [page(&["Ines"], Some("k1")), response(500, &[], "{}")];
    fixture.provider.respond_in_turn(pages.map(Some).to_vec());
    let (code, _, err) = fixture.users(&list[..3], Stdout::Read);
    assert_eq!(code, Some(7), "{err}");
    snapbox::assert_data_eq!(
        err,
        str![[r#"
error[provider-failed]: Dixa failed with status 500
  the provider answered 500: {}
hint: all users before are printed: go on with `--cursor ZGl4YTpjdXJzb3I6azE`

"#]]
    );
    // Before the first page, there is nothing to go on from.
    fixture.provider.respond(Some(response(500, &[], "{}")));
    let (code, _, err) = fixture.users(&list[..3], Stdout::Read);
    assert!(code == Some(7) && !err.contains("--cursor"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn table_says_what_it_lacks() {
    let fixture = Fixture::start().await;
    let table = |arguments: &[&str]| {
        let arguments = [&["list", "--output=table"], arguments].concat();
        let (code, out, err) = fixture.users(&arguments, Stdout::Read);
        assert_eq!(code, Some(0), "{err}");
        (out, err)
    };
    let pages = [page(&["Ines"], Some("k1")), page(&["Priya Lind"], None)];
    fixture.provider.respond_in_turn(pages.map(Some).to_vec());
    let (out, err) = table(&["--limit=1"]);
    snapbox::assert_data_eq!(
        out,
        str![[r#"
ID                                    NAME  EMAIL                ROLE  ACTIVE
8d4e1f66-1c5e-4f0a-9a35-000000000004  Ines  i@kelpworks.example        yes

"#]]
    );
    snapbox::assert_data_eq!(
        err,
        str![[r#"
the next page: `--cursor ZGl4YTpjdXJzb3I6azE`

"#]]
    );
    fixture.provider.respond(Some(page(&[], None)));
    for (arguments, note) in [
        (
            &["--email=nobody@k.example"][..],
            "no user has the address `nobody@k.example`\n",
        ),
        (
            &["--email=nobody@k.example", "--all"],
            "no user has the address `nobody@k.example`\n",
        ),
        (&["--all"], "there are no users\n"),
    ] {
        assert_eq!(
            table(arguments),
            (String::new(), note.to_owned()),
            "{arguments:?}"
        );
    }
}

/// Runs a command of `users` on a terminal of 80 columns; returns what it prints there.
#[cfg(target_os = "linux")]
fn on_terminal(fixture: &Fixture, arguments: &str) -> String {
    let program = env!("CARGO_BIN_EXE_unified-ticketing");
    let accounts = fixture.accounts();
    let command = format!(
        "stty cols 80 rows 24 -onlcr && '{program}' users {arguments} --account=dixa --accounts '{accounts}'"
    );
    let output = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env_remove("NO_COLOR")
        .env("TERM", "xterm-256color")
        .stdin(Stdio::null())
        .output()
        .expect("`script` of util-linux runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn table_fits_the_terminal() {
    let fixture = Fixture::start().await;
    let names = [
        "Ines",
        "Wolfeschlegelsteinhausenbergerdorff Halvorsen-Aas",
        "日本語日本語日本語",
        "\u{1b}[2J\u{9b}1m\u{202e}\n",
    ];
    fixture.provider.respond(Some(page(&names, None)));
    for arguments in ["list --output=table", "list --output=table --all"] {
        let out = on_terminal(&fixture, arguments);
        snapbox::assert_data_eq!(
            out,
            str![[r#"
ID                                    NAME           EMAIL          ROLE  ACTIVE
8d4e1f66-1c5e-4f0a-9a35-000000000004  Ines           i@kelpworks.…        yes
8d4e1f66-1c5e-4f0a-9a35-000000000049  Wolfeschlege…  i@kelpworks.…        yes
8d4e1f66-1c5e-4f0a-9a35-000000000027  日本語日本語…  i@kelpworks.…        yes
8d4e1f66-1c5e-4f0a-9a35-000000000012  /u{1b}[2J/u{…  i@kelpworks.…        yes

"#]]
        );
    }
    // JSON Lines stay JSON.
    let out = on_terminal(&fixture, "list --all --ignore-remote-data");
    let names_shown: Vec<String> = out
        .lines()
        .map(|line| {
            assert!(
                !line.contains(|character: char| character.is_control()),
                "{line:?}"
            );
            let user: Value = serde_json::from_str(line).expect("JSON");
            user["name"].as_str().expect("a name").to_owned()
        })
        .collect();
    assert_eq!(names_shown, names);
}
