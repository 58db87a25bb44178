//! Users who are there: an old one is never told as created, and one who is changed keeps what is not given.

use serde_json::{Value, json};

use super::{
    ADDRESS, INTEGRATION, KEY, count, create, id, serve_with, shown, warnings, with, with_key,
};
use crate::client::Request;
use crate::provider::{Provider, ProviderResponse};
use crate::serve::{Serve, Simulators, error_of};
use crate::stores::Kind;

fn response(body: &Value) -> ProviderResponse {
    ProviderResponse {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string().into_bytes(),
    }
}

#[tokio::test]
async fn old_user_is_never_told_as_created() {
    const OLD: &str = "2019-03-02T08:15:30Z";
    let simulators = Simulators::start().await;
    let list = |user: Value| json!({"data": [user], "meta": {}});
    let user = json!({"id": "u7", "email": ADDRESS});
    let dixa = json!({"id": "u7", "email": ADDRESS, "createdAt": OLD});
    let gorgias = json!({"id": 7, "email": ADDRESS, "created_datetime": OLD});
    for (integration, found, expected) in [
        (
            "gorgias",
            list(gorgias),
            (409, "provider-conflict", "rejected"),
        ),
        // Whom it makes an agent may have been there for long.
        ("dixa", list(dixa), (502, "connection-lost", "unknown")),
        // It gives no time.
        ("hive", json!([user]), (200, "found", "")),
    ] {
        let (provider, place) = (Provider::start().await, Kind::Sqlite.place().await);
        let own = format!("http://{}/", simulators.address);
        let accounts = simulators
            .accounts
            .replace(&own, &format!("{}/", provider.url()));
        let store = place.arguments();
        let serve = Serve::with_accounts(&accounts, &["--settle=900ms", &store[0], &store[1]]);
        // The creation is lost, and the user is found.
        let found = response(&found);
        provider.respond_in_turn([vec![None], vec![Some(found); 9]].concat());
        let request = create(&simulators.id(integration), ADDRESS);
        let response = serve.call(&with_key(&request, KEY)).await;
        let (status, code, outcome) = expected;
        let id = match response.status {
            200 => response.json()["id"].clone(),
            _ => {
                let (_, _, said) = error_of(&response);
                assert_eq!(said, outcome, "{integration}");
                response.json()["existing_id"].clone()
            }
        };
        assert_eq!(
            shown(&response),
            (status, code, false),
            "{integration}: {response:?}"
        );
        assert!(
            ["7", "u7"].contains(&id.as_str().expect("an id")),
            "{integration}"
        );
        let received = provider.received();
        let creations = received.iter().filter(|request| request.method == "POST");
        assert_eq!(creations.count(), 1, "{integration}");
    }
}

/// The bodies of the requests that have changed users.
async fn changes(simulators: &Simulators) -> Vec<Value> {
    let target = format!("requests?integration={INTEGRATION}");
    let requests = simulators.control("GET", &target, "").await;
    let requests = requests.as_array().expect("requests").iter();
    let changes = requests.filter(|request| request["method"] == "PUT");
    let bodies = changes.map(|request| request["body"].as_str().expect("a body").to_owned());
    bodies
        .map(|body| serde_json::from_str(&body).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn default_role_demotes_nobody() {
    let (simulators, place) = (Simulators::start().await, Kind::Sqlite.place().await);
    let serve = serve_with(&simulators, &place, &[]);
    let account = simulators.id(INTEGRATION);
    let request = |body: Value| Request {
        body: body.to_string().into_bytes(),
        ..create(&account, ADDRESS)
    };
    let emails = json!([{"email": ADDRESS}]);
    let admin = json!({"name": "Ines Halvorsen", "emails": emails, "roles": [{"name": "admin"}]});
    let created = serve.call(&request(admin.clone())).await;
    assert_eq!(created.json()["roles"][0]["name"], "admin");
    let update = |body: Value| with(&request(body), "unified_if_exists=update");

    // No role is given, and the mapping's default for a new user is `agent`.
    let renamed = json!({"name": "Ines Strand", "emails": emails});
    let updated = serve.call(&with_key(&update(renamed.clone()), KEY)).await;
    assert_eq!(
        (shown(&updated), id(&updated)),
        ((200, "updated", false), id(&created))
    );
    assert_eq!(updated.json()["roles"][0]["name"], "admin");
    assert_eq!(changes(&simulators).await, [json!({"name": "Ines Strand"})]);
    let replayed = serve.call(&with_key(&update(renamed.clone()), KEY)).await;
    assert_eq!(shown(&replayed), (200, "updated", true));

    // What is equal is not written.
    let same = json!({"name": "Ines Strand", "emails": emails, "roles": [{"name": "admin"}]});
    for body in [renamed, same] {
        let unchanged = serve.call(&update(body)).await;
        assert_eq!(
            (shown(&unchanged), id(&unchanged)),
            ((200, "unchanged", false), id(&created))
        );
        assert_eq!(warnings(&unchanged), Vec::<&str>::new());
    }
    let kept = serve
        .call(&with(&request(admin), "unified_if_exists=keep"))
        .await;
    assert_eq!(
        (shown(&kept).1, &kept.json()["name"]),
        ("found", &json!("Ines Strand"))
    );
    assert_eq!(count(&simulators, INTEGRATION, "PUT").await, 1);
    assert_eq!(count(&simulators, INTEGRATION, "POST").await, 1);

    // A role that is given is changed.
    let agent = json!({"name": "Ines Strand", "emails": emails, "roles": [{"name": "agent"}]});
    let updated = serve.call(&update(agent)).await;
    assert_eq!(updated.json()["roles"][0]["name"], "agent");
    assert_eq!(
        changes(&simulators).await.pop(),
        Some(json!({"role": {"name": "agent"}}))
    );
}
