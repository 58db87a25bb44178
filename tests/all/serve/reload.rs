//! SIGHUP reloads accounts and tokens.

use super::support::{Serve, create, error, error_of, get, until};
use super::{ACCOUNT, accounts, created};
use crate::client::{self, Request};
use crate::provider::Provider;

const OLD: &str = "the-old-token-of-this-test";
const NEW: &str = "the-new-token-of-this-test";

fn with(request: &Request, token: &str) -> Request {
    let mut request = request.clone();
    let value = format!("Bearer {token}");
    request.headers.push(("authorization".to_owned(), value));
    request
}

#[tokio::test]
async fn hangup_replaces_accounts_secrets_tokens() {
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    let folder = tempfile::tempdir().expect("a folder");
    let (secret, tokens) = (
        folder.path().join("secret"),
        folder.path().join("tokens.txt"),
    );
    let write = |path: &std::path::Path, text: &str| std::fs::write(path, text).expect("a file");
    write(&secret, "the-old-secret-of-dixa");
    write(&tokens, OLD);
    let reference = format!("{{ file = \"{}\" }}", secret.display());
    let file = accounts(&provider.url()).replace("\"a-token-of-dixa\"", &reference);
    let tokens_path = tokens.to_str().expect("UTF-8");
    let mut serve = Serve::with_accounts(&file, &["--token-file", tokens_path, "-v"]);
    let request = create(ACCOUNT, "ines@kelpworks.example");
    let sent_credential = || {
        let received = provider.received();
        assert_eq!(received.len(), 1);
        let mut headers = received[0].headers.iter();
        let found = headers.find(|(name, _)| name == "authorization");
        found.expect("a credential").1.clone()
    };

    // A call in flight keeps its account.
    provider.hold(true);
    let (address, old) = (serve.address, with(&request, OLD));
    let in_flight = tokio::spawn(async move { client::send(address, &old).await });
    until("a request at the provider", async || {
        (provider.count() == 1).then_some(())
    })
    .await;
    write(&secret, "the-new-secret-of-dixa");
    write(&tokens, NEW);
    serve.signal("HUP");
    serve.wait_for_line(&["read anew"]).await;
    provider.hold(false);
    let response = in_flight.await.expect("no panic").expect("a response");
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(sent_credential(), "the-old-secret-of-dixa");

    let rejected = serve.call(&with(&request, OLD)).await;
    assert_eq!(error_of(&rejected), error(401, "unauthorized", "not-sent"));
    let response = serve.call(&with(&request, NEW)).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(sent_credential(), "the-new-secret-of-dixa");

    // All or nothing: the token file is good and the accounts are not, and the other way round.
    write(&tokens, OLD);
    serve.write_accounts(
        &file
            .replace("\"dixa\"", "\"zendesk\"")
            .replace("credentials", "credential"),
    );
    serve.signal("HUP");
    serve.wait_for_line(&["zendesk"]).await;
    serve.wait_for_line(&["accounts.toml:5"]).await;
    serve.wait_for_line(&["stay as they were"]).await;
    let response = serve.call(&with(&request, NEW)).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(sent_credential(), "the-new-secret-of-dixa");

    write(&tokens, "short");
    serve.write_accounts(&file.replace(ACCOUNT, "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35"));
    serve.signal("HUP");
    serve.wait_for_line(&["--token-file", "line 1"]).await;
    let response = serve.call(&with(&request, NEW)).await;
    assert_eq!(response.status, 200, "{response:?}");

    write(&tokens, NEW);
    serve.signal("HUP");
    until("the other account", async || {
        let response = serve.call(&with(&request, NEW)).await;
        (error_of(&response) == error(404, "unknown-account", "not-sent")).then_some(())
    })
    .await;
    for secret in [OLD, NEW, "-secret-of-dixa"] {
        assert!(!serve.log().contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hangups_under_load_lose_no_request() {
    const KEPT: &str = "the-token-that-stays-as-it-is";
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| {
        // As editors and deployments do it: no reader sees a half of it.
        let new = path(&format!("{name}.new"));
        std::fs::write(&new, text).expect("a file");
        std::fs::rename(new, path(name)).expect("a file");
    };
    let (tokens, secret) = (path("tokens.txt"), path("secret"));
    write("tokens.txt", &format!("{KEPT}\n{OLD}\n"));
    write("secret", "the-old-secret-of-dixa");
    let reference = format!("{{ file = \"{}\" }}", secret.display());
    let file = accounts(&provider.url()).replace("\"a-token-of-dixa\"", &reference);
    let other = file.replace(ACCOUNT, "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35");
    let tokens = tokens.to_str().expect("UTF-8");
    let mut serve = Serve::with_accounts(&file, &["--token-file", tokens, "-v"]);

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..8 {
        let (address, stopped) = (serve.address, stopped.clone());
        clients.spawn(async move {
            let mut sent = 0;
            while !*stopped.borrow() {
                let address_of_user = format!("ines.{client}.{sent}@kelpworks.example");
                let request = with(&create(ACCOUNT, &address_of_user), KEPT);
                let response = client::send(address, &request).await.expect("a response");
                assert_eq!(response.status, 200, "{response:?}");
                sent += 1;
            }
            sent
        });
    }
    for round in 0..20 {
        let (token, age, accounts) = if round % 2 == 0 {
            (NEW, "new", format!("{file}\n{other}"))
        } else {
            (OLD, "old", file.clone())
        };
        write("tokens.txt", &format!("{token}\n{KEPT}\n"));
        write("secret", &format!("the-{age}-secret-of-dixa"));
        serve.write_accounts(&accounts);
        serve.signal("HUP");
        until("the files to be read", async || {
            (serve.log().matches("read anew").count() > round).then_some(())
        })
        .await;
    }
    stop.send_replace(true);
    let sent: usize = clients.join_all().await.into_iter().sum();
    let received = provider.received();
    assert_eq!(received.len(), sent);
    for age in ["old", "new"] {
        let credential = format!("the-{age}-secret-of-dixa");
        let mut headers = received.iter().flat_map(|request| &request.headers);
        assert!(
            headers.any(|(_, value)| *value == credential),
            "{age} of {sent}"
        );
    }
}

#[tokio::test]
async fn hangup_keeps_sandbox_running() {
    let mut serve = Serve::with_accounts("", &["--sandbox", "-v"]);
    serve.signal("HUP");
    serve.wait_for_line(&["read anew"]).await;
    assert_eq!(serve.call(&get("/healthz")).await.status, 200);
}
