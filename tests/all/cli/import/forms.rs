//! The forms of a file: what spreadsheets and programs write.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};
use snapbox::str;

use super::{Fixture, results, words};

#[tokio::test(flavor = "multi_thread")]
async fn spreadsheet_is_imported() {
    let fixture = Fixture::start().await;
    let file = "\u{feff}name;email;role\r\n\"Okafor; Tomas\";tomas@kelpworks.example;admin\r\n;;\r\n\r\n\"Zoë \"\"Z\"\" Duarte\";zoe@kelpworks.example;\r\n";
    fixture.write("people.csv", file.as_bytes());
    let run = fixture.run(&["people.csv", "--account", "gorgias"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let results = results(&run.stdout);
    assert_eq!(
        results[0],
        json!({"line": 2, "account": "gorgias", "email": "tomas@kelpworks.example", "result": "created",
            "id": results[0]["id"], "error": null})
    );
    assert_eq!((results.len(), &results[1]["line"]), (2, &json!(5)));
    let requests = fixture.simulators.control("GET", "requests", "").await;
    let requests = requests.as_array().expect("requests").iter();
    let mut names: Vec<String> = requests
        .map(|request| {
            let body = request["body"].as_str().expect("a body");
            let body: Value = serde_json::from_str(body).expect("JSON");
            body["name"].as_str().expect("a name").to_owned()
        })
        .collect();
    names.sort();
    assert_eq!(names, ["Okafor; Tomas", "Zoë \"Z\" Duarte"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn utf_16_is_decoded() {
    let fixture = Fixture::start().await;
    let file = "\u{feff}name\temail\r\nZoë\tzoe@kelpworks.example\r\n";
    let bytes: Vec<u8> = file.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fixture.write("people.txt", &bytes);
    let plan = fixture.run(&["people.txt", "--account", "gorgias", "--dry-run"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    assert!(plan.stdout.contains("\"name\":\"Zoë\""), "{}", plan.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_1252_is_read_when_named() {
    let fixture = Fixture::start().await;
    fixture.write(
        "people.csv",
        b"name;email\r\nZo\xeb;zoe@kelpworks.example\r\n",
    );
    let plan = ["people.csv", "--account", "gorgias", "--dry-run"];
    fixture.assert(&plan).code(3).stdout_eq(str![""]).stderr_eq(str![[r#"
  line 2, column 1 `name`: expected UTF-8, but found other bytes: save the file as `CSV UTF-8`, or say what it is with `--encoding windows-1252` (format)
error[invalid-request]: people.csv: 1 of 1 row is invalid; nothing was sent
hint: correct these rows, or import the others with `--skip-invalid`

"#]]);
    let named = fixture.run(&[&plan[..], &["--encoding", "windows-1252"]].concat());
    assert_eq!(named.code, 0, "{}", named.stderr);
    assert!(
        named.stdout.contains("\"name\":\"Zoë\""),
        "{}",
        named.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_named_and_set() {
    let fixture = Fixture::start().await;
    let file = "E-Mail,Who,Team,Level\n tomas@kelpworks.example ,Tomas,7,admin\nmaren@kelpworks.example,Maren,8,\n";
    fixture.write("people.csv", file.as_bytes());
    let import = [
        "people.csv",
        "--account",
        "gorgias",
        "--map",
        "email=E-Mail",
        "--map",
        "name=Who",
        "--map",
        "role=Level",
        "--set",
        "role=observer-agent",
        "--ignore-column",
        "Team",
        "--trim",
        "--dry-run",
    ];
    let plans = fixture.run(&import);
    assert_eq!(plans.code, 0, "{}", plans.stderr);
    let bodies: Vec<Value> = plans
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["plan"]["body"].clone())
        .collect();
    assert_eq!(
        bodies,
        [
            json!({"email": "tomas@kelpworks.example", "name": "Tomas", "role": {"name": "admin"}}),
            json!({"email": "maren@kelpworks.example", "name": "Maren", "role": {"name": "observer-agent"}}),
        ]
    );
    assert_eq!(fixture.requests("gorgias", "POST").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_columns_name_the_nearest() {
    let fixture = Fixture::start().await;
    fixture.write(
        "people.csv",
        b"E-Mail,First Name,Abteilung\na@k.example,A,1\n",
    );
    fixture
        .assert(&["people.csv", "--account", "gorgias"])
        .code(2)
        .stdout_eq(str![""])
        .stderr_eq(str![[r#"
error[usage]: people.csv: columns are not known
  `E-Mail`: did you mean `email`?
  `First Name`: did you mean `first_name`?
  `Abteilung`
hint: `--map 'email=E-Mail'` says what a column has, `--ignore-column 'E-Mail'` leaves it out; the fields are `name`, `first_name`, `last_name`, `nick_name`, `email`, `role`, `role_id`, `avatar`, `custom_fields.NAME`, `remote_data.NAME`, `collection`, `account`, `id`, `key`

"#]]);
    fixture
        .assert(&["people.csv", "--account", "gorgias", "--map", "emial=E-Mail"])
        .code(2)
        .stderr_eq(str![[r#"
error[usage]: --map: there is no field `emial`: did you mean `email`?
hint: the fields are `name`, `first_name`, `last_name`, `nick_name`, `email`, `role`, `role_id`, `avatar`, `custom_fields.NAME`, `remote_data.NAME`, `collection`, `account`, `id`, `key`

"#]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_create_and_update() {
    let fixture = Fixture::start().await;
    let created = fixture.run_lines(&[json!({"account": "planhat", "first_name": "Ines", "last_name": "Duarte",
        "nick_name": "Ines", "emails": [{"email": "ines@kelpworks.example"}], "custom_fields": {"level": 3}})]);
    assert_eq!(words(&created), ["created"]);
    let id = results(&created)[0]["id"].clone();
    let update = json!({"account": "planhat", "id": id, "last_name": "Halvorsen"});
    assert_eq!(
        words(&fixture.run_lines(std::slice::from_ref(&update))),
        ["updated"]
    );
    assert_eq!(words(&fixture.run_lines(&[update])), ["updated"]);
    assert_eq!(fixture.requests("planhat", "PUT").await, 1);
    // Another change is sent, and so is the first one after it.
    for name in ["Aas", "Halvorsen"] {
        let update = json!({"account": "planhat", "id": id, "last_name": name});
        assert_eq!(words(&fixture.run_lines(&[update])), ["updated"]);
    }
    assert_eq!(fixture.requests("planhat", "PUT").await, 3);
}

impl Fixture {
    /// Imports lines, and returns the results.
    fn run_lines(&self, lines: &[Value]) -> String {
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        self.write("people.jsonl", lines.join("\n").as_bytes());
        let run = self.run(&["people.jsonl"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_input_is_imported() {
    let fixture = Fixture::start().await;
    let mut command = fixture.command(&["-", "--account", "gorgias"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut process = command.spawn().expect("it starts");
    let mut input = process.stdin.take().expect("its input");
    input
        .write_all(super::people(3).as_bytes())
        .expect("it is read");
    drop(input);
    let output = process.wait_with_output().expect("its output");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        words(std::str::from_utf8(&output.stdout).expect("text")),
        ["created"; 3]
    );
    assert_eq!(fixture.users("gorgias").await, 3);
}
