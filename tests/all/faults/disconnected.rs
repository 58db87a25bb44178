//! `serve` with a client that disconnects. The result of its call is read from the log.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::call::{Call, Observed};
use crate::client;
use crate::serve::Serve;

/// The pause between two looks at a condition.
pub const PAUSE: Duration = Duration::from_millis(5);

/// How a client disconnects.
#[derive(Clone, Copy, Debug)]
pub enum Disconnect {
    /// It closes its socket.
    Close,
    /// It resets its connection, as the system does for a process that is killed with something left to read.
    Reset,
}

/// A server whose log is read. Dropping this kills the process.
pub struct LoggedServer {
    serve: Serve,
    /// How many bytes of the log were read.
    read: usize,
    /// How many requests were sent to it.
    sent: usize,
    _root: tempfile::NamedTempFile,
}

/// A client that has sent its request and is connected.
pub struct Client(TcpStream);

/// The fields of a request's line in the log.
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

impl LoggedServer {
    pub fn start(accounts: &str, root: &str, limits: &[&str]) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), root).expect("a file");
        let path = file.path().to_str().expect("a path in UTF-8");
        let common = ["-v", "--log-format=json", "--ca-file", path];
        let arguments = [&common[..], limits].concat();
        Self {
            serve: Serve::with_accounts(accounts, &arguments),
            read: 0,
            sent: 0,
            _root: file,
        }
    }

    /// Sends a whole request.
    pub async fn send(&mut self, call: &Call) -> Client {
        self.sent += 1;
        let request = call.request();
        let mut bytes = client::encode_headers(&request, self.serve.address).into_bytes();
        bytes.extend_from_slice(&request.body);
        let stream = TcpStream::connect(self.serve.address).await;
        let mut stream = stream.expect("a connection");
        stream.write_all(&bytes).await.expect("a write");
        Client(stream)
    }

    /// Disconnects a client, and waits until the server's system knows.
    pub async fn disconnect(&self, Client(stream): Client, how: Disconnect) {
        if let Disconnect::Reset = how {
            stream.set_zero_linger().expect("an option");
        }
        let client = stream.local_addr().expect("its address");
        drop(stream);
        wait_for(|| (!is_established(self.serve.address, client)).then_some(())).await;
    }

    /// Whether the log has the line of the last request.
    pub fn has_logged(&mut self) -> bool {
        let read = self.read;
        let logged = self.next_line().is_some();
        self.read = read;
        logged
    }

    /// Waits for the line of a call in the log. Returns its fields.
    pub async fn logged(&mut self, call: &Call) -> Observed {
        let line = wait_for(|| self.next_line()).await;
        let is_of_call = line.message == "answered"
            && line.account == call.endpoint.name()
            && line.integration == call.integration
            && line.operation == call.operation.verb();
        if !is_of_call {
            return Observed {
                client: format!("the line of another call: {line:?}"),
                ..Observed::default()
            };
        }
        Observed {
            status: line.status,
            code: line.code,
            outcome: line.outcome,
            client: line.client,
            ..Observed::default()
        }
    }

    /// Makes a call whose client stays connected, and compares its result with the log.
    pub async fn call(&mut self, call: &Call) -> Observed {
        self.sent += 1;
        let observed = call.http(self.serve.address).await;
        let logged = self.logged(call).await;
        let same = (logged.status, &logged.code, &logged.outcome)
            == (observed.status, &observed.code, &observed.outcome);
        let client = if same {
            logged.client
        } else {
            format!("the log differs: {logged:?}")
        };
        Observed { client, ..observed }
    }

    /// Stops the server, and checks that each request has exactly one line.
    pub async fn stop(&mut self) {
        self.serve.terminate();
        let ended = wait_for(|| self.serve.exit_status()).await;
        assert!(ended.success(), "{ended}");
        let log = self.serve.log();
        let lines: Vec<Fields> = log.lines().filter_map(request_fields).collect();
        let requests: HashSet<&str> = lines.iter().map(|line| &*line.request).collect();
        assert_eq!(
            (lines.len(), requests.len()),
            (self.sent, self.sent),
            "a line for each request"
        );
    }

    /// The next line of a request, if the log has it.
    fn next_line(&mut self) -> Option<Fields> {
        let log = self.serve.log_after(self.read);
        for line in log.split_inclusive('\n') {
            self.read += line.len();
            if let Some(fields) = request_fields(line) {
                return Some(fields);
            }
        }
        None
    }
}

/// Whether a server's system has an established connection with this client.
fn is_established(server: SocketAddr, client: SocketAddr) -> bool {
    let end = |address: SocketAddr| format!("0100007F:{:04X}", address.port());
    let established = format!(" {} {} 01 ", end(server), end(client));
    let connections = std::fs::read_to_string("/proc/net/tcp").expect("the system is Linux");
    connections.contains(&established)
}

/// Waits until `look` returns a value. The runner has a timeout.
async fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The fields of a line, if it is the line of a request.
fn request_fields(line: &str) -> Option<Fields> {
    #[derive(Deserialize)]
    struct Line {
        // What `serve` starts with is no line of the log.
        fields: Option<serde_json::Value>,
    }
    let Line { fields } = serde_json::from_str(line).expect("JSON");
    let fields = fields?;
    let message = fields["message"].as_str().unwrap_or_default();
    // The second is the line of a call without a caller. A request has a line already, so a second one would be too many.
    matches!(message, "answered" | "a call ended without its caller")
        .then(|| serde_json::from_value(fields.clone()).expect("fields"))
}
