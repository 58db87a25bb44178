//! Laws of a creation of several requests, whatever the provider responds.

mod call;

use proptest::prelude::*;
use unified_ticketing_guest::bindings::types::{Begun, Outcome, Safety, TransportError};

use crate::case::begun::BEGUN;
use crate::support::json_of;
use call::{
    EMAIL, Listed, Made, NEW, OLD, OTHER, ProviderResult, TIMELESS, creations, errors, lost,
    statuses, unknowns,
};

/// The modes of `unified_if_exists`.
const MODES: [&str; 3] = ["fail", "keep", "update"];

fn response() -> impl Strategy<Value = ProviderResult> {
    let user = || prop::sample::select(vec![NEW, OLD, TIMELESS, OTHER]);
    prop_oneof![
        3 => prop::collection::vec(user(), 0..3).prop_map(ProviderResult::Users),
        1 => Just(ProviderResult::Users(Vec::new())),
        2 => prop::sample::select(statuses()),
        1 => prop::sample::select(errors()),
    ]
}

fn made() -> impl Strategy<Value = Made> {
    let begun = prop::sample::select(vec![
        Begun::Now(BEGUN.to_owned()),
        Begun::Earlier(BEGUN.to_owned()),
        // A host without a clock.
        Begun::Now(String::new()),
    ]);
    let operation = prop::sample::select(creations());
    (
        operation,
        prop::sample::select(&MODES[..]),
        any::<bool>(),
        begun,
    )
        .prop_map(|(operation, mode, settle, begun)| Made {
            operation,
            mode,
            settle,
            begun,
        })
}

proptest! {
    #[test]
    fn creation_is_sent_once_at_most(made in made(), responses in prop::collection::vec(response(), 1..12)) {
        let trace = made.run(&responses);
        let is_earlier = matches!(made.begun, Begun::Earlier(_));
        let sent = trace.position(Safety::Once);
        prop_assert!(trace.count(Safety::Once) <= usize::from(!is_earlier), "{trace:?}");
        prop_assert!(trace.count(Safety::Idempotent) <= 1, "{trace:?}");
        let response = sent.and_then(|sent| responses.get(sent).or(responses.last()));
        let is_unknown = response.is_some_and(|response| response.is_unknown(made.operation));
        if is_unknown {
            // Nothing that changes anything follows.
            let rest = &trace.requests[sent.unwrap_or_default() + 1..];
            prop_assert!(rest.iter().all(|(safety, ..)| *safety == Safety::Safe), "{trace:?}");
            prop_assert!(made.settle || rest.is_empty(), "{trace:?}");
        }
        let given = || (0..trace.requests.len()).filter_map(|at| responses.get(at).or(responses.last()));
        let found_older = given().any(|response| matches!(response, ProviderResult::Users(users) if users.iter().any(|user| user.0 == OLD.0)));
        if is_unknown || is_earlier {
            let is_not_sent = trace.outcome() == Some(Outcome::NotSent);
            prop_assert!(!is_not_sent || trace.count(Safety::Idempotent) > 0, "{trace:?}");
            if trace.outcome() == Some(Outcome::Rejected) {
                prop_assert!(found_older && made.operation.integration.name != "hive", "{trace:?}");
            }
        }
        if is_unknown && trace.outcome() == Some(Outcome::Rejected) {
            prop_assert!(!made.operation.integration.adopts, "{trace:?}");
            prop_assert_eq!(trace.ids(), [OLD.id(made.operation)]);
        }
        if trace.count(Safety::Once) == 0 && !is_earlier && trace.count(Safety::Idempotent) == 0 {
            prop_assert_ne!(trace.outcome(), Some(Outcome::Unknown), "{:?}", trace);
        }
        if trace.result() == Some("settled") {
            let found_new = given().any(|response| matches!(response, ProviderResult::Users(users) if users.iter().any(|user| user.0 == NEW.0)));
            prop_assert!(found_new && (sent.is_some() || is_earlier), "{trace:?}");
        }
    }

    #[test]
    fn unknown_names_address_and_findings(made in made(), responses in prop::collection::vec(response(), 1..12)) {
        let trace = made.run(&responses);
        if trace.outcome() != Some(Outcome::Unknown) || trace.count(Safety::Idempotent) > 0 {
            return Ok(());
        }
        let body = json_of(&trace.response);
        let message = body["message"].as_str().unwrap_or_default();
        prop_assert!(message.contains(EMAIL), "{message}");
        for id in trace.ids() {
            prop_assert!(message.contains(&id), "{message}");
        }
        let looked = body["looked"].as_u64().unwrap_or_default();
        prop_assert!(looked == 0 || !trace.ids().is_empty() || message.contains(&format!("{looked} look-up")), "{message}");
        // After the creation, every look-up that is over left its trace.
        let sent = trace.position(Safety::Once).map_or(0, |sent| sent + 1);
        let last = trace.requests.len().checked_sub(1);
        let last = last.and_then(|last| responses.get(last).or(responses.last()));
        let is_kept_back = matches!(last, Some(ProviderResult::Error(TransportError::Deadline(false))));
        let has_looked = trace.requests.len() > sent && !is_kept_back;
        prop_assert!(!has_looked || !trace.ids().is_empty() || message.contains("look-up"), "{message}");
    }

    #[test]
    fn earlier_creation_ends_the_same(mut made in made(), responses in prop::collection::vec(response(), 1..12)) {
        made.begun = Begun::Earlier(BEGUN.to_owned());
        let (first, second) = (made.run(&responses), made.run(&responses));
        prop_assert_eq!(&first.requests, &second.requests);
        prop_assert_eq!(first.response.status, second.response.status);
        prop_assert_eq!(first.response.headers, second.response.headers);
        prop_assert_eq!(first.response.body, second.response.body);
    }
}

#[test]
fn somebody_else_never_settles() {
    for operation in creations() {
        for mode in MODES {
            for unknown in unknowns(operation) {
                // Others first, then nobody, until the pages end.
                for others in [1, 2, 3] {
                    let mut responses =
                        vec![ProviderResult::Users(Vec::new()); usize::from(mode != "fail")];
                    responses.push(unknown.clone());
                    responses.extend(vec![ProviderResult::Users(vec![OTHER]); others]);
                    responses.push(ProviderResult::Users(Vec::new()));
                    let trace = Made::now(operation, mode).run(&responses);
                    let name = operation.name();
                    assert_eq!(trace.outcome(), Some(Outcome::Unknown), "{name}: {trace:?}");
                    let body = json_of(&trace.response);
                    assert_eq!(body["looked"], 3, "{name}: {unknown:?}: {body}");
                    assert_eq!(trace.ids(), [""; 0], "{name}: {body}");
                }
            }
        }
    }
}

/// What is created five minutes before the call by the provider's clock may be of the call; a second earlier it is not.
#[test]
fn clocks_may_be_minutes_apart() {
    for operation in creations() {
        let name = operation.name();
        for (after, settles) in [
            (-300, true),
            (-301, false),
            (0, true),
            (300, true),
            (86_400, true),
        ] {
            let user = Listed(7, EMAIL, Some(after));
            let made = Made::now(operation, "fail");
            let trace = made.run(&[lost(), ProviderResult::Users(vec![user])]);
            let expected = match operation.integration.name {
                "hive" => Ok("found"),
                _ if settles => Ok("settled"),
                _ if operation.integration.adopts => Err(Outcome::Unknown),
                _ => Err(Outcome::Rejected),
            };
            let found = trace.result().ok_or_else(|| trace.outcome());
            assert_eq!(found, expected.map_err(Some), "{name}: {after}");
            if expected.is_err() {
                assert_eq!(trace.ids(), [user.id(operation)], "{name}");
            }
        }
    }
}

/// A host without a clock cannot tell a new user from an old one.
#[test]
fn user_without_begin_is_found() {
    for operation in creations() {
        for user in [NEW, OLD, TIMELESS] {
            let made = Made {
                begun: Begun::Now(String::new()),
                ..Made::now(operation, "fail")
            };
            let trace = made.run(&[lost(), ProviderResult::Users(vec![user])]);
            assert_eq!(trace.result(), Some("found"), "{}", operation.name());
        }
    }
}

#[test]
fn earlier_creation_is_looked_for() {
    for operation in creations() {
        for mode in MODES {
            let name = format!("{} {mode}", operation.name());
            let made = Made {
                begun: Begun::Earlier(BEGUN.to_owned()),
                ..Made::now(operation, mode)
            };
            let found = made.run(&[ProviderResult::Users(vec![NEW])]);
            let expected = if operation.integration.name == "hive" {
                "found"
            } else {
                "settled"
            };
            assert_eq!(found.result(), Some(expected), "{name}");
            let absent = made.run(&[ProviderResult::Users(Vec::new())]);
            assert_eq!(absent.outcome(), Some(Outcome::Unknown), "{name}");
            let body = json_of(&absent.response);
            assert_eq!(body["looked"], 3, "{name}: {body}");
            let waits: Vec<u32> = absent
                .requests
                .iter()
                .map(|(_, _, wait, _)| *wait)
                .collect();
            assert_eq!(waits, [0, 1_000, 2_000], "{name}");
        }
    }
}
