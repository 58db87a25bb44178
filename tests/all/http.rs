//! The HTTP API: one table and every golden case, for every way to serve it.

pub mod runners;
mod table;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use sha2::{Digest as _, Sha256};
use unified_ticketing::server::NewToken;
use unified_ticketing::{Engine, Sender};

use crate::case::{ACCOUNT, Case};
use crate::cases::{content_type, provider_responses, served_cases};
use crate::client::{self, Request, Response};
use crate::provider::{Provider, ProviderResponse, Received};
use runners::{ClosedPort, Runner, TestAccount};
use table::{Row, Table};

/// The table, the cases and their provider, for the runners.
pub struct Suite {
    table: Table,
    cases: Vec<Case>,
    pub provider: Provider,
    closed_port: ClosedPort,
}

impl Suite {
    pub async fn start() -> Self {
        // Some runners let the component send.
        Self::with_cases(served_cases(Sender::Component)).await
    }

    async fn with_cases(cases: Vec<Case>) -> Self {
        Self {
            table: Table::load(),
            cases,
            provider: Provider::start().await,
            closed_port: ClosedPort::new(),
        }
    }

    /// The accounts of the table by their ids, and one for each case.
    pub fn accounts(&self) -> BTreeMap<String, TestAccount> {
        let server = self.provider.url();
        let rows = self.table.accounts.values().filter_map(|account| {
            let mut case_account = account.case_account();
            case_account.base_url = case_account.base_url.map(|url| {
                url.replace("{server}", &server)
                    .replace("{closed_port}", &self.closed_port.url())
            });
            Some((
                account.id.clone(),
                (account.integration.clone()?, case_account),
            ))
        });
        let cases = self.cases.iter().enumerate().map(|(position, case)| {
            let case_account = (case.integration.clone(), case.account_at(&server));
            (id(position), case_account)
        });
        rows.chain(cases).collect()
    }

    /// Makes every call. `limits` says whether the runner has the host's limits for responses.
    pub async fn all(&self, runner: &Runner, limits: bool) -> Vec<CompletedCall<'_>> {
        let mut calls = Vec::new();
        for row in self.table.rows.iter().filter(|row| limits || !row.limit) {
            let (request, response) = (self.table.request(row), self.table.provider_response(row));
            calls.push(
                self.call(runner, Call::Row(row), request, vec![response])
                    .await,
            );
        }
        for (position, case) in self.cases.iter().enumerate() {
            let responses = provider_responses(case);
            let request = request(case, position);
            calls.push(
                self.call(runner, Call::Case(case), request, responses)
                    .await,
            );
        }
        calls
    }

    async fn call<'a>(
        &self,
        runner: &Runner,
        call: Call<'a>,
        request: Request,
        provider_responses: Vec<Option<ProviderResponse>>,
    ) -> CompletedCall<'a> {
        self.provider.respond_in_turn(provider_responses.clone());
        let response = runner.call(&request).await;
        CompletedCall {
            call,
            request,
            provider_response: provider_responses.into_iter().next().flatten(),
            response,
            received: self.provider.received(),
        }
    }

    /// Makes every call, and fails with the names of the calls that differ.
    async fn run(&self, runner: &Runner, limits: bool) {
        let all = self.all(runner, limits).await;
        let server = self.provider.url();
        let holds = |call: &&CompletedCall<'_>| {
            let check = std::panic::AssertUnwindSafe(|| call.check(&server));
            std::panic::catch_unwind(check).is_ok()
        };
        let failed: Vec<&str> = all
            .iter()
            .filter(|call| !holds(call))
            .map(CompletedCall::name)
            .collect();
        assert!(
            failed.is_empty(),
            "{} of {} rows and cases differ: {failed:#?}",
            failed.len(),
            all.len()
        );
    }
}

/// The origin of a call.
#[derive(Clone, Copy)]
pub enum Call<'a> {
    Row(&'a Row),
    Case(&'a Case),
}

/// A call with its result.
pub struct CompletedCall<'a> {
    pub call: Call<'a>,
    pub request: Request,
    /// The response to the first request.
    provider_response: Option<ProviderResponse>,
    pub response: Response,
    received: Vec<Received>,
}

impl CompletedCall<'_> {
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
            provider_response,
            response,
            received,
        } = self;
        let case = match call {
            Call::Row(row) => {
                return row.check(server, provider_response.as_ref(), response, received);
            }
            Call::Case(case) => case,
        };
        case.check_count(received.len());
        for (position, request) in received.iter().enumerate() {
            let Received {
                method,
                target,
                headers,
                body,
            } = request;
            case.check_request(position, method, target, headers, body);
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
    Request {
        method: method.to_owned(),
        target: target.replace(ACCOUNT, &id(position)),
        headers: content_type(case),
        body: case.file.call.bytes().to_vec(),
    }
}

#[tokio::test]
async fn table_holds_natively() {
    let suite = Suite::start().await;
    let runner = Runner::Native(suite.accounts());
    suite.run(&runner, true).await;
}

#[tokio::test]
async fn table_holds_when_host_sends() {
    let suite = Suite::start().await;
    let runner = Runner::served(Sender::Host, suite.accounts()).await;
    suite.run(&runner, true).await;
}

#[tokio::test]
async fn table_holds_when_component_sends() {
    let suite = Suite::start().await;
    let runner = Runner::served(Sender::Component, suite.accounts()).await;
    suite.run(&runner, true).await;
}

/// The cases at a time whose accounts fit into one variable: Linux takes 128 KiB (execve(2), `MAX_ARG_STRLEN`).
const CASES_IN_VARIABLE: usize = 250;

/// Runs where `WASMTIME` names the binary of stock wasmtime.
#[tokio::test]
async fn table_holds_in_stock_wasmtime() {
    let Some(wasmtime) = std::env::var_os("WASMTIME") else {
        println!("skipped: WASMTIME does not name a binary");
        return;
    };
    let component = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(component.path(), Engine::standalone()).expect("a file");
    let mut cases = served_cases(Sender::Component);
    while !cases.is_empty() {
        let rest = cases.split_off(cases.len().min(CASES_IN_VARIABLE));
        let suite = Suite::with_cases(cases).await;
        let accounts = runners::accounts_json(&suite.accounts()).to_string();
        let mut command = Command::new(&wasmtime);
        command
            .args(["serve", "-Scli", "--addr", "127.0.0.1:0"])
            .args(["--env", "UNIFIED_TICKETING_ACCOUNTS_JSON"])
            .arg(component.path())
            .env("UNIFIED_TICKETING_ACCOUNTS_JSON", accounts);
        let (_stock, address) = StockWasmtime::start(command);
        suite.run(&Runner::Served(address), false).await;
        cases = rest;
    }
}

/// Runs where `WASMTIME` names the binary of stock wasmtime.
#[tokio::test]
async fn tokens_hold_in_stock_wasmtime() {
    let Some(wasmtime) = std::env::var_os("WASMTIME") else {
        println!("skipped: WASMTIME does not name a binary");
        return;
    };
    let (one, other) = (
        "62f44730-dd91-461e-bd6a-aedd9e0ad79d",
        "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35",
    );
    let provider = Provider::start().await;
    let created =
        r#"{"data": {"id": "a1", "displayName": "Ines Duarte", "email": "ines@duarte.example"}}"#;
    provider.respond(Some(ProviderResponse {
        status: 201,
        body: created.into(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
    }));
    let account = |id: &str| {
        serde_json::json!({
            "id": id,
            "integration": "dixa",
            "base_url": format!("{}/v1", provider.url()),
            "credentials": {"api_token": "dixa-token-of-the-test"},
        })
    };
    let new = NewToken::generate("shop").expect("a token");
    let digest = Sha256::digest(new.expose_token());
    let tokens = serde_json::json!({"token": [{
        "name": "shop",
        "sha256": format!("{digest:x}"),
        "accounts": [one],
        "operations": ["create"],
    }]});
    let component = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(component.path(), Engine::standalone()).expect("a file");
    let mut command = Command::new(&wasmtime);
    command
        .args(["serve", "-Scli", "--addr", "127.0.0.1:0"])
        .args(["--env", "UNIFIED_TICKETING_ACCOUNTS_JSON"])
        .args(["--env", "UNIFIED_TICKETING_TOKENS_JSON"])
        .arg(component.path())
        .env(
            "UNIFIED_TICKETING_ACCOUNTS_JSON",
            serde_json::json!({"account": [account(one), account(other)]}).to_string(),
        )
        .env("UNIFIED_TICKETING_TOKENS_JSON", tokens.to_string());
    let (_stock, address) = StockWasmtime::start(command);
    let users = "/unified/ticketing/users";
    let of_other = format!("{users}?integrated_account_id={other}");
    for (method, target, token, status, code) in [
        ("POST", users, None, 401, "unauthorized"),
        ("POST", users, Some("another"), 401, "unauthorized"),
        ("GET", users, Some(new.expose_token()), 403, "forbidden"),
        (
            "POST",
            of_other.as_str(),
            Some(new.expose_token()),
            404,
            "unknown-account",
        ),
        // A token for one account need not name it.
        ("POST", users, Some(new.expose_token()), 200, ""),
    ] {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(token.map(|it| ("authorization".to_owned(), format!("Bearer {it}"))));
        let request = Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers,
            body: br#"{"name": "Ines Duarte", "emails": [{"email": "ines@duarte.example"}]}"#
                .to_vec(),
        };
        let response = client::send(address, &request).await.expect("a response");
        let shown = format!("{method} {target}: {response:?}");
        assert_eq!(response.status, status, "{shown}");
        let found = response
            .headers
            .iter()
            .find(|(name, _)| name == "unified-code");
        assert_eq!(found.map_or("", |(_, value)| value), code, "{shown}");
        assert_eq!(provider.count(), usize::from(status == 200), "{shown}");
    }
}

/// A process of stock wasmtime. Dropping this kills it.
struct StockWasmtime(Child);

impl StockWasmtime {
    /// Starts the process, and reads the address from its first line.
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
            .unwrap_or_else(|| panic!("expected the address of wasmtime, but found `{line}`"));
        // The rest is read, so that the process never blocks on it.
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::stderr()));
        (stock, address)
    }
}

impl Drop for StockWasmtime {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
