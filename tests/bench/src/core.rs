//! The measurements without HTTP: the core natively, and a call through the component with a provider in memory.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;
use criterion::Criterion;
use tokio::runtime::Builder;
use unified_ticketing::Engine;
use unified_ticketing::types::{Email, NewUser, Options, ProviderResponse};
use unified_ticketing_guest::bindings::accounts::{Account, Credentials};
use unified_ticketing_guest::bindings::types as core;
use unified_ticketing_guest::findings::Findings;
use unified_ticketing_guest::interpret::interpret;
use unified_ticketing_guest::plan::{self, Context};
use unified_ticketing_guest::shape;

use crate::provider::{ACCOUNT, RESPONSE};
use crate::server::accounts;

/// The names of the figures; for the component also the calls per instance, and the threads.
pub(crate) const NATIVE: &str = "native";
pub(crate) const COMPONENT: [(&str, u32, usize); 4] = [
    ("fresh, one thread", 0, 1),
    ("fresh, two threads", 0, 2),
    ("reused, one thread", 1000, 1),
    ("reused, two threads", 1000, 2),
];

/// Measures one round. Criterion writes the figures to the folder `CRITERION_HOME`.
pub(crate) fn measure() -> Result<()> {
    let mut criterion = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    criterion.bench_function(NATIVE, |bencher| bencher.iter(|| black_box(native())));
    for (name, reuse, threads) in COMPONENT {
        let engine = Engine::builder()
            .accounts(accounts("http://127.0.0.1:1")?)
            .reuse(reuse)
            .build()?;
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|calls| timed(&engine, threads, calls));
        });
    }
    Ok(())
}

/// The time in which each thread makes this number of calls.
fn timed(engine: &Engine, threads: usize, calls: u64) -> Duration {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let runtime = Builder::new_current_thread().enable_time().build();
                let Ok(runtime) = runtime else {
                    unreachable!("a clock needs nothing of the system")
                };
                runtime.block_on(async {
                    for _ in 0..calls {
                        assert!(call_component(engine).await, "a good call");
                    }
                });
            });
        }
    });
    start.elapsed()
}

async fn call_component(engine: &Engine) -> bool {
    let email = |address: &str, kind: &str| Email {
        address: address.to_owned(),
        type_: Some(kind.to_owned()),
    };
    let some = |value: &str| Some(value.to_owned());
    let user = NewUser {
        name: some("Ines Halvorsen"),
        first_name: some("Ines"),
        last_name: some("Halvorsen"),
        emails: Some(vec![
            email("ines.halvorsen@kelpworks.example", "primary"),
            email("ines@kelpworks.example", "other"),
        ]),
        avatar: some("https://img.kelpworks.example/ines.png"),
        ..NewUser::default()
    };
    let response = ProviderResponse {
        status: 201,
        headers: headers(),
        body: RESPONSE.as_bytes().to_vec(),
    };
    let options = Options::default();
    let result = engine
        .create_user_in_memory(ACCOUNT, user, options, response)
        .await;
    black_box(result).is_ok()
}

fn native() -> bool {
    let email = |address: &str, kind: &str| core::Email {
        address: address.to_owned(),
        type_: Some(kind.to_owned()),
    };
    let some = |value: &str| Some(value.to_owned());
    let user = core::NewUser {
        name: some("Ines Halvorsen"),
        first_name: some("Ines"),
        last_name: some("Halvorsen"),
        emails: Some(vec![
            email("ines.halvorsen@kelpworks.example", "primary"),
            email("ines@kelpworks.example", "other"),
        ]),
        avatar: some("https://img.kelpworks.example/ines.png"),
        ..core::NewUser::default()
    };
    let account = Account {
        integration: "dixa".to_owned(),
        base_url: None,
        settings: Vec::new(),
        credentials: Credentials::Injected(vec!["api_token".to_owned()]),
    };
    let planned = plan::create(
        &account,
        &user,
        &core::Options::default(),
        Findings::new(false),
    );
    let Ok(planned) = planned else { return false };
    // The context is written and read between the two functions, as in the component.
    let Ok(context) = Context::from_bytes(&planned.context.to_bytes()) else {
        return false;
    };
    let response = core::ProviderResponse {
        status: 201,
        headers: headers(),
        body: RESPONSE.as_bytes().to_vec(),
    };
    let result = interpret(&context, Ok(&response)).map(|user| shape::response(user, &context));
    black_box((planned.request, result)).1.is_ok()
}

fn headers() -> Vec<(String, String)> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        header("content-type", "application/json"),
        header("content-length", &RESPONSE.len().to_string()),
        header("date", "Mon, 02 Nov 2026 10:00:00 GMT"),
    ]
}
