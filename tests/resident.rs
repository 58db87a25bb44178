//! How much memory a process has. Shared by the tests of the host and the benchmark.

use anyhow::{Context as _, Result};

/// What is resident of this process, in bytes, as Linux tells.
pub(crate) fn resident(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let figure = line.and_then(|line| line.split_whitespace().next());
    Ok(figure.context("VmRSS")?.parse::<u64>()? * 1024)
}
