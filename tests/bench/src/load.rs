//! Load on a server, by wrk.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::provider::{ACCOUNT, BODY};

/// What wrk has measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    /// The median, in milliseconds.
    pub(crate) latency: f64,
}

/// wrk, with the requests that it sends.
pub(crate) struct Wrk {
    script: PathBuf,
}

/// What every thread of wrk runs. No two requests are for the same user: those would be one creation.
const SCRIPT: &str = r#"
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

local sent, prefix = 0, ""
function init()
  prefix = string.format("%x.%x.", os.time(), number)
  wrk.method = "POST"
  wrk.headers["content-type"] = "application/json"
end

function request()
  sent = sent + 1
  local name = prefix .. sent
  if KEYED then
    wrk.headers["idempotency-key"] = name
  end
  return wrk.format(nil, nil, nil, BEGIN .. name .. END)
end
"#;

impl Wrk {
    /// Requests with an idempotency key each, or without.
    pub(crate) fn new(folder: &Path, keyed: bool) -> Result<Self> {
        let script = folder.join(format!("request-{keyed}.lua"));
        let (begin, end) = BODY;
        let variables = format!("local KEYED, BEGIN, END = {keyed}, [[{begin}]], [[{end}]]");
        std::fs::write(&script, variables + SCRIPT)?;
        Ok(Self { script })
    }

    /// Keeps so many connections busy for so long.
    pub(crate) fn run(&self, url: &str, connections: usize, seconds: u64) -> Result<Load> {
        let threads = connections.min(2);
        let output = Command::new("wrk")
            .arg(format!("-t{threads}"))
            .arg(format!("-c{connections}"))
            .arg(format!("-d{seconds}s"))
            .args(["--latency", "--timeout", "10s", "-s"])
            .arg(&self.script)
            .arg(target(url))
            .output()
            .context("wrk does not start: it is in the package `wrk` of most systems")?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(output.status.success(), "wrk: {printed}");
        parse(&printed).with_context(|| format!("{url}: {printed}"))
    }
}

/// The URL of the call.
pub(crate) fn target(url: &str) -> String {
    format!(
        "{}/unified/ticketing/users?integrated_account_id={ACCOUNT}",
        url.trim_end_matches('/')
    )
}

fn parse(output: &str) -> Result<Load> {
    for error in ["Non-2xx or 3xx responses", "Socket errors"] {
        if output.contains(error) {
            bail!("not every response was 2xx");
        }
    }
    let after = |label: &str| {
        let line = output
            .lines()
            .find_map(|line| line.trim().strip_prefix(label));
        line.map(str::trim).with_context(|| format!("no `{label}`"))
    };
    let requests = output
        .lines()
        .find_map(|line| line.trim().split_once(" requests in "));
    Ok(Load {
        requests: requests.context("no count")?.0.parse()?,
        per_second: after("Requests/sec:")?.parse()?,
        latency: milliseconds(after("50%")?)?,
    })
}

/// A time as wrk writes it.
fn milliseconds(text: &str) -> Result<f64> {
    for (unit, factor) in [("us", 0.001), ("ms", 1.0), ("s", 1000.0)] {
        if let Some(figure) = text.strip_suffix(unit) {
            return Ok(figure.parse::<f64>()? * factor);
        }
    }
    bail!("expected a time, but found `{text}`")
}
