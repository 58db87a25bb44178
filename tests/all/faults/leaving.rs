//! The program, serving a client that leaves. What it would have been told is read from the log.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::call::{Call, Told};
use crate::client;
use crate::serve::Serve;

/// Between one look and the next at what is waited for.
pub const PAUSE: Duration = Duration::from_millis(5);

/// How a client leaves.
#[derive(Clone, Copy, Debug)]
pub enum Leave {
    /// It closes its socket.
    Close,
    /// It resets its connection, as the system does for a process that is killed with something left to read.
    Reset,
}

/// It ends with this.
pub struct Leaving {
    serve: Serve,
    /// How many bytes of the log have been read.
    read: usize,
    /// How many requests it has been sent.
    sent: usize,
    _root: tempfile::NamedTempFile,
}

/// A client that has sent its request, and is still there.
pub struct Client(TcpStream);

/// What the log says of a request.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct Fields {
    message: String,
    request: String,
    account: String,
    integration: String,
    operation: String,
    status: u16,
    code: String,
    outcome: String,
    client: String,
}

impl Leaving {
    pub fn start(accounts: &str, root: &str, limits: &[&str]) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), root).expect("a file");
        let path = file.path().to_str().expect("a path in UTF-8");
        let common = ["-v", "--log-format=json", "--ca-file", path];
        let arguments = [&common[..], limits].concat();
        Self {
            serve: Serve::of(accounts, &arguments),
            read: 0,
            sent: 0,
            _root: file,
        }
    }

    /// Sends a whole request.
    pub async fn begin(&mut self, call: &Call) -> Client {
        self.sent += 1;
        let request = call.request();
        let mut bytes = client::head(&request, self.serve.address).into_bytes();
        bytes.extend_from_slice(&request.body);
        let stream = TcpStream::connect(self.serve.address).await;
        let mut stream = stream.expect("a connection");
        stream.write_all(&bytes).await.expect("it takes them");
        Client(stream)
    }

    /// Has a client leave, and waits until the server's system knows.
    pub async fn leave(&self, Client(stream): Client, leave: Leave) {
        if let Leave::Reset = leave {
            stream.set_zero_linger().expect("an option");
        }
        let client = stream.local_addr().expect("its address");
        drop(stream);
        next(|| (!is_established(self.serve.address, client)).then_some(())).await;
    }

    /// Whether the log has the line of the last request.
    pub fn has_told(&mut self) -> bool {
        let read = self.read;
        let told = self.next_line().is_some();
        self.read = read;
        told
    }

    /// What the log says of a call, once it does.
    pub async fn told(&mut self, call: &Call) -> Told {
        let line = next(|| self.next_line()).await;
        let of_call = line.message == "answered"
            && line.account == call.at.name()
            && line.integration == call.integration
            && line.operation == call.operation();
        if !of_call {
            return Told {
                client: format!("in a line of something else: {line:?}"),
                ..Told::default()
            };
        }
        Told {
            status: line.status,
            code: line.code,
            outcome: line.outcome,
            client: line.client,
            ..Told::default()
        }
    }

    /// A call whose client stays, and is told what the log says.
    pub async fn stay(&mut self, call: &Call) -> Told {
        self.sent += 1;
        let told = call.http(self.serve.address).await;
        let logged = self.told(call).await;
        let same = (logged.status, &logged.code, &logged.outcome)
            == (told.status, &told.code, &told.outcome);
        let client = if same {
            logged.client
        } else {
            format!("told otherwise than the log: {logged:?}")
        };
        Told { client, ..told }
    }

    /// Stops it, and sees that each request has had its line, and one only.
    pub async fn stop(&mut self) {
        self.serve.terminate();
        let ended = next(|| self.serve.has_ended()).await;
        assert!(ended.success(), "{ended}");
        let log = self.serve.said();
        let lines: Vec<Fields> = log.lines().filter_map(of_request).collect();
        let requests: HashSet<&str> = lines.iter().map(|line| &*line.request).collect();
        assert_eq!(
            (lines.len(), requests.len()),
            (self.sent, self.sent),
            "a line for each request"
        );
    }

    /// The next line of a request, when it is there.
    fn next_line(&mut self) -> Option<Fields> {
        let said = self.serve.said_after(self.read);
        for line in said.split_inclusive('\n') {
            self.read += line.len();
            if let Some(fields) = of_request(line) {
                return Some(fields);
            }
        }
        None
    }
}

/// Whether a server's system takes its connection with a client for one that both keep open.
fn is_established(server: SocketAddr, client: SocketAddr) -> bool {
    let end = |address: SocketAddr| format!("0100007F:{:04X}", address.port());
    let established = format!(" {} {} 01 ", end(server), end(client));
    let connections = std::fs::read_to_string("/proc/net/tcp").expect("the system is Linux");
    connections.contains(&established)
}

/// Waits until this gives something. Whoever waits for a lane has patience, and not without end.
async fn next<T>(mut look: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What a line says of a request, if it is about one and not about what a provider did.
fn of_request(line: &str) -> Option<Fields> {
    #[derive(Deserialize)]
    struct Line {
        fields: serde_json::Value,
    }
    let Line { fields } = serde_json::from_str(line).expect("JSON");
    let message = fields["message"].as_str().unwrap_or_default();
    // The second is of a call that nobody waits for any more: where a request has its own line, it would be one too many.
    matches!(message, "answered" | "a call ended without its caller")
        .then(|| serde_json::from_value(fields.clone()).expect("fields"))
}
