//! TLS: the certificate is checked wherever there is one.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, UnixStream};

use super::super::super::StoreError;
use super::super::super::suite::{new, request, secret};
use super::{Postgres, Store as _};
use crate::postgres::Server;
use crate::tls::Root;

/// What Postgres is asked with for TLS (<https://www.postgresql.org/docs/15/protocol-message-formats.html>, `SSLRequest`).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificate_is_checked_wherever_there_is_one() {
    let Some(server) = Server::start() else {
        return;
    };
    let schema = server.schema().await;
    let root = Root::new().unwrap();
    let socket = server.folder().join(".s.PGSQL.5432");
    let secure = proxy(Some((&root, "localhost")), socket.clone()).await;
    let misnamed = proxy(Some((&root, "db.example")), socket.clone()).await;
    let plain = proxy(None, socket).await;
    let query = schema.url().split_once('?').unwrap().1.to_owned();
    let pem = root.pem();
    let pem = Some(pem.as_bytes());
    for (proxy, mode, roots, expected) in [
        (secure, "require", pem, Ok(())),
        (secure, "verify-full", pem, Ok(())),
        (secure, "prefer", pem, Ok(())),
        (secure, "require", None, Err("UnknownIssuer")),
        (secure, "prefer", None, Err("UnknownIssuer")),
        (misnamed, "require", pem, Err("certificate")),
        (misnamed, "prefer", pem, Err("certificate")),
        (plain, "require", pem, Err("does not support TLS")),
        (plain, "prefer", pem, Ok(())),
        (plain, "disable", pem, Ok(())),
    ] {
        let port = proxy.port();
        let url = format!("postgres://tests@localhost:{port}/postgres?sslmode={mode}&{query}");
        let opened = Postgres::open(&url, &secret(), roots).await;
        match (opened, expected) {
            (Ok(store), Ok(())) => drop(store.find_unknown(request(1).key).await.unwrap()),
            (Err(StoreError::Unavailable(error)), Err(expected)) => {
                assert!(error.contains(expected), "{port} {mode}: {error}");
            }
            (opened, expected) => panic!("{port} {mode}: {opened:?}, but expected {expected:?}"),
        }
    }
    let url = format!(
        "postgres://tests@localhost:{}/postgres?sslmode=require&{query}",
        secure.port()
    );
    let store = Postgres::open(&url, &secret(), pem).await.unwrap();
    new(store.claim(request(1)).await.unwrap());
    let malformed = Postgres::open(&url, &secret(), Some(b"nothing")).await;
    let malformed = malformed.unwrap_err().to_string();
    assert!(malformed.contains("root certificates"), "{malformed}");
}

/// A way to the server with TLS, by a certificate for this name, or without.
async fn proxy(tls: Option<(&Root, &str)>, server: PathBuf) -> SocketAddr {
    let acceptor = tls.map(|(root, name)| root.acceptor(name).unwrap());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), server.clone());
            tokio::spawn(async move {
                let mut server = UnixStream::connect(server).await.ok()?;
                let Some(acceptor) = acceptor else {
                    // The server says itself that it has none.
                    return copy_bidirectional(&mut client, &mut server).await.ok();
                };
                let mut request = [0; SSL_REQUEST.len()];
                client.read_exact(&mut request).await.ok()?;
                assert_eq!(request, SSL_REQUEST);
                client.write_all(b"S").await.ok()?;
                let mut secure = acceptor.accept(client).await.ok()?;
                copy_bidirectional(&mut secure, &mut server).await.ok()
            });
        }
    });
    address
}
