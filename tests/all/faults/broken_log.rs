//! `serve` with a standard error that takes no lines.

use std::io::{PipeReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};

use crate::cli::program;
use crate::serve::until;

/// The destination of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stderr {
    /// A full disk.
    Full,
    /// A full pipe without a reader at work.
    Undrained,
    /// A pipe whose reader has closed it.
    Gone,
}

impl Stderr {
    /// Opens the destination. The reader keeps a pipe open, and must outlive the process.
    pub fn open(self) -> (Stdio, Option<PipeReader>) {
        if let Self::Full = self {
            let full = std::fs::File::options().write(true).open("/dev/full");
            return (full.expect("/dev/full").into(), None);
        }
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        let stdio = writer.try_clone().expect("a descriptor").into();
        if let Self::Gone = self {
            return (stdio, None);
        }
        // Until the reader is dropped, the pipe stays full.
        std::thread::spawn(move || while writer.write_all(&[b'\n'; 4096]).is_ok() {});
        (stdio, Some(reader))
    }
}

/// A process that runs `serve`. Dropping this kills it.
pub struct BrokenLogServer {
    process: Child,
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
    /// Reserves the port.
    _port: TcpSocket,
    _reader: Option<PipeReader>,
}

impl BrokenLogServer {
    pub async fn start(accounts: &str, root: &str, options: &[&str], stderr: Stderr) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("accounts.toml"), accounts).expect("a file");
        std::fs::write(path("root.pem"), root).expect("a file");
        // The address cannot be read from the log. A socket that is bound and not listening reserves the port for a process that may
        // reuse it.
        let port = TcpSocket::new_v4().expect("a socket");
        port.set_reuseaddr(true).expect("an option");
        port.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let address = port.local_addr().expect("its address");
        let (stdio, reader) = stderr.open();
        let mut command = program(["-v", "--log-format", "json", "--accounts"]);
        command.arg(path("accounts.toml"));
        if !root.is_empty() {
            command.arg("--ca-file").arg(path("root.pem"));
        }
        let process = command
            .args(options)
            .args(["serve", "--listen", &address.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stdio)
            .spawn()
            .expect("the program starts");
        let mut server = Self {
            process,
            address,
            _folder: folder,
            _port: port,
            _reader: reader,
        };
        while TcpStream::connect(address).await.is_err() {
            let ended = server.process.try_wait().expect("its status");
            assert!(ended.is_none(), "the program ended: {ended:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server
    }

    /// Asks the process to stop, and waits until it ends.
    pub async fn stop(&mut self) -> std::process::ExitStatus {
        crate::cli::signal("TERM", &self.process);
        let process = &mut self.process;
        until("the end of the program", async || {
            process.try_wait().expect("its status")
        })
        .await
    }
}

impl Drop for BrokenLogServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
