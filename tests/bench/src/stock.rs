//! Stock `wasmtime serve`, with the standalone component.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use unified_ticketing::Engine;

use crate::provider::ACCOUNT;

/// The process of the server. Dropping this kills it.
pub(crate) struct Stock {
    child: Child,
    pub(crate) url: String,
}

/// Starts the wasmtime that the variable `WASMTIME` names, if it is set.
pub(crate) fn start(folder: &Path, provider: &str) -> Result<Option<Stock>> {
    let Some(wasmtime) = std::env::var_os("WASMTIME") else {
        eprintln!("without stock wasmtime: `WASMTIME` is not set");
        return Ok(None);
    };
    let component = folder.join("standalone.wasm");
    std::fs::write(&component, Engine::standalone())?;
    let accounts = serde_json::json!({ "account": [{
        "id": ACCOUNT,
        "integration": "dixa",
        "base_url": format!("{provider}/v1"),
        "credentials": { "api_token": "a-token-for-the-benchmark" },
    }] });
    let mut child = Command::new(&wasmtime)
        .args(["serve", "-Scli", "--addr", "127.0.0.1:0", "--env"])
        .arg(format!("UNIFIED_TICKETING_ACCOUNTS_JSON={accounts}"))
        .arg(&component)
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} does not start", wasmtime.display()))?;
    let errors = child.stderr.take().context("its errors are piped")?;
    let mut lines = BufReader::new(errors).lines();
    let url = lines.by_ref().map_while(Result::ok).find_map(|line| {
        line.split_once("http://")
            .map(|(_, rest)| rest.trim().to_owned())
    });
    let stock = Stock {
        child,
        url: format!("http://{}", url.context("it does not print its address")?),
    };
    // The rest is read, so that the process never blocks on it.
    std::thread::spawn(move || lines.map_while(Result::ok).count());
    Ok(Some(stock))
}

impl Drop for Stock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
