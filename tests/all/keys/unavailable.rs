//! A store that fails: before a creation nothing is sent, after it the response says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use unified_ticketing::http_api::{HttpRequest, HttpResponse};
use unified_ticketing::store::StoreError;
use unified_ticketing::{Engine, FileAccounts};

use super::{
    ADDRESS, INTEGRATION, KEY, LOST, REJECTED, create, creations, fault, held_simulators,
    serve_with, shown, warnings, with, with_key,
};
use crate::cli::run;
use crate::client::{self, Request};
use crate::serve::{Simulators, error, error_of, get};
use crate::stores::{Hook, Hooked, Kind, Method};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_that_is_gone_sends_nothing() {
    let ((simulators, relay), place) = (held_simulators().await, Kind::Sqlite.place().await);
    let serve = serve_with(&simulators, &place, &[]);
    let request = create(&simulators.id(INTEGRATION), ADDRESS);
    let (file, aside) = (
        place.folder().join("calls.db"),
        place.folder().join("aside"),
    );
    let take = || std::fs::rename(&file, &aside).expect("a file");
    let put = || std::fs::rename(&aside, &file).expect("a file");
    take();
    for request in [
        &request,
        &with_key(&request, KEY),
        &with(&request, "unified_if_exists=update"),
    ] {
        let unavailable = serve.call(request).await;
        assert_eq!(
            error_of(&unavailable),
            error(503, "store-unavailable", "not-sent")
        );
        assert_eq!(unavailable.header("retry-after"), Some("1"));
    }
    // A read needs no store.
    let target = request.target.replace("&unified_settle=false", "");
    assert_eq!(serve.call(&get(&target)).await.status, 200);
    assert_eq!(creations(&simulators).await, 0);
    put();
    relay.hold(true);
    let (address, keyed) = (serve.address, with_key(&request, KEY));
    let call = {
        let keyed = keyed.clone();
        tokio::spawn(async move { client::send(address, &keyed).await })
    };
    simulators.reached(INTEGRATION, 2).await;
    take();
    relay.hold(false);
    let created = call.await.expect("no panic").expect("a response");
    assert_eq!(shown(&created), (200, "created", false));
    assert_eq!(warnings(&created), ["not-recorded"]);
    put();
    // The claim was not ended: its lease runs.
    assert_eq!(
        error_of(&serve.call(&keyed).await).1,
        "idempotency-in-flight"
    );
    assert_eq!(creations(&simulators).await, 1);
}

#[tokio::test]
async fn other_secret_sends_nothing() {
    let (simulators, place) = (Simulators::start().await, Kind::Sqlite.place().await);
    drop(serve_with(&simulators, &place, &[]));
    let other = tempfile::tempdir().expect("a folder");
    let accounts = other.path().join("accounts.toml");
    std::fs::write(&accounts, &simulators.accounts).expect("a file");
    let secret = format!("--secret={}", other.path().join("secret").display());
    let accounts = format!("--accounts={}", accounts.display());
    let common = [&place.arguments()[0], &secret, &accounts];
    let create = [
        "users",
        "create",
        "--account=gorgias",
        "--name=Ines",
        "--email=i@k.example",
    ];
    for command in [&["serve", "--listen=127.0.0.1:0"][..], &create] {
        let arguments = command.iter().copied().chain(common.map(String::as_str));
        let ended = run(arguments);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (4, ""),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains("another secret"), "{}", ended.stderr);
    }
    assert_eq!(creations(&simulators).await, 0);
}

/// Fails in one method, while it is set to.
struct Failing {
    method: Method,
    fails: Arc<AtomicBool>,
}

impl Hook for Failing {
    async fn before(&self, method: Method) -> Result<(), StoreError> {
        if method == self.method && self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::unavailable("it is read-only"));
        }
        Ok(())
    }
}

/// What the HTTP API responds, in the words of [`shown`], and the codes of its warnings.
fn observed(response: &HttpResponse) -> (u16, String, Vec<String>) {
    let header = |name: &str| {
        let mut headers = response.headers.iter();
        let found = headers.find(|(given, _)| given == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let what = match response.status {
        200 => header("unified-result"),
        _ => header("unified-code"),
    };
    let warnings = response
        .warnings
        .iter()
        .map(|warning| warning.code.to_string());
    (response.status, what, warnings.collect())
}

#[tokio::test]
async fn each_method_that_fails_is_told() {
    let none: &[&str] = &[];
    let (lost, unavailable) = ((502, "connection-lost"), (503, "store-unavailable"));
    for (method, key, trouble, expected, warnings, sent) in [
        (Method::Claim, Some(KEY), None, unavailable, none, 0),
        (Method::FindUnknown, None, None, unavailable, none, 0),
        (Method::FindUnknown, Some(KEY), None, unavailable, none, 0),
        (
            Method::Keep,
            Some(KEY),
            None,
            (200, "created"),
            &["not-recorded"],
            1,
        ),
        (
            Method::Keep,
            Some(KEY),
            Some(LOST),
            lost,
            &["not-recorded"],
            1,
        ),
        (
            Method::PutUnknown,
            None,
            Some(LOST),
            lost,
            &["not-recorded"],
            1,
        ),
        (
            Method::GiveBack,
            Some(KEY),
            Some(REJECTED),
            (422, "provider-invalid"),
            &["not-recorded"],
            1,
        ),
        (Method::Sweep, Some(KEY), None, (200, "created"), none, 1),
    ] {
        let (simulators, place) = (Simulators::start().await, Kind::Sqlite.place().await);
        let accounts =
            FileAccounts::parse("accounts.toml".as_ref(), &simulators.accounts, |_| None);
        let (store, secret) = place.open().await;
        let fails = Arc::new(AtomicBool::new(true));
        let failing = Failing {
            method,
            fails: Arc::clone(&fails),
        };
        let engine = Engine::builder()
            .accounts(accounts.expect("good accounts"))
            .store(Hooked::new(store, failing), secret)
            .max_instances(2)
            .build()
            .expect("an engine");
        let mut request = create(&simulators.id(INTEGRATION), ADDRESS);
        if let Some(key) = key {
            request = with_key(&request, key);
        }
        let call = async |request: &Request| {
            let Request {
                method,
                target,
                headers,
                body,
            } = request.clone();
            let request = HttpRequest {
                method,
                target,
                headers,
                body,
            };
            engine.http(request).await
        };
        if let Some(trouble) = trouble {
            fault(&simulators, trouble).await;
        }
        let response = call(&with(&request, "unified_settle=false")).await;
        let expected = (
            expected.0,
            expected.1.to_owned(),
            warnings.iter().map(ToString::to_string).collect(),
        );
        assert_eq!(observed(&response), expected, "{method:?} {key:?}");
        assert_eq!(creations(&simulators).await, sent, "{method:?} {key:?}");
        // Where nothing was sent, the key is free once the store works.
        fails.store(false, Ordering::Relaxed);
        if sent == 0 {
            let created = call(&request).await;
            assert_eq!(
                observed(&created),
                (200, "created".to_owned(), vec![]),
                "{method:?} {key:?}"
            );
        }
    }
}
