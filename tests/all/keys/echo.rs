//! The same creation again, without a key.

use std::time::SystemTime;

use tokio::task::{JoinHandle, JoinSet};

use super::{
    ADDRESS, INTEGRATION, KEY, LOST, NEVER, REJECTED, create, creations, fault, held_simulators,
    id, serve_with, shown, warnings, with, with_key,
};
use crate::client::{self, Connection, Request, Response};
use crate::provider::{Provider, ProviderResponse};
use crate::serve::{Serve, Simulators, error, error_of, until};
use crate::stores::Kind;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creation_in_flight_is_joined() {
    let (simulators, relay) = held_simulators().await;
    // One account may have half of the calls in flight.
    let serve = Serve::start(&simulators, &["--max-in-flight=12"]);
    let account = simulators.id(INTEGRATION);
    relay.hold(true);
    let request = create(&account, ADDRESS);
    // Another spelling is the same creation.
    let spelled = Request {
        body: request.body.iter().copied().chain(*b"  ").collect(),
        ..request.clone()
    };
    let mut calls = JoinSet::new();
    for request in [
        request.clone(),
        spelled,
        with(&request, "truto_response_format=normalized"),
        with(&request, "unified_resend=true"),
        with_key(&request, KEY),
    ] {
        let address = serve.address;
        calls.spawn(async move { client::send(address, &request).await });
        simulators.reached(INTEGRATION, 1).await;
    }
    // Another body is another creation.
    let (address, other) = (serve.address, create(&account, "other@kelpworks.example"));
    let other = tokio::spawn(async move { client::send(address, &other).await });
    simulators.reached(INTEGRATION, 2).await;
    let invalid = Request {
        body: b"{}".to_vec(),
        ..request.clone()
    };
    until("all calls to be in flight", async || {
        let response = serve.call(&invalid).await;
        (error_of(&response).1 == "overloaded").then_some(())
    })
    .await;
    assert_eq!(creations(&simulators).await, 2);
    relay.hold(false);
    let other = other.await.expect("no panic").expect("a response");
    assert_eq!(shown(&other), (200, "created", false));
    let mut ids = Vec::new();
    for response in calls.join_all().await {
        let response = response.expect("a response");
        assert_eq!(shown(&response), (200, "created", false));
        ids.push(id(&response));
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(creations(&simulators).await, 2);
    // All have their responses, so that nothing is remembered.
    let rejected = serve.call(&request).await;
    assert_eq!(
        error_of(&rejected),
        error(409, "provider-conflict", "rejected")
    );
}

#[tokio::test]
async fn unknown_creation_is_settled_not_sent() {
    let simulators = Simulators::start().await;
    let serve = Serve::start(&simulators, &["--settle=900ms"]);
    let request = create(&simulators.id(INTEGRATION), ADDRESS);
    let blind = with(&request, "unified_settle=false");
    fault(&simulators, LOST).await;
    for _ in 0..2 {
        let unknown = serve.call(&blind).await;
        assert_eq!(error_of(&unknown), error(502, "connection-lost", "unknown"));
    }
    // It is remembered after it was found, too.
    for _ in 0..2 {
        let settled = serve.call(&request).await;
        assert_eq!(shown(&settled), (200, "settled", false));
        assert_eq!(warnings(&settled), ["settled"]);
    }
    assert_eq!(creations(&simulators).await, 1);

    let request = create(&simulators.id(INTEGRATION), "never@kelpworks.example");
    fault(&simulators, NEVER).await;
    for _ in 0..2 {
        let unknown = serve.call(&request).await;
        assert_eq!(error_of(&unknown), error(502, "connection-lost", "unknown"));
    }
    assert_eq!(creations(&simulators).await, 2);
    let sent = serve.call(&with(&request, "unified_resend=true")).await;
    assert_eq!(shown(&sent), (200, "created", false));
    // It is resolved.
    let rejected = serve.call(&request).await;
    assert_eq!(
        error_of(&rejected),
        error(409, "provider-conflict", "rejected")
    );
    assert_eq!(creations(&simulators).await, 4);
}

#[tokio::test]
async fn unknown_creation_is_settled_after_restart() {
    let (simulators, place) = (Simulators::start().await, Kind::Sqlite.place().await);
    let account = simulators.id(INTEGRATION);
    let [lost, never] =
        ["lost", "never"].map(|name| create(&account, &format!("{name}@k.example")));
    let serve = serve_with(&simulators, &place, &[]);
    for (request, ending) in [(&lost, LOST), (&never, NEVER)] {
        fault(&simulators, ending).await;
        let unknown = serve.call(&with(request, "unified_settle=false")).await;
        assert_eq!(error_of(&unknown), error(502, "connection-lost", "unknown"));
    }
    serve.signal("KILL");
    drop(serve);
    let serve = serve_with(&simulators, &place, &[]);
    let settled = serve.call(&lost).await;
    assert_eq!(shown(&settled), (200, "settled", false));
    let unknown = serve.call(&never).await;
    assert_eq!(error_of(&unknown), error(502, "connection-lost", "unknown"));
    assert_eq!(creations(&simulators).await, 2);
    let sent = serve.call(&with(&never, "unified_resend=true")).await;
    assert_eq!(shown(&sent), (200, "created", false));
    drop(serve);

    // What has come true by another request is not remembered; what was settled is, for a while.
    let serve = serve_with(&simulators, &place, &[]);
    assert_eq!(shown(&serve.call(&lost).await).1, "settled");
    assert_eq!(shown(&serve.call(&never).await).1, "provider-conflict");
    assert_eq!(creations(&simulators).await, 4);
}

#[tokio::test]
async fn rejected_creation_is_not_remembered() {
    let simulators = Simulators::start().await;
    let serve = Serve::start(&simulators, &[]);
    let request = create(&simulators.id(INTEGRATION), ADDRESS);
    fault(&simulators, REJECTED).await;
    assert_eq!(error_of(&serve.call(&request).await).2, "rejected");
    let created = serve.call(&request).await;
    assert_eq!(shown(&created), (200, "created", false));
}

#[tokio::test]
async fn found_user_is_not_remembered() {
    let (simulators, place) = (Simulators::start().await, Kind::Sqlite.place().await);
    let serve = serve_with(&simulators, &place, &[]);
    let request = create(&simulators.id(INTEGRATION), ADDRESS);
    serve.call(&request).await;
    let found = serve.call(&with(&request, "unified_if_exists=keep")).await;
    assert_eq!((shown(&found).1, warnings(&found)), ("found", vec![]));
    let rejected = serve.call(&request).await;
    assert_eq!(
        error_of(&rejected),
        error(409, "provider-conflict", "rejected")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undelivered_response_is_repeated() {
    let (simulators, relay) = held_simulators().await;
    let mut serve = Serve::start(&simulators, &["-v"]);
    let request = create(&simulators.id(INTEGRATION), ADDRESS);
    relay.hold(true);
    let mut client = Connection::open(serve.address).await.expect("a connection");
    let section = client::encode_headers(&request, serve.address);
    let bytes = [section.as_bytes(), &request.body].concat();
    client.write(&bytes).await.expect("a write");
    simulators.reached(INTEGRATION, 1).await;
    drop(client);
    relay.hold(false);
    serve
        .wait_for_line(&["client=\"gone\"", "status=200"])
        .await;
    // The first client to come gets it, in its own format; then it is forgotten.
    let raw = with(&request, "truto_response_format=raw");
    let repeated = serve.call(&raw).await;
    assert_eq!(shown(&repeated), (200, "created", false));
    assert_eq!(repeated.json()["email"], ADDRESS);
    assert_eq!(creations(&simulators).await, 1);
}

/// A provider whose responses are held back, and a server with an account there.
struct Held {
    provider: Provider,
    serve: Serve,
    request: Request,
}

impl Held {
    /// The provider has created a user, and its response to that is this one.
    async fn new(created: ProviderResponse) -> Self {
        let provider = Provider::start().await;
        let now = humantime::format_rfc3339_seconds(SystemTime::now());
        let user = format!(r#"{{"id": "a1", "email": "{ADDRESS}", "createdAt": "{now}"}}"#);
        let list = response(200, &format!(r#"{{"data": [{user}], "meta": {{}}}}"#));
        provider.respond_in_turn(
            [vec![created], vec![list; 9]]
                .concat()
                .into_iter()
                .map(Some)
                .collect(),
        );
        provider.hold(true);
        let serve = Serve::with_accounts(&serve_accounts(&provider), &["--settle=900ms"]);
        let request = create(ACCOUNT, ADDRESS);
        Self {
            provider,
            serve,
            request,
        }
    }

    fn call(&self, parameter: &str) -> JoinHandle<Response> {
        let (address, request) = (self.serve.address, with(&self.request, parameter));
        tokio::spawn(async move { client::send(address, &request).await.expect("a response") })
    }

    /// Makes a call, and another that joins it. Returns their responses.
    async fn join(&self, first: &str, second: &str) -> (Response, Response) {
        let first = self.call(first);
        until("the creation", async || {
            (self.provider.count() == 1).then_some(())
        })
        .await;
        let second = self.call(second);
        // Whether it has joined cannot be seen; that it sends nothing can.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert_eq!(self.provider.count(), 1);
        self.provider.hold(false);
        (
            first.await.expect("no panic"),
            second.await.expect("no panic"),
        )
    }

    fn creations(&self) -> usize {
        let received = self.provider.received();
        received
            .iter()
            .filter(|request| request.method == "POST")
            .count()
    }
}

const ACCOUNT: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";

fn serve_accounts(provider: &Provider) -> String {
    format!(
        "[[account]]\nid = \"{ACCOUNT}\"\nintegration = \"dixa\"\nbase_url = \"{}/v1\"\n\
         credentials = {{ api_token = \"a-token-of-dixa\" }}\n",
        provider.url()
    )
}

fn response(status: u16, body: &str) -> ProviderResponse {
    ProviderResponse {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.as_bytes().to_vec(),
    }
}

fn truncated() -> ProviderResponse {
    let mut truncated = response(201, r#"{"data": {"id": "a1""#);
    truncated
        .headers
        .push(("content-length".to_owned(), "999".to_owned()));
    truncated
}

const NOTHING: &str = "truto_ignore_remote_data=false";
const BLIND: &str = "unified_settle=false";
const KEEPING: &str = "unified_if_exists=keep";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joined_call_follows_its_own_options() {
    let unknown = error(502, "invalid-response", "unknown");
    // One that looks, after one that does not.
    let held = Held::new(truncated()).await;
    let (first, second) = held.join(BLIND, NOTHING).await;
    assert_eq!(error_of(&first), unknown);
    assert_eq!(
        (shown(&second), id(&second)),
        ((200, "settled", false), "a1".to_owned())
    );
    assert_eq!(held.creations(), 1);

    // One that does not look, after one that has found the user.
    let held = Held::new(truncated()).await;
    let (first, second) = held.join(NOTHING, BLIND).await;
    assert_eq!(
        (shown(&first), id(&first)),
        ((200, "settled", false), "a1".to_owned())
    );
    assert_eq!(error_of(&second), error(502, "connection-lost", "unknown"));
    assert_eq!(held.creations(), 1);

    // One that would have looked first.
    let held = Held::new(response(201, r#"{"data": {"id": "a1"}}"#)).await;
    let (first, second) = held.join(NOTHING, KEEPING).await;
    assert_eq!(
        (shown(&first), id(&first)),
        ((200, "created", false), "a1".to_owned())
    );
    assert_eq!((shown(&second).0, id(&second)), (200, "a1".to_owned()));
    assert_eq!(held.creations(), 1);

    // One that sends its own, after one that created nobody.
    let held = Held::new(response(422, "{}")).await;
    let (first, second) = held.join(NOTHING, KEEPING).await;
    assert_eq!(error_of(&first), error(422, "provider-invalid", "rejected"));
    assert_eq!(
        (shown(&second), id(&second)),
        ((200, "found", false), "a1".to_owned())
    );
}
