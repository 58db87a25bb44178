//! Whose keys meet: those of one scope.

use super::{
    ADDRESS, INTEGRATION, KEY, LOST, create, creations, fault, serve_with, shown, with, with_key,
};
use crate::client::Request;
use crate::serve::{Simulators, digest};
use crate::stores::Kind;

fn token(name: &str) -> String {
    format!("ut_the-token-of-{name}-0123456789")
}

/// The request with the token of this name.
fn by(request: &Request, name: &str) -> Request {
    let mut request = request.clone();
    let value = format!("Bearer {}", token(name));
    request.headers.push(("authorization".to_owned(), value));
    request
}

#[tokio::test]
async fn keys_of_two_tokens_never_meet() {
    let (simulators, place) = (Simulators::start().await, Kind::Sqlite.place().await);
    let entry = |name: &str, scope: &str| {
        let digest = digest(&token(name));
        format!(
            "[[token]]\nname = \"{name}\"\n{scope}sha256 = \"{digest}\"\naccounts = \"all\"\noperations = [\"create\"]\n"
        )
    };
    let named = [
        entry("shop", ""),
        entry("office", ""),
        // It takes the place of another.
        entry("shop-2", "scope = \"shop\"\n"),
    ];
    let plain = ["plain", "other"].map(token).join("\n");
    let account = simulators.id(INTEGRATION);
    for (option, file, own, others, same) in [
        ("--tokens", named.concat(), "shop", "office", "shop-2"),
        ("--token-file", plain, "plain", "other", "plain"),
    ] {
        let tokens = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(tokens.path(), file).expect("a file");
        let path = tokens.path().to_str().expect("UTF-8");
        let serve = serve_with(&simulators, &place, &[option, path]);
        let before = creations(&simulators).await;
        let request =
            |name: &str| with_key(&create(&account, &format!("{name}@kelpworks.example")), KEY);
        // Another body, and no mismatch.
        for name in [own, others] {
            let created = serve.call(&by(&request(name), name)).await;
            assert_eq!(shown(&created), (200, "created", false), "{name}");
        }
        let replayed = serve.call(&by(&request(own), same)).await;
        assert_eq!(shown(&replayed), (200, "created", true));
        let mismatch = serve.call(&by(&request(others), same)).await;
        assert_eq!(shown(&mismatch), (422, "idempotency-mismatch", false));
        assert_eq!(creations(&simulators).await, before + 2);

        // Without a key, too: what one token's client does not know, another's creates anew.
        let request = create(&account, &format!("unknown.{own}@kelpworks.example"));
        fault(&simulators, LOST).await;
        serve
            .call(&by(&with(&request, "unified_settle=false"), own))
            .await;
        let rejected = serve.call(&by(&request, others)).await;
        assert_eq!(shown(&rejected), (409, "provider-conflict", false));
        let settled = serve.call(&by(&request, same)).await;
        assert_eq!(shown(&settled), (200, "settled", false));
        assert_eq!(creations(&simulators).await, before + 4);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_server_and_program_never_meet() {
    let (simulators, place) = (Simulators::start().await, Kind::Sqlite.place().await);
    let serve = serve_with(&simulators, &place, &[]);
    let request = with_key(&create(&simulators.id(INTEGRATION), ADDRESS), KEY);
    let created = serve.call(&request).await;
    assert_eq!(shown(&created), (200, "created", false));
    let program = super::program::Program::new(&simulators, &place);
    let other = program.create("other@kelpworks.example", &["--idempotency-key", KEY]);
    assert_eq!(other.code, 0, "{}", other.stderr);
    assert_eq!(creations(&simulators).await, 2);
}
