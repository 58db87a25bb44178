//! A client that sends exactly the bytes of a test, and reads the response.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// A request; header names in any case, without the framing.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A response, header names in lower case.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// `None` in the response to `HEAD`.
    pub body: Option<Vec<u8>>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(given, _)| given == name);
        found.next().map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        let body = self.body.as_deref().unwrap_or_default();
        serde_json::from_slice(body)
            .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(body)))
    }
}

/// The error of [`Connection::call`] if the response with this status is not complete.
#[derive(Debug)]
pub struct ResponseTruncated(pub u16);

impl std::fmt::Display for ResponseTruncated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the response with status {} is truncated", self.0)
    }
}

impl std::error::Error for ResponseTruncated {}

/// A persistent connection.
pub struct Connection {
    address: SocketAddr,
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        Ok(Self {
            address,
            reader: BufReader::new(reader),
            writer,
        })
    }

    /// Sends a request and reads its response, at the same time: a server may respond before it has read the whole request.
    pub async fn call(&mut self, request: &Request) -> io::Result<Response> {
        let Self {
            address,
            reader,
            writer,
        } = self;
        let mut bytes = encode_headers(request, *address).into_bytes();
        bytes.extend_from_slice(&request.body);
        let mut sending = std::pin::pin!(writer.write_all(&bytes));
        let mut reading = std::pin::pin!(read_response(reader, &request.method));
        tokio::select! {
            response = &mut reading => response,
            sent = &mut sending => {
                let response = reading.await;
                response.or_else(|error| sent.and(Err(error)))
            }
        }
    }

    /// Sends these bytes alone.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes).await
    }

    /// Closes the sending side. The receiving side stays open.
    pub async fn half_close(&mut self) -> io::Result<()> {
        self.writer.shutdown().await
    }

    /// Reads the response to the bytes of [`Self::write`].
    pub async fn read(&mut self) -> io::Result<Response> {
        read_response(&mut self.reader, "POST").await
    }
}

/// Sends a request on a new connection.
pub async fn send(address: SocketAddr, request: &Request) -> io::Result<Response> {
    Connection::open(address).await?.call(request).await
}

/// The request line and the headers of a request, with its framing.
pub fn encode_headers(request: &Request, address: SocketAddr) -> String {
    let mut section = format!(
        "{} {} HTTP/1.1\r\nhost: {address}\r\n",
        request.method, request.target
    );
    for (name, value) in &request.headers {
        section.push_str(&format!("{name}: {value}\r\n"));
    }
    if !request.body.is_empty() || matches!(request.method.as_str(), "POST" | "PATCH" | "PUT") {
        section.push_str(&format!("content-length: {}\r\n", request.body.len()));
    }
    section.push_str("\r\n");
    section
}

async fn read_response(
    reader: &mut BufReader<OwnedReadHalf>,
    method: &str,
) -> io::Result<Response> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let line = read_line(reader).await?;
    let mut words = line.split(' ');
    let status = words
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| invalid(&format!("expected a status line, but found `{line}`")))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader).await?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| invalid("a header without a colon"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map(|(_, length)| length.parse::<usize>());
    let body = match length {
        _ if method == "HEAD" => None,
        _ if matches!(status, 204 | 304) => Some(Vec::new()),
        Some(Ok(length)) => {
            let mut body = vec![0; length];
            let read = reader.read_exact(&mut body).await;
            read.map_err(|error| io::Error::new(error.kind(), ResponseTruncated(status)))?;
            Some(body)
        }
        Some(Err(_)) => return Err(invalid("an invalid content length")),
        None => {
            let mut body = Vec::new();
            reader.read_to_end(&mut body).await?;
            Some(body)
        }
    };
    Ok(Response {
        status,
        headers,
        body,
    })
}

async fn read_line(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<String> {
    let mut line = String::new();
    if reader.read_line(&mut line).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
