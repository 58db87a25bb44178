//! TLS in front of a server.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::tls::Root;

/// Starts a TLS proxy for a server without TLS, with a certificate of this root for this name.
pub async fn proxy(root: &Root, name: &str, server: SocketAddr) -> SocketAddr {
    let acceptor = root.acceptor(name).expect("a certificate");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate leaves here.
                let mut secure = acceptor.accept(stream).await.ok()?;
                let mut plain = TcpStream::connect(server).await.ok()?;
                copy_bidirectional(&mut secure, &mut plain).await.ok()
            });
        }
    });
    address
}
