//! `--proxy`: connections to the providers go through it, and no other does.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use unified_ticketing_guest::integration::ALL;

use super::support::{ProgramOutput, program};
use crate::serve::Simulators;

/// A proxy that makes tunnels.
struct Proxy {
    address: std::net::SocketAddr,
    /// The lines of the requests for tunnels.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts a proxy that answers with this status, and makes the tunnel where it is 200. Names it does not look up.
    async fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let all = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let all = Arc::clone(&all);
                tokio::spawn(tunnel(client, status, all));
            }
        });
        Self { address, requests }
    }

    fn requests(&self) -> String {
        self.requests.lock().expect("no panic inside").concat()
    }
}

async fn tunnel(client: TcpStream, status: &str, all: Arc<Mutex<Vec<String>>>) {
    let mut client = BufReader::new(client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if client.read_line(&mut head).await.expect("a line") == 0 {
            return;
        }
    }
    let target = head.split(' ').nth(1).expect("a target").to_owned();
    all.lock().expect("no panic inside").push(head);
    let response = format!("HTTP/1.1 {status}\r\n\r\n");
    client
        .write_all(response.as_bytes())
        .await
        .expect("a write");
    if status.starts_with("200") {
        let mut server = TcpStream::connect(target).await.expect("the provider");
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}

/// Creates a user at this account.
fn create(accounts: &str, account: &str, proxy: &str) -> ProgramOutput {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("accounts.toml");
    std::fs::write(&file, accounts).expect("a file");
    let accounts = format!("--accounts={}", file.display());
    let user = [
        "--name=Ines",
        "--first-name=Ines",
        "--last-name=Halvorsen",
        "--nick-name=Ines",
        "--email=ines@kelpworks.example",
        "--collection=project:1",
    ];
    let create = ["users", "create", "-vv", &accounts, "--account", account];
    let output = program([&create[..], &user].concat())
        .env("UNIFIED_TICKETING_PROXY", proxy)
        .output();
    output.expect("the program runs").into()
}

#[tokio::test(flavor = "multi_thread")]
async fn user_is_created_through_proxy() {
    let simulators = Simulators::start().await;
    let proxy = Proxy::start("200 OK").await;
    for (index, integration) in ALL.iter().enumerate() {
        let name = integration.name;
        let url = format!("http://ines:p%40ssw0rd@{}", proxy.address);
        let created = create(&simulators.accounts, name, &url);
        assert_eq!(created.code, 0, "{name}: {}", created.stderr);
        let requests = proxy.requests();
        let tunnel = format!("CONNECT {} HTTP/1.1\r\n", simulators.address);
        assert_eq!(requests.matches(&tunnel).count(), index + 1, "{requests}");
        // RFC 7617, of `ines:p@ssw0rd`.
        let authorization = "Proxy-Authorization: Basic aW5lczpwQHNzdzByZA==";
        assert_eq!(requests.matches(authorization).count(), index + 1);
        // What is for the provider goes through the tunnel alone.
        assert!(!requests.contains("POST"), "{requests}");
        let shown = created.stdout + &created.stderr;
        for secret in ["ssw0rd", "aW5lczpw"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_without_tunnel_sends_nothing() {
    let simulators = Simulators::start().await;
    let closed = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let closed = {
        let address = closed.local_addr().expect("its address");
        drop(closed);
        address
    };
    for (proxy, expected) in [
        (
            Proxy::start("407 Who is it").await.address,
            "authorization required",
        ),
        (Proxy::start("503 Not now").await.address, "unsuccessful"),
        (closed, "refused"),
    ] {
        let failed = create(&simulators.accounts, "dixa", &format!("http://{proxy}"));
        assert_eq!((failed.code, &*failed.stdout), (7, ""), "{}", failed.stderr);
        let error = &failed.stderr;
        assert!(error.contains("through the proxy"), "{error}");
        assert!(error.to_lowercase().contains(expected), "{error}");
    }
    let count = simulators
        .control("GET", "count?integration=dixa", "")
        .await;
    assert_eq!(count["requests"], 0, "{count}");
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_looks_names_up() {
    let proxy = Proxy::start("502 Not there").await;
    let account = r#"
        [[account]]
        id = "62f44730-dd91-461e-bd6a-aedd9e0ad79d"
        name = "dixa"
        integration = "dixa"
        credentials = { api_token = "token" }
    "#;
    let failed = create(account, "dixa", &format!("http://{}", proxy.address));
    assert_eq!(failed.code, 7, "{}", failed.stderr);
    let requests = proxy.requests();
    assert!(
        requests.starts_with("CONNECT dev.dixa.io:443 HTTP/1.1\r\n"),
        "{requests}"
    );
}

#[test]
fn faulty_proxy_is_usage_error() {
    for url in [
        "https://ines:s3cret@proxy.example",
        "ines:s3cret@proxy.example",
    ] {
        let failed = create("", "dixa", url);
        assert_ne!(failed.code, 0);
        assert!(!(failed.stdout + &failed.stderr).contains("s3cret"));
    }
    let simulated = program(["users", "list", "--sandbox", "--account=dixa"])
        .env(
            "UNIFIED_TICKETING_PROXY",
            "https://ines:s3cret@proxy.example",
        )
        .output()
        .expect("the program runs");
    let error = String::from_utf8(simulated.stderr).expect("text");
    assert_eq!(simulated.status.code(), Some(2), "{error}");
    assert!(error.contains("--proxy: expected `http://"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}
