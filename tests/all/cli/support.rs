//! The real program, run.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// The program with these arguments, and nothing of the environment that could change what it does.
pub fn program<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unified-ticketing"));
    command
        .args(arguments)
        .env_remove("UNIFIED_TICKETING_ACCOUNTS")
        .env_remove("RUST_BACKTRACE");
    command
}

/// Sends a signal to a process, by its name without `SIG`.
pub fn signal(name: &str, process: &Child) {
    let id = process.id().to_string();
    let killed = Command::new("kill")
        .args([&format!("-{name}"), &id])
        .status();
    assert!(killed.is_ok_and(|status| status.success()), "kill {id}");
}

pub fn snap<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> snapbox::cmd::OutputAssert {
    snapbox::cmd::Command::from_std(program(arguments)).assert()
}

/// What a run of the program printed and said.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    let output = program(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    Run {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// The sandbox as a process of its own, with the accounts file that it prints.
pub struct Sandbox {
    process: Child,
    pub folder: tempfile::TempDir,
}

impl Sandbox {
    pub fn start() -> Self {
        let mut process = program(["sandbox", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sandbox starts");
        let mut printed = String::new();
        let mut lines = BufReader::new(process.stdout.take().expect("its output"));
        while printed.matches("credentials").count() < 6 {
            assert_ne!(
                lines.read_line(&mut printed).expect("a line"),
                0,
                "the sandbox prints six accounts: {printed}"
            );
        }
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("accounts.toml"), &printed).expect("a file");
        Self { process, folder }
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        let accounts = self.folder.path().join("accounts.toml");
        run([OsStr::new("--accounts"), accounts.as_os_str()]
            .into_iter()
            .chain(arguments.iter().map(OsStr::new)))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Arguments that create a user in each integration, and the ones that change it.
pub const CALLS: [(&str, &[&str], Option<(&[&str], &str)>); 6] = [
    (
        "dixa",
        &[
            "--name",
            "Ines Halvorsen",
            "--email",
            "ines@kelpworks.example",
        ],
        None,
    ),
    (
        "gorgias",
        &[
            "--first-name",
            "Ines",
            "--last-name",
            "Halvorsen",
            "--email",
            "ines@kelpworks.example",
        ],
        None,
    ),
    (
        "hive",
        &[
            "--name",
            "Ines Halvorsen",
            "--email",
            "ines@kelpworks.example",
        ],
        Some((&["--last-name", "Halvorsen-Aas"], "Halvorsen-Aas")),
    ),
    (
        "pivotal_tracker",
        &[
            "--name",
            "Ines Halvorsen",
            "--email",
            "ines@kelpworks.example",
            "--role",
            "member",
            "--collection",
            "project:1",
        ],
        Some((&["--role", "viewer", "--collection", "1"], "viewer")),
    ),
    (
        "planhat",
        &[
            "--first-name",
            "Ines",
            "--last-name",
            "Halvorsen",
            "--nick-name",
            "Ines",
            "--email",
            "ines@kelpworks.example",
        ],
        Some((
            &[
                "--last-name",
                "Halvorsen-Aas",
                "--role",
                "id:000000000000000000000000",
            ],
            "Halvorsen-Aas",
        )),
    ),
    (
        "teamwork",
        &[
            "--first-name",
            "Ines",
            "--last-name",
            "Halvorsen",
            "--email",
            "ines@kelpworks.example",
            "--role",
            "account",
        ],
        Some((&["--last-name", "Halvorsen-Aas"], "OK")),
    ),
];
