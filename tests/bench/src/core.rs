//! What is measured without HTTP: the core natively, and a call through the component with a provider in memory.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;
use criterion::Criterion;
use tokio::runtime::Builder;
use unified_ticketing::Engine;
use unified_ticketing::steps::{Operation, Step};
use unified_ticketing::types::{Begun, Email, NewUser, Options, ProviderResponse};
use unified_ticketing_guest::bindings::accounts::{Account, Credentials, ResolveError};
use unified_ticketing_guest::bindings::{steps as core_steps, types as core};
use unified_ticketing_guest::steps;

use crate::provider::{ACCOUNT, RESPONSE};
use crate::server::accounts;

/// The names under which the figures are kept, and for the component's the steps that an instance serves, and the threads.
pub(crate) const NATIVE: &str = "native";
pub(crate) const COMPONENT: [(&str, u32, usize); 4] = [
    ("fresh, one thread", 0, 1),
    ("fresh, two threads", 0, 2),
    ("reused, one thread", 1000, 1),
    ("reused, two threads", 1000, 2),
];

/// One round. Criterion keeps the figures in the folder that `CRITERION_HOME` names.
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

/// How long it takes until each thread has made so many calls.
fn timed(engine: &Engine, threads: usize, calls: u64) -> Duration {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let runtime = Builder::new_current_thread().enable_time().build();
                let Ok(runtime) = runtime else {
                    unreachable!("a clock needs nothing of the system")
                };
                runtime.block_on(async {
                    for _ in 0..calls {
                        assert!(call(engine).await, "a good call");
                    }
                });
            });
        }
    });
    started.elapsed()
}

async fn call(engine: &Engine) -> bool {
    let email = |address: &str, kind: &str| Email {
        address: address.to_owned(),
        type_: Some(kind.to_owned()),
    };
    let text = |text: &str| Some(text.to_owned());
    let user = NewUser {
        name: text("Ines Halvorsen"),
        first_name: text("Ines"),
        last_name: text("Halvorsen"),
        emails: Some(vec![
            email("ines.halvorsen@kelpworks.example", "primary"),
            email("ines@kelpworks.example", "other"),
        ]),
        avatar: text("https://img.kelpworks.example/ines.png"),
        ..NewUser::default()
    };
    let operation = Operation::CreateUser(user);
    let Step::Send(sending) = engine
        .start(ACCOUNT, operation, Options::default(), Begun::now())
        .await
    else {
        return false;
    };
    let response = ProviderResponse {
        status: 201,
        headers: headers(),
        body: RESPONSE.as_bytes().to_vec(),
    };
    let (request, context) = (sending.request, sending.context);
    let step = engine.resume(ACCOUNT, context, Ok(response)).await;
    matches!(black_box((request, step)).1, Step::Done(Ok(_)))
}

fn native() -> bool {
    let email = |address: &str, kind: &str| core::Email {
        address: address.to_owned(),
        type_: Some(kind.to_owned()),
    };
    let text = |text: &str| Some(text.to_owned());
    let user = core::NewUser {
        name: text("Ines Halvorsen"),
        first_name: text("Ines"),
        last_name: text("Halvorsen"),
        emails: Some(vec![
            email("ines.halvorsen@kelpworks.example", "primary"),
            email("ines@kelpworks.example", "other"),
        ]),
        avatar: text("https://img.kelpworks.example/ines.png"),
        ..core::NewUser::default()
    };
    let account = Account {
        integration: "dixa".to_owned(),
        base_url: None,
        settings: Vec::new(),
        credentials: Credentials::Injected(vec!["api_token".to_owned()]),
    };
    let operation = core_steps::Operation::CreateUser(user);
    let options = core::Options::default();
    let begun = core::Begun::Now("2026-11-02T10:00:00Z".to_owned());
    let step = steps::start(ACCOUNT, operation, &options, &begun, |_| Ok(account));
    let core_steps::Step::Send(sending) = step else {
        return false;
    };
    let response = core::ProviderResponse {
        status: 201,
        headers: headers(),
        body: RESPONSE.as_bytes().to_vec(),
    };
    let step = steps::resume(ACCOUNT, &sending.context, Ok(&response), |_| {
        Err(ResolveError::Unknown)
    });
    matches!(black_box((sending, step)).1, core_steps::Step::Done(Ok(_)))
}

fn headers() -> Vec<(String, String)> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        header("content-type", "application/json"),
        header("content-length", &RESPONSE.len().to_string()),
        header("date", "Mon, 02 Nov 2026 10:00:00 GMT"),
    ]
}
