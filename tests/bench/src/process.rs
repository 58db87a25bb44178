//! The parts of the benchmark, each a process of its own that serves until its standard input ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use tokio::io::AsyncReadExt as _;

use crate::resident::resident;

/// Serves until standard input ends.
pub(crate) fn served(serving: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut input = tokio::io::stdin();
        let mut nothing = [0];
        tokio::select! {
            served = serving => served,
            _ = input.read(&mut nothing) => Ok(()),
        }
    })
}

/// Tells the process that started this one where it listens.
pub(crate) fn listening(url: &str) {
    println!("{url}");
}

/// A process that listens.
pub(crate) struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl Process {
    /// A part of this program.
    pub(crate) fn part(arguments: &[&str]) -> Result<Self> {
        Self::start(Command::new(std::env::current_exe()?).args(arguments))
    }

    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{command:?} does not start"))?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut output = BufReader::new(output);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let url = line.trim().to_owned();
        ensure!(
            url.starts_with("http"),
            "{command:?} does not say where it listens"
        );
        Ok(Self { child, output, url })
    }

    /// How much memory it has resident, in bytes, by Linux.
    pub(crate) fn resident(&self) -> Result<u64> {
        resident(self.child.id())
    }

    /// Stops it, and returns what it prints at its end.
    pub(crate) fn stop(mut self) -> Result<String> {
        drop(self.child.stdin.take());
        let mut printed = String::new();
        self.output.read_to_string(&mut printed)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "{status}");
        Ok(printed)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program built beside this one.
pub(crate) fn beside(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    ensure!(
        path.exists(),
        "{} is not there: build it with `cargo build --release`",
        path.display()
    );
    Ok(path)
}
