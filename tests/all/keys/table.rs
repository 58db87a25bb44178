//! Each row of the table of keys, for each operation that writes.

use std::time::Duration;

use super::{
    ADDRESS, INTEGRATION, KEY, LOST, NEVER, REJECTED, count, create, creations, fault,
    held_simulators, id, request, serve_with, shown, warnings, with, with_key,
};
use crate::client::{self, Request};
use crate::faults::relay::Relay;
use crate::serve::{Serve, Simulators, error, error_of, until};
use crate::stores::{Kind, Place};

/// A server with a store, its provider, and an account there.
struct Setting {
    simulators: Simulators,
    relay: Relay,
    account: String,
    place: Place,
    serve: Serve,
}

impl Setting {
    async fn new(arguments: &[&str]) -> Self {
        let (simulators, relay) = held_simulators().await;
        let place = Kind::Sqlite.place().await;
        let serve = serve_with(&simulators, &place, arguments);
        Self {
            account: simulators.id(INTEGRATION),
            simulators,
            relay,
            place,
            serve,
        }
    }

    fn create(&self, email: &str) -> Request {
        create(&self.account, email)
    }

    /// Creates a user, and returns the id.
    async fn created(&self, email: &str) -> String {
        id(&self.serve.call(&self.create(email)).await)
    }

    /// A request that changes a user, and one that deletes it.
    fn changes(&self, user: &str) -> [Request; 2] {
        let change = r#"{"name": "Ida Strand"}"#;
        [("PATCH", change), ("DELETE", "")]
            .map(|(method, body)| request(method, &self.account, user, body))
    }
}

/// The method by which the provider does what a method of ours asks for.
fn providers(method: &str) -> &str {
    if method == "PATCH" { "PUT" } else { method }
}

#[tokio::test]
async fn done_key_is_replayed_in_any_format() {
    let setting = Setting::new(&[]).await;
    let request = setting.create(ADDRESS);
    let bare = with_key(&request, KEY);
    let created = setting.serve.call(&bare).await;
    assert_eq!(shown(&created), (200, "created", false));
    let (user, id) = (created.json(), id(&created));

    // As a string of Structured Fields it is the same key.
    let string = with_key(&request, &format!("\"{KEY}\""));
    // The same body in another spelling is the same request.
    let spelled = Request {
        body: format!(r#"{{"emails":[{{"email":"{ADDRESS}"}}],  "name":"Ines H\u0061lvorsen"}}"#)
            .into_bytes(),
        ..bare.clone()
    };
    for request in [
        &bare,
        &string,
        &spelled,
        &with(&bare, "unified_settle=false"),
    ] {
        let replayed = setting.serve.call(request).await;
        assert_eq!(shown(&replayed), (200, "created", true), "{request:?}");
        assert_eq!(replayed.json(), user);
    }
    for format in ["raw", "normalized", "debug"] {
        let parameter = format!("truto_response_format={format}");
        let replayed = setting.serve.call(&with(&bare, &parameter)).await;
        assert_eq!(shown(&replayed), (200, "created", true), "{format}");
        let body = replayed.json();
        match format {
            "raw" => assert_eq!(body, user["remote_data"]),
            "debug" => assert_eq!(
                (&body["result"]["id"], &body["debug"]["data"]),
                (&user["id"], &user["remote_data"])
            ),
            _ => assert_eq!((&body["id"], body.get("remote_data")), (&user["id"], None)),
        }
    }
    // A request that would have looked first does not fit; the id does.
    let other = setting
        .serve
        .call(&with(&bare, "unified_if_exists=keep"))
        .await;
    assert_eq!(
        (super::id(&other), warnings(&other)),
        (id, vec!["not-recorded"])
    );
    assert_eq!(creations(&setting.simulators).await, 1);
}

#[tokio::test]
async fn rejected_key_is_given_back() {
    let setting = Setting::new(&[]).await;
    for second in [ADDRESS, "mended@kelpworks.example"] {
        fault(&setting.simulators, REJECTED).await;
        let key = format!("key-of-{second}");
        let first = with_key(&setting.create(ADDRESS), &key);
        let rejected = setting.serve.call(&first).await;
        assert_eq!(
            error_of(&rejected),
            error(422, "provider-invalid", "rejected")
        );
        let mended = with_key(&setting.create(second), &key);
        let created = setting.serve.call(&mended).await;
        assert_eq!(shown(&created), (200, "created", false), "{created:?}");
    }
    assert_eq!(creations(&setting.simulators).await, 4);

    let user = setting.created("changed@kelpworks.example").await;
    for change in setting.changes(&user) {
        fault(&setting.simulators, REJECTED).await;
        let change = with_key(&change, KEY);
        let rejected = setting.serve.call(&change).await;
        assert_eq!(error_of(&rejected).2, "rejected", "{rejected:?}");
        let done = setting.serve.call(&change).await;
        assert_eq!((done.status, shown(&done).2), (200, false), "{done:?}");
    }
}

#[tokio::test]
async fn key_of_another_request_is_mismatch() {
    let setting = Setting::new(&[]).await;
    let first = with_key(&setting.create(ADDRESS), KEY);
    let other = with_key(&setting.create("other@kelpworks.example"), KEY);
    // While its outcome is unknown, and once it is done.
    fault(&setting.simulators, LOST).await;
    setting
        .serve
        .call(&with(&first, "unified_settle=false"))
        .await;
    for _ in 0..2 {
        for other in [&other, &with(&other, "unified_resend=true")] {
            let mismatch = setting.serve.call(other).await;
            assert_eq!(
                error_of(&mismatch),
                error(422, "idempotency-mismatch", "not-sent")
            );
        }
        assert_eq!(setting.serve.call(&first).await.status, 200);
    }
    assert_eq!(creations(&setting.simulators).await, 1);

    // Another account, another operation and another user are other calls.
    let dixa = create(&setting.simulators.id("dixa"), "other@kelpworks.example");
    let created = setting.serve.call(&with_key(&dixa, KEY)).await;
    assert_eq!(shown(&created), (200, "created", false));
    let users = [
        setting.created("one@kelpworks.example").await,
        setting.created("two@kelpworks.example").await,
    ];
    for user in &users {
        let [change, _] = setting.changes(user);
        let changed = setting.serve.call(&with_key(&change, KEY)).await;
        assert_eq!(shown(&changed), (200, "updated", false));
        let other = request("PATCH", &setting.account, user, r#"{"name": "Another"}"#);
        let mismatch = setting.serve.call(&with_key(&other, KEY)).await;
        assert_eq!(
            error_of(&mismatch),
            error(422, "idempotency-mismatch", "not-sent")
        );
    }
    assert_eq!(count(&setting.simulators, INTEGRATION, "PUT").await, 2);
}

#[tokio::test]
async fn header_that_is_no_key_is_invalid() {
    let setting = Setting::new(&[]).await;
    let request = setting.create(ADDRESS);
    let twice = with_key(&with_key(&request, KEY), KEY);
    let user = setting.changes("1");
    for request in [
        &twice,
        &with_key(&request, "two words"),
        &with_key(&request, "\"unclosed"),
        &with_key(&request, &"k".repeat(256)),
        &with_key(&user[0], ""),
        &with_key(&with_key(&user[1], KEY), "another"),
    ] {
        let invalid = setting.serve.call(request).await;
        assert_eq!(
            error_of(&invalid),
            error(400, "invalid-request", "not-sent")
        );
        let violation = &invalid.json()["violations"][0];
        assert_eq!(
            (&violation["in"], &violation["path"]),
            (&"header".into(), &"idempotency-key".into()),
            "{invalid:?}"
        );
    }
    assert_eq!(creations(&setting.simulators).await, 0);
}

#[tokio::test]
async fn key_without_store_is_warning() {
    let simulators = Simulators::start().await;
    for (number, sender) in ["host", "component"].into_iter().enumerate() {
        let serve = Serve::start(&simulators, &["--sender", sender]);
        let address = format!("ines.{number}@kelpworks.example");
        let request = create(&simulators.id(INTEGRATION), &address);
        let created = serve.call(&with_key(&request, KEY)).await;
        assert_eq!(shown(&created), (200, "created", false), "{sender}");
        assert_eq!(warnings(&created), ["idempotency-key-ignored"], "{sender}");
    }
}

#[tokio::test]
async fn change_is_replayed() {
    let setting = Setting::new(&[]).await;
    let user = setting.created(ADDRESS).await;
    for (change, result) in setting.changes(&user).iter().zip(["updated", "deleted"]) {
        let method = providers(&change.method);
        let change = with_key(change, KEY);
        let done = setting.serve.call(&change).await;
        assert_eq!(shown(&done), (200, result, false), "{done:?}");
        // The user is gone by then, in the second turn.
        let replayed = setting.serve.call(&change).await;
        assert_eq!(shown(&replayed), (200, result, true));
        assert_eq!(replayed.json(), done.json());
        assert_eq!(count(&setting.simulators, INTEGRATION, method).await, 1);
    }
}

#[tokio::test]
async fn unknown_change_is_carried_out_again() {
    let setting = Setting::new(&[]).await;
    let user = setting.created(ADDRESS).await;
    let [change, deletion] = setting.changes(&user);
    for (change, fault_of_first) in [(change, LOST), (deletion, NEVER)] {
        let method = providers(&change.method);
        fault(&setting.simulators, fault_of_first).await;
        let change = with_key(&change, KEY);
        let unknown = setting.serve.call(&change).await;
        assert_eq!(error_of(&unknown), error(502, "connection-lost", "unknown"));
        let done = setting.serve.call(&change).await;
        assert_eq!((done.status, shown(&done).2), (200, false), "{done:?}");
        assert_eq!(count(&setting.simulators, INTEGRATION, method).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_in_flight_is_conflict() {
    let setting = Setting::new(&["--deadline=9s"]).await;
    let user = setting.created(ADDRESS).await;
    let [change, deletion] = setting.changes(&user);
    let mut requests = 1;
    for request in [setting.create("second@kelpworks.example"), change, deletion] {
        setting.relay.hold(true);
        let keyed = with_key(&request, KEY);
        let (address, first) = (setting.serve.address, keyed.clone());
        let first = tokio::spawn(async move { client::send(address, &first).await });
        requests += 1;
        setting.simulators.reached(INTEGRATION, requests).await;
        let second = setting.serve.call(&keyed).await;
        assert_eq!(
            error_of(&second),
            error(409, "idempotency-in-flight", "not-sent")
        );
        // What is left of 9 s, 900 ms and 5 s.
        let left: u64 = second
            .header("retry-after")
            .expect("a time")
            .parse()
            .expect("seconds");
        assert!((6..=15).contains(&left), "{left}");
        // A dry run claims nothing, and waits for nothing.
        let plan = setting
            .serve
            .call(&with(&keyed, "unified_dry_run=true"))
            .await;
        assert_eq!(plan.status, 200, "{plan:?}");
        setting.relay.hold(false);
        let first = first.await.expect("no panic").expect("a response");
        assert_eq!((first.status, shown(&first).2), (200, false), "{first:?}");
        let third = setting.serve.call(&keyed).await;
        assert_eq!((third.json(), shown(&third).2), (first.json(), true));
    }
    setting.simulators.reached(INTEGRATION, requests).await;
}

#[tokio::test]
async fn unknown_key_is_settled() {
    let setting = Setting::new(&[]).await;
    fault(&setting.simulators, LOST).await;
    let keyed = with_key(&setting.create(ADDRESS), KEY);
    let unknown = setting
        .serve
        .call(&with(&keyed, "unified_settle=false"))
        .await;
    assert_eq!(error_of(&unknown), error(502, "connection-lost", "unknown"));
    let settled = setting.serve.call(&keyed).await;
    assert_eq!(shown(&settled), (200, "settled", false));
    assert_eq!(warnings(&settled), ["settled"]);
    let replayed = setting.serve.call(&keyed).await;
    assert_eq!(shown(&replayed), (200, "settled", true));
    assert_eq!(id(&replayed), id(&settled));
    assert_eq!(creations(&setting.simulators).await, 1);

    // A user who is shown late.
    let late = r#"{"late_by": 3}"#;
    let target = format!("reads/{INTEGRATION}");
    setting.simulators.control("PUT", &target, late).await;
    fault(&setting.simulators, LOST).await;
    let keyed = with_key(&setting.create("late@kelpworks.example"), "late");
    for looked in 1..=3 {
        let unknown = setting.serve.call(&keyed).await;
        assert_eq!(
            error_of(&unknown),
            error(502, "connection-lost", "unknown"),
            "{looked}"
        );
    }
    let settled = setting.serve.call(&keyed).await;
    assert_eq!(shown(&settled), (200, "settled", false));
    assert_eq!(creations(&setting.simulators).await, 2);
}

#[tokio::test]
async fn unknown_creation_is_sent_by_resend_alone() {
    let setting = Setting::new(&[]).await;
    fault(&setting.simulators, NEVER).await;
    let request = setting.create(ADDRESS);
    let keyed = with_key(&request, KEY);
    // With another key, and without one, it is the same creation.
    for request in [&keyed, &keyed, &with_key(&request, "another"), &request] {
        let unknown = setting.serve.call(request).await;
        assert_eq!(error_of(&unknown), error(502, "connection-lost", "unknown"));
        assert_eq!(unknown.json()["looked"], 1, "{unknown:?}");
        assert_eq!(creations(&setting.simulators).await, 1);
    }
    let sent = setting
        .serve
        .call(&with(&keyed, "unified_resend=true"))
        .await;
    assert_eq!(shown(&sent), (200, "created", false));
    for again in [&keyed, &with(&keyed, "unified_resend=true")] {
        let replayed = setting.serve.call(again).await;
        assert_eq!(shown(&replayed), (200, "created", true));
        assert_eq!(id(&replayed), id(&sent));
    }
    // The other key is still that of the unknown creation, which has come true.
    let settled = setting.serve.call(&with_key(&request, "another")).await;
    assert_eq!((shown(&settled).1, id(&settled)), ("settled", id(&sent)));
    assert_eq!(creations(&setting.simulators).await, 2);
}

#[tokio::test]
async fn dry_run_claims_nothing() {
    let setting = Setting::new(&[]).await;
    let dry_run = with(&setting.create(ADDRESS), "unified_dry_run=true");
    let plan = setting.serve.call(&with_key(&dry_run, KEY)).await;
    assert_eq!(plan.json()["method"], "POST");
    let other = with_key(&setting.create("other@kelpworks.example"), KEY);
    let created = setting.serve.call(&other).await;
    assert_eq!(shown(&created), (200, "created", false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lapsed_change_is_carried_out() {
    let mut setting = Setting::new(&["--deadline=500ms"]).await;
    let users = [
        setting.created("one@kelpworks.example").await,
        setting.created("two@kelpworks.example").await,
    ];
    let [change, _] = setting.changes(&users[0]);
    let [_, deletion] = setting.changes(&users[1]);
    let changes = [change, deletion].map(|change| with_key(&change, KEY));
    setting.simulators.delay(INTEGRATION, 60_000, 2).await;
    for request in changes.clone() {
        let address = setting.serve.address;
        tokio::spawn(async move { client::send(address, &request).await });
    }
    setting.simulators.reached(INTEGRATION, 4).await;
    setting.serve.signal("KILL");
    setting.serve.wait_for_exit().await;

    let serve = serve_with(&setting.simulators, &setting.place, &[]);
    for change in &changes {
        let in_flight = serve.call(change).await;
        assert_eq!(error_of(&in_flight).1, "idempotency-in-flight");
    }
    // The deletion was carried out before.
    for (change, status) in changes.iter().zip([200, 404]) {
        let done = until("the end of the lease", async || {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let response = serve.call(change).await;
            (response.status != 409).then_some(response)
        })
        .await;
        assert_eq!((done.status, shown(&done).2), (status, false), "{done:?}");
        let method = providers(&change.method);
        assert_eq!(count(&setting.simulators, INTEGRATION, method).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_server_keeps_what_is_unknown() {
    let mut setting = Setting::new(&["--grace=200ms"]).await;
    let keyed = with_key(&setting.create(ADDRESS), KEY);
    setting.simulators.delay(INTEGRATION, 60_000, 1).await;
    let (address, request) = (setting.serve.address, keyed.clone());
    tokio::spawn(async move { client::send(address, &request).await });
    setting.simulators.reached(INTEGRATION, 1).await;
    setting.serve.terminate();
    setting.serve.wait_for_exit().await;
    // Nobody waits for a lease.
    let serve = serve_with(&setting.simulators, &setting.place, &[]);
    let settled = serve.call(&keyed).await;
    assert_eq!(shown(&settled), (200, "settled", false), "{settled:?}");
    assert_eq!(creations(&setting.simulators).await, 1);
}
