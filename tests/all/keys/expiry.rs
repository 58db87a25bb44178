//! How long a key is remembered: a day after a success, a week where it is not known what came of it.

use std::time::Duration;

use unified_ticketing::store::Secret;
use unified_ticketing::types::{CallResult, Error, ErrorCode, Options, Outcome, Response};
use unified_ticketing::{Engine, FileAccounts};

use super::{INTEGRATION, KEY, LOST, NEVER, creations, fault};
use crate::interleavings::Memory;
use crate::life::new_user;
use crate::serve::Simulators;

const HOUR: Duration = Duration::from_hours(1);

/// A process that begins with this call, and ends with it: it remembers nothing but what is in the store.
async fn create(simulators: &Simulators, store: &Memory, email: &str) -> Result<Response, Error> {
    let accounts = FileAccounts::parse("accounts.toml".as_ref(), &simulators.accounts, |_| None);
    let engine = Engine::builder()
        .accounts(accounts.expect("good accounts"))
        .store(store.clone(), Secret::from_bytes(&[7; 32]))
        .max_instances(1)
        .build()
        .expect("an engine");
    let options = Options {
        settle: false,
        ..Options::default()
    };
    let (account, user) = (simulators.id(INTEGRATION), new_user(email));
    engine.once(KEY).create_user(&account, user, options).await
}

#[tokio::test]
async fn success_is_remembered_for_a_day() {
    let (simulators, store) = (Simulators::start().await, Memory::new());
    for (passed, expected) in [(0, 1), (23, 1), (2, 2)] {
        store.pass(HOUR * passed);
        let again = create(&simulators, &store, "ines@kelpworks.example").await;
        assert_eq!(creations(&simulators).await, expected, "{passed}");
        match expected {
            1 => assert_eq!(again.expect("a replay").result, CallResult::Created),
            _ => assert_eq!(
                again.expect_err("a taken address").code,
                ErrorCode::ProviderConflict
            ),
        }
    }
}

#[tokio::test]
async fn unknown_creation_is_remembered_for_a_week() {
    const WEEK: u32 = 7 * 24;
    for (ending, then) in [(LOST, None), (NEVER, Some(CallResult::Created))] {
        for (times, last) in [(&[0, 25, WEEK - 26][..], 1), (&[0, WEEK + 1], 2)] {
            let (simulators, store) = (Simulators::start().await, Memory::new());
            fault(&simulators, ending).await;
            let mut answers = Vec::new();
            for passed in times {
                store.pass(HOUR * *passed);
                answers.push(create(&simulators, &store, "ines@kelpworks.example").await);
            }
            assert_eq!(creations(&simulators).await, last, "{times:?}");
            if last == 2 {
                let answer = answers.pop().expect("an answer");
                assert_eq!(answer.ok().map(|response| response.result), then);
            }
            for answer in answers {
                let error = answer.expect_err("it is unknown");
                assert_eq!(error.outcome, Outcome::Unknown, "{times:?}");
            }
        }
    }
}
