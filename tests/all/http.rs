//! The HTTP API: one table and every golden case, against every way in which it is served.

pub mod runners;
mod table;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use unified_ticketing::{Engine, Sender};

use crate::case::{self, ACCOUNT, Case};
use crate::client::{Request, Response};
use crate::provider::{Answer, Provider, Received};
use runners::{Given, Nobody, Runner};
use table::{Row, Table};

/// What the runners are run on.
pub struct Bench {
    table: Table,
    cases: Vec<Case>,
    pub provider: Provider,
    nobody: Nobody,
}

impl Bench {
    pub async fn start() -> Self {
        Self {
            table: Table::read(),
            cases: case::all(),
            provider: Provider::start().await,
            nobody: Nobody::new(),
        }
    }

    /// The accounts of the table by their ids, and one for each case.
    pub fn accounts(&self) -> BTreeMap<String, Given> {
        let server = self.provider.url();
        let rows = self.table.accounts.values().filter_map(|account| {
            let mut given = account.case_account();
            given.base_url = given.base_url.map(|url| {
                url.replace("{server}", &server)
                    .replace("{nobody}", &self.nobody.url())
            });
            Some((account.id.clone(), (account.integration.clone()?, given)))
        });
        let cases = self.cases.iter().enumerate().map(|(position, case)| {
            let given = (case.integration.clone(), case.account_at(&server));
            (id(position), given)
        });
        rows.chain(cases).collect()
    }

    /// Makes every call. `limits` says whether answers are limited as the host limits them.
    pub async fn all(&self, runner: &Runner, limits: bool) -> Vec<Done<'_>> {
        let mut done = Vec::new();
        for row in self.table.rows.iter().filter(|row| limits || !row.limit) {
            let (request, answer) = (self.table.request(row), self.table.answer(row));
            done.push(self.call(runner, Call::Row(row), request, answer).await);
        }
        for (position, case) in self.cases.iter().enumerate() {
            let answer = case.file.response.as_ref().map(answer);
            let request = request(case, position);
            done.push(self.call(runner, Call::Case(case), request, answer).await);
        }
        done
    }

    async fn call<'a>(
        &self,
        runner: &Runner,
        call: Call<'a>,
        request: Request,
        answer: Option<Answer>,
    ) -> Done<'a> {
        self.provider.answer(answer.clone());
        let response = runner.call(&request).await;
        Done {
            call,
            request,
            answer,
            response,
            received: self.provider.received(),
        }
    }

    /// Makes every call, and fails with the names of those that do not hold.
    async fn run(&self, runner: &Runner, limits: bool) {
        let all = self.all(runner, limits).await;
        let server = self.provider.url();
        let holds = |done: &&Done<'_>| {
            let check = std::panic::AssertUnwindSafe(|| done.check(&server));
            std::panic::catch_unwind(check).is_ok()
        };
        let failed: Vec<&str> = all
            .iter()
            .filter(|done| !holds(done))
            .map(Done::name)
            .collect();
        assert!(
            failed.is_empty(),
            "{} of {} rows and cases do not hold: {failed:#?}",
            failed.len(),
            all.len()
        );
    }
}

/// What a call shows.
#[derive(Clone, Copy)]
pub enum Call<'a> {
    Row(&'a Row),
    Case(&'a Case),
}

/// A call that has been made.
pub struct Done<'a> {
    pub call: Call<'a>,
    pub request: Request,
    answer: Option<Answer>,
    pub response: Response,
    received: Vec<Received>,
}

impl Done<'_> {
    pub fn name(&self) -> &str {
        match self.call {
            Call::Row(row) => &row.name,
            Call::Case(case) => &case.name,
        }
    }

    fn check(&self, server: &str) {
        let Self {
            call,
            request: _,
            answer,
            response,
            received,
        } = self;
        let case = match call {
            Call::Row(row) => return row.check(server, answer.as_ref(), response, received),
            Call::Case(case) => case,
        };
        let sent = usize::from(case.file.request.is_some());
        assert_eq!(received.len(), sent, "{}: requests", case.name);
        for request in received {
            let Received {
                method,
                target,
                headers,
                body,
            } = request;
            case.check_request(method, target, headers, body);
        }
        let body = response.body.as_deref().unwrap_or_default();
        case.check_response(server, response.status, &response.headers, body);
    }
}

/// The account's id of the case at this position.
fn id(position: usize) -> String {
    format!("0ca5e000-0000-4000-8000-0000000{position:05}")
}

fn request(case: &Case, position: usize) -> Request {
    let (method, target) = case.http();
    let content_type = "application/json; charset=utf-8".to_owned();
    Request {
        method: method.to_owned(),
        target: target.replace(ACCOUNT, &id(position)),
        headers: vec![("Content-Type".to_owned(), content_type)],
        body: case.file.call.body.clone().into_bytes(),
    }
}

fn answer(answer: &case::Response) -> Answer {
    let headers = answer.headers.iter();
    Answer {
        status: answer.status,
        headers: headers
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        body: answer.body(),
    }
}

#[tokio::test]
async fn table_holds_natively() {
    let bench = Bench::start().await;
    let runner = Runner::Native(bench.accounts());
    bench.run(&runner, true).await;
}

#[tokio::test]
async fn table_holds_when_the_host_sends() {
    let bench = Bench::start().await;
    let runner = Runner::served(Sender::Host, bench.accounts()).await;
    bench.run(&runner, true).await;
}

#[tokio::test]
async fn table_holds_when_the_component_sends() {
    let bench = Bench::start().await;
    let runner = Runner::served(Sender::Component, bench.accounts()).await;
    bench.run(&runner, true).await;
}

/// Runs where `WASMTIME` names the binary of stock wasmtime.
#[tokio::test]
async fn the_table_holds_served_by_stock_wasmtime() {
    let Some(wasmtime) = std::env::var_os("WASMTIME") else {
        println!("skipped: WASMTIME does not name a binary");
        return;
    };
    let component = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(component.path(), Engine::standalone()).expect("a file");
    let bench = Bench::start().await;
    let accounts = runners::accounts_json(&bench.accounts()).to_string();
    let mut command = Command::new(wasmtime);
    command
        .args(["serve", "-Scli", "--addr", "127.0.0.1:0"])
        .args(["--env", "UNIFIED_TICKETING_ACCOUNTS_JSON"])
        .arg(component.path())
        .env("UNIFIED_TICKETING_ACCOUNTS_JSON", accounts);
    let (_stock, address) = Stock::start(command);
    bench.run(&Runner::Served(address), false).await;
}

/// Stock wasmtime at work; it ends with this.
struct Stock(Child);

impl Stock {
    /// Starts it, and reads from its first line where it listens.
    fn start(mut command: Command) -> (Self, SocketAddr) {
        let mut process = command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("wasmtime starts");
        let mut errors = BufReader::new(process.stderr.take().expect("its errors"));
        let stock = Self(process);
        let mut line = String::new();
        errors.read_line(&mut line).expect("a line");
        let address = line
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.trim().trim_end_matches('/').parse().ok())
            .unwrap_or_else(|| panic!("expected where wasmtime listens, but found `{line}`"));
        // What else it says is read, so that it never waits for it.
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::stderr()));
        (stock, address)
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
