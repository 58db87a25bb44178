//! What stands before a server, and holds back what it answers.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// It hands on every byte, every end and every reset.
pub struct Relay {
    pub address: SocketAddr,
    held: watch::Sender<bool>,
}

impl Relay {
    pub async fn start(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let held = watch::Sender::new(false);
        let holds = held.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(relay(near, behind, holds.clone()));
            }
        });
        Self { address, held }
    }

    /// Holds back what comes from the server, or lets go of it.
    pub fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }
}

async fn relay(near: TcpStream, behind: SocketAddr, mut held: watch::Receiver<bool>) {
    let Ok(far) = TcpStream::connect(behind).await else {
        return;
    };
    for stream in [&near, &far] {
        stream.set_nodelay(true).expect("an option");
    }
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let mut held_back = held.clone();
    let there = async {
        copy(&mut from_near, &mut to_far).await?;
        to_far.shutdown().await
    };
    let back = async {
        let mut bytes = vec![0; 64 << 10];
        loop {
            let read = from_far.read(&mut bytes).await?;
            release(&mut held_back).await;
            if read == 0 {
                return to_near.shutdown().await;
            }
            to_near.write_all(&bytes[..read]).await?;
        }
    };
    let done: io::Result<((), ())> = tokio::try_join!(there, back);
    if done.is_err() {
        release(&mut held).await;
        // Closed with this, they reset.
        for stream in [to_near.as_ref(), to_far.as_ref()] {
            let _ = stream.set_zero_linger();
        }
    }
}

/// Waits until nothing is held back. Without the relay nothing is.
async fn release(held: &mut watch::Receiver<bool>) {
    let _ = held.wait_for(|held| !held).await;
}
