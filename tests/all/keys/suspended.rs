//! A process that is suspended for longer than half its lease, and wakes up within its deadline.

use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::{
    ADDRESS, INTEGRATION, KEY, create, creations, held_simulators, serve_with, shown, warnings,
    with, with_key,
};
use crate::client::{self, Request, Response};
use crate::serve::{Serve, Simulators, error, error_of};
use crate::stores::Kind;
use crate::tls::Root;

/// The deadline of a call. Its lease is this, the time to settle and 5 seconds.
const DEADLINE: &str = "--deadline=7s";

/// More than half the lease, and less than the deadline.
const SUSPENDED: Duration = Duration::from_millis(6_600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_process_sends_nothing() {
    tokio::join!(while_it_connects(), while_it_looks());
}

async fn while_it_connects() {
    let (simulators, place) = (Simulators::start().await, Kind::Sqlite.place().await);
    let root = Root::new().expect("a root");
    let certificates = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(certificates.path(), root.pem()).expect("a file");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let proxy = format!("https://{}/", listener.local_addr().expect("its address"));
    let own = format!("http://{}/", simulators.address);
    let accounts = simulators.accounts.replace(&own, &proxy);
    let path = certificates.path().to_str().expect("UTF-8");
    let store = place.arguments();
    let arguments = [
        DEADLINE,
        "--settle=300ms",
        "--ca-file",
        path,
        &store[0],
        &store[1],
    ];
    let serve = Serve::with_accounts(&accounts, &arguments);

    let request = with_key(&create(&simulators.id(INTEGRATION), ADDRESS), KEY);
    let (address, call) = (serve.address, request.clone());
    let call = tokio::spawn(async move { client::send(address, &call).await });
    // It has claimed its key, and has no connection until somebody speaks TLS.
    let first = loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        // The port may have been another test's: TLS begins with a handshake (RFC 8446, 5.1).
        let mut kind = [0];
        if matches!(stream.peek(&mut kind).await, Ok(1)) && kind == [22] {
            break stream;
        }
    };
    serve.signal("STOP");
    let acceptor = root.acceptor("127.0.0.1").expect("a certificate");
    let simulator = simulators.address;
    tokio::spawn(async move {
        let mut next = Some(first);
        loop {
            let stream = match next.take() {
                Some(stream) => stream,
                None => listener.accept().await.expect("a connection").0,
            };
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut secure = acceptor.accept(stream).await.ok()?;
                let mut plain = TcpStream::connect(simulator).await.ok()?;
                copy_bidirectional(&mut secure, &mut plain).await.ok()
            });
        }
    });
    tokio::time::sleep(SUSPENDED).await;
    serve.signal("CONT");
    let late = call.await.expect("no panic").expect("a response");
    assert_kept_back(&late, &simulators, &serve, &request).await;
}

async fn while_it_looks() {
    let ((simulators, relay), place) = (held_simulators().await, Kind::Sqlite.place().await);
    let serve = serve_with(&simulators, &place, &[DEADLINE]);
    let request = with_key(&create(&simulators.id(INTEGRATION), ADDRESS), KEY);
    let request = with(&request, "unified_if_exists=keep");
    relay.hold(true);
    let (address, call) = (serve.address, request.clone());
    let call = tokio::spawn(async move { client::send(address, &call).await });
    simulators.reached(INTEGRATION, 1).await;
    serve.signal("STOP");
    relay.hold(false);
    tokio::time::sleep(SUSPENDED).await;
    serve.signal("CONT");
    let late = call.await.expect("no panic").expect("a response");
    assert_kept_back(&late, &simulators, &serve, &request).await;
}

/// Checks that nothing was sent, and that the key was given back.
async fn assert_kept_back(
    late: &Response,
    simulators: &Simulators,
    serve: &Serve,
    request: &Request,
) {
    assert_eq!(error_of(late), error(504, "deadline", "not-sent"));
    assert_eq!((warnings(late), creations(simulators).await), (vec![], 0));
    let created = serve.call(request).await;
    assert_eq!(shown(&created), (200, "created", false), "{created:?}");
}
