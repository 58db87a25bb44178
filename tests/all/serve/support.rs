//! The real program, serving.

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

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until this gives something.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited for {what}");
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

    /// The id of the account of this name.
    pub fn id(&self, name: &str) -> String {
        let file: toml::Table = self.accounts.parse().expect("TOML");
        let accounts = file["account"].as_array().expect("accounts");
        let account = accounts
            .iter()
            .find(|account| account["name"].as_str() == Some(name))
            .expect(name);
        account["id"].as_str().expect("an id").to_owned()
    }

    /// Every credential that the accounts have.
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

    /// Makes the next answers of an integration late.
    pub async fn delay(&self, integration: &str, milliseconds: u64, times: u64) {
        let fault =
            format!(r#"{{"kind": "latency", "milliseconds": {milliseconds}, "times": {times}}}"#);
        self.control("PUT", &format!("faults/{integration}"), &fault)
            .await;
    }

    /// Waits until so many requests have reached an integration.
    pub async fn reached(&self, integration: &str, requests: u64) {
        until("a request at the provider", async || {
            let count = format!("count?integration={integration}");
            let count = self.control("GET", &count, "").await;
            (count["requests"].as_u64() >= Some(requests)).then_some(())
        })
        .await;
    }
}

/// `serve` as a process; it ends with this.
pub struct Serve {
    process: Child,
    pub address: SocketAddr,
    said: Arc<Mutex<String>>,
    listener: Option<std::thread::JoinHandle<()>>,
    folder: tempfile::TempDir,
}

impl Serve {
    /// Serves the accounts of the simulators.
    pub fn start(simulators: &Simulators, arguments: &[&str]) -> Self {
        Self::of(&simulators.accounts, arguments)
    }

    /// Serves the accounts of this file.
    pub fn of(accounts: &str, arguments: &[&str]) -> Self {
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
        let said = Arc::new(Mutex::new(String::new()));
        let hears = Arc::clone(&said);
        let listener = std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                let mut said = hears.lock().expect("no panic inside");
                said.push_str(&line);
                said.push('\n');
            }
        });
        Self {
            process,
            address,
            said,
            listener: Some(listener),
            folder,
        }
    }

    pub async fn call(&self, request: &Request) -> Response {
        client::send(self.address, request)
            .await
            .unwrap_or_else(|error| panic!("{error} for {} {}", request.method, request.target))
    }

    /// How much memory it has, in bytes.
    pub fn resident(&self) -> u64 {
        resident(self.process.id()).expect("the process runs on Linux")
    }

    /// Asks it to stop, as a supervisor does.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    pub fn signal(&self, signal: &str) {
        crate::cli::signal(signal, &self.process);
    }

    /// Replaces its accounts file.
    pub fn write_accounts(&self, accounts: &str) {
        std::fs::write(self.folder.path().join("accounts.toml"), accounts).expect("a file");
    }

    /// Waits until its log has a line with all of these.
    pub async fn line(&mut self, words: &[&str]) -> String {
        until(&format!("a line with {words:?}"), async || {
            let said = self.said();
            let mut lines = said.lines();
            let found = lines.find(|line| words.iter().all(|word| line.contains(word)));
            found.map(str::to_owned)
        })
        .await
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        until("the end of the program", async || self.has_ended()).await
    }

    /// How it has ended, if it has.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("its status")
    }

    /// What it has said after its address, all of it once it has ended.
    pub fn said(&mut self) -> String {
        self.said_after(0)
    }

    /// What it has said after so many bytes of that.
    pub fn said_after(&mut self, bytes: usize) -> String {
        if matches!(self.process.try_wait(), Ok(Some(_)))
            && let Some(listener) = self.listener.take()
        {
            let _ = listener.join();
        }
        self.said.lock().expect("no panic inside")[bytes..].to_owned()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A creation of a user of this address.
pub fn create(account: &str, email: &str) -> Request {
    Request {
        method: "POST".to_owned(),
        target: format!("/unified/ticketing/users?integrated_account_id={account}"),
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

/// The words of an error: status, code, outcome.
pub fn said(response: &Response) -> (u16, String, String) {
    let body = response.json();
    let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (response.status, word("code"), word("outcome"))
}

/// The same, as a test expects them.
pub fn error(status: u16, code: &str, outcome: &str) -> (u16, String, String) {
    (status, code.to_owned(), outcome.to_owned())
}
