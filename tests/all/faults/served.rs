//! The program, serving with a standard error that takes no lines.

use std::io::{PipeReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};

use crate::cli::program;
use crate::serve::until;

/// Where the log goes.
#[derive(Clone, Copy, Debug)]
pub enum Stderr {
    /// A disk that is full.
    Full,
    /// A pipe that is full, and that nobody reads.
    Undrained,
    /// A pipe whose reader has left.
    Gone,
}

impl Stderr {
    /// It, and what has to live as long as it is to be so.
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
        // Until the reader is gone, more is always waiting to be written than there is room for.
        std::thread::spawn(move || while writer.write_all(&[b'\n'; 4096]).is_ok() {});
        (stdio, Some(reader))
    }
}

/// It ends with this.
pub struct Served {
    process: Child,
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
    /// Keeps the port.
    _port: TcpSocket,
    _reader: Option<PipeReader>,
}

impl Served {
    pub async fn start(accounts: &str, root: &str, options: &[&str], stderr: Stderr) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("accounts.toml"), accounts).expect("a file");
        std::fs::write(path("root.pem"), root).expect("a file");
        // Its address cannot be read from its first line. Bound and not listening, a port is had by nobody but who may use it again.
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
        let mut served = Self {
            process,
            address,
            _folder: folder,
            _port: port,
            _reader: reader,
        };
        while TcpStream::connect(address).await.is_err() {
            let ended = served.process.try_wait().expect("its status");
            assert!(ended.is_none(), "the program ended: {ended:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        served
    }

    /// Asks it to stop, and waits for its end.
    pub async fn stopped(&mut self) -> std::process::ExitStatus {
        crate::cli::signal("TERM", &self.process);
        let process = &mut self.process;
        until("the end of the program", async || {
            process.try_wait().expect("its status")
        })
        .await
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
