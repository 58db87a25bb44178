//! `users import`: a file of users, each row once.

mod again;
mod delete;
mod faults;
mod forms;
mod kill;
mod limits;
mod results;
mod signals;
mod unknown;

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};

use super::support::{ProgramOutput, program};
use crate::serve::Simulators;

/// The simulators, and a folder with a file of users, a store and the results.
struct Fixture {
    simulators: Simulators,
    folder: tempfile::TempDir,
}

impl Fixture {
    async fn start() -> Self {
        let simulators = Simulators::start().await;
        let folder = tempfile::tempdir().expect("a folder");
        let fixture = Self { simulators, folder };
        let accounts = fixture.simulators.accounts.clone();
        fixture.write("accounts.toml", accounts.as_bytes());
        fixture
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("it is written");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("it is read")
    }

    /// A command that imports, in the folder of the fixture.
    fn command(&self, arguments: &[&str]) -> std::process::Command {
        self.command_with(&["--store", "sqlite:import.db"], arguments)
    }

    /// A command that imports with this store.
    fn command_with(&self, store: &[&str], arguments: &[&str]) -> std::process::Command {
        let import = [&["users", "import"], store, arguments].concat();
        let mut command = program(import);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Imports, and returns what the program prints.
    fn run(&self, arguments: &[&str]) -> ProgramOutput {
        self.command(arguments).output().expect("it runs").into()
    }

    /// Imports, for a snapshot.
    fn assert(&self, arguments: &[&str]) -> snapbox::cmd::OutputAssert {
        snapbox::cmd::Command::from_std(self.command(arguments)).assert()
    }

    async fn count(&self, integration: &str) -> Value {
        let target = format!("count?integration={integration}");
        self.simulators.control("GET", &target, "").await
    }

    /// How many requests of a method an integration has received.
    async fn requests(&self, integration: &str, method: &str) -> u64 {
        let count = self.count(integration).await;
        count["methods"][method].as_u64().unwrap_or_default()
    }

    async fn users(&self, integration: &str) -> u64 {
        self.count(integration).await["users"]
            .as_u64()
            .unwrap_or_default()
    }

    async fn fault(&self, integration: &str, fault: &Value) {
        let target = format!("faults/{integration}");
        let body = fault.to_string();
        self.simulators.control("PUT", &target, &body).await;
    }

    async fn limit(&self, integration: &str, requests: u64, seconds: u64) {
        let target = format!("limits/{integration}");
        let body = json!({"requests": requests, "seconds": seconds});
        self.simulators
            .control("PUT", &target, &body.to_string())
            .await;
    }

    /// Makes every record of the store older, as if so many seconds had passed.
    fn age(&self, seconds: i64) {
        let store = rusqlite::Connection::open(self.path("import.db")).expect("the store");
        let sql = "UPDATE record SET begun = begun - ?1, lease_until = lease_until - ?1";
        store.execute(sql, [seconds * 1_000]).expect("it is older");
    }
}

/// The results in JSON Lines, by line of the input.
fn results(lines: &str) -> Vec<Value> {
    let lines = lines.lines();
    let mut results: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    results.sort_by_key(|result| result["line"].as_u64());
    results
}

/// What came of each row, by line of the input.
fn words(lines: &str) -> Vec<String> {
    let results = results(lines);
    let words = results.iter().map(|result| result["result"].as_str());
    words
        .map(|word| word.expect("a result").to_owned())
        .collect()
}

/// Checks the exit code, and what came of the first row.
#[track_caller]
fn assert_first(run: &ProgramOutput, code: i32, result: &str) {
    assert_eq!(
        (run.code, &words(&run.stdout)[0][..]),
        (code, result),
        "{}",
        run.stderr
    );
}

/// A file of so many users.
fn people(count: usize) -> String {
    let rows = (1..=count).map(|number| format!("Person {number},p{number}@kelpworks.example\n"));
    "name,email\n".to_owned() + &rows.collect::<String>()
}
