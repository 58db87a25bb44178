//! A provider on loopback that sends the responses of a test, and records the requests.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A received request, header names in lower case.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The response to the next requests. With a `content-length` beyond the body, the connection ends within the response.
#[derive(Clone, Debug)]
pub struct ProviderResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Default)]
struct State {
    /// Sent in turn.
    responses: Vec<Option<ProviderResponse>>,
    sent: usize,
    received: Vec<Received>,
}

impl State {
    fn next_response(&mut self) -> Option<ProviderResponse> {
        let position = self.sent % self.responses.len().max(1);
        self.sent += 1;
        self.responses.get(position).cloned().flatten()
    }
}

/// The provider. It serves until its runtime ends.
#[derive(Clone)]
pub struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    /// Whether responses are held back.
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

    /// Sends this response from now on. Without one, the provider closes the connection of a request.
    pub fn respond(&self, response: Option<ProviderResponse>) {
        self.respond_in_turn(vec![response]);
    }

    /// Sends these responses in turn from now on.
    pub fn respond_in_turn(&self, responses: Vec<Option<ProviderResponse>>) {
        let mut state = self.state.lock().expect("no panic inside");
        state.responses = responses;
        state.sent = 0;
    }

    /// The requests received since the last call.
    pub fn received(&self) -> Vec<Received> {
        std::mem::take(&mut self.state.lock().expect("no panic inside").received)
    }

    /// Holds responses back, or releases them.
    pub fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// How many requests have been received since the last call of [`Self::received`].
    pub fn count(&self) -> usize {
        self.state.lock().expect("no panic inside").received.len()
    }

    async fn serve(self, mut stream: TcpStream) {
        while let Some(request) = read_request(&mut stream).await {
            let response = {
                let mut state = self.state.lock().expect("no panic inside");
                state.received.push(request);
                state.next_response()
            };
            let Some(ProviderResponse {
                status,
                headers,
                body,
            }) = response
            else {
                return;
            };
            let ended = self.held.subscribe().wait_for(|held| !held).await.is_err();
            assert!(!ended, "the provider outlives its connections");
            let mut section = format!("HTTP/1.1 {status} -\r\n");
            let mut length = None;
            for (name, value) in headers {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.parse().ok();
                }
                section.push_str(&format!("{name}: {value}\r\n"));
            }
            if length.is_none() && !matches!(status, 204 | 304) {
                section.push_str(&format!("content-length: {}\r\n", body.len()));
            }
            section.push_str("\r\n");
            let mut bytes = section.into_bytes();
            bytes.extend_from_slice(&body);
            let truncated = length.is_some_and(|length: usize| length > body.len());
            if stream.write_all(&bytes).await.is_err() || truncated {
                return;
            }
        }
    }
}

/// Reads a request; none where the client has closed the connection.
pub async fn read_request(stream: &mut TcpStream) -> Option<Received> {
    let mut section = Vec::new();
    while !section.ends_with(b"\r\n\r\n") {
        section.push(stream.read_u8().await.ok()?);
    }
    let section = String::from_utf8(section).expect("headers in ASCII");
    let mut lines = section.lines();
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
