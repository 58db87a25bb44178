//! The memory of a process. Shared by the tests of the host and the benchmark.

use anyhow::{Context as _, Result};

/// The resident memory of a process, in bytes, on Linux.
pub(crate) fn resident(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let figure = line.and_then(|line| line.split_whitespace().next());
    Ok(figure.context("VmRSS")?.parse::<u64>()? * 1024)
}
