//! A provider for tests: a raw server on loopback that sends exactly the bytes of its script. Shared by the tests of the library and
//! those that cross a boundary.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How the server reacts to one request, once it has read it.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Sends these bytes, and waits for the next request.
    Say(String),
    /// Sends a response made from the request, and waits for the next one.
    Reply(fn(&str) -> String),
    /// Sends these bytes and closes.
    SayAndClose(String),
    /// Closes without a response.
    Close,
    /// Resets the connection without a response.
    Reset,
    /// Sends nothing and keeps the connection open.
    Hang,
}

/// Sends a whole response with this status and body.
pub(crate) fn response(status: u16, body: &str) -> Act {
    Act::Say(response_text(status, body))
}

/// The bytes of such a response.
pub(crate) fn response_text(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A server that follows a script: one act for each request, in the order of arrival over all
/// connections.
pub(crate) struct Provider {
    pub(crate) address: String,
    /// Every request received whole, as a string, with the number of its connection.
    pub(crate) received: Arc<Mutex<Vec<(usize, String)>>>,
    connections: Arc<AtomicUsize>,
    /// One event for each request received, and for each connection that the server has closed.
    events: mpsc::UnboundedReceiver<()>,
    task: JoinHandle<()>,
}

impl Provider {
    pub(crate) async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let script: Arc<Mutex<Vec<Act>>> = Arc::new(Mutex::new(script.into_iter().collect()));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (event, events) = mpsc::unbounded_channel();
        let all = Arc::clone(&received);
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(connection(
                    stream,
                    number,
                    Arc::clone(&script),
                    Arc::clone(&all),
                    event.clone(),
                ));
            }
        });
        Self {
            address,
            received,
            connections,
            events,
            task,
        }
    }

    /// Every request received whole so far, with the number of its connection.
    pub(crate) fn received(&self) -> Vec<(usize, String)> {
        self.received.lock().unwrap().clone()
    }

    /// How many connections were made to it, with a request or without one.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Waits until the server has received one more request, or has closed one more connection.
    pub(crate) async fn event(&mut self) {
        self.events.recv().await.unwrap();
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connection(
    mut stream: TcpStream,
    number: usize,
    script: Arc<Mutex<Vec<Act>>>,
    received: Arc<Mutex<Vec<(usize, String)>>>,
    event: mpsc::UnboundedSender<()>,
) {
    while let Some(request) = read_request(&mut stream).await {
        received.lock().unwrap().push((number, request.clone()));
        let _ = event.send(());
        let act = {
            let mut script = script.lock().unwrap();
            if script.is_empty() {
                Act::Close
            } else {
                script.remove(0)
            }
        };
        match act {
            // The other side may close before the end.
            Act::Say(bytes) => drop(stream.write_all(bytes.as_bytes()).await),
            Act::Reply(reply) => drop(stream.write_all(reply(&request).as_bytes()).await),
            Act::SayAndClose(bytes) => {
                drop(stream.write_all(bytes.as_bytes()).await);
                break;
            }
            Act::Close => break,
            Act::Reset => {
                stream.set_zero_linger().unwrap();
                break;
            }
            Act::Hang => std::future::pending().await,
        }
    }
    drop(stream);
    let _ = event.send(());
}

/// Reads a request with a `content-length`, or `None` when the connection ends first.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if bytes.len() >= end + 4 + length.map_or(0, |length| length.parse().unwrap()) {
                return Some(String::from_utf8(bytes).unwrap());
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}
