//! The order of writes: claim, beginning, request, end, result.

use std::sync::{Arc, Mutex};

use unified_ticketing::audit::{Audit, AuditEntry, AuditError, AuditEvent, AuditFuture};
use unified_ticketing::store::StoreError;
use unified_ticketing::types::{FindingCode, Options, Outcome, Response};
use unified_ticketing::{Engine, FileAccounts};

use super::super::support::{Serve, create, until};
use super::super::{ACCOUNT, accounts, created};
use super::{audit_file, entries, events, id_of, with_key};
use crate::client;
use crate::life::new_user;
use crate::provider::Provider;
use crate::stores::{Hook, Hooked, Kind, Method};

#[tokio::test]
async fn killed_process_leaves_its_order() {
    let provider = Provider::start().await;
    provider.respond(Some(created("")));
    provider.hold(true);
    let folder = tempfile::tempdir().expect("a folder");
    let (file, place) = (audit_file(&folder), Kind::Sqlite.place().await);
    let [store, secret] = place.arguments();
    let audit = format!("--audit={}", file.display());
    // The next process need not wait for the lease of the claim.
    let arguments = [&*audit, &*store, &*secret];
    let short = [&arguments[..], &["--deadline=1s", "--settle=0"]].concat();
    let mut creation = with_key(create(ACCOUNT, "ines@kelpworks.example"), "joiner-4711");
    creation.target = creation.target.replace("&unified_settle=false", "");
    let mut serve = Serve::with_accounts(&accounts(&provider.url()), &short);
    let (address, sent) = (serve.address, creation.clone());
    let call = tokio::spawn(async move { client::send(address, &sent).await });
    until("a request at the provider", async || {
        (provider.count() == 1).then_some(())
    })
    .await;
    // The provider has the request: its beginning is on disk, its end cannot be.
    serve.signal("KILL");
    serve.wait_for_exit().await;
    assert!(call.await.expect("no panic").is_err());
    assert_eq!(events(&file), ["begin"]);
    let killed = entries(&file);

    provider.hold(false);
    let found = br#"{"data": [{"id": "a1", "email": "ines@kelpworks.example"}]}"#;
    provider.respond(Some(crate::provider::ProviderResponse {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: found.to_vec(),
    }));
    provider.received();
    let serve = Serve::with_accounts(&accounts(&provider.url()), &arguments);
    let settled = until("the end of the claim's lease", async || {
        let response = serve.call(&creation).await;
        (response.status != 409 || response.json()["code"] != "idempotency-in-flight")
            .then_some(response)
    })
    .await;
    assert_eq!(settled.status, 200, "{settled:?}");
    assert!(provider.received().iter().all(|it| it.method == "GET"));
    assert_eq!(events(&file), ["begin", "begin", "end"]);
    let written = entries(&file);
    // The MAC is the same in both processes: whose beginning has no end can be found out.
    assert_eq!(written[1]["address"], killed[0]["address"]);
    assert_eq!(written[2]["request"], id_of(&settled));
    assert_eq!(written[2]["user"], "a1", "{written:?}");
}

/// What has happened, in order.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    fn note(&self, what: impl Into<String>) {
        let mut noted = self.0.lock().expect("no panic inside");
        noted.push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no panic inside"))
    }
}

/// An audit that notes its entries and how many requests the provider has by then, and can fail.
struct NotedAudit {
    journal: Journal,
    provider: Provider,
    fails: Option<AuditEvent>,
}

impl Audit for NotedAudit {
    fn append(&self, entry: AuditEntry) -> AuditFuture<'_> {
        Box::pin(async move {
            let event = format!("{:?}", entry.event).to_lowercase();
            let requests = self.provider.count();
            self.journal.note(format!("{event} after {requests}"));
            if self.fails == Some(entry.event) {
                return Err(AuditError::new("it fails"));
            }
            Ok(())
        })
    }
}

/// Notes what is done to the records of a store.
struct NotedRecords(Journal);

impl Hook for NotedRecords {
    async fn before(&self, method: Method) -> Result<(), StoreError> {
        match method {
            Method::Claim => self.0.note("claim"),
            Method::Keep => self.0.note("keep"),
            Method::GiveBack => self.0.note("give back"),
            Method::Release => self.0.note("release"),
            Method::FindUnknown | Method::PutUnknown | Method::ForgetUnknown | Method::Sweep => {}
        }
        Ok(())
    }
}

/// What a response says of what could not be recorded.
fn not_recorded(response: &Response) -> Vec<String> {
    let warnings = response.warnings.iter();
    let warnings = warnings.filter(|warning| warning.code == FindingCode::NotRecorded);
    warnings.map(|warning| warning.message.clone()).collect()
}

#[tokio::test]
async fn failing_audit_is_told() {
    let provider = Provider::start().await;
    let rejected = crate::provider::ProviderResponse {
        status: 422,
        ..created("")
    };
    for (fails, response, expected) in [
        (
            None,
            created(""),
            &["claim", "begin after 0", "end after 1", "keep"][..],
        ),
        (
            Some(AuditEvent::End),
            created(""),
            &["claim", "begin after 0", "end after 1", "keep"],
        ),
        (
            Some(AuditEvent::End),
            rejected,
            &["claim", "begin after 0", "end after 1", "give back"],
        ),
        (
            Some(AuditEvent::Begin),
            created(""),
            &["claim", "begin after 0", "release"],
        ),
    ] {
        provider.received();
        let is_rejected = response.status == 422;
        provider.respond(Some(response));
        let (journal, place) = (Journal::default(), Kind::Sqlite.place().await);
        let (store, secret) = place.open().await;
        let accounts = accounts(&provider.url());
        let accounts = FileAccounts::parse("accounts.toml".as_ref(), &accounts, |_| None);
        let engine = Engine::builder()
            .accounts(accounts.expect("good accounts"))
            .store(Hooked::new(store, NotedRecords(journal.clone())), secret)
            .audit(NotedAudit {
                journal: journal.clone(),
                provider: provider.clone(),
                fails,
            })
            .build()
            .expect("an engine");
        let user = new_user("ines@kelpworks.example");
        let called = engine.once("joiner 4711");
        let called = called.create_user(ACCOUNT, user, Options::default()).await;
        engine.keys_given_back().await;
        assert_eq!(journal.take(), expected, "{fails:?}");
        match (fails, called) {
            (None, Ok(response)) => {
                assert_eq!(not_recorded(&response), Vec::<String>::new());
            }
            (Some(AuditEvent::End), Ok(response)) => {
                let expected = "the call is done, but its end could not be written to the audit";
                assert_eq!(not_recorded(&response), [expected]);
            }
            (Some(AuditEvent::End), Err(error)) if is_rejected => {
                assert_eq!(error.outcome, Outcome::Rejected);
                assert!(error.message.contains("could not be recorded"), "{error:?}");
            }
            (Some(AuditEvent::Begin), Err(error)) => {
                assert_eq!(error.status, 503);
                assert_eq!(error.code.to_string(), "audit-unavailable");
                assert_eq!(error.outcome, Outcome::NotSent);
                assert_eq!(provider.count(), 0);
            }
            (fails, called) => panic!("{fails:?}: {called:?}"),
        }
    }
}
