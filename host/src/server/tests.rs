//! Slow clients, against a server with short timeouts.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::Server;
use crate::engine::Engine;
use crate::testing::{Act, Log, Provider, response_text};

const LOOPBACK: [u8; 4] = [127, 0, 0, 1];

/// A server with short timeouts.
async fn serve(provider: &Provider) -> SocketAddr {
    let engine = Engine::builder()
        .accounts(provider.accounts())
        .max_response_body(16 << 20)
        .build()
        .unwrap();
    let server = Server::builder(engine).progress_timeout(Duration::from_millis(50));
    let server = server.bind((LOOPBACK, 0).into()).await.unwrap();
    let address = server.address();
    tokio::spawn(server.serve(std::future::pending()));
    address
}

/// All that a client reads after it has sent this.
async fn read(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut received = String::new();
    stream.read_to_string(&mut received).await.unwrap();
    received
}

#[tokio::test]
async fn incomplete_request_times_out() {
    let log = Log::start();
    let address = serve(&Provider::start([]).await).await;
    let head = "POST /unified/ticketing/users HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n";
    for sent in [head.to_owned(), format!("{head}\r\n{{")] {
        let received = read(address, &sent).await;
        assert!(received.starts_with("HTTP/1.1 408 "), "{received}");
        for part in [
            "\"statusCode\":408",
            "\"code\":\"request-timeout\"",
            "connection: close\r\n",
        ] {
            assert!(received.contains(part), "{part} in {received}");
        }
        let id = received.split("x-request-id: ").nth(1).unwrap();
        let id = id.split("\r\n").next().unwrap();
        log.line(&[
            id,
            "status=408",
            "code=\"request-timeout\"",
            "outcome=\"not-sent\"",
        ])
        .await;
    }
}

#[tokio::test]
async fn silent_connection_is_closed() {
    let address = serve(&Provider::start([]).await).await;
    assert_eq!(read(address, "").await, "");
    let healthy = read(address, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(healthy.ends_with("{\"status\":\"ok\"}"), "{healthy}");
}

#[tokio::test]
async fn stalled_client_loses_its_connection() {
    let log = Log::start();
    // More than the buffers of the sockets hold.
    let large = format!(
        "{{\"data\": {{\"id\": \"a\", \"b\": \"{}\"}}}}",
        "y".repeat(12 << 20)
    );
    let provider = Provider::start([Act::Say(response_text(201, &large))]).await;
    let address = serve(&provider).await;
    let body = r#"{"name": "Ines", "emails": [{"email": "ines@acme.example"}]}"#;
    let target = "/unified/ticketing/users?integrated_account_id=62f44730-dd91-461e-bd6a-aedd9e0ad79d&truto_response_format=raw";
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let request = format!(
        "POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    log.line(&["status=200", "client=\"gone\"", "operation=\"create\""])
        .await;
}
