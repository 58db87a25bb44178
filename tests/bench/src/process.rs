//! The parts of the benchmark. Each is a process that serves until its standard input ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use tokio::io::AsyncReadExt as _;

use crate::resident::resident;

/// Runs a server until standard input ends.
pub(crate) fn serve_until_stdin_ends(server: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut input = tokio::io::stdin();
        let mut byte = [0];
        tokio::select! {
            result = server => result,
            _ = input.read(&mut byte) => Ok(()),
        }
    })
}

/// Prints the URL for the parent process.
pub(crate) fn print_url(url: &str) {
    println!("{url}");
}

/// A process with a server.
pub(crate) struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl Process {
    /// Starts a part of this program.
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
            "{command:?} does not print its URL"
        );
        Ok(Self { child, output, url })
    }

    /// The resident memory of the process, in bytes, on Linux.
    pub(crate) fn resident(&self) -> Result<u64> {
        resident(self.child.id())
    }

    /// Stops the process, and returns the rest of its output.
    pub(crate) fn stop(mut self) -> Result<String> {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "{status}");
        Ok(rest)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path of a program in the folder of this one.
pub(crate) fn sibling(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    ensure!(
        path.exists(),
        "{} is not there: build it with `cargo build --release`",
        path.display()
    );
    Ok(path)
}
