//! A provider that kills the process which calls it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use unified_ticketing_guest::integration::ALL;

use super::kill;
use crate::client::{self, Request, Response};
use crate::provider::{Received, read_request};

/// How far the provider has come with a creation.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, PartialOrd, Serialize)]
pub(super) enum Stage {
    /// It has the request, and has not acted.
    Arrived,
    /// It has created the user, and has not responded.
    Acted,
    /// It has sent half of its response.
    HalfAnswered,
    /// It has sent its response.
    Answered,
}

/// Passes requests on to the simulators, and kills the process when every creation has come to this stage. A creation that has come
/// there goes no further.
pub(super) async fn start(
    simulators: SocketAddr,
    stage: Stage,
    process: watch::Receiver<Option<u32>>,
) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let provider = Arc::new(Provider {
        simulators,
        stage,
        missing: AtomicUsize::new(ALL.len()),
        process,
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let provider = Arc::clone(&provider);
            tokio::spawn(async move { provider.serve(stream).await });
        }
    });
    address
}

struct Provider {
    simulators: SocketAddr,
    stage: Stage,
    /// How many creations have not come to the stage.
    missing: AtomicUsize,
    process: watch::Receiver<Option<u32>>,
}

impl Provider {
    async fn serve(&self, mut stream: TcpStream) {
        while let Some(request) = read_request(&mut stream).await {
            let creates = request.method == "POST";
            if creates {
                self.pass(Stage::Arrived).await;
            }
            let response = self.forward(request).await;
            if creates {
                self.pass(Stage::Acted).await;
            }
            let bytes = encode(&response);
            let (first, second) = bytes.split_at(bytes.len() / 2);
            // A client that is killed needs no response.
            let _ = stream.write_all(first).await;
            if creates {
                self.pass(Stage::HalfAnswered).await;
            }
            let _ = stream.write_all(second).await;
            if creates {
                self.pass(Stage::Answered).await;
            }
        }
    }

    async fn pass(&self, stage: Stage) {
        if self.stage != stage {
            return;
        }
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            let mut process = self.process.clone();
            let process = process.wait_for(Option::is_some).await.expect("a process");
            kill(process.expect("a process"));
        }
        std::future::pending::<()>().await;
    }

    async fn forward(&self, request: Received) -> Response {
        let Received {
            method,
            target,
            mut headers,
            body,
        } = request;
        headers.retain(|(name, _)| !matches!(name.as_str(), "host" | "content-length"));
        let request = Request {
            method,
            target,
            headers,
            body,
        };
        let response = client::send(self.simulators, &request).await;
        response.expect("the simulators respond")
    }
}

fn encode(response: &Response) -> Vec<u8> {
    let mut section = format!("HTTP/1.1 {} -\r\n", response.status);
    for (name, value) in &response.headers {
        section.push_str(&format!("{name}: {value}\r\n"));
    }
    section.push_str("\r\n");
    let mut bytes = section.into_bytes();
    bytes.extend_from_slice(response.body.as_deref().unwrap_or_default());
    bytes
}
