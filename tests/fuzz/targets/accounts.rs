//! An accounts file, and the messages about it.
//!
//! The parts are the value of every environment variable, and the file. `SECRET` in it stands for a credential that the input cannot
//! contain.

#![no_main]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::host::{Account, accounts, authentication, redacted_of};
use unified_ticketing_fuzz::input::{Input, string};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let environment = input.string();
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let mark = format!("{:016x}", hasher.finish());
    // Longer than any value that a message shows, so that no message shows a part of it.
    let secret = mark.repeat(8);
    let file = string(input.0).replace("SECRET", &secret);
    match accounts(&file, &environment) {
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(!error.contains(&mark), "{error}");
            }
        }
        Ok(accounts) => {
            // A credential may be the name of another account, for instance.
            let contains_mark = accounts.iter().any(|account| {
                let own = [
                    account.id(),
                    account.name().unwrap_or_default(),
                    &account.base_url(),
                ]
                .map(str::to_owned);
                let settings = account.settings().iter().map(|(_, value)| value.clone());
                own.into_iter()
                    .chain(settings)
                    .any(|contains_mark| contains_mark.contains(&mark))
            });
            let debug = format!("{accounts:?}");
            assert!(contains_mark || !debug.contains(&mark), "{debug}");
            for account in accounts.iter() {
                let found = accounts.find(account.id());
                assert_eq!(found.map(Account::id), Some(account.id()));
                let (_, value) = authentication(account);
                let token = value.rsplit(' ').next().unwrap_or_default();
                if token.len() >= 8 {
                    let echo = string(&redacted_of(account, format!("<{value}>").as_bytes()));
                    assert!(!echo.contains(token), "{echo}");
                }
            }
        }
    }
});
