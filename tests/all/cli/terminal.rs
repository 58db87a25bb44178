//! What a person sees on a terminal of 80 columns.

use std::io::Read as _;
use std::process::Stdio;

use snapbox::str;

use super::support::program;
use crate::serve::Simulators;

const COLUMNS: usize = 80;

/// What a program has shown on a terminal.
struct Shown {
    /// Every byte, with `ESC` for the control character.
    written: String,
    /// The screen after each output, with one after the other.
    screens: Vec<String>,
}

/// Runs the program on a terminal in this folder, with this variable.
fn show(folder: &std::path::Path, arguments: &[&str], (name, value): (&str, &str)) -> Shown {
    let program = program(arguments);
    let words = std::iter::once(program.get_program()).chain(program.get_args());
    let quoted = |word: &std::ffi::OsStr| format!("'{}'", word.to_str().expect("UTF-8"));
    let words: Vec<String> = words.map(quoted).collect();
    let line = format!("stty cols {COLUMNS} rows 24; exec {}", words.join(" "));
    // It makes the terminal.
    let mut process = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(folder)
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .env(name, value)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a terminal");
    let columns = u16::try_from(COLUMNS).expect("few");
    let mut terminal = vt100::Parser::new(24, columns, 0);
    let mut output = process.stdout.take().expect("its output");
    let (mut written, mut screens, mut bytes) = (Vec::new(), Vec::new(), [0; 4096]);
    loop {
        let length = output.read(&mut bytes).expect("output");
        if length == 0 {
            break;
        }
        written.extend_from_slice(&bytes[..length]);
        terminal.process(&bytes[..length]);
        screens.push(terminal.screen().contents());
    }
    process.wait().expect("its end");
    let written = String::from_utf8(written).expect("text");
    Shown {
        written: written.replace('\u{1b}', "ESC").replace("\r\n", "\n"),
        screens,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn import_shows_its_bar() {
    let simulators = Simulators::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a file");
    };
    write("accounts.toml", &simulators.accounts);
    let people = (0..4).map(|number| format!("Ines {number},ines{number}@k.example\n"));
    let people: String = people.collect();
    write("people.csv", &format!("name,email\n{people}"));
    let import = ["users", "import", "people.csv", "--account", "hive"];
    let more = ["--rate", "2", "--results=r.jsonl", "--store=sqlite:i.db"];
    let shown = show(folder.path(), &[&import[..], &more].concat(), ("LANG", "C"));

    let bars: Vec<&String> = shown
        .screens
        .iter()
        .filter(|screen| screen.contains("/4 "))
        .collect();
    assert!(bars.len() > 2, "{:?}", shown.screens);
    for bar in &bars {
        assert_eq!(bar.lines().count(), 1, "{bar}");
    }
    assert!(
        bars.iter().any(|bar| bar.starts_with("===>         1/4 ")),
        "{bars:?}"
    );
    let last = shown.screens.last().expect("a screen");
    snapbox::assert_data_eq!(
        last,
        str![[r#"
people.csv: 4 rows, [..] s
  created          4
"#]]
    );
}

#[test]
fn error_has_colours_on_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let create = [
        "users",
        "create",
        "--sandbox",
        "--account",
        "gorgias",
        "--name",
        "Ines",
    ];
    let coloured = show(folder.path(), &create, ("LANG", "C"));
    snapbox::assert_data_eq!(
        coloured.written,
        str![[r#"
ESC[1mESC[31merror[invalid-request]:ESC[0m --email: expected at least one email address, but found none

"#]]
    );
    let plain = show(folder.path(), &create, ("NO_COLOR", "1"));
    snapbox::assert_data_eq!(
        plain.written,
        str![[r#"
error[invalid-request]: --email: expected at least one email address, but found none

"#]]
    );
}

#[test]
fn help_and_tables_fit() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [
        &["--help"][..],
        &["users", "create", "--help"],
        &["users", "import", "--help"],
        &["users", "list", "--help"],
        &["accounts", "add", "--help"],
        &["accounts", "check", "--help"],
        &["serve", "--help"],
        &["integrations"],
        &["integrations", "gorgias"],
        &[
            "users",
            "list",
            "--sandbox",
            "--account",
            "dixa",
            "--output",
            "table",
        ],
    ] {
        let shown = show(folder.path(), arguments, ("NO_COLOR", "1"));
        assert!(!shown.written.contains("ESC"), "{}", shown.written);
        for line in shown.written.lines() {
            let width = line.chars().count();
            assert!(width <= COLUMNS, "{arguments:?}: {width} columns: {line}");
        }
    }
}
