//! Calls that a signal interrupts.

use std::process::{Child, Stdio};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::fixture::{accounts_folder, response};
use super::support::{program, signal};
use crate::provider::{Provider, ProviderResponse};
use crate::serve::until;

/// A running call of the program. It is killed when this is dropped.
struct Call {
    process: Option<Child>,
    _folder: tempfile::TempDir,
}

impl Call {
    fn start(url: &str, arguments: &[&str]) -> Self {
        let folder = accounts_folder(url);
        let process = program(arguments)
            .arg("--account=dixa")
            .arg("--accounts")
            .arg(folder.path().join("accounts.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        Self {
            process: Some(process),
            _folder: folder,
        }
    }

    /// Sends a signal, waits for the end, and returns the exit code, standard output and standard error.
    fn end(mut self, name: &str) -> (Option<i32>, String, String) {
        let process = self.process.take().expect("it runs");
        signal(name, &process);
        let output = process.wait_with_output().expect("its output");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

const CREATE: [&str; 4] = ["users", "create", "--name=Ines", "--email=ines@k.example"];

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_call_after_start_is_unknown() {
    let provider = Provider::start().await;
    provider.respond(Some(ProviderResponse {
        status: 201,
        headers: Vec::new(),
        body: Vec::new(),
    }));
    provider.hold(true);
    for name in ["INT", "TERM"] {
        for format in ["--log-format=text", "--log-format=json"] {
            let call = Call::start(&provider.url(), &[&[format], &CREATE[..]].concat());
            until("the request", async || {
                (provider.count() == 1).then_some(())
            })
            .await;
            let (code, out, err) = call.end(name);
            assert_eq!((code, out.as_str()), (Some(6), ""), "{err}");
            assert!(
                err.contains("the user may exist now") && err.contains("by email `ines@k.example`"),
                "{err}"
            );
            if format.ends_with("json") {
                let body: Value = serde_json::from_str(&err).expect("JSON");
                assert_eq!(
                    (&body["code"], &body["outcome"]),
                    (&"interrupted".into(), &"unknown".into())
                );
            }
            assert_eq!(provider.received().len(), 1, "{err}");
        }
    }
    provider.hold(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_call_before_start_exits_130() {
    // The server accepts connections and sends nothing, so TLS is never established.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("its address"));
    for name in ["INT", "TERM"] {
        let call = Call::start(&url, &CREATE);
        let (_stream, _) = listener.accept().await.expect("a connection");
        let (code, out, err) = call.end(name);
        assert_eq!((code, out.as_str()), (Some(130), ""), "{err}");
        assert_eq!(err, "error[interrupted]: interrupted; nothing was sent\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signal_ends_unread_result() {
    let provider = Provider::start().await;
    // This is more than a pipe buffers.
    let filler = "x".repeat(1 << 20);
    provider.respond(Some(ProviderResponse {
        status: 201,
        headers: Vec::new(),
        body: format!(r#"{{"data": {{"id": "a1", "filler": "{filler}"}}}}"#).into_bytes(),
    }));
    let mut call = Call::start(&provider.url(), &CREATE);
    let process = call.process.as_mut().expect("it runs");
    let unread = process.stdout.take();
    until("the request", async || {
        (provider.count() == 1).then_some(())
    })
    .await;
    let (code, _, err) = call.end("INT");
    assert_eq!(code, Some(6), "{err}");
    assert!(err.contains("exist"), "{err}");
    drop(unread);
}

const AGENT: &str = "8d4e1f66-1c5e-4f0a-9a35-0f3f4b0b9c11";

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_deletion_is_unknown() {
    let provider = Provider::start().await;
    provider.respond(Some(response(204, &[], "")));
    provider.hold(true);
    let call = Call::start(&provider.url(), &["users", "delete", AGENT, "--yes"]);
    until("the request", async || {
        (provider.count() == 1).then_some(())
    })
    .await;
    let (code, out, err) = call.end("INT");
    assert_eq!((code, out.as_str()), (Some(6), ""), "{err}");
    assert!(
        err.contains("the user may be deleted") && err.contains(AGENT) && err.contains("users get"),
        "{err}"
    );
    provider.hold(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_read_exits_130() {
    let provider = Provider::start().await;
    provider.respond(Some(response(200, &[], "{}")));
    provider.hold(true);
    for arguments in [
        &["users", "get", AGENT][..],
        &["users", "list"],
        &["users", "list", "--all"],
    ] {
        for name in ["INT", "TERM"] {
            let call = Call::start(&provider.url(), arguments);
            until("the request", async || {
                (provider.count() == 1).then_some(())
            })
            .await;
            provider.received();
            let (code, out, err) = call.end(name);
            assert_eq!((code, out.as_str()), (Some(130), ""), "{err}");
            assert_eq!(
                err,
                "error[interrupted]: interrupted; nothing was changed\n"
            );
        }
    }
    provider.hold(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_list_says_where_to_resume() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let list = ["users", "list", "--all", "--limit=1", "--log-format=json"];
    let call = Call::start(&url, &list);
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let page = r#"{"data": [{"id": "a1"}], "meta": {"next": "/agents?pageKey=k1"}}"#;
    let page = format!(
        "HTTP/1.1 200 -\r\ncontent-length: {}\r\n\r\n{page}",
        page.len()
    );
    // The second page does not come.
    for response in [page.as_bytes(), b""] {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let read = stream.read_buf(&mut request).await;
            assert_ne!(read.expect("a request"), 0);
        }
        stream.write_all(response).await.expect("it is read");
    }
    let (code, out, err) = call.end("INT");
    assert_eq!(code, Some(130), "{err}");
    assert!(
        out.lines().count() == 1 && out.starts_with(r#"{"id":"a1""#),
        "{out}"
    );
    let body: Value = serde_json::from_str(&err).expect("JSON");
    assert_eq!(body["outcome"], "not-sent", "{body:#}");
    assert_ne!(body["next_cursor"], Value::Null, "{body:#}");
}
