//! A process is killed at any point of its creations with keys, and another one goes on with the same store and keys.
//!
//! The process is this program, which runs one of its own tests ([`child`]). It creates a user in every integration at once, and all
//! creations come to the point before it is killed, by its store ([`dying`]) or by its provider ([`provider`]).

mod child;
mod dying;
mod provider;

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use unified_ticketing::types::{CallResult, Error, ErrorCode, Options, Outcome, Response};
use unified_ticketing::{Engine, FileAccounts};
use unified_ticketing_guest::integration::ALL;

use self::child::Orders;
use self::dying::When;
use self::provider::{Stage, start};
use crate::life::{Directory, new_user, options, user_of};
use crate::serve::Simulators;
use crate::stores::{Kind, Method, Place, on_each_store};

on_each_store!(crash_anywhere runtime_that_ends_leaves_unknown);

const KEY: &str = "joiner 4711";
const ADDRESS: &str = "ines@kelpworks.example";

/// How many processes there are at a time: each makes the others slower.
const PROCESSES: usize = 4;

/// How long the claims of a killed process last.
const LEASE: Duration = Duration::from_secs(1);

/// Where a process is killed, and what the next one finds.
struct Point {
    kill: Kill,
    trouble: Trouble,
    /// How many requests that create the provider has got of each creation.
    requests: u64,
    then: Then,
}

/// Who kills the process, and when.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
enum Kill {
    /// The store, before or after a method.
    Store(When, Method),
    /// The provider.
    Provider(Stage),
}

/// What the process has to cope with before it is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    None,
    /// The provider rejects creations.
    Rejects,
    /// The provider creates users, and responds to nothing; and the process does not look for them.
    Resets,
    /// Nobody listens at the provider's address.
    Refuses,
}

/// What the same creation with the same key comes to.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// It is carried out.
    Created,
    /// It gets what was kept.
    Replayed,
    /// The user is found.
    Found,
    /// One of these two.
    ReplayedOrFound,
    /// The user is not there, and nothing is sent.
    Unknown,
}

const fn point(kill: Kill, trouble: Trouble, requests: u64, then: Then) -> Point {
    Point {
        kill,
        trouble,
        requests,
        then,
    }
}

const POINTS: &[Point] = {
    use Kill::{Provider, Store};
    use Method::{Claim, GiveBack, Keep, PutUnknown, Release};
    use Trouble::{None, Refuses, Rejects, Resets};
    use When::{After, Before};
    &[
        point(Store(Before, Claim), None, 0, Then::Created),
        point(Store(After, Claim), None, 0, Then::Unknown),
        point(Provider(Stage::Arrived), None, 0, Then::Unknown),
        point(Provider(Stage::Acted), None, 1, Then::Found),
        point(Provider(Stage::HalfAnswered), None, 1, Then::Found),
        point(Provider(Stage::Answered), None, 1, Then::ReplayedOrFound),
        point(Store(Before, Keep), None, 1, Then::Found),
        point(Store(After, Keep), None, 1, Then::Replayed),
        point(Store(Before, Keep), Resets, 1, Then::Found),
        point(Store(After, Keep), Resets, 1, Then::Found),
        point(Store(Before, PutUnknown), Resets, 1, Then::Found),
        point(Store(After, PutUnknown), Resets, 1, Then::Found),
        point(Store(Before, GiveBack), Rejects, 1, Then::Unknown),
        point(Store(After, GiveBack), Rejects, 1, Then::Created),
        point(Store(Before, Release), Refuses, 0, Then::Unknown),
        point(Store(After, Release), Refuses, 0, Then::Created),
    ]
};

async fn crash_anywhere(kind: Kind) {
    let (mut killing, places) = (JoinSet::new(), Arc::new(Semaphore::new(PROCESSES)));
    for point in POINTS {
        let places = Arc::clone(&places);
        killing.spawn(async move {
            let _place = places.acquire_owned().await.expect("a place");
            Scene::kill(kind, point).await
        });
    }
    let scenes = killing.join_all().await;
    tokio::time::sleep(LEASE).await;
    let mut going_on = JoinSet::new();
    for scene in scenes {
        going_on.spawn(async move { scene.go_on().await });
    }
    going_on.join_all().await;
}

/// The runtime of a call ends, and takes the call with it; its engine goes on in another one.
async fn runtime_that_ends_leaves_unknown(kind: Kind) {
    let (simulators, place) = (Simulators::start().await, kind.place().await);
    let engine = engine(&simulators, &place).await;
    for (number, key) in [Some(KEY), None].into_iter().enumerate() {
        let address = format!("ines.{number}@kelpworks.example");
        let create = {
            let (engine, address, account) =
                (engine.clone(), address.clone(), simulators.id("dixa"));
            async move |key: Option<&str>| {
                let user = new_user(&address);
                match key {
                    Some(key) => {
                        let once = engine.once(key);
                        once.create_user(&account, user, options("dixa")).await
                    }
                    None => engine.create_user(&account, user, options("dixa")).await,
                }
            }
        };
        let before = requests(&simulators, "dixa").await;
        simulators.delay("dixa", 60_000, 1).await;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let lost = create.clone();
        runtime.spawn(async move { lost(key).await });
        simulators.reached("dixa", before + 1).await;
        // Whole, the tasks that drive connections to the store included: one that is about to end is taken for one that goes on.
        let ended =
            tokio::task::spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(30)));
        ended.await.expect("the runtime ends");

        // Without a key it waits for the first one, as long as that is there.
        let again = create(key).await;
        match (key, again) {
            // Its lease runs.
            (Some(_), Err(error)) => assert_eq!(error.code, ErrorCode::IdempotencyInFlight),
            (None, Ok(response)) => assert_eq!(response.result, CallResult::Settled),
            (_, other) => panic!("{key:?}: {other:?}"),
        }
        assert_eq!(requests(&simulators, "dixa").await, before + 1, "{key:?}");
    }
}

/// A provider and a store after a process was killed.
struct Scene {
    point: &'static Point,
    simulators: Simulators,
    place: Place,
}

impl Scene {
    /// Has a process killed.
    async fn kill(kind: Kind, point: &'static Point) -> Self {
        let (simulators, place) = (Simulators::start().await, kind.place().await);
        let fault = match point.trouble {
            Trouble::None | Trouble::Refuses => None,
            Trouble::Rejects => Some(r#"{"kind": "status", "status": 422, "body": "{}"}"#),
            Trouble::Resets => Some(r#"{"kind": "reset-after-body"}"#),
        };
        for integration in ALL {
            if let Some(fault) = fault {
                let target = format!("faults/{}", integration.name);
                simulators.control("PUT", &target, fault).await;
            }
        }
        // Bound, and not listening: connections are refused.
        let closed = tokio::net::TcpSocket::new_v4().expect("a socket");
        let any_port = ([127, 0, 0, 1], 0).into();
        closed.bind(any_port).expect("a port");
        let (process, running) = watch::channel(None);
        let provider = match (point.kill, point.trouble) {
            (Kill::Provider(stage), _) => start(simulators.address, stage, running).await,
            (Kill::Store(..), Trouble::Refuses) => closed.local_addr().expect("its address"),
            (Kill::Store(..), _) => simulators.address,
        };
        let accounts = simulators.accounts.replace(
            &format!("http://{}/", simulators.address),
            &format!("http://{provider}/"),
        );
        let child = child::spawn(&Orders {
            store: place.url.clone(),
            secret: place.secret(),
            accounts,
            kill: point.kill,
            settle: point.trouble != Trouble::Resets,
        });
        process.send_replace(Some(child.id()));
        let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await;
        let output = output.expect("no panic").expect("its output");
        let scene = Self {
            point,
            simulators,
            place,
        };
        let printed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.signal(), Some(9), "{scene}: {printed}");
        scene
    }

    /// Goes on with the same keys.
    async fn go_on(&self) {
        let engine = engine(&self.simulators, &self.place).await;
        for directory in Directory::all(&self.simulators, &engine) {
            self.go_on_with(&engine, &directory).await;
        }
    }

    async fn go_on_with(&self, engine: &Engine, directory: &Directory<'_>) {
        let integration = directory.integration;
        let what = format!("{self}, {integration}");
        let create_again = async |resend| {
            let options = Options {
                resend,
                ..options(integration)
            };
            let created = create(engine, &directory.account, options).await;
            (created, requests(&self.simulators, integration).await)
        };
        let before = self.point.requests;
        assert_eq!(
            requests(&self.simulators, integration).await,
            before,
            "{what}"
        );

        let (second, mut requests) = create_again(false).await;
        let mut answer = second;
        if let Then::Unknown = self.point.then {
            for _ in 0..2 {
                let error = answer.expect_err(&what);
                assert_eq!(error.outcome, Outcome::Unknown, "{what}: {error:?}");
                assert_eq!(requests, before, "{what}");
                (answer, requests) = create_again(false).await;
            }
            let (sent, count) = create_again(true).await;
            assert_eq!(
                (result(&sent), count),
                (Some(CallResult::Created), before + 1),
                "{what}: {sent:?}"
            );
            (answer, requests) = (sent, count);
        }
        let expected = match self.point.then {
            Then::Created | Then::Unknown => (&[CallResult::Created][..], before + 1),
            Then::Replayed => (&[CallResult::Created][..], before),
            Then::Found => (&[CallResult::Found, CallResult::Settled][..], before),
            Then::ReplayedOrFound => (
                &[CallResult::Created, CallResult::Found, CallResult::Settled][..],
                before,
            ),
        };
        let found = result(&answer).expect(&what);
        assert!(expected.0.contains(&found), "{what}: {answer:?}");
        assert_eq!(requests, expected.1, "{what}");

        let id = user_of(answer.expect(&what)).id.expect("an id");
        let users = directory.find(ADDRESS).await.expect(&what);
        assert_eq!(users, std::slice::from_ref(&id), "{what}");
        let (again, count) = create_again(false).await;
        assert_eq!(
            (user_of(again.expect(&what)).id, count),
            (Some(id), requests),
            "{what}"
        );
    }
}

impl std::fmt::Display for Scene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Point {
            kill,
            trouble,
            requests: _,
            then,
        } = self.point;
        write!(
            f,
            "killed by {kill:?} with trouble {trouble:?}, then {then:?}"
        )
    }
}

/// An engine on a store. A creation of unknown outcome is looked for once, at once.
async fn engine(simulators: &Simulators, place: &Place) -> Engine {
    let accounts = FileAccounts::parse("accounts.toml".as_ref(), &simulators.accounts, |_| None);
    let (store, secret) = place.open().await;
    Engine::builder()
        .accounts(accounts.expect("good accounts"))
        .store(store, secret)
        .settle(Duration::from_millis(900))
        .max_cpu(Duration::from_secs(10))
        .max_instances(2)
        .build()
        .expect("an engine")
}

/// How many requests that create an integration has received.
async fn requests(simulators: &Simulators, integration: &str) -> u64 {
    let target = format!("count?integration={integration}");
    let count = simulators.control("GET", &target, "").await;
    count["methods"]["POST"].as_u64().unwrap_or_default()
}

fn result(answer: &Result<Response, Error>) -> Option<CallResult> {
    answer.as_ref().ok().map(|response| response.result)
}

/// Creates the user. On a machine that has other things to do, a store may not answer in time: then it is asked again.
async fn create(engine: &Engine, account: &str, options: Options) -> Result<Response, Error> {
    loop {
        let once = engine.once(KEY);
        match once
            .create_user(account, new_user(ADDRESS), options.clone())
            .await
        {
            Err(error) if error.code == ErrorCode::StoreUnavailable => {}
            answer => return answer,
        }
    }
}

/// Kills a process.
fn kill(process: u32) {
    let id = process.to_string();
    let killed = Command::new("kill").args(["-KILL", &id]).status();
    assert!(killed.is_ok_and(|status| status.success()), "kill {id}");
}
