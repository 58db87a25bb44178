//! A provider on loopback that answers what a test says, and remembers what it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A request as it came over the wire, header names in lower case.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What is answered to the next requests. With a `content-length` beyond the body, the connection ends within the answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Default)]
struct State {
    /// Given in turn.
    answers: Vec<Option<Answer>>,
    given: usize,
    received: Vec<Received>,
}

impl State {
    fn answer(&mut self) -> Option<Answer> {
        let position = self.given % self.answers.len().max(1);
        self.given += 1;
        self.answers.get(position).cloned().flatten()
    }
}

/// The provider. It serves as long as its runtime lives.
#[derive(Clone)]
pub struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    /// Whether answers are held back.
    held: watch::Sender<bool>,
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a port of loopback");
        let provider = Self {
            address: listener.local_addr().expect("its address"),
            state: Arc::default(),
            held: watch::Sender::new(false),
        };
        let serving = provider.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        provider
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers this from now on; with nothing, a request is a mistake and its connection is closed.
    pub fn answer(&self, answer: Option<Answer>) {
        self.answers(vec![answer]);
    }

    /// Answers these in turn from now on.
    pub fn answers(&self, answers: Vec<Option<Answer>>) {
        let mut state = self.state.lock().expect("no panic inside");
        state.answers = answers;
        state.given = 0;
    }

    /// What has been received since the last call.
    pub fn received(&self) -> Vec<Received> {
        std::mem::take(&mut self.state.lock().expect("no panic inside").received)
    }

    /// Holds answers back, or lets those go that wait.
    pub fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// How many requests have been received since the last call of [`Self::received`].
    pub fn count(&self) -> usize {
        self.state.lock().expect("no panic inside").received.len()
    }

    async fn serve(self, mut stream: TcpStream) {
        while let Some(request) = read(&mut stream).await {
            let answer = {
                let mut state = self.state.lock().expect("no panic inside");
                state.received.push(request);
                state.answer()
            };
            let Some(Answer {
                status,
                headers,
                body,
            }) = answer
            else {
                return;
            };
            let gone = self.held.subscribe().wait_for(|held| !held).await.is_err();
            assert!(!gone, "the provider outlives its connections");
            let mut head = format!("HTTP/1.1 {status} -\r\n");
            let mut length = None;
            for (name, value) in headers {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.parse().ok();
                }
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            if length.is_none() && !matches!(status, 204 | 304) {
                head.push_str(&format!("content-length: {}\r\n", body.len()));
            }
            head.push_str("\r\n");
            let mut bytes = head.into_bytes();
            bytes.extend_from_slice(&body);
            let cut = length.is_some_and(|length: usize| length > body.len());
            if stream.write_all(&bytes).await.is_err() || cut {
                return;
            }
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("a head in ASCII");
    let mut lines = head.lines();
    let mut line = lines.next()?.split(' ');
    let (method, target) = (line.next()?.to_owned(), line.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, length)| length.parse().expect("digits"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received {
        method,
        target,
        headers,
        body,
    })
}
