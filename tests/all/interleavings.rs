//! Random interleavings of clients, crashes, faults and time: whatever happens, nobody is created twice, and nothing is lost.
//!
//! Processes ([`world`]) share a store in memory, whose time the script moves ([`memory`]), and a provider that does with each creation
//! what the script says ([`provider`]); the provider takes an address as often as it is given, so that a second creation shows. All
//! that is sent and reported is written down, and checked by what was promised ([`history`]).

mod history;
mod memory;
mod provider;
mod world;

use std::time::{SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use self::world::World;
use crate::stores::{Method, hexadecimal};

/// The variable that has the seed of a run to be repeated.
const SEED: &str = "UNIFIED_TICKETING_TEST_SEED";

/// How many scripts are run. `PROPTEST_CASES` has another number.
const CASES: u32 = 64;

/// How many processes there are at a time.
const PROCESSES: usize = 2;

/// An event of a script. Numbers choose among what there is.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A client creates a user.
    Start {
        process: usize,
        key: Option<usize>,
        body: usize,
        resend: bool,
        settle: bool,
        /// Whether to look first, and to keep the user who is there.
        keep: bool,
    },
    /// The provider goes on with a creation that it has.
    Act { creation: usize, fate: Fate },
    /// A client leaves.
    Leave { call: usize },
    /// A process ends, and another begins in its place.
    Crash { process: usize },
    /// A process is to end as soon as it calls this method of the store, before or after that.
    CrashAt {
        process: usize,
        method: Method,
        after: bool,
    },
    /// The store fails once in this method.
    Fail { method: Method },
    /// All calls end, at their deadlines if need be.
    Wait,
    /// As long passes as a lease at most lasts, a day, or a week.
    Pass { length: Length },
}

/// What the provider does with a creation.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// It creates the user, and says so.
    Create,
    /// It creates the user, and this comes of its response.
    CreateAnd(Loss),
    /// It creates nobody, and closes the connection.
    Close,
    /// It creates nobody, and says that it has failed.
    Fail,
    /// It rejects the creation.
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Loss {
    Closed,
    Truncated,
    /// It says that it has failed.
    Failed,
    /// It never comes.
    Silence,
}

#[derive(Clone, Copy, Debug)]
enum Length {
    Lease,
    Day,
    Week,
}

fn event() -> impl Strategy<Value = Event> {
    let process = 0..PROCESSES;
    let method = prop::sample::select(vec![
        Method::Claim,
        Method::Keep,
        Method::GiveBack,
        Method::Release,
    ]);
    // Keys 0 and 1 are most often of one body, and key 2 of another.
    let key_and_body = prop_oneof![
        3 => Just((Some(0), 0)),
        2 => Just((Some(1), 0)),
        2 => Just((Some(2), 1)),
        2 => (Just(None), 0..2_usize),
        1 => (prop::option::of(0..3_usize), 0..2_usize),
    ];
    let [resend, settle, keep] = [0.12, 0.7, 0.15].map(prop::bool::weighted);
    let start = (process.clone(), key_and_body, resend, settle, keep).prop_map(
        |(process, (key, body), resend, settle, keep)| Event::Start {
            process,
            key,
            body,
            resend,
            settle,
            keep,
        },
    );
    let fate = prop_oneof![
        3 => Just(Fate::Create),
        4 => prop::sample::select(vec![Loss::Closed, Loss::Truncated, Loss::Failed, Loss::Silence]).prop_map(Fate::CreateAnd),
        2 => Just(Fate::Close),
        1 => Just(Fate::Fail),
        2 => Just(Fate::Reject),
    ];
    let length = prop_oneof![
        4 => Just(Length::Lease),
        1 => Just(Length::Day),
        1 => Just(Length::Week),
    ];
    prop_oneof![
        12 => start,
        8 => (0..4_usize, fate).prop_map(|(creation, fate)| Event::Act { creation, fate }),
        1 => (0..4_usize).prop_map(|call| Event::Leave { call }),
        2 => process.clone().prop_map(|process| Event::Crash { process }),
        2 => (process, method.clone(), any::<bool>()).prop_map(|(process, method, after)| Event::CrashAt { process, method, after }),
        1 => method.prop_map(|method| Event::Fail { method }),
        1 => Just(Event::Wait),
        3 => length.prop_map(|length| Event::Pass { length }),
    ]
}

#[test]
fn nothing_is_created_twice() {
    let seed = seed();
    let shown = hexadecimal(&seed);
    println!("{SEED}={shown} repeats this run");
    let config = Config {
        cases: std::env::var("PROPTEST_CASES")
            .map_or(CASES, |cases| cases.parse().expect("a number")),
        failure_persistence: None,
        max_shrink_iters: 300,
        max_shrink_time: 30_000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let script = prop::collection::vec(event(), 3..16);
    let run = TestRunner::new_with_rng(config, rng).run(&script, |script| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let violations = runtime.block_on(World::run(&script));
        runtime.shutdown_background();
        if violations.is_empty() {
            return Ok(());
        }
        Err(TestCaseError::fail(violations.join("\n")))
    });
    if let Err(error) = run {
        panic!("{error}");
    }
}

/// The seed of this run: another one each time, unless the environment has one.
fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    if let Ok(text) = std::env::var(SEED) {
        for (byte, digits) in seed.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).expect("ASCII");
            *byte = u8::from_str_radix(digits, 16).expect("hexadecimal");
        }
        return seed;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("a time since 1970").as_nanos();
    seed[..16].copy_from_slice(&now.to_le_bytes());
    seed
}
