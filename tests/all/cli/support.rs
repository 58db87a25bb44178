//! Runs the real program.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use unified_ticketing_guest::integration::ALL;

/// Returns a command for the program with these arguments, without the variables that change its behaviour.
pub fn program<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unified-ticketing"));
    command
        .args(arguments)
        .env_remove("UNIFIED_TICKETING_ACCOUNTS")
        .env_remove("UNIFIED_TICKETING_PROXY")
        .env_remove("UNIFIED_TICKETING_SECRET")
        .env_remove("UNIFIED_TICKETING_STORE")
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

/// Runs the program and returns its output for snapshots.
pub fn assert_program<S: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = S>,
) -> snapbox::cmd::OutputAssert {
    snapbox::cmd::Command::from_std(program(arguments)).assert()
}

/// The exit code and the output of the program.
pub struct ProgramOutput {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for ProgramOutput {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("an exit code"),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

/// Runs the program.
pub fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> ProgramOutput {
    let output = program(arguments).stdin(Stdio::null()).output();
    output.expect("the program runs").into()
}

/// The sandbox in a process of its own, and the accounts file that it prints.
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
        while printed.matches("credentials").count() < ALL.len() {
            assert_ne!(
                lines.read_line(&mut printed).expect("a line"),
                0,
                "the sandbox prints an account for each integration: {printed}"
            );
        }
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("accounts.toml"), &printed).expect("a file");
        Self { process, folder }
    }

    pub fn run(&self, arguments: &[&str]) -> ProgramOutput {
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

/// For each integration, the arguments that create a user, the arguments that update it and what the output then has.
pub const CALLS: &[(&str, &[&str], (&[&str], &str))] = &[
    (
        "dixa",
        &[
            "--name",
            "Ines Halvorsen",
            "--email",
            "ines@kelpworks.example",
        ],
        (&["--last-name", "Halvorsen-Aas"], "Halvorsen-Aas"),
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
        (&["--name", "Ines Halvorsen-Aas"], "Ines Halvorsen-Aas"),
    ),
    (
        "hive",
        &[
            "--name",
            "Ines Halvorsen",
            "--email",
            "ines@kelpworks.example",
        ],
        (&["--last-name", "Halvorsen-Aas"], "Halvorsen-Aas"),
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
        (&["--role", "viewer", "--collection", "1"], "viewer"),
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
        (
            &[
                "--last-name",
                "Halvorsen-Aas",
                "--role",
                "id:000000000000000000000000",
            ],
            "Halvorsen-Aas",
        ),
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
        (&["--last-name", "Halvorsen-Aas"], "OK"),
    ),
];
