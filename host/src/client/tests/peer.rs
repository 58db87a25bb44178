//! A provider on a thread of its own, in step with the test.
//!
//! While the test waits for a step, the client's runtime stands still: it sees nothing of the
//! provider's actions before the next call.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::testing::response_text;

/// The provider's end.
pub(super) struct Side {
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    steps: Receiver<()>,
    done: Sender<SocketAddr>,
}

/// The test's end.
pub(super) struct Peer<T> {
    pub(super) client: Client,
    base_url: String,
    steps: Sender<()>,
    done: Receiver<SocketAddr>,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Peer<T> {
    pub(super) fn start(secure: bool, script: impl FnOnce(Side) -> T + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let root = crate::tls::Root::new().unwrap();
        let tls = secure.then(|| {
            let acceptor = root.acceptor("127.0.0.1").unwrap();
            Arc::clone(acceptor.config())
        });
        let (steps, steps_there) = channel();
        let (done_there, done) = channel();
        let side = Side {
            listener,
            tls,
            steps: steps_there,
            done: done_there,
        };
        let scheme = if secure { "https" } else { "http" };
        Self {
            client: Client::new(Some(root.pem().as_bytes()), LIMITS, None).unwrap(),
            base_url: format!("{scheme}://{address}/v1"),
            steps,
            done,
            thread: thread::spawn(move || script(side)),
        }
    }

    pub(super) fn account(&self, id: &str) -> Account {
        Account::builder(id, "dixa")
            .base_url(&self.base_url)
            .credential("api_token", "the-token-of-dixa")
            .build()
            .unwrap()
    }

    /// Starts the provider's next step, and waits until its effect has reached the client's side.
    pub(super) fn step(&self) {
        self.steps.send(()).unwrap();
        let client = self.done.recv().unwrap();
        while !has_arrived(client) {
            thread::yield_now();
        }
    }

    pub(super) fn end(self) -> T {
        self.thread.join().unwrap()
    }
}

/// Whether bytes, or the connection's end, wait at this end of it, by the system's own table (proc(5),
/// `/proc/net/tcp`).
fn has_arrived(end: SocketAddr) -> bool {
    const CLOSE_WAIT: &str = "08";
    let port = format!(":{:04X}", end.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, local, _, state, queues, ..] = fields[..] else {
            return false;
        };
        local.ends_with(&port) && (state == CLOSE_WAIT || !queues.ends_with(":00000000"))
    })
}

impl Side {
    pub(super) fn accept(&self) -> Line {
        let (tcp, client) = self.listener.accept().unwrap();
        Line::new(tcp, client, self.tls.clone())
    }

    /// The next connection, unless bytes come on this one before.
    pub(super) fn accept_unless(&self, line: &Line) -> Option<Line> {
        self.listener.set_nonblocking(true).unwrap();
        line.tcp.set_nonblocking(true).unwrap();
        let found = loop {
            if let Ok((tcp, client)) = self.listener.accept() {
                tcp.set_nonblocking(false).unwrap();
                break Some(Line::new(tcp, client, self.tls.clone()));
            }
            if line.tcp.peek(&mut [0]).is_ok() {
                break None;
            }
            thread::yield_now();
        };
        self.listener.set_nonblocking(false).unwrap();
        line.tcp.set_nonblocking(false).unwrap();
        found
    }

    /// Stops accepting connections.
    pub(super) fn shut(self) -> Shut {
        Shut(self.steps, self.done)
    }

    /// Waits for the test, and then acts.
    pub(super) fn step(&self, client: SocketAddr, act: impl FnOnce()) {
        self.steps.recv().unwrap();
        act();
        self.done.send(client).unwrap();
    }
}

pub(super) struct Shut(Receiver<()>, Sender<SocketAddr>);

impl Shut {
    pub(super) fn step(&self, client: SocketAddr, act: impl FnOnce()) {
        self.0.recv().unwrap();
        act();
        self.1.send(client).unwrap();
    }
}

enum Wire {
    Plain(TcpStream),
    Secure(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// One connection.
pub(super) struct Line {
    pub(super) client: SocketAddr,
    tcp: TcpStream,
    wire: Wire,
}

impl Line {
    fn new(tcp: TcpStream, client: SocketAddr, tls: Option<Arc<ServerConfig>>) -> Self {
        tcp.set_nodelay(true).unwrap();
        let copy = tcp.try_clone().unwrap();
        let wire = match tls {
            None => Wire::Plain(tcp),
            Some(config) => {
                let side = ServerConnection::new(config).unwrap();
                Wire::Secure(Box::new(StreamOwned::new(side, tcp)))
            }
        };
        Self {
            client,
            tcp: copy,
            wire,
        }
    }

    /// Reads a request, and returns its body.
    pub(super) fn request(&mut self) -> String {
        let mut text = String::new();
        loop {
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let mut lengths = head
                    .lines()
                    .filter_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= lengths.next().unwrap().parse().unwrap() {
                    return body.to_owned();
                }
            }
            let mut chunk = [0; 4096];
            let count = match &mut self.wire {
                Wire::Plain(wire) => wire.read(&mut chunk),
                Wire::Secure(wire) => wire.read(&mut chunk),
            };
            match count.unwrap() {
                0 => panic!("the connection ended within a request"),
                count => text.push_str(std::str::from_utf8(&chunk[..count]).unwrap()),
            }
        }
    }

    pub(super) fn respond(&mut self, status: u16, body: &str) {
        let text = response_text(status, body);
        match &mut self.wire {
            Wire::Plain(wire) => wire.write_all(text.as_bytes()).unwrap(),
            Wire::Secure(wire) => {
                wire.write_all(text.as_bytes()).unwrap();
                wire.flush().unwrap();
            }
        }
    }

    /// Sends a TLS message that carries no data.
    pub(super) fn renew_keys(&mut self) {
        let Wire::Secure(wire) = &mut self.wire else {
            panic!("no TLS");
        };
        wire.conn.refresh_traffic_keys().unwrap();
        wire.flush().unwrap();
    }

    /// Ends the connection, with TLS's own closing message or without it.
    pub(super) fn close(mut self, properly: bool) {
        if let (Wire::Secure(wire), true) = (&mut self.wire, properly) {
            wire.conn.send_close_notify();
            wire.flush().unwrap();
        }
    }
}
