//! A server that is stopped, does not answer, or answers nobody any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixStream};

use super::super::super::suite::{new, request, secret};
use super::super::super::{Claimed, KeptOutcome, StoreError};
use super::claims::until;
use super::{Postgres, Store as _};
use crate::postgres::Server;

/// How long anything may take where a server is gone.
const SOON: Duration = Duration::from_secs(8);

#[track_caller]
fn assert_unavailable<T>(result: Result<T, StoreError>, since: Instant) -> String {
    let error = result.map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
    error.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_server_is_unavailable_until_restarted() {
    let Some(server) = Server::start() else {
        return;
    };
    let schema = server.schema().await;
    let store = super::open(&schema).await;
    let first = new(store.claim(request(1)).await.unwrap());
    let second = new(store.claim(request(2)).await.unwrap());
    let kept = store.keep(second, KeptOutcome::Done, b"made".into(), None);
    assert!(kept.await.unwrap());

    server.command("stop");
    let begin = Instant::now();
    assert_unavailable(store.claim(request(3)).await, begin);
    let kept = store.keep(first.clone(), KeptOutcome::Done, b"made".into(), None);
    assert_unavailable(kept.await, begin);
    assert_unavailable(store.find_unknown(request(3).key).await, begin);
    let opened = Postgres::open(&schema.url(), &secret(), None).await;
    let error = assert_unavailable(opened, begin);
    assert!(!error.contains("tests"), "{error}");

    server.command("start");
    new(store.claim(request(3)).await.unwrap());
    let found = store.claim(request(2)).await.unwrap();
    assert!(matches!(found, Claimed::Done(_)), "{found:?}");
    let kept = store.keep(first, KeptOutcome::Done, b"made".into(), None);
    assert!(kept.await.unwrap());
}

#[tokio::test]
async fn silent_server_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // The system accepts, and nobody answers.
    let url = format!("postgres://ops:hunter2@{address}/calls");
    let begin = Instant::now();
    let opened = Postgres::open(&url, &secret(), None).await;
    let error = assert_unavailable(opened, begin);
    assert!(error.contains("does not answer"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn error_tells_nothing_of_url() {
    for url in [
        "postgres://ops:hunter2@127.0.0.1:1/calls",
        "postgres://ops:hunter2@no-such-host.invalid/calls",
        "postgres://ops:hunter2@%2Fno%2Fsuch%2Ffolder/calls",
        "postgres://ops:hunter2@db@db.example/calls",
        "postgres://ops:hunter2@db.example:hunter2/calls",
        "postgres://db.example/calls?password=hunter2&hunter2=1",
    ] {
        let begin = Instant::now();
        let opened = Postgres::open(url, &secret(), None).await;
        let error = assert_unavailable(opened, begin);
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claim_with_lost_answer_is_released() {
    let Some(server) = Server::start() else {
        return;
    };
    let schema = server.schema().await;
    let silent = Arc::new(AtomicBool::new(false));
    let address = relay(&server, Arc::clone(&silent)).await;
    let query = schema.url().split_once('?').unwrap().1.to_owned();
    let url = format!("postgres://tests@{address}/postgres?sslmode=disable&{query}");
    let store = Postgres::open(&url, &secret(), None).await.unwrap();
    new(store.claim(request(2)).await.unwrap());

    silent.store(true, Ordering::SeqCst);
    let begin = Instant::now();
    let error = assert_unavailable(store.claim(request(1)).await, begin);
    assert!(error.contains("has not answered"), "{error}");
    // The server has made it.
    until(&schema, 1, 1).await;
    silent.store(false, Ordering::SeqCst);
    until(&schema, 1, 0).await;
    new(store.claim(request(1)).await.unwrap());
}

/// A way to the server that can lose its answers.
async fn relay(server: &Server, silent: Arc<AtomicBool>) -> std::net::SocketAddr {
    let socket = server.folder().join(".s.PGSQL.5432");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (socket, silent) = (socket.clone(), Arc::clone(&silent));
            tokio::spawn(async move {
                let server = UnixStream::connect(socket).await.ok()?;
                let (mut from_server, mut to_server) = server.into_split();
                let (mut from_client, mut to_client) = client.into_split();
                let asked = async { tokio::io::copy(&mut from_client, &mut to_server).await };
                let answered = async {
                    let mut bytes = [0; 4_096];
                    loop {
                        let count = from_server.read(&mut bytes).await?;
                        if count == 0 {
                            return Ok::<_, std::io::Error>(());
                        }
                        if !silent.load(Ordering::SeqCst) {
                            to_client.write_all(&bytes[..count]).await?;
                        }
                    }
                };
                tokio::select! {
                    _ = asked => {}
                    _ = answered => {}
                }
                Some(())
            });
        }
    });
    address
}
