//! A relay in front of a server, which can hold responses back.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes on every byte, every close and every reset.
pub struct Relay {
    pub address: SocketAddr,
    held: watch::Sender<bool>,
}

impl Relay {
    pub async fn start(server_address: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let held = watch::Sender::new(false);
        let holds = held.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, server_address, holds.clone()));
            }
        });
        Self { address, held }
    }

    /// Holds the server's bytes back, or releases them.
    pub fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }
}

async fn relay(client: TcpStream, server_address: SocketAddr, mut held: watch::Receiver<bool>) {
    let Ok(server) = TcpStream::connect(server_address).await else {
        return;
    };
    for stream in [&client, &server] {
        stream.set_nodelay(true).expect("an option");
    }
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut held_back = held.clone();
    let there = async {
        copy(&mut from_client, &mut to_server).await?;
        to_server.shutdown().await
    };
    let back = async {
        let mut bytes = vec![0; 64 << 10];
        loop {
            let read = from_server.read(&mut bytes).await?;
            wait_until_released(&mut held_back).await;
            if read == 0 {
                return to_client.shutdown().await;
            }
            to_client.write_all(&bytes[..read]).await?;
        }
    };
    let done: io::Result<((), ())> = tokio::try_join!(there, back);
    if done.is_err() {
        wait_until_released(&mut held).await;
        // Closing a socket with this option resets its connection.
        for stream in [to_client.as_ref(), to_server.as_ref()] {
            let _ = stream.set_zero_linger();
        }
    }
}

/// Waits until bytes are not held back, or the relay is dropped.
async fn wait_until_released(held: &mut watch::Receiver<bool>) {
    let _ = held.wait_for(|held| !held).await;
}
