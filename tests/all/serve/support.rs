//! The program as a server.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use unified_ticketing_sandbox::Sandbox;

use crate::cli::program;
use crate::client::{self, Request, Response};
use crate::resident::resident;

/// The longest wait for anything.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// Waits until `look` returns a value.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < WAIT_TIMEOUT, "waited for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The simulators, in this process.
pub struct Simulators {
    pub address: SocketAddr,
    pub accounts: String,
}

impl Simulators {
    pub async fn start() -> Self {
        let sandbox = Sandbox::bind(([127, 0, 0, 1], 0).into())
            .await
            .expect("a port of loopback");
        let simulators = Self {
            address: sandbox.address(),
            accounts: sandbox.accounts_file(),
        };
        tokio::spawn(sandbox.serve(std::future::pending()));
        simulators
    }

    /// The id of the account with this name.
    pub fn id(&self, name: &str) -> String {
        account_id(&self.accounts, name)
    }

    /// Every credential of the accounts.
    pub fn secrets(&self) -> Vec<String> {
        let file: toml::Table = self.accounts.parse().expect("TOML");
        let accounts = file["account"].as_array().expect("accounts");
        let credentials = accounts
            .iter()
            .filter_map(|account| account["credentials"].as_table());
        let secrets = credentials.flat_map(toml::Table::values);
        secrets
            .filter_map(|secret| secret.as_str().map(str::to_owned))
            .collect()
    }

    pub async fn control(&self, method: &str, target: &str, body: &str) -> serde_json::Value {
        let json = ("content-type".to_owned(), "application/json".to_owned());
        let request = Request {
            method: method.to_owned(),
            target: format!("/_sandbox/{target}"),
            headers: vec![json],
            body: body.as_bytes().to_vec(),
        };
        let response = client::send(self.address, &request).await.expect(target);
        assert_eq!(response.status, 200, "{target}: {response:?}");
        response.json()
    }

    /// Delays the next responses of an integration.
    pub async fn delay(&self, integration: &str, milliseconds: u64, times: u64) {
        let fault =
            format!(r#"{{"kind": "latency", "milliseconds": {milliseconds}, "times": {times}}}"#);
        self.control("PUT", &format!("faults/{integration}"), &fault)
            .await;
    }

    /// Waits until an integration has received this number of requests.
    pub async fn reached(&self, integration: &str, requests: u64) {
        until("a request at the provider", async || {
            let count = format!("count?integration={integration}");
            let count = self.control("GET", &count, "").await;
            (count["requests"].as_u64() >= Some(requests)).then_some(())
        })
        .await;
    }
}

/// The id of the account with this name in an accounts file.
pub fn account_id(accounts: &str, name: &str) -> String {
    let file: toml::Table = accounts.parse().expect("TOML");
    let accounts = file["account"].as_array().expect("accounts");
    let account = accounts
        .iter()
        .find(|account| account["name"].as_str() == Some(name))
        .expect(name);
    account["id"].as_str().expect("an id").to_owned()
}

/// A process that runs `serve`. Dropping this kills it.
pub struct Serve {
    process: Child,
    pub address: SocketAddr,
    log: Arc<Mutex<String>>,
    reader: Option<std::thread::JoinHandle<()>>,
    folder: tempfile::TempDir,
}

impl Serve {
    /// Serves the accounts of the simulators.
    pub fn start(simulators: &Simulators, arguments: &[&str]) -> Self {
        Self::with_accounts(&simulators.accounts, arguments)
    }

    /// Serves the accounts of this file.
    pub fn with_accounts(accounts: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("accounts.toml");
        std::fs::write(&file, accounts).expect("a file");
        let common = ["serve", "--listen", "127.0.0.1:0"].map(OsStr::new);
        let accounts = [OsStr::new("--accounts"), file.as_os_str()];
        let arguments = arguments.iter().map(OsStr::new);
        let mut process = program(common.into_iter().chain(accounts).chain(arguments))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut errors = BufReader::new(process.stderr.take().expect("its errors"));
        let mut line = String::new();
        errors.read_line(&mut line).expect("a line");
        let address = line
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.trim_end_matches(['\n', '"', '}']).parse().ok())
            .unwrap_or_else(|| panic!("expected the address, but found `{line}`"));
        let log = Arc::new(Mutex::new(String::new()));
        let writer = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                let mut log = writer.lock().expect("no panic inside");
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self {
            process,
            address,
            log,
            reader: Some(reader),
            folder,
        }
    }

    pub async fn call(&self, request: &Request) -> Response {
        client::send(self.address, request)
            .await
            .unwrap_or_else(|error| panic!("{error} for {} {}", request.method, request.target))
    }

    /// The resident memory of the process, in bytes.
    pub fn resident(&self) -> u64 {
        resident(self.process.id()).expect("the process runs on Linux")
    }

    /// Asks the process to stop, as a supervisor does.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    pub fn signal(&self, signal: &str) {
        crate::cli::signal(signal, &self.process);
    }

    /// Replaces the accounts file.
    pub fn write_accounts(&self, accounts: &str) {
        std::fs::write(self.folder.path().join("accounts.toml"), accounts).expect("a file");
    }

    /// Waits until the log has a line with all these words.
    pub async fn wait_for_line(&mut self, words: &[&str]) -> String {
        until(&format!("a line with {words:?}"), async || {
            let log = self.log();
            let mut lines = log.lines();
            let found = lines.find(|line| words.iter().all(|word| line.contains(word)));
            found.map(str::to_owned)
        })
        .await
    }

    /// Waits until the process ends.
    pub async fn wait_for_exit(&mut self) -> ExitStatus {
        until("the end of the program", async || self.exit_status()).await
    }

    /// The exit status, if the process has ended.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("its status")
    }

    /// The log after the line with the address; complete once the process has ended.
    pub fn log(&mut self) -> String {
        self.log_after(0)
    }

    /// The log after this number of bytes.
    pub fn log_after(&mut self, bytes: usize) -> String {
        if matches!(self.process.try_wait(), Ok(Some(_)))
            && let Some(reader) = self.reader.take()
        {
            let _ = reader.join();
        }
        self.log.lock().expect("no panic inside")[bytes..].to_owned()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A request that creates a user with this address.
pub fn create(account: &str, email: &str) -> Request {
    Request {
        method: "POST".to_owned(),
        // What a creation looks for afterwards has tests of its own.
        target: format!(
            "/unified/ticketing/users?integrated_account_id={account}&unified_settle=false"
        ),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: format!(r#"{{"name": "Ines Halvorsen", "emails": [{{"email": "{email}"}}]}}"#)
            .into_bytes(),
    }
}

/// A request without a body.
pub fn get(target: &str) -> Request {
    Request {
        method: "GET".to_owned(),
        target: target.to_owned(),
        ..Request::default()
    }
}

/// Status, code and outcome of a response.
pub fn error_of(response: &Response) -> (u16, String, String) {
    let body = response.json();
    let member = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (response.status, member("code"), member("outcome"))
}

/// The same, as a test expects it.
pub fn error(status: u16, code: &str, outcome: &str) -> (u16, String, String) {
    (status, code.to_owned(), outcome.to_owned())
}
