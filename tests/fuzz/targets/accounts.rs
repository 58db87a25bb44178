//! An accounts file, and what is said of it.
//!
//! The parts are the value of every environment variable, and the text. `SECRET` in it stands for a credential that the input
//! cannot have, whatever is around it.

#![no_main]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::host::{Account, accounts, authentication, redacted_of};
use unified_ticketing_fuzz::input::{Input, text};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let environment = input.text();
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let mark = format!("{:016x}", hasher.finish());
    // Longer than any value that is shown, so that it is shown nowhere in part.
    let secret = mark.repeat(8);
    let file = text(input.0).replace("SECRET", &secret);
    match accounts(&file, &environment) {
        Err(faults) => {
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(!fault.contains(&mark), "{fault}");
            }
        }
        Ok(accounts) => {
            // What is a credential in one place may be a name in another.
            let printed = accounts.iter().any(|account| {
                let own = [
                    account.id(),
                    account.name().unwrap_or_default(),
                    &account.base_url(),
                ]
                .map(str::to_owned);
                let settings = account.settings().iter().map(|(_, value)| value.clone());
                own.into_iter()
                    .chain(settings)
                    .any(|printed| printed.contains(&mark))
            });
            let debug = format!("{accounts:?}");
            assert!(printed || !debug.contains(&mark), "{debug}");
            for account in accounts.iter() {
                let found = accounts.find(account.id());
                assert_eq!(found.map(Account::id), Some(account.id()));
                let (_, value) = authentication(account);
                let token = value.rsplit(' ').next().unwrap_or_default();
                if token.len() >= 8 {
                    let echo = text(&redacted_of(account, format!("<{value}>").as_bytes()));
                    assert!(!echo.contains(token), "{echo}");
                }
            }
        }
    }
});
